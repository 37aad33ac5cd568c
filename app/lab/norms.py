"""Normalizations: of a batch of vectors, and the way a gradient goes back through them. One entry adds one.

Each sets the mean square to one up to torch's eps of 1e-5, as `torch.nn.functional` does at initialization.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

EPS = 1e-5


@dataclass(frozen=True)
class Norm:
    """`over`: the dimension statistics are taken over, −2 the batch, −1 the units; `centres`: the mean is removed."""

    name: str
    label: str
    over: int
    centres: bool

    def forward(self, u: Tensor, eps: float = EPS) -> tuple[Tensor, Tensor]:
        """The normalized tensor and the factor 1/√(variance + eps) it was scaled by; u of shape (…, batch, units)."""
        centred = u - u.mean(self.over, keepdim=True) if self.centres else u
        factor = torch.rsqrt(centred.square().mean(self.over, keepdim=True) + eps)
        return centred * factor, factor

    def backward(self, gradient: Tensor, normalized: Tensor, factor: Tensor) -> Tensor:
        """The gradient with respect to what was normalized."""
        along = normalized * (gradient * normalized).mean(self.over, keepdim=True)
        rest = gradient - along
        return factor * (rest - gradient.mean(self.over, keepdim=True) if self.centres else rest)


_ENTRIES = (
    Norm("batch", "batch norm", over=-2, centres=True),
    Norm("layer", "layer norm", over=-1, centres=True),
    Norm("rms", "RMS norm", over=-1, centres=False),
)
NORMS: dict[str, Norm] = {entry.name: entry for entry in _ENTRIES}
NORM_LABELS: dict[str, str] = {"none": "none", **{name: entry.label for name, entry in NORMS.items()}}
