"""Power series in the correlation, against closed forms and derivatives taken by differences."""

from math import acos, asin, cosh, exp, log, pi, sinh, sqrt

import numpy as np
import pytest

from app.lab.activations import ACTIVATIONS, nonlinearity
from app.theory.hermite import at, averaged_powers, steepness, unit
from app.theory.meanfield import moments

CORRELATIONS = (-0.6, 0.0, 0.3, 0.9)


@pytest.mark.parametrize("c", CORRELATIONS)
@pytest.mark.parametrize("q", [0.01, 1.0, 30.0])
def test_products_are_those_of_known_kernels(c: float, q: float) -> None:
    """ReLU: Cho and Saul 2009, eq. 6; erf: Williams 1997, eq. 11; sin is elementary."""
    relu = (sqrt(1 - c * c) + c * (pi - acos(c))) / pi
    erf = asin(2 * q * c / (1 + 2 * q)) / asin(2 * q / (1 + 2 * q))
    sine = sinh(q * c) / sinh(q)
    # What lies beyond the order kept, put into one term.
    for name, known in (("relu", relu), ("erf", erf), ("sin", sine), ("linear", c)):
        assert at(unit(nonlinearity(name), log(q)).product, c) == pytest.approx(known, abs=2e-4)


@pytest.mark.parametrize("c", CORRELATIONS)
def test_slopes_and_squares_are_those_of_known_kernels(c: float) -> None:
    sine = unit(nonlinearity("sin"), log(2.0))
    assert at(sine.slopes, c) == pytest.approx(cosh(2 * c) / cosh(2), abs=1e-9)
    assert at(sine.squares, c) == pytest.approx(
        (1 - 2 * exp(-4) + cosh(8 * c) * exp(-8)) / (1 - exp(-4)) ** 2, abs=1e-9
    )
    step = unit(nonlinearity("relu"), 0.0)
    assert at(step.slopes, c) == pytest.approx(1 - acos(c) / pi, abs=2e-3)
    assert steepness(step.product, c) == pytest.approx(1 - acos(c) / pi, abs=2e-3)


@pytest.mark.parametrize("name", list(ACTIVATIONS))
@pytest.mark.parametrize("q", [1e-3, 0.7, 50.0])
def test_a_unit_has_the_moments_of_quadrature_and_their_derivatives(name: str, q: float) -> None:
    phi, step = nonlinearity(name), 1e-3
    found, known = unit(phi, log(q)), moments(phi, q)
    assert exp(found.log_square) == pytest.approx(known.square, rel=1e-6)
    assert exp(found.log_slope_square) == pytest.approx(known.slope_square, rel=1e-6)
    assert at(found.squares, 1.0) == pytest.approx(known.fourth / known.square**2, rel=1e-6)
    low, high = unit(phi, log(q) - step), unit(phi, log(q) + step)
    assert found.growth == pytest.approx((high.log_square - low.log_square) / (2 * step), abs=1e-5)
    assert found.bend == pytest.approx((high.growth - low.growth) / (2 * step), abs=1e-4)
    assert found.slope_growth == pytest.approx((high.log_slope_square - low.log_slope_square) / (2 * step), abs=1e-4)
    assert found.slope_bend == pytest.approx((high.slope_growth - low.slope_growth) / (2 * step), abs=1e-3)


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_beyond_float64_the_power_law_goes_on(name: str) -> None:
    for log_variance in (-2000.0, 2000.0):
        found = unit(nonlinearity(name), log_variance)
        assert np.isfinite(found.log_square)
        exponent = 0.0 if ACTIVATIONS[name].bounds and log_variance > 0 else found.growth
        assert found.log_square == pytest.approx(exponent * log_variance, abs=3.0)


def test_an_average_over_scattered_correlations_is_that_of_their_mean_and_variance() -> None:
    linear = unit(nonlinearity("linear"), 0.0)
    assert averaged_powers(0.2, 0.01) @ linear.squares == pytest.approx(1 + 2 * (0.2**2 + 0.01))
