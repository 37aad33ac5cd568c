"""The initializations: the standard deviation of a weight, from the fans and a gain. One entry adds one.

A weight here is used as `x @ w`, w of shape (fan_in, fan_out). Note that `torch.nn.init` reads the fans of a
weight stored as `nn.Linear` stores it, (fan_out, fan_in): hand it `w.T`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True)
class Initializer:
    """A weight is `std(fan_in, fan_out, gain)` times an entry of unit variance."""

    name: str
    label: str
    formula: str
    std: Callable[[int, int, float], float]


_ENTRIES = (
    Initializer("unscaled", "unscaled", "gain", lambda fan_in, fan_out, gain: gain),
    Initializer("1/D", "1/D", "gain / fan_in", lambda fan_in, fan_out, gain: gain / fan_in),
    Initializer("1/sqrt(D)", "1/√D", "gain / √fan_in", lambda fan_in, fan_out, gain: gain / sqrt(fan_in)),
    Initializer(
        "xavier_normal",
        "Xavier normal",
        "gain · √(2 / (fan_in + fan_out))",
        lambda fan_in, fan_out, gain: gain * sqrt(2 / (fan_in + fan_out)),
    ),
    Initializer(
        "kaiming_normal",
        "He (Kaiming) normal",
        "gain · √(2 / fan_in)",
        lambda fan_in, fan_out, gain: gain * sqrt(2 / fan_in),
    ),
)
INITIALIZERS: dict[str, Initializer] = {entry.name: entry for entry in _ENTRIES}
