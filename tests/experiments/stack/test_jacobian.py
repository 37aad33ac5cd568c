"""The singular values of the map from an input to every layer are those of PyTorch's own Jacobian."""

from collections.abc import Callable
from math import inf, log10, sqrt
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.functional import jacobian

from app.experiments.stack import draws
from app.experiments.stack.result import StackResult
from app.experiments.stack.run import run_stack
from app.experiments.stack.spec import StackSpec
from app.fields import SpecError
from app.lab.activations import ACTIVATIONS
from app.lab.initializers import INITIALIZERS
from tests.lab.tools import outcome, unit_weights_of

SMALL: dict[str, Any] = {"depth": 4, "width": 12, "batch": 3, "bins": 16, "backward": False, "jacobian": True}


def jacobians(spec: StackSpec, init: str) -> list[Tensor]:
    """dh_l/dh_0 at the first input, by autograd through a plain loop in float64."""
    entry = INITIALIZERS[init]

    def normed(u: Tensor) -> Tensor:
        norms: dict[str, Callable[[Tensor], Tensor]] = {
            "none": lambda v: v,
            "layer": lambda v: F.layer_norm(v, v.shape),
            "rms": _rms,
        }
        return norms[spec.norm](u)

    def layers(h: Tensor) -> tuple[Tensor, ...]:
        passed = []
        for layer in range(1, spec.depth + 1):
            w = unit_weights_of(spec, entry, layer).double() * draws.weight_std(spec, entry, layer)
            bias = draws.draw_bias(spec, entry, layer)
            offset = 0.0 if bias is None else bias.double()
            if spec.branch_scale is None:
                h = ACTIVATIONS[spec.activation].function(normed(h @ w + offset))
            else:
                h = h + spec.branch_scale * ACTIVATIONS[spec.activation].function(normed(h) @ w + offset)
            passed.append(h)
        return tuple(passed)

    return list(jacobian(layers, draws.draw_input(spec, 0)[0].double()))


def _rms(u: Tensor) -> Tensor:
    return F.rms_norm(u, u.shape, eps=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"activation": "relu", "init": ["kaiming_normal", "xavier_uniform"]},
        {"activation": "gelu", "bias_std": 0.5, "init": ["torch_default", "orthogonal"]},
        {"residual": True, "norm": "layer", "activation": "silu"},
        {"residual": True, "residual_scale": 0.3, "norm": "rms"},
        {"norm": "layer", "activation": "elu", "init": ["1/sqrt(D)"]},
        {"norm": "rms", "activation": "sin", "init": ["unscaled"]},
        {"tied": True, "activation": "linear"},
        {"widths": [12, 7, 15, 4]},
    ],
    ids=str,
)
def test_singular_values_are_those_of_autograds_jacobian(change: dict[str, Any]) -> None:
    spec = StackSpec.parse(SMALL | change)
    for entry in outcome(run_stack(spec)).inits:
        for layer, expected in zip(entry.layers, jacobians(spec, entry.init), strict=True):
            values = torch.linalg.svdvals(expected)
            found = layer.jacobian
            assert found is not None
            assert found.largest == pytest.approx(float(values[0]), rel=1e-5)
            assert found.mean_square == pytest.approx(float(values.square().mean()), rel=1e-5)
            assert sum(found.histogram.counts) + found.histogram.below == len(values)
            if found.smallest is not None and float(values[-1] / values[0]) > 1e-6:
                assert found.smallest == pytest.approx(float(values[-1]), rel=1e-4)


def last(**change: Any) -> list[Any]:
    result = outcome(run_stack(StackSpec.parse(SMALL | change)))
    assert isinstance(result, StackResult)
    return [entry.layers[-1].jacobian for entry in result.inits]


def test_without_being_asked_there_is_none() -> None:
    assert last(jacobian=False) == [None] * 3


def test_orthogonal_linear_layers_are_an_isometry() -> None:
    (found,) = last(activation="linear", init=["orthogonal"], depth=50)
    assert found.log10_largest == pytest.approx(0, abs=1e-5)
    assert found.log10_smallest == pytest.approx(0, abs=1e-5)
    assert found.predicted.log10_largest == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("activation", ["linear", "tanh", "relu"])
def test_depth_beyond_float64_is_still_told(activation: str) -> None:
    found = last(activation=activation, init=["unscaled", "1/D"], depth=400, width=64)
    for each in found:
        assert each.log10_largest is not None
        assert abs(each.log10_largest) < inf
    if activation == "linear":
        grown, shrunk = (each.log10_largest for each in found)
        assert grown - shrunk == pytest.approx(400 * log10(64), rel=1e-6)
        assert found[0].largest is None
        assert found[1].largest is None


def test_a_gain_of_zero_leaves_nothing() -> None:
    for found in last(gain=0):
        assert (found.largest, found.log10_largest, found.mean_square) == (0.0, None, 0.0)
        assert found.histogram.below == 12


@pytest.mark.parametrize(("activation", "init"), [("linear", "1/sqrt(D)"), ("relu", "kaiming_normal")])
def test_mean_squares_scatter_over_networks_as_predicted(activation: str, init: str) -> None:
    """χ² of 30 networks: 99.99 % lie below 64; and their mean is within 5 standard errors."""
    offs = []
    for seed in range(30):
        (found,) = last(activation=activation, init=[init], width=32, depth=6, seed=seed)
        predicted = found.predicted
        offs.append((found.log10_mean_square - predicted.log10_mean_square) / predicted.log10_mean_square_std)
    assert float(np.square(offs).sum()) < 64
    bias = predicted.log10_mean_square_std * 2.302585 / 2  # of the logarithm of a log-normal, in standard deviations
    assert float(np.mean(offs)) + bias == pytest.approx(0, abs=5 / sqrt(30))


@pytest.mark.parametrize(
    ("change", "said"),
    [({"width": 513}, "512"), ({"norm": "batch"}, "norm"), ({"widths": [8, 600, 8]}, "512")],
)
def test_a_map_that_is_not_worked_out_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as refused:
        StackSpec.parse(SMALL | change)
    ((field, message),) = refused.value.errors
    assert field == "jacobian"
    assert said in message
