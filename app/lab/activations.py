"""The activations, by their `torch.nn.functional` names. One entry adds one, everywhere."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.init import calculate_gain

CLAMP = 60  # beyond 2^±60 every activation here is positively homogeneous to float32's precision


@dataclass(frozen=True)
class Activation:
    """An elementwise φ and what is known of it.

    `bounds` are its infimum and supremum where both are finite. `gain` is `torch.nn.init.calculate_gain`'s,
    where torch defines one. `homogeneous`: φ(c·u) = c·φ(u) for every c > 0.
    """

    name: str
    label: str
    function: Callable[[Tensor], Tensor]
    bounds: tuple[float, float] | None = None
    gain: float | None = None
    homogeneous: bool = False

    def split(self, exponent: int) -> tuple[int, int]:
        """Two exponents with φ(u·2^exponent) = φ(u·2^inner)·2^outer, so that neither overflows.

        Far from zero and near it φ is positively homogeneous, so a power of two passes through it. Where φ is
        bounded, or is not zero at zero, the rest of the exponent is spent: φ has reached its limit.
        """
        inner = max(-CLAMP, min(CLAMP, exponent))
        outer = exponent - inner
        spent = (outer > 0 and self.bounds is not None) or (outer < 0 and self.at_zero != 0)
        return inner, 0 if spent else outer

    @property
    def at_zero(self) -> float:
        return float(self.function(torch.zeros(1)))


_ENTRIES = (
    Activation("linear", "linear (none)", lambda u: u, gain=calculate_gain("linear"), homogeneous=True),
    Activation("tanh", "tanh", torch.tanh, bounds=(-1.0, 1.0), gain=calculate_gain("tanh")),
    Activation("sigmoid", "sigmoid", torch.sigmoid, bounds=(0.0, 1.0), gain=calculate_gain("sigmoid")),
    Activation("relu", "ReLU", F.relu, gain=calculate_gain("relu"), homogeneous=True),
    Activation("gelu", "GELU", F.gelu),
)
ACTIVATIONS: dict[str, Activation] = {entry.name: entry for entry in _ENTRIES}
