"""The initializations: how a weight is drawn, and its standard deviation from the fans and a gain.

One entry adds one. A weight here is used as `x @ w`, w of shape (fan_in, fan_out). `torch.nn.init` reads the fans
of a weight stored as `nn.Linear` stores it, (fan_out, fan_in): hand it `w.T`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor

from .draws import DISTRIBUTIONS, TRUNCATED_STD, Fill, draw, drawing
from .orthonormal import orthonormal

Std = Callable[[int, int, float], float]


@dataclass(frozen=True)
class Initializer:
    """A weight is `std(fan_in, fan_out, gain)` times an entry of unit variance.

    `family` names how those entries are drawn: a distribution, `orthogonal`, or None for whatever the experiment
    says. Inits of one family share their draws. `bias_bound`: biases are uniform within it, if it has them.
    `either_fan`: the spec's `fan_mode` chooses which fan it reads as fan_in.
    """

    name: str
    label: str
    formula: str
    std: Std
    family: str | None = None
    bias_bound: Callable[[int], float] | None = None
    either_fan: bool = False

    def scale(self, fan_in: int, fan_out: int, gain: float, fan_mode: str = "fan_in") -> float:
        """The standard deviation of a weight; `fan_mode` as in `torch.nn.init.kaiming_normal_`."""
        swapped = self.either_fan and fan_mode == "fan_out"
        return self.std(fan_out, fan_in, gain) if swapped else self.std(fan_in, fan_out, gain)


def unit_weights(
    family: str, fan_in: int, fan_out: int, seed: int, *key: int, out: Tensor | None = None
) -> tuple[Tensor, list[Fill]]:
    """Weights of unit variance, shape (fan_in, fan_out), float32, not drawn yet, and what draws them; into `out`, if
    there is one.

    `orthogonal`: uniform over matrices whose rows or columns, whichever are fewer, are orthogonal and of equal
    length (Mezzadri 2007, "How to generate random matrices from the classical compact groups").
    """
    if family != "orthogonal":
        return drawing(DISTRIBUTIONS[family], (fan_in, fan_out), seed, *key, out=out)
    w = torch.empty(fan_in, fan_out) if out is None else out

    def fill() -> None:
        normal = draw(DISTRIBUTIONS["normal"], (fan_in, fan_out), seed, *key)
        q = orthonormal(normal if fan_in >= fan_out else normal.T).mul_(sqrt(max(fan_in, fan_out)))
        w.copy_(q if fan_in >= fan_out else q.T)

    return w, [fill]


def _lecun(fan_in: int, _: int, gain: float) -> float:
    """LeCun et al. 1998, "Efficient BackProp", eq. 16."""
    return gain / sqrt(fan_in)


def _xavier(fan_in: int, fan_out: int, gain: float) -> float:
    """Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward networks", eq. 12."""
    return gain * sqrt(2 / (fan_in + fan_out))


def _kaiming(fan_in: int, _: int, gain: float) -> float:
    """He et al. 2015, "Delving Deep into Rectifiers", eq. 10."""
    return gain * sqrt(2 / fan_in)


_ENTRIES = (
    Initializer("unscaled", "unscaled", "gain", lambda fan_in, fan_out, gain: gain),
    Initializer("1/D", "1/D", "gain / fan_in", lambda fan_in, fan_out, gain: gain / fan_in),
    Initializer("1/sqrt(D)", "1/√D", "gain / √fan_in", _lecun),
    Initializer("xavier_normal", "Xavier normal", "gain · √(2 / (fan_in + fan_out))", _xavier, "normal"),
    Initializer(
        "xavier_uniform",
        "Xavier uniform",
        "gain · √(2 / (fan_in + fan_out)), uniform within √3 std",
        _xavier,
        "uniform",
    ),
    Initializer("kaiming_normal", "He (Kaiming) normal", "gain · √(2 / fan_in)", _kaiming, "normal", either_fan=True),
    Initializer(
        "kaiming_uniform",
        "He (Kaiming) uniform",
        "gain · √(2 / fan_in), uniform within √3 std",
        _kaiming,
        "uniform",
        either_fan=True,
    ),
    Initializer(
        "lecun_normal",
        "LeCun normal",
        "gain / √fan_in: a normal cut at ±2 std, corrected for it",
        _lecun,
        "truncated_normal",
    ),
    Initializer(
        "orthogonal",
        "orthogonal",
        "gain · Q, all singular values equal: gain / √max(fan_in, fan_out) an entry",
        lambda fan_in, fan_out, gain: gain / sqrt(max(fan_in, fan_out)),
        "orthogonal",
    ),
    Initializer(
        "trunc_normal",
        "truncated normal",
        "gain · 0.8796 / √fan_in: N(0, 1/fan_in) cut at ±2 std, not corrected for it",
        lambda fan_in, fan_out, gain: gain * TRUNCATED_STD / sqrt(fan_in),
        "truncated_normal",
    ),
    Initializer(
        "torch_default",
        "nn.Linear's default",
        "gain / √(3 fan_in): weights and biases uniform within 1/√fan_in",
        lambda fan_in, fan_out, gain: gain / sqrt(3 * fan_in),
        "uniform",
        bias_bound=lambda fan_in: 1 / sqrt(fan_in),
    ),
)
INITIALIZERS: dict[str, Initializer] = {entry.name: entry for entry in _ENTRIES}
