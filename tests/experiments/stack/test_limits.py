"""Where plain arithmetic loses the signal is where a plain loop in that format does."""

from typing import Any

import pytest
import torch

from app.experiments.stack import draws
from app.experiments.stack.result import StackInit
from app.experiments.stack.run import run_stack
from app.experiments.stack.spec import StackSpec
from app.lab.activations import ACTIVATIONS
from app.lab.initializers import INITIALIZERS
from app.lab.norms import NORM_LABELS
from tests.lab.tools import TORCH_NORMS, outcome, unit_weights_of

FORMATS = {"float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32}
SUBNORMAL = 1  # a layer: between the last normal number and 0 a loop's numbers keep few of their bits
NOWHERE = dict.fromkeys(FORMATS)
Ends = dict[str, int]


def plain_run(spec: StackSpec, init: str, dtype: torch.dtype) -> Ends:
    """The first layers at which a loop in one format is infinite or all zeros, or `u.var()` is; None where none is.

    Products are summed up in float32 and then rounded, as tensor cores do.
    """
    entry, found = INITIALIZERS[init], Ends()
    h = draws.draw_input(spec, 0).to(dtype)
    for layer in range(1, spec.depth + 1):
        w = (unit_weights_of(spec, entry, layer) * draws.weight_std(spec, entry, layer)).to(dtype)
        inner = TORCH_NORMS[spec.norm](h) if spec.residual else h
        product = (inner.float() @ w.float()).to(dtype)
        u = product if spec.residual else TORCH_NORMS[spec.norm](product)
        phi = ACTIVATIONS[spec.activation].function(u)
        h = h + phi if spec.residual else phi
        if any(not at.isfinite().all() for at in (product, u, h)):
            return found | {"overflow_layer": layer}  # all else would be of infinities
        variance = u.var()
        reached = {
            "underflow_layer": any(not at.any() for at in (product, u, h)),
            "variance_overflow_layer": not variance.isfinite(),
            "variance_underflow_layer": variance == 0,
        }
        for name, here in reached.items():
            if here:
                found.setdefault(name, layer)
    return found


def ends(entry: StackInit, name: str) -> Ends:
    """The same of a measured init, for one format."""
    found = {key: getattr(entry, key)[name] for key in StackInit.model_fields if key.endswith("_layer")}
    return {key: layer for key, layer in found.items() if layer is not None}


SPECS: dict[str, dict[str, Any]] = {
    "the default": {},
    "linear": {"activation": "linear"},
    "ReLU": {"activation": "relu"},
    "deep": {"depth": 40, "init": ["1/D"]},
    "layer norm": {"norm": "layer", "init": ["unscaled", "1/D"], "gain": 1000.0, "depth": 3},
    "residual": {"activation": "relu", "residual": True, "init": ["unscaled", "1/D"]},
    "pre-norm": {"activation": "relu", "residual": True, "norm": "layer", "init": ["unscaled"], "gain": 1000.0},
}


@pytest.mark.parametrize("name", list(FORMATS))
@pytest.mark.parametrize("settings", SPECS.values(), ids=list(SPECS))
def test_a_plain_run_meets_its_end_in_the_layer_that_is_named(settings: dict[str, Any], name: str) -> None:
    spec = StackSpec.parse({"batch": 64, "backward": False, "bins": 4, **settings})
    for entry in outcome(run_stack(spec)).inits:
        measured, plain = ends(entry, name), plain_run(spec, entry.init, FORMATS[name])
        over = plain.get("overflow_layer", spec.depth + 1)
        found = {end: at for end, at in measured.items() if at < over or end == "overflow_layer"}
        last = found.pop("underflow_layer", over), plain.pop("underflow_layer", over)
        assert found == plain
        assert max(last) - min(last) <= SUBNORMAL


def test_thirty_tanh_layers_over_d_have_no_variance_in_float32_from_layer_17_on() -> None:
    entry = outcome(run_stack(StackSpec(init=["1/D"], backward=False, bins=4))).inits[0]
    assert entry.underflow_layer["float32"] is None
    assert entry.variance_underflow_layer["float32"] == 17


def test_without_scaling_a_variance_overflows_at_half_the_depth_of_the_signal() -> None:
    entry = outcome(run_stack(StackSpec(activation="linear", init=["unscaled"], backward=False, bins=4))).inits[0]
    assert (entry.overflow_layer["float16"], entry.overflow_layer["float32"]) == (4, 28)
    assert (entry.variance_overflow_layer["float16"], entry.variance_overflow_layer["float32"]) == (2, 15)


@pytest.mark.parametrize("norm", [name for name in NORM_LABELS if name != "none"])
@pytest.mark.parametrize(("gain", "end"), [(1000.0, "overflow_layer"), (1e-10, "underflow_layer")])
def test_what_a_norm_would_hide_is_seen(norm: str, gain: float, end: str) -> None:
    spec = StackSpec(norm=norm, init=["unscaled"], gain=gain, depth=2, backward=False, bins=4)
    entry = outcome(run_stack(spec)).inits[0]
    assert getattr(entry, end) == {"float16": 1, "bfloat16": None, "float32": None}


def test_a_lane_that_follows_another_has_ends_of_its_own() -> None:
    common: dict[str, Any] = {"activation": "relu", "depth": 40, "width": 64, "batch": 16, "backward": False, "bins": 4}
    together = outcome(run_stack(StackSpec(init=["1/sqrt(D)", "unscaled", "1/D"], **common))).inits
    for entry in together:
        (alone,) = outcome(run_stack(StackSpec(init=[entry.init], **common))).inits
        assert [ends(entry, name) for name in FORMATS] == [ends(alone, name) for name in FORMATS]
    assert any(ends(entry, "float32") for entry in together)


def test_zeros_of_exact_arithmetic_are_no_underflow_and_those_of_rounding_are() -> None:
    dead: dict[str, Any] = {"weight_mean": -1000.0, "input": "rand", "depth": 1, "batch": 4, "init": ["unscaled"]}
    for activation, found in {"relu": NOWHERE, "gelu": dict.fromkeys(FORMATS, 1)}.items():
        entry = outcome(run_stack(StackSpec.parse({"activation": activation, **dead}))).inits[0]
        assert entry.layers[0].activation.zero == 1
        assert entry.underflow_layer == found
    assert outcome(run_stack(StackSpec(gain=0.0, depth=1))).inits[0].underflow_layer == NOWHERE
