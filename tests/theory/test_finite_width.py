"""Finite width: the bands hold what they say of simulated networks, and are withheld where they would not."""

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from math import exp, log, sqrt

import numpy as np
import pytest

from app.lab.activations import ACTIVATIONS, nonlinearity
from app.lab.draws import DISTRIBUTIONS
from app.theory.finite_width import NORMAL_975, Band, Bands, gradient_bands, normed_gradient_reason, signal_bands
from app.theory.gains import gains
from app.theory.layer import LayerShape
from app.theory.meanfield import Nonlinearity
from app.theory.moments import Moments
from app.theory.propagation import propagate
from app.theory.quadrature import Array
from tests.theory.networks import Networks, equal_layers, held, simulated

NORMAL = DISTRIBUTIONS["normal"].moments
BATCHES = (1, 2, 16, 64)
NETWORKS = 400


def drawn(bands: Bands) -> list[Band]:
    """All of them, if none is withheld."""
    assert bands.reasons == []
    return [band for band in bands.bands if band is not None]


def settling_gain(phi: Nonlinearity) -> float:
    """The variance-preserving one, or one, where that is unstable."""
    known = gains(phi)
    return known.variance_preserving if known.stable and known.variance_preserving else 1.0


@cache
def networks_of(name: str) -> Networks:
    layers = equal_layers(64, 12, settling_gain(nonlinearity(name)))
    return simulated(name, layers, "normal", BATCHES, NETWORKS, list(ACTIVATIONS).index(name))


@pytest.mark.parametrize(("bands", "least"), [(signal_bands, 0.9), (gradient_bands, 0.88)])
def test_bands_hold_ninety_five_percent_of_networks_for_every_activation(
    bands: Callable[..., Bands], least: float
) -> None:
    """Over all cells 93 to 97 %, and none below `least`; depth / width is below 0.2."""
    shares = {}
    for name in ACTIVATIONS:
        phi = nonlinearity(name)
        layers = equal_layers(64, 12, settling_gain(phi))
        sample = networks_of(name).signal if bands is signal_bands else networks_of(name).gradient
        for index, batch in enumerate(BATCHES):
            for layer, band in enumerate(bands(phi, layers, NORMAL, batch).bands):
                if band is not None:
                    shares[name, batch, layer + 1] = held(band, sample[:, layer, index])
    assert min(shares.values()) >= least, min(shares, key=lambda cell: shares[cell])
    assert 0.93 <= np.mean(list(shares.values())) <= 0.97
    assert len(shares) >= 0.97 * len(ACTIVATIONS) * len(BATCHES) * 12


def test_the_band_of_one_input_is_too_wide_for_a_batch() -> None:
    """And so the test above can tell them apart."""
    layers = equal_layers(64, 12, 1.0)
    sample = simulated("tanh", layers, "normal", (64,), NETWORKS, 0).signal[:, -1, 0]
    alone = drawn(signal_bands(nonlinearity("tanh"), layers, NORMAL, 1))[-1]
    assert held(alone, sample) > 0.99


@pytest.mark.parametrize("entries", list(DISTRIBUTIONS))
def test_bands_hold_for_every_input_with_biases_and_unequal_widths(entries: str) -> None:
    layers = [LayerShape(n, m, 1.5 / n, 0.2) for n, m in pairwise((32, 128, 48, 96, 64))]
    for name in ("elu", "tanh"):
        sample = simulated(name, layers, entries, BATCHES, 1000, 7)
        for index, batch in enumerate(BATCHES):
            given = nonlinearity(name), layers, DISTRIBUTIONS[entries].moments, batch
            for found, measured in ((signal_bands, sample.signal), (gradient_bands, sample.gradient)):
                for layer, band in enumerate(drawn(found(*given))):
                    # Four standard errors of a share of 1,000 networks, and what the leading order leaves out.
                    miss = abs(held(band, measured[:, layer, index]) - 0.95)
                    assert miss <= 4 * sqrt(0.95 * 0.05 / 1000) + 0.01, (name, batch, layer + 1, found)


@pytest.mark.parametrize(("name", "width", "depth"), [("linear", 64, 20), ("relu", 100, 50), ("relu", 32, 8)])
@pytest.mark.parametrize("backwards", [False, True])
def test_one_input_of_a_product_of_chi_squares_is_exact_in_all_three_quantiles(
    name: str, width: int, depth: int, backwards: bool
) -> None:
    """The signal's law and, a step earlier, the gradient's: chi-squares of as many degrees as units live."""
    rng = np.random.default_rng(2)
    networks = 20_000
    gain = 1.0 if name == "linear" else 2.0

    def factor() -> Array:
        living = np.full(networks, width) if name == "linear" else np.maximum(rng.binomial(width, 0.5, networks), 1)
        return np.log(rng.chisquare(living) / width)

    layers = [LayerShape(width, width, gain / width, 0.0)] * depth
    if backwards:
        steps, last = depth - 1, gradient_bands(nonlinearity(name), layers, NORMAL, 1).bands[0]
        first = np.zeros(networks)
    else:
        steps, last = depth - 1, signal_bands(nonlinearity(name), layers, NORMAL, 1).bands[-1]
        first = log(gain) + np.log(rng.chisquare(width, networks) / width)
    assert last is not None
    size = first + sum((log(gain) + factor() for _ in range(steps)), np.zeros(networks))
    log10_size = (size + np.log(rng.chisquare(width, networks) / width)) / log(10)
    for share, edge in ((0.025, last.low), (0.5, last.median), (0.975, last.high)):
        below = float((log10_size < edge).mean())
        # Four cumulants bend the normal quantile; what is left of the shape is under half a percent of probability.
        assert abs(below - share) <= 5 * (share * (1 - share) / networks) ** 0.5 + 0.005


def test_he_relu_at_width_100_and_depth_50_is_log_normal_with_variance_five_depth_over_width() -> None:
    """Hanin and Nica 2019: the mean stays, the typical network lies far below it."""
    last = drawn(signal_bands(nonlinearity("relu"), equal_layers(100, 50, sqrt(2)), NORMAL, 1))[-1]
    assert 10**last.median < 0.5 * 2.0
    spread = (last.high - last.low) / (2 * NORMAL_975) * log(10)
    assert spread**2 == pytest.approx(5 * 50 / 100, rel=0.1)


@pytest.mark.parametrize(("batch", "typical"), [(1, 0.092), (256, 0.37)])
def test_the_typical_gradient_of_a_narrow_he_network_is_far_below_its_mean(batch: int, typical: float) -> None:
    """He-ReLU, width 32, layer 1 of 30: the mean is 1, the median of simulated networks that of the parameters."""
    first = gradient_bands(nonlinearity("relu"), equal_layers(32, 30, sqrt(2)), NORMAL, batch).bands[0]
    assert first is not None
    # The batch's median is known to a tenth: of 600 networks whose logarithm has a standard deviation of 1.4.
    assert 10**first.median == pytest.approx(typical, rel=0.1)


def test_a_narrow_tanh_network_has_more_gradient_on_average_than_its_mean_field() -> None:
    """By the part that a log-normal of this median and band adds: 19 % for 64 units, 4 % for 256, at 30 layers."""
    sample = simulated("tanh", equal_layers(64, 13, 1.5925), "normal", (64,), 1000, 4).gradient[:, 0, 0]
    layers = equal_layers(64, 13, 1.5925)
    first = gradient_bands(nonlinearity("tanh"), layers, NORMAL, 64).bands[0]
    assert first is not None
    spread = (first.high - first.low) / (2 * NORMAL_975) * log(10)
    mean = 10**first.median * np.exp(spread**2 / 2)
    measured, error = (10**sample).mean(), (10**sample).std() / sqrt(sample.size)
    log_field = propagate(nonlinearity("tanh"), layers, 1.0, 0.0, None, None)[0].log_gradient
    assert log_field is not None
    field = exp(log_field)
    assert abs(mean - measured) <= 4 * error + 0.02 * field  # and the next order, (depth / width)²
    assert measured > field + 4 * error


@pytest.mark.parametrize("name", ["linear", "relu"])
def test_the_leading_order_agrees_with_the_exact_band_at_large_width(name: str) -> None:
    """A bias of almost nothing makes the difference."""
    width, gain = 4096, 1.0 if name == "linear" else sqrt(2)
    exact = drawn(signal_bands(nonlinearity(name), equal_layers(width, 10, gain), NORMAL, 1))
    leading = drawn(signal_bands(nonlinearity(name), equal_layers(width, 10, gain, 1e-12), NORMAL, 1))
    # What is left is the next order: the skew of each factor, of order 1/width.
    for mine, theirs in zip(leading, exact, strict=True):
        assert tuple(mine) == pytest.approx(tuple(theirs), abs=2 / width)


@pytest.mark.parametrize("name", list(ACTIVATIONS))
@pytest.mark.parametrize("scale", [1e-150, 1e-3, 1e3, 1e150])
def test_no_size_is_too_large_or_too_small(name: str, scale: float) -> None:
    """Low ≤ median ≤ high, all finite, at variances that float64 holds and their squares that it does not."""
    layers = [LayerShape(64, 64, scale / 64, 0.0)] * 12
    for batch in (1, 16):
        for found in (
            signal_bands(nonlinearity(name), layers, NORMAL, batch),
            gradient_bands(nonlinearity(name), layers, NORMAL, batch),
        ):
            assert len(found.bands) == 12
            for band in found.bands:
                assert band is None or -np.inf < band.low <= band.median <= band.high < np.inf


def reasons(name: str, layers: list[LayerShape], inputs: Moments = NORMAL, batch: int = 16) -> str:
    return " ".join(signal_bands(nonlinearity(name), layers, inputs, batch).reasons)


def test_bands_are_withheld_with_the_reason_and_its_number() -> None:
    assert "unstable" in reasons("gelu", equal_layers(64, 20, sqrt(2)))
    assert "its curve" in reasons("gelu", equal_layers(64, 20, 1.5335), batch=1)
    assert "depth over width" in reasons("elu", equal_layers(16, 60, 1.0), batch=1)
    assert "cosine between two inputs" in reasons("tanh", equal_layers(3, 2, 1.0))
    assert "far from normal" in reasons("tanh", [LayerShape(2, 64, 0.5, 0.0)], batch=1)
    assert "so few units" in reasons("tanh", equal_layers(1, 2, 1.0), batch=1)
    assert "10.4 % of the networks" in reasons("relu", equal_layers(8, 29, sqrt(2)), batch=1)
    assert reasons("relu", [LayerShape(8, 8, 0.0, 0.0)]) == "No band: every preactivation is zero."


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_nothing_is_withheld_where_depth_over_width_is_small_and_the_map_stable(name: str) -> None:
    phi = nonlinearity(name)
    for gain in (settling_gain(phi), 1.0):
        for batch in (1, 2, 256):
            assert signal_bands(phi, equal_layers(160, 31, gain), NORMAL, batch).reasons == []
            assert gradient_bands(phi, equal_layers(160, 16, gain), NORMAL, batch).reasons == []


def test_whatever_the_layers_there_is_a_band_or_a_reason() -> None:
    """Widths of one, biases large and small, inputs without spread."""
    rng = np.random.default_rng(5)
    for name in ACTIVATIONS:
        for entries in DISTRIBUTIONS.values():
            widths = rng.choice([1, 2, 3, 5, 20, 400], 12)
            gain, bias = 10 ** rng.uniform(-3, 3), rng.choice([0.0, 1e-6, 3.0, 1e6])
            layers = [LayerShape(int(n), int(m), gain**2 / n, bias) for n, m in pairwise(widths)]
            for batch in (1, 2, 256):
                for bands in (signal_bands, gradient_bands):
                    found = bands(nonlinearity(name), layers, entries.moments, batch)
                    assert len(found.bands) == len(layers)
                    assert (None in found.bands) == bool(found.reasons)
                    for band in found.bands:
                        assert band is None or -np.inf < band.low <= band.median <= band.high < np.inf


def test_with_a_norm_the_reason_says_how_far_the_mean_gradient_strays() -> None:
    """Tanh, layer norm, 30 layers of 64: the mean of simulated networks is 62 % above, of 128 units 23 %."""
    said = normed_gradient_reason(nonlinearity("tanh"), equal_layers(64, 30, 1.0), centres=True)
    assert "64 % above" in said
    assert "0.45" in said
    assert "28 % above" in normed_gradient_reason(nonlinearity("tanh"), equal_layers(128, 30, 1.0), centres=True)
