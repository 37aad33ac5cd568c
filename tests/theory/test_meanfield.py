"""Infinite width: the maps of one layer against another integrator, closed forms and published constants."""

from math import asin, exp, log, pi, sqrt

import numpy as np
import pytest

from app.lab.activations import ACTIVATIONS, nonlinearity
from app.theory.layer import LayerShape
from app.theory.meanfield import (
    HIGH,
    LOW,
    correlation_depth,
    moments,
    pair_ratio,
    pair_square,
    ratios,
    shifted,
    slope_pair,
)
from tests.theory.integrator import expectation, pair

every_activation = pytest.mark.parametrize("name", list(ACTIVATIONS))
PRECISION = 1e-5  # claimed of every integral, relatively
ROUNDING = 1e-9  # of what cancels, in root mean squares


@every_activation
@pytest.mark.parametrize("q", [1e-6, 0.01, 1.0, 30.0, 1e3, 1e6])
def test_moments_are_those_of_another_integrator(name: str, q: float) -> None:
    phi, std = nonlinearity(name), sqrt(q)
    found = moments(phi, q)
    points = max(4000, int(40 * std)) if name == "sin" else 4000
    growth = expectation(lambda u: u * phi.value(u) * phi.slope(u), std, phi.kinks, points) / q
    for predicted, expected, rounding in (
        (found.mean, expectation(phi.value, std, phi.kinks, points), ROUNDING * sqrt(found.square)),
        (found.square, expectation(lambda u: phi.value(u) ** 2, std, phi.kinks, points), 0.0),
        (found.fourth, expectation(lambda u: phi.value(u) ** 4, std, phi.kinks, points), 0.0),
        (found.slope_square, expectation(lambda u: phi.slope(u) ** 2, std, phi.kinks, points), 0.0),
        (found.growth, growth, ROUNDING * sqrt(found.square * found.slope_square / q)),
    ):
        assert predicted == pytest.approx(expected, rel=PRECISION, abs=rounding)


@every_activation
@pytest.mark.parametrize("q", [1e-6, 1.0, 1e3, 1e6])
@pytest.mark.parametrize("correlation", [-0.6, 0.3, 0.99])
def test_pair_moments_are_those_of_another_integrator(name: str, q: float, correlation: float) -> None:
    if name == "sin" and q > 1:
        pytest.skip("its waves are tested in closed form")
    phi = nonlinearity(name)
    found = pair_square(phi, q, correlation)
    expected = pair(phi.value, sqrt(q), correlation, phi.kinks)
    assert abs(found - expected) <= PRECISION * moments(phi, q).square


@every_activation
@pytest.mark.parametrize("correlation", [-0.9, 0.0, 0.7])
def test_the_pair_moment_of_slopes_is_the_slope_of_the_pair_moment(name: str, correlation: float) -> None:
    """∂E[φ(u)·φ(v)]/∂c = q·E[φ'(u)·φ'(v)] (Price 1958)."""
    phi, q, step = nonlinearity(name), 1.5, 1e-3
    rise = pair_square(phi, q, correlation + step) - pair_square(phi, q, correlation - step)
    assert q * slope_pair(phi, log(q), correlation) == pytest.approx(rise / (2 * step), rel=1e-3, abs=1e-4)


@every_activation
@pytest.mark.parametrize("q", [0.01, 1.0, 30.0])
def test_the_derivative_of_the_variance_map_is_that_of_its_values(name: str, q: float) -> None:
    phi, step = nonlinearity(name), 1e-4
    slope = (moments(phi, q * (1 + step)).square - moments(phi, q * (1 - step)).square) / (2 * step * q)
    assert moments(phi, q).growth == pytest.approx(slope, rel=1e-5, abs=1e-9)


@every_activation
@pytest.mark.parametrize("edge", [LOW, HIGH])
def test_where_integration_ends_its_powers_of_the_variance_go_on(name: str, edge: float) -> None:
    """Integrated a thousandfold inside the edge, and a hundredfold outside: the slope on log axes is the same."""
    phi, inward = nonlinearity(name), log(1000 if edge == LOW else 1 / 1000)
    inner, at, outer = (ratios(phi, log(edge) + shift) for shift in (inward, 0.0, -inward))
    for name_of in ("log_square", "log_slope_square"):
        near, here, beyond = (getattr(each, name_of) for each in (inner, at, outer))
        assert beyond - here == pytest.approx(here - near, abs=1e-5)
    assert outer.fourth == pytest.approx(at.fourth, rel=1e-6)
    assert outer.mean == pytest.approx(at.mean, abs=1e-6)


@every_activation
def test_logarithms_hold_where_float64_does_not(name: str) -> None:
    phi = nonlinearity(name)
    for log_q in (-1e4, -750.0, 750.0, 1e4):
        at = ratios(phi, log_q)
        assert np.isfinite(at).all()
        assert at.fourth >= 1 - 1e-9
        assert 0 <= at.exponent <= 1 + 1e-6
        assert -1 <= pair_ratio(phi, log_q, 0.4) <= 1
    assert np.isfinite(ratios(phi, 0.0)).all()


@every_activation
def test_values_and_logarithms_agree(name: str) -> None:
    phi = nonlinearity(name)
    for q in (1e-250, 1e-20, 0.3, 1e20, 1e140):
        at, logs = moments(phi, q), ratios(phi, log(q))
        assert log(at.square) == pytest.approx(logs.log_square, abs=1e-9)
        assert log(at.slope_square) == pytest.approx(logs.log_slope_square, abs=1e-9)
        assert q * at.growth / at.square == pytest.approx(logs.exponent, rel=1e-9)


@every_activation
def test_cosines_stay_within_one(name: str) -> None:
    phi = nonlinearity(name)
    for q in (1e-8, 1.0, 1.178, 300.0, 1e6, 1e20):
        for correlation in (-1.0, -0.999, 0.0, 0.9, 0.999999, 1 - 1e-14, 1.0):
            assert abs(pair_ratio(phi, log(q), correlation)) <= 1
        assert pair_ratio(phi, log(q), 1.0) == 1.0
        if name != "sin":  # whose waves tell apart what is nearly the same, far enough out
            assert pair_ratio(phi, log(q), 1 - 1e-9) == pytest.approx(1, abs=1e-3)


@every_activation
@pytest.mark.parametrize(("q", "mean"), [(0.04, 2.0), (1.0, -0.7), (9.0, 30.0)])
def test_moments_of_shifted_normals(name: str, q: float, mean: float) -> None:
    phi, std = nonlinearity(name), sqrt(q)
    log_square, average = shifted(phi, log(q), mean / std)
    moved = tuple(kink - mean for kink in (*phi.kinks, -1.0, 0.0, 1.0))
    square = expectation(lambda u: phi.value(u + mean) ** 2, std, moved)
    assert exp(log_square) == pytest.approx(square, rel=PRECISION)
    expected = expectation(lambda u: phi.value(u + mean), std, moved) / sqrt(square)
    assert average == pytest.approx(expected, rel=PRECISION, abs=ROUNDING)


def test_published_constants() -> None:
    """Klambauer et al. 2017 (SELU keeps mean 0 and variance 1), He et al. 2015 (½), Cho and Saul 2009 (1/π)."""
    selu = moments(nonlinearity("selu"), 1.0)
    assert selu.mean == pytest.approx(0, abs=1e-7)
    assert selu.square == pytest.approx(1, abs=1e-7)
    relu = nonlinearity("relu")
    assert moments(relu, 1.0).square == pytest.approx(0.5, abs=1e-12)
    assert pair_square(relu, 1.0, 0.0) / 0.5 == pytest.approx(1 / pi, abs=1e-12)
    assert moments(nonlinearity("erf"), 1.0).square == pytest.approx(2 / pi * asin(2 / 3), abs=1e-12)


def test_a_variance_that_float64_cannot_hold_still_has_a_logarithm() -> None:
    layer = LayerShape.of(100, 50, 1e-170, 1e-200)
    assert layer.weight_variance == 0.0
    assert layer.log_gain == pytest.approx(log(100) - 340 * log(10))
    assert layer.log_gain_back == pytest.approx(log(50) - 340 * log(10))
    assert layer.log_bias == pytest.approx(-400 * log(10))
    assert LayerShape(100, 50, 0.01, 0.0).log_gain == pytest.approx(0.0)


def test_the_depth_scale_of_correlations_diverges_at_the_edge_of_chaos() -> None:
    tanh = nonlinearity("tanh")
    assert correlation_depth(tanh, 1.0, 1e-12) is None or correlation_depth(tanh, 1.0, 1e-12) > 1e6  # type: ignore[operator]
    ordered = correlation_depth(tanh, 0.5, 1e-12)
    assert ordered == pytest.approx(1 / np.log(4), rel=1e-3)
