"""What a module is to theory: its activation, where its units lie, its weights, and how many products it sums."""

from collections.abc import Sequence
from math import prod, sqrt
from typing import Literal, NamedTuple

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from ..lab.activations import ACTIVATIONS
from ..lab.draws import DISTRIBUTIONS
from ..lab.initializers import INITIALIZERS
from .measure import Moments
from .recording import Role

_ACTIVATIONS: dict[type[nn.Module], str] = {
    nn.Identity: "linear",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
    nn.ReLU: "relu",
    nn.LeakyReLU: "leaky_relu",
    nn.ELU: "elu",
    nn.SELU: "selu",
    nn.GELU: "gelu",
    nn.SiLU: "silu",
    nn.Softplus: "softplus",
    nn.Hardtanh: "hardtanh",
    nn.Mish: "mish",
}
# What autograd calls the functions of the same names.
APPLIED: dict[str, str] = {
    "TanhBackward0": "tanh",
    "SigmoidBackward0": "sigmoid",
    "ReluBackward0": "relu",
    "LeakyReluBackward0": "leaky_relu",
    "EluBackward0": "elu",
    "GeluBackward0": "gelu",
    "SiluBackward0": "silu",
    "SoftplusBackward0": "softplus",
    "HardtanhBackward0": "hardtanh",
    "MishBackward0": "mish",
    "ErfBackward0": "erf",
    "SinBackward0": "sin",
}
NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, nn.LocalResponseNorm)
CLOSE = 4.0  # standard errors within which weights look drawn by a rule
SHAPES = {"normal": 0.0, "uniform": -1.2, "truncated_normal": DISTRIBUTIONS["truncated_normal"].moments.excess_kurtosis}
"""Excess kurtosis of the distributions that weights are drawn from."""


class Fans(NamedTuple):
    """As `torch.nn.init` counts them, and the products that are summed into an output, on average."""

    fan_in: int
    fan_out: int
    taps: float | None


def role_of(module: nn.Module) -> Role:
    """What it does to a signal; `weights` are those that theory has a formula for."""
    if isinstance(module, nn.Linear | _ConvNd):
        return "weights"
    if isinstance(module, NORMS):
        return "norm"
    return "activation" if type(module) in _ACTIVATIONS and not isinstance(module, nn.Identity) else "other"


def activation_of(module: nn.Module) -> str | None:
    """Its name in the registry, if it is in there and at its usual parameters."""
    name = _ACTIVATIONS.get(type(module))
    if name == "linear":
        return None
    usual = {"leaky_relu": ("negative_slope", 0.01), "elu": ("alpha", 1.0), "softplus": ("beta", 1.0)}
    parameter, value = usual.get(name or "", ("", None))
    return name if not parameter or getattr(module, parameter) == value else None


def bounds_of(activation: str | None) -> tuple[float, float] | None:
    return ACTIVATIONS[activation].bounds if activation else None


def channel_of(module: nn.Module, output: Tensor, before: int | None) -> int:
    """The dimension of an output's units: convolutions' second, else the one that it was before, or the last."""
    if isinstance(module, _ConvNd | _NormBase | nn.GroupNorm) and output.dim() > 1:
        return 1
    if isinstance(module, nn.Linear | nn.Embedding | nn.LayerNorm) or before is None:
        return -1
    return before if before < output.dim() else -1


def weight_of(module: nn.Module) -> tuple[str, Tensor] | None:
    """The weights of a module, the first of two dimensions or more where it has several."""
    own = getattr(module, "weight", None)
    if isinstance(own, Tensor) and own.dim() >= 2:
        return "weight", own
    named = ((name, p) for name, p in module._parameters.items() if p is not None and p.dim() >= 2)
    return next(named, None)


def fans_of(module: nn.Module, weight: Tensor, input_shape: Sequence[int] | None, output_shape: Sequence[int]) -> Fans:
    """Of a module that turned an input of one shape into an output of another."""
    places = prod(weight.shape[2:])
    fan_in, fan_out = weight.shape[1] * places, weight.shape[0] * places
    if isinstance(module, nn.Linear):
        return Fans(fan_in, fan_out, float(fan_in))
    if isinstance(module, _ConvNd) and input_shape is not None:
        return Fans(fan_in, fan_out, _taps(module, input_shape, output_shape))
    return Fans(fan_in, fan_out, None)


def _taps(module: _ConvNd, input_shape: Sequence[int], output_shape: Sequence[int]) -> float:
    """Products summed into an output, on average: windows reach into zero padding, and transposed ones overlap."""
    dimensions = len(module.kernel_size)
    before, after = input_shape[-dimensions:], output_shape[-dimensions:]
    taps = module.in_channels / module.groups
    if module.padding_mode != "zeros":
        return taps * prod(module.kernel_size)
    for d in range(dimensions):
        kernel, stride, dilation = module.kernel_size[d], module.stride[d], module.dilation[d]
        padding = _padding(module, d)
        small, large = (after[d], before[d])
        if isinstance(module, _ConvTransposeNd):
            small, large = large, small
        met = sum(_met(tap * dilation - padding, stride, small, large) for tap in range(kernel))
        taps *= met / after[d]
    return taps


def _met(offset: int, stride: int, places: int, size: int) -> int:
    """At how many places p, each from 0, the tap at p · stride + offset meets one of `size` numbers."""
    first, beyond = max(0, -(offset // stride)), -((offset - size) // stride)
    return max(0, min(places, beyond) - first)


def _padding(module: _ConvNd, d: int) -> int:
    if isinstance(module.padding, str):
        return module.dilation[d] * (module.kernel_size[d] - 1) // 2 if module.padding == "same" else 0
    return int(module.padding[d])


class Rule(NamedTuple):
    """An initialization of the registry, and which fan it reads as fan_in."""

    name: str
    fan_mode: Literal["fan_in", "fan_out"] = "fan_in"

    def std(self, fans: Fans) -> float:
        return INITIALIZERS[self.name].scale(fans.fan_in, fans.fan_out, 1.0, self.fan_mode)


LIKELY = (
    Rule("torch_default"),
    Rule("kaiming_normal"),
    Rule("kaiming_normal", "fan_out"),
    Rule("kaiming_uniform"),
    Rule("kaiming_uniform", "fan_out"),
    *(Rule(name) for name in INITIALIZERS if name not in ("torch_default", "kaiming_normal", "kaiming_uniform")),
)


def rule_of(found: Moments, numbers: int, fans: Fans) -> Rule | None:
    """The initialization that weights look drawn by: their std and the shape of their distribution are its own.

    Within `CLOSE` standard errors of either; of several that agree the likeliest.
    """
    if not found.std or found.excess_kurtosis is None:
        return None
    for rule in LIKELY:
        shape = SHAPES.get(INITIALIZERS[rule.name].family or "normal")
        if shape is None or abs(found.excess_kurtosis - shape) > CLOSE * sqrt(24 / numbers):
            continue
        if abs(found.std / rule.std(fans) - 1) <= CLOSE * sqrt((shape + 2) / (4 * numbers)):
            return rule
    return None
