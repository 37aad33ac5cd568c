"""Finite width: the band of one input over seeds, against simulated products and known functions."""

from math import log, pi

import numpy as np
import pytest

from app.lab.activations import nonlinearity
from app.theory.finite_width import (
    NORMAL_975,
    Cumulants,
    exact_bands,
    leading_bands,
    log_chi_square,
    log_relu_factor,
    polygamma,
    quantile,
)
from app.theory.meanfield import LayerShape
from app.theory.quadrature import Array

EULER = 0.5772156649015329
APERY = 1.2020569031595942
SAMPLES = 200_000


def test_polygamma_at_one() -> None:
    """Abramowitz & Stegun 6.4.2."""
    assert polygamma(0, 1.0) == pytest.approx(-EULER, abs=1e-11)
    assert polygamma(1, 1.0) == pytest.approx(pi**2 / 6, abs=1e-11)
    assert polygamma(2, 1.0) == pytest.approx(-2 * APERY, abs=1e-10)
    assert polygamma(3, 1.0) == pytest.approx(pi**4 / 15, abs=1e-9)


@pytest.mark.parametrize("n", [2, 16, 512])
def test_cumulants_of_a_log_chi_square_are_those_of_a_simulation(n: int) -> None:
    sample = np.log(np.random.default_rng(0).chisquare(n, SAMPLES) / n)
    assert_cumulants(log_chi_square(n), sample)


@pytest.mark.parametrize("n", [8, 100])
def test_cumulants_of_a_relu_layer_are_those_of_a_simulation(n: int) -> None:
    z = np.random.default_rng(1).standard_normal((SAMPLES // 4, n))
    total = 2 * (np.maximum(z, 0) ** 2).sum(1) / n
    assert_cumulants(log_relu_factor(n), np.log(total[total > 0]))


def assert_cumulants(found: Cumulants, sample: Array) -> None:
    centred, size = sample - sample.mean(), sample.size
    assert abs(found.mean - sample.mean()) <= 5 * sample.std() / size**0.5
    for power, predicted in ((2, found.variance), (3, found.third)):
        each = centred**power
        assert abs(predicted - each.mean()) <= 5 * each.std() / size**0.5 + 3 * abs(predicted) / size**0.5


@pytest.mark.parametrize(("name", "width", "depth"), [("linear", 64, 20), ("relu", 100, 50), ("relu", 32, 8)])
def test_the_exact_band_holds_ninety_five_percent_of_simulated_networks(name: str, width: int, depth: int) -> None:
    """The rows of one matrix applied to a fixed vector are independent normals, so layers multiply chi-squares."""
    rng = np.random.default_rng(2)
    networks = 20_000
    log_size = np.log(rng.chisquare(width, networks) / width)
    gain = 1.0 if name == "linear" else 2.0
    for _ in range(depth - 1):
        living = rng.binomial(width, 0.5, networks)
        degrees = np.full(networks, width) if name == "linear" else np.maximum(living, 1)
        log_size += log(gain) + np.log(rng.chisquare(degrees) / width)
    log_size += log(gain) + np.log(rng.chisquare(width, networks) / width)
    layers = [LayerShape(width, width, gain / width, 0.0)] * depth
    last = exact_bands(name, layers, log_chi_square(width), 1.0)[-1]
    log10_size = log_size / log(10)
    for share, edge in ((0.025, last.low), (0.5, last.median), (0.975, last.high)):
        below = float((log10_size < edge).mean())
        # Four cumulants bend the normal quantile; what is left of the shape is under half a percent of probability.
        assert abs(below - share) <= 5 * (share * (1 - share) / networks) ** 0.5 + 0.005


def test_he_relu_at_width_100_and_depth_50_is_log_normal_with_variance_five_depth_over_width() -> None:
    """Hanin and Nica 2019: the mean stays, the typical network lies far below it."""
    layers = [LayerShape(100, 100, 0.02, 0.0)] * 50
    last = exact_bands("relu", layers, log_chi_square(100), 1.0)[-1]
    assert 10**last.median < 0.5 * 2.0
    spread = (last.high - last.low) / (2 * NORMAL_975) * log(10)
    assert spread**2 == pytest.approx(5 * 50 / 100, rel=0.1)


@pytest.mark.parametrize("name", ["linear", "relu"])
def test_the_leading_order_agrees_with_the_exact_band_at_large_width(name: str) -> None:
    width, gain = 4096, 1.0 if name == "linear" else 2.0
    layers = [LayerShape(width, width, gain / width, 0.0)] * 10
    exact = exact_bands(name, layers, log_chi_square(width), 1.0)
    leading = leading_bands(nonlinearity(name), layers, 2 / width, 1.0)
    # What is left is the next order: the skew of each factor, of order 1/width.
    for mine, theirs in zip(leading, exact, strict=True):
        assert tuple(mine) == pytest.approx(tuple(theirs), abs=2 / width)


def test_a_quantile_of_a_normal_is_the_normals() -> None:
    assert quantile(Cumulants(1.0, 4.0, 0.0, 0.0), NORMAL_975) == pytest.approx(1 + 2 * NORMAL_975)
    assert quantile(Cumulants(1.0, 0.0, 0.0, 0.0), NORMAL_975) == 1.0
