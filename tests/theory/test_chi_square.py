"""Logarithms of chi-squares, against simulated ones and known functions."""

from math import pi

import numpy as np
import pytest

from app.theory.chi_square import Cumulants, log_chi_square, log_gamma, log_relu_factor, polygamma, quantile
from app.theory.quadrature import Array

EULER = 0.5772156649015329
APERY = 1.2020569031595942
NORMAL_975 = 1.959963984540054
SAMPLES = 200_000


def test_polygamma_at_one() -> None:
    """Abramowitz & Stegun 6.4.2."""
    first, second, third, fourth = polygamma(1.0)
    assert first == pytest.approx(-EULER, abs=1e-11)
    assert second == pytest.approx(pi**2 / 6, abs=1e-11)
    assert third == pytest.approx(-2 * APERY, abs=1e-10)
    assert fourth == pytest.approx(pi**4 / 15, abs=1e-9)


@pytest.mark.parametrize("n", [2, 16, 512])
def test_cumulants_of_a_log_chi_square_are_those_of_a_simulation(n: int) -> None:
    sample = np.log(np.random.default_rng(0).chisquare(n, SAMPLES) / n)
    assert_cumulants(log_chi_square(n), sample)


@pytest.mark.parametrize("relative_variance", [0.01, 0.7, 5.0])
def test_cumulants_of_a_log_gamma_are_those_of_a_simulation(relative_variance: float) -> None:
    shape = 1 / relative_variance
    sample = np.log(np.random.default_rng(3).gamma(shape, relative_variance, SAMPLES))
    assert_cumulants(log_gamma(relative_variance), sample)


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


def test_a_quantile_of_a_normal_is_the_normals() -> None:
    assert quantile(Cumulants(1.0, 4.0, 0.0, 0.0), NORMAL_975) == pytest.approx(1 + 2 * NORMAL_975)
    assert quantile(Cumulants(1.0, 0.0, 0.0, 0.0), NORMAL_975) == 1.0
