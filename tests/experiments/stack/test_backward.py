"""The gradient that goes back is autograd's, for every activation, norm and residual stream."""

from itertools import pairwise
from math import log10
from typing import Any

import pytest
import torch.nn.functional as F
from torch import Tensor

from app.experiments.stack import draws
from app.experiments.stack.run import run_stack
from app.experiments.stack.spec import StackSpec
from app.lab.activations import ACTIVATIONS
from app.lab.draws import DISTRIBUTIONS, draw
from app.lab.initializers import INITIALIZERS
from app.lab.norms import NORM_LABELS
from tests.lab.tools import TORCH_NORMS, outcome, unit_weights_of

SMALL: dict[str, Any] = {"depth": 3, "width": 20, "batch": 32, "bins": 8}


def autograd(spec: StackSpec, init: str) -> tuple[list[Tensor], list[Tensor]]:
    """Gradients with respect to every layer's activations and weights, in float64."""
    entry = INITIALIZERS[init]
    h = draws.draw_input(spec, 0).double()
    activations, weights = [], []
    for layer in range(1, spec.depth + 1):
        scale = draws.weight_std(spec, entry, layer)
        w = (unit_weights_of(spec, entry, layer).double() * scale).requires_grad_()
        bias = draws.draw_bias(spec, entry, layer)
        offset = 0.0 if bias is None else bias.double()
        norm = TORCH_NORMS[spec.norm]
        if spec.branch_scale is None:
            h = ACTIVATIONS[spec.activation].function(norm(h @ w + offset))
        else:
            h = h + spec.branch_scale * ACTIVATIONS[spec.activation].function(norm(h) @ w + offset)
        h.retain_grad()
        activations.append(h)
        weights.append(w)
    h.backward(draw(DISTRIBUTIONS["normal"], tuple(h.shape), spec.seed, draws.GRADIENT).double())
    found = [tensor.grad for tensor in activations], [tensor.grad for tensor in weights]
    assert all(gradient is not None for part in found for gradient in part)
    return found  # type: ignore[return-value]


def assert_like_autograd(spec: StackSpec) -> None:
    for entry in outcome(run_stack(spec)).inits:
        activations, weights = autograd(spec, entry.init)
        for layer, at, w in zip(entry.layers, activations, weights, strict=True):
            assert layer.gradient is not None
            assert layer.weight_gradient is not None
            assert layer.gradient.mean_square == pytest.approx(float(at.square().mean()), rel=2e-3)
            assert layer.gradient.max == pytest.approx(float(at.max()), rel=5e-3)
            assert layer.weight_gradient.std == pytest.approx(float(w.std()), rel=2e-3)
            assert layer.weight_gradient.grad_to_data == pytest.approx(float(w.std()) / layer.weight_std, rel=2e-3)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_gradients_are_those_of_autograd(activation: str) -> None:
    assert_like_autograd(StackSpec(activation=activation, init=["1/sqrt(D)", "kaiming_normal"], **SMALL))


@pytest.mark.parametrize("norm", list(NORM_LABELS))
@pytest.mark.parametrize("residual", [False, True])
def test_norms_and_residual_streams_are_differentiated(norm: str, residual: bool) -> None:
    # A smooth activation: with ReLU a unit that rounding puts across zero changes the gradient by a jump.
    settings: dict[str, Any] = {"norm": norm, "residual": residual, "activation": "gelu", **SMALL}
    assert_like_autograd(StackSpec(init=["1/sqrt(D)", "orthogonal"], bias_std=0.1, **settings))


@pytest.mark.parametrize("norm", [name for name in NORM_LABELS if name != "none"])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("gain", [1e-15, 1e-18, 1e-25, 1e-60])
def test_a_norm_of_a_signal_far_below_its_eps_divides_by_the_root_of_eps(
    norm: str, residual: bool, gain: float
) -> None:
    settings: dict[str, Any] = {"norm": norm, "residual": residual, "gain": gain, **SMALL}
    spec = StackSpec(init=["1/sqrt(D)"], **settings)
    activations, _ = autograd(spec, "1/sqrt(D)")
    h = draws.draw_input(spec, 0).double()
    for layer, at in zip(outcome(run_stack(spec)).inits[0].layers, activations, strict=True):
        w = unit_weights_of(spec, INITIALIZERS["1/sqrt(D)"], layer.layer).double() * layer.weight_std
        u = TORCH_NORMS[norm](h) @ w if residual else TORCH_NORMS[norm](h @ w)
        h = h + F.tanh(u) if residual else F.tanh(u)
        for measured, exact in ((layer.preactivation, u), (layer.gradient, at)):
            assert measured is not None
            size = float(exact.abs().max())  # whose square float64 may not hold
            expected = log10(float((exact / size).square().mean())) + 2 * log10(size)
            assert measured.log10_mean_square == pytest.approx(expected, abs=1e-3)


def test_widths_may_differ() -> None:
    assert_like_autograd(
        StackSpec(activation="relu", init=["kaiming_normal"], widths=[30, 12, 25, 4], batch=32, bins=8)
    )


def test_a_gradient_beyond_float32_is_carried_on() -> None:
    spec = StackSpec(activation="linear", init=["unscaled"], depth=60, width=64, batch=4, bins=4)
    layers = outcome(run_stack(spec)).inits[0].layers
    gradient = draw(DISTRIBUTIONS["normal"], (4, 64), spec.seed, draws.GRADIENT).double()
    size = 0.0
    for layer in reversed(layers):
        assert layer.gradient is not None
        assert layer.gradient.log10_mean_square == pytest.approx(
            size + log10(float(gradient.square().mean())), abs=1e-4
        )
        w = unit_weights_of(spec, INITIALIZERS["unscaled"], layer.layer).double()
        gradient = gradient @ w.T
        largest = float(gradient.abs().max())
        gradient, size = gradient / largest, size + 2 * log10(largest)
    assert layers[0].gradient is not None
    assert layers[0].gradient.log10_mean_square is not None
    assert layers[0].gradient.log10_mean_square > 80


def test_without_backward_there_is_no_gradient() -> None:
    spec = StackSpec(backward=False, **SMALL)
    for entry in outcome(run_stack(spec)).inits:
        assert all(layer.gradient is None and layer.weight_gradient is None for layer in entry.layers)


def test_forward_numbers_do_not_depend_on_going_back() -> None:
    there, back = (outcome(run_stack(StackSpec(backward=backward, **SMALL))) for backward in (False, True))
    for mine, theirs in zip(there.inits, back.inits, strict=True):
        for before, after in pairwise([mine.layers, theirs.layers]):
            assert [at.preactivation for at in before] == [at.preactivation for at in after]
            assert [at.activation for at in before] == [at.activation for at in after]


@pytest.mark.parametrize("further", [{}, {"weight_mean": 0.01}, {"tied": True}, {"init": ["orthogonal", "1/D"]}])
def test_weights_kept_for_the_way_back_are_those_drawn_again(
    further: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = StackSpec(**SMALL, **further)
    assert draws.keeps_weights(spec, sum(draws.weight_counts(spec)))
    kept = outcome(run_stack(spec))
    monkeypatch.setattr(draws, "KEPT", 0)
    assert not draws.keeps_weights(spec, sum(draws.weight_counts(spec)))
    assert outcome(run_stack(spec)) == kept


@pytest.mark.parametrize("activation", [name for name, entry in ACTIVATIONS.items() if entry.homogeneous])
@pytest.mark.parametrize(("init", "per_layer"), [("unscaled", 1.0), ("1/D", 1 / 64)])
def test_where_phi_is_homogeneous_its_slope_does_not_depend_on_the_scale(
    activation: str, init: str, per_layer: float
) -> None:
    common: dict[str, Any] = {"activation": activation, "depth": 60, "width": 64, "batch": 8, "bins": 4}
    theirs, mine = (outcome(run_stack(StackSpec(init=[name], **common))).inits[0] for name in ("1/sqrt(D)", init))
    for before, after in zip(theirs.layers, mine.layers, strict=True):
        assert before.gradient is not None
        assert after.gradient is not None
        assert before.gradient.log10_mean_square is not None
        apart = 2 * (60 - after.layer) * log10(per_layer * 64**0.5)
        assert after.gradient.log10_mean_square == pytest.approx(before.gradient.log10_mean_square + apart, abs=1e-4)
