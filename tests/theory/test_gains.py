"""The gain that keeps the variance, the critical one, and what any gain does: fixed points that really are fixed."""

from math import pi, sqrt

import pytest

from app.lab.activations import ACTIVATIONS, nonlinearity
from app.theory.gains import critical_gain, gains, growth
from app.theory.meanfield import moments

every_activation = pytest.mark.parametrize("name", list(ACTIVATIONS))


@every_activation
def test_the_variance_preserving_gain_maps_one_to_one(name: str) -> None:
    phi = nonlinearity(name)
    found = gains(phi)
    assert found.variance_preserving is not None
    assert found.variance_preserving**2 * moments(phi, 1.0).square == pytest.approx(1.0, rel=1e-12)


@every_activation
def test_stable_means_that_a_small_deviation_does_not_grow(name: str) -> None:
    phi = nonlinearity(name)
    found = gains(phi)
    assert found.variance_preserving is not None
    q = 1.001
    for _ in range(60):
        q = found.variance_preserving**2 * moments(phi, q).square
    assert found.stable == (abs(q - 1) < 0.0011)


@every_activation
def test_at_the_critical_gain_gradients_keep_their_size(name: str) -> None:
    phi = nonlinearity(name)
    gain = critical_gain(phi)
    if gain is None:
        pytest.skip("there is none: see the tests of which have one")
    assert growth(phi, gain).gradient == pytest.approx(1.0, abs=5e-3)


def test_which_activations_have_a_critical_gain() -> None:
    """Schoenholz et al. 2017: tanh at 1; He et al. 2015: ReLU at √2; erf's slope at zero is 2/√π."""
    known = {"linear": 1.0, "tanh": 1.0, "relu": sqrt(2), "erf": sqrt(pi) / 2, "hardtanh": 1.0, "sin": 1.0, "elu": 1.0}
    for name, gain in known.items():
        assert critical_gain(nonlinearity(name)) == pytest.approx(gain, rel=1e-6)
    for name in ("gelu", "silu", "mish", "softplus"):
        assert critical_gain(nonlinearity(name)) is None


def test_gains_of_gelu_and_silu_sit_on_unstable_fixed_points() -> None:
    for name in ("gelu", "silu", "mish"):
        found = gains(nonlinearity(name))
        assert found.stable is False
        assert found.slope is not None
        assert found.slope > 1.05


def test_five_thirds_keeps_the_activations_of_tanh_while_gradients_grow_by_a_fifth_a_layer() -> None:
    at = growth(nonlinearity("tanh"), 5 / 3)
    assert at.fixed_point == pytest.approx(1.178, abs=1e-3)
    assert at.gradient == pytest.approx(1.21, abs=5e-3)


def test_three_quarters_gives_up_the_variance_of_selu_for_its_gradient() -> None:
    selu = nonlinearity("selu")
    assert gains(selu).variance_preserving == pytest.approx(1.0, abs=1e-7)
    at = growth(selu, 0.75)
    assert at.gradient == pytest.approx(1.0, abs=0.01)
    assert at.fixed_point is not None
    assert at.fixed_point < 0.05


@every_activation
@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0])
def test_a_fixed_point_is_fixed_and_without_one_the_signal_dies_or_explodes(name: str, gain: float) -> None:
    phi = nonlinearity(name)
    at = growth(phi, gain)
    if at.fixed_point is None:
        assert at.forward != pytest.approx(1.0, abs=1e-4) or at.slope == pytest.approx(1.0, abs=1e-4)
    else:
        following = gain**2 * moments(phi, at.fixed_point).square
        assert following == pytest.approx(at.fixed_point, rel=2e-3)
