"""Many layers: published constants, closed forms, and depths at which float64 holds nothing any more."""

from math import exp, log, pi

import pytest

from app.lab.activations import ACTIVATIONS, nonlinearity
from app.theory.layer import LayerShape
from app.theory.meanfield import Nonlinearity
from app.theory.propagation import LayerField, Norm, propagate

every_activation = pytest.mark.parametrize("name", list(ACTIVATIONS))


def he_layers(depth: int, width: int) -> list[LayerShape]:
    return [LayerShape(width, width, 2 / width, 0.0)] * depth


def run(
    phi: Nonlinearity, layers: list[LayerShape], norm: Norm | None = None, branch: float | None = None
) -> list[LayerField]:
    return propagate(phi, layers, square=1.0, mean=0.0, norm=norm, branch=branch)


def variances(fields: list[LayerField]) -> list[float]:
    return [exp(at.log_preactivation) for at in fields if at.log_preactivation is not None]


def last_square(fields: list[LayerField]) -> float:
    assert fields[-1].log_activation is not None
    return exp(fields[-1].log_activation)


def test_he_keeps_the_second_moment_and_the_gradient_of_relu_while_cosines_go_to_one() -> None:
    fields = run(nonlinearity("relu"), he_layers(50, 64))
    assert variances(fields) == pytest.approx([2.0] * 50)
    assert [field.log_gradient for field in fields] == pytest.approx([0.0] * 50)
    cosines = [field.cosine for field in fields if field.cosine is not None]
    assert cosines[0] == pytest.approx(1 / pi)
    assert cosines == sorted(cosines)
    assert cosines[-1] > 0.98


def test_tanh_at_gain_one_fades_like_one_over_twice_the_depth() -> None:
    fields = run(nonlinearity("tanh"), [LayerShape(64, 64, 1 / 64, 0.0)] * 400)
    assert variances(fields)[-1] == pytest.approx(1 / (2 * 400), rel=0.02)


def test_a_plain_residual_stream_without_norm_doubles_and_pre_norm_adds() -> None:
    """Question: why scale residual branches? A pre-norm stream's variance is 1 + depth, or 1½ under 1/√(2L)."""
    layers = [LayerShape(64, 64, 1 / 64, 0.0)] * 24
    norm = Norm(centres=False, over_batch=False, eps=0.0)
    linear = nonlinearity("linear")
    assert last_square(run(linear, layers)) == pytest.approx(1.0)
    assert last_square(run(linear, layers, branch=1.0)) == pytest.approx(2.0**24)
    assert last_square(run(linear, layers, norm, 1.0)) == pytest.approx(25.0)
    assert last_square(run(linear, layers, norm, 48**-0.5)) == pytest.approx(1.5)


@pytest.mark.parametrize("centres", [True, False])
def test_a_norm_makes_the_scale_of_the_weights_irrelevant_forward(centres: bool) -> None:
    norm = Norm(centres, over_batch=False, eps=0.0)
    for variance in (1e-4, 1.0, 1e4):
        fields = run(nonlinearity("tanh"), [LayerShape(64, 64, variance, 0.0)] * 5, norm)
        assert variances(fields) == pytest.approx([1.0] * 5)


def test_biases_alone_carry_a_variance_where_weights_vanish() -> None:
    fields = run(nonlinearity("tanh"), [LayerShape(64, 64, 0.0, 0.25)] * 3)
    assert variances(fields) == pytest.approx([0.25] * 3)
    assert fields[-1].cosine == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("name", ["linear", "relu", "leaky_relu", "gelu", "tanh", "selu"])
@pytest.mark.parametrize("variance", [1e-6, 1e6])
def test_a_thousand_layers_multiply_where_float64_ends(name: str, variance: float) -> None:
    """Near zero and far out E[φ²]/q and E[φ'²] are the same constants, so signal and gradient change alike."""
    fields = run(nonlinearity(name), [LayerShape(1, 1, variance, 0.0)] * 1000)
    forward = [at.log_preactivation for at in fields if at.log_preactivation is not None]
    back = [at.log_gradient for at in fields if at.log_gradient is not None]
    if name == "tanh" and variance > 1:
        assert forward[-1] == pytest.approx(log(variance), abs=0.01)
        assert back[0] > 3000
        return
    slopes = {"linear": 1.0, "relu": 0.5, "leaky_relu": (1 + 0.01**2) / 2, "tanh": 1.0, "gelu": 0.25, "selu": 2.0977}
    if variance > 1:
        slopes |= {"gelu": 0.5, "selu": 1.0507**2 / 2}
    rate = log(variance * slopes[name])
    assert forward[-1] - forward[500] == pytest.approx(499 * rate, rel=1e-4)
    assert back[0] - back[500] == pytest.approx(500 * rate, rel=1e-3)
    cosines = [at.cosine for at in fields if at.cosine is not None]
    assert len(cosines) == 1000
    assert max(map(abs, cosines)) <= 1
    if name == "relu":
        assert cosines[-1] > 0.999


def test_what_is_zero_has_no_size_and_no_direction() -> None:
    fields = run(nonlinearity("relu"), [LayerShape(8, 8, 0.0, 0.0)] * 3)
    for at in fields:
        assert at.log_preactivation == at.log_activation == float("-inf")
        assert at.cosine is None
    assert [at.log_gradient for at in fields] == [float("-inf"), float("-inf"), 0.0]


@every_activation
def test_cosines_of_a_chaotic_or_saturated_stack_stay_within_one(name: str) -> None:
    for variance, bias in ((1.0, 1.0), (0.1, 1e6), (1e4, 1e-6), (2.5, 0.0)):
        for at in run(nonlinearity(name), [LayerShape(64, 64, variance / 64, bias)] * 20):
            assert at.cosine is not None
            assert -1 <= at.cosine <= 1
