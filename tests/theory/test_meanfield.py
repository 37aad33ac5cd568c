"""Infinite width: the maps of one layer against simulation, closed forms and published constants."""

from math import asin, pi, sqrt

import numpy as np
import pytest

from app.lab.activations import ACTIVATIONS, nonlinearity
from app.theory.meanfield import (
    CLOSED_PAIRS,
    LayerShape,
    Nonlinearity,
    Norm,
    correlation_depth,
    moments,
    pair_square,
    propagate,
    saturation,
)
from app.theory.quadrature import Array, pair_expectation

every_activation = pytest.mark.parametrize("name", list(ACTIVATIONS))
some_variances = pytest.mark.parametrize("q", [0.01, 1.0, 30.0])
DRAWS = 400_000
STANDARD_ERRORS = 5.0


def normals(q: float, correlation: float = 0.0) -> tuple[Array, Array]:
    z = np.random.default_rng(7).standard_normal((2, DRAWS))
    return sqrt(q) * z[0], sqrt(q) * (correlation * z[0] + sqrt(1 - correlation**2) * z[1])


@every_activation
@some_variances
def test_the_moments_of_an_activation_are_those_of_a_simulation(name: str, q: float) -> None:
    phi, (u, _) = nonlinearity(name), normals(q)
    found = moments(phi, q)
    h, slope = phi.value(u), phi.slope(u)
    for predicted, sample in (
        (found.mean, h),
        (found.square, h**2),
        (found.fourth, h**4),
        (found.slope_square, slope**2),
    ):
        error = sample.std() / sqrt(DRAWS)
        assert abs(predicted - sample.mean()) <= STANDARD_ERRORS * error + 1e-12 * abs(predicted)


@every_activation
@some_variances
def test_the_derivative_of_the_variance_map_is_that_of_its_values(name: str, q: float) -> None:
    phi, step = nonlinearity(name), 1e-4
    slope = (moments(phi, q * (1 + step)).square - moments(phi, q * (1 - step)).square) / (2 * step * q)
    assert moments(phi, q).growth == pytest.approx(slope, rel=1e-5, abs=1e-9)


@every_activation
@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.9])
def test_the_correlation_map_is_that_of_a_simulation(name: str, correlation: float) -> None:
    phi, (u, v) = nonlinearity(name), normals(1.5, correlation)
    product = phi.value(u) * phi.value(v)
    error = product.std() / sqrt(DRAWS)
    # The plane is integrated on a grid that knows of no kink but zero: good to a thousandth of the mean square.
    resolved = 1e-3 * moments(phi, 1.5).square
    assert abs(pair_square(phi, 1.5, correlation) - product.mean()) <= STANDARD_ERRORS * error + resolved


@pytest.mark.parametrize("name", list(CLOSED_PAIRS))
@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.3, 0.8, 0.99])
def test_closed_correlation_maps_agree_with_quadrature(name: str, correlation: float) -> None:
    phi = nonlinearity(name)
    quadrature = pair_expectation(phi.value, sqrt(0.7), correlation)
    assert CLOSED_PAIRS[name](0.7, correlation) == pytest.approx(quadrature, abs=1e-3 * moments(phi, 0.7).square)


@every_activation
def test_equal_inputs_stay_equal(name: str) -> None:
    phi = nonlinearity(name)
    assert pair_square(phi, 2.0, 1.0) == pytest.approx(moments(phi, 2.0).square, rel=1e-5)


def test_published_constants() -> None:
    """Klambauer et al. 2017 (SELU keeps mean 0 and variance 1), He et al. 2015 (½), Cho and Saul 2009 (1/π)."""
    selu = moments(nonlinearity("selu"), 1.0)
    assert selu.mean == pytest.approx(0, abs=1e-7)
    assert selu.square == pytest.approx(1, abs=1e-7)
    relu = nonlinearity("relu")
    assert moments(relu, 1.0).square == pytest.approx(0.5, abs=1e-12)
    assert pair_square(relu, 1.0, 0.0) / 0.5 == pytest.approx(1 / pi, abs=1e-12)
    assert moments(nonlinearity("erf"), 1.0).square == pytest.approx(2 / pi * asin(2 / 3), abs=1e-12)


@pytest.mark.parametrize("name", [name for name, entry in ACTIVATIONS.items() if entry.bounds])
@some_variances
def test_saturation_is_the_share_near_a_bound(name: str, q: float) -> None:
    phi = nonlinearity(name)
    assert phi.bounds is not None
    low, high = phi.bounds
    outer = np.abs(phi.value(normals(q)[0]) - (low + high) / 2) > 0.97 * (high - low) / 2
    error = sqrt(max(outer.mean() * (1 - outer.mean()), 1 / DRAWS) / DRAWS)
    found = saturation(phi, q)
    assert found is not None
    assert abs(found - outer.mean()) <= STANDARD_ERRORS * error + 5e-4


def test_without_bounds_nothing_saturates() -> None:
    assert saturation(nonlinearity("relu"), 1.0) is None


def he_layers(depth: int, width: int) -> list[LayerShape]:
    return [LayerShape(width, width, 2 / width, 0.0)] * depth


def run(phi: Nonlinearity, layers: list[LayerShape], norm: Norm | None = None, branch: float | None = None):  # type: ignore[no-untyped-def]
    return propagate(phi, layers, square=1.0, mean=0.0, norm=norm, branch=branch)


def test_he_keeps_the_second_moment_and_the_gradient_of_relu_while_cosines_go_to_one() -> None:
    fields = run(nonlinearity("relu"), he_layers(50, 64))
    assert [field.preactivation for field in fields] == pytest.approx([2.0] * 50)
    assert [field.gradient for field in fields] == pytest.approx([1.0] * 50)
    cosines = [field.cosine for field in fields]
    assert cosines[0] == pytest.approx(1 / pi)
    assert cosines == sorted(cosines)
    assert cosines[-1] > 0.98


def test_tanh_at_gain_one_fades_like_one_over_twice_the_depth() -> None:
    fields = run(nonlinearity("tanh"), [LayerShape(64, 64, 1 / 64, 0.0)] * 400)
    assert fields[-1].preactivation == pytest.approx(1 / (2 * 400), rel=0.02)


def test_a_plain_residual_stream_without_norm_doubles_and_pre_norm_adds() -> None:
    """Question: why scale residual branches? A pre-norm stream's variance is 1 + depth, or 1½ under 1/√(2L)."""
    layers = [LayerShape(64, 64, 1 / 64, 0.0)] * 24
    norm = Norm(centres=False, over_batch=False, eps=0.0)
    grown = run(nonlinearity("linear"), layers)[-1].activation
    assert grown == pytest.approx(1.0)
    assert run(nonlinearity("linear"), layers, branch=1.0)[-1].activation == pytest.approx(2.0**24)
    assert run(nonlinearity("linear"), layers, norm, 1.0)[-1].activation == pytest.approx(25.0)
    assert run(nonlinearity("linear"), layers, norm, 48**-0.5)[-1].activation == pytest.approx(1.5)


@pytest.mark.parametrize("centres", [True, False])
def test_a_norm_makes_the_scale_of_the_weights_irrelevant_forward(centres: bool) -> None:
    norm = Norm(centres, over_batch=False, eps=0.0)
    for variance in (1e-4, 1.0, 1e4):
        fields = run(nonlinearity("tanh"), [LayerShape(64, 64, variance, 0.0)] * 5, norm)
        assert [field.preactivation for field in fields] == pytest.approx([1.0] * 5)


def test_across_the_batch_cosine_and_gradient_have_no_formula() -> None:
    fields = run(nonlinearity("relu"), he_layers(4, 64), Norm(centres=True, over_batch=True, eps=0.0))
    assert fields[-1].preactivation == pytest.approx(1.0)
    assert [field.gradient for field in fields] == [None, None, None, 1.0]
    assert fields[1].cosine is None


def test_biases_alone_carry_a_variance_where_weights_vanish() -> None:
    fields = run(nonlinearity("tanh"), [LayerShape(64, 64, 0.0, 0.25)] * 3)
    assert [field.preactivation for field in fields] == pytest.approx([0.25] * 3)
    assert fields[-1].cosine == pytest.approx(1.0, abs=1e-5)


def test_beyond_float64_there_is_no_number() -> None:
    fields = run(nonlinearity("gelu"), [LayerShape(512, 512, 1.0, 0.0)] * 120)
    assert fields[0].preactivation == pytest.approx(512.0)
    assert fields[-1].preactivation is None


def test_the_depth_scale_of_correlations_diverges_at_the_edge_of_chaos() -> None:
    tanh = nonlinearity("tanh")
    assert correlation_depth(tanh, 1.0, 1e-12) is None or correlation_depth(tanh, 1.0, 1e-12) > 1e6  # type: ignore[operator]
    ordered = correlation_depth(tanh, 0.5, 1e-12)
    assert ordered == pytest.approx(1 / np.log(4), rel=1e-3)
