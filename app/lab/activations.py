"""The activations, by their `torch.nn.functional` names. One entry adds one, everywhere."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.init import calculate_gain

from ..theory.meanfield import Nonlinearity
from .threads import within_block

ONE = torch.ones(())
CLAMP = 40  # beyond 2^±60 every activation here is positively homogeneous to float32's precision

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Activation:
    """An elementwise φ and what is known of it.

    `bounds` are its infimum and supremum where both are finite. `gain` is `torch.nn.init.calculate_gain`'s,
    where torch defines one. `homogeneous`: φ(c·u) = c·φ(u) for every c > 0. `kinks` are where its slope jumps.
    `fast` fills its second argument with φ(u), without autograd; `slope_from` is φ'(u) out of φ(u): where that is worth
    it. `effort`: as how many times passing over a tensor φ takes, and φ with φ'.
    """

    name: str
    label: str
    function: Callable[[Tensor], Tensor]
    bounds: tuple[float, float] | None = None
    gain: float | None = None
    homogeneous: bool = False
    kinks: tuple[float, ...] = ()
    fast: Callable[[Tensor, Tensor], Tensor] | None = None
    slope_from: Callable[[Tensor], Tensor] | None = None
    effort: tuple[int, int] = (4, 14)

    def __call__(self, u: Tensor, out: Tensor | None = None) -> Tensor:
        """φ(u), of u's shape, as fast as may be, in `out` if it is given."""
        if self.fast:
            return self.fast(u, torch.empty_like(u) if out is None else out)
        return self.function(u) if out is None else out.copy_(self.function(u))

    def split(self, exponent: int) -> tuple[int, int]:
        """Two exponents with φ(u·2^exponent) = φ(u·2^inner)·2^outer, so that neither overflows.

        Far from zero and near it φ is positively homogeneous, so a power of two passes through it. Where φ is
        bounded, or is not zero at zero, the rest of the exponent is spent: φ has reached its limit (sin, which has
        none, keeps a phase as good as any other).
        """
        inner = max(-CLAMP, min(CLAMP, exponent))
        outer = exponent - inner
        spent = (outer > 0 and self.bounds is not None) or (outer < 0 and self.at_zero != 0)
        return inner, 0 if spent else outer

    @property
    def has_zeros(self) -> bool:
        """Whether φ(u) = 0 beyond u = 0; any other zero is one that rounding made."""
        return float(self.function(-torch.ones(1))) == 0

    @property
    def at_zero(self) -> float:
        return float(self.function(torch.zeros(1)))

    def with_slope(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """φ(u) and φ'(u), both of u's shape."""
        if self.slope_from:
            h = self(u)
            return h, self.slope_from(h)
        with torch.enable_grad():
            at = u.data.requires_grad_()  # other threads may be filling other rows: detach() would count their writes
            h = self.function(at)
            (slope,) = torch.autograd.grad(h.sum(), at)
        return h.detach(), slope

    def value(self, u: Array) -> Array:
        """φ(u) in float64, for quadrature."""
        return np.asarray(self(torch.from_numpy(u)).numpy(), np.float64)

    def slope(self, u: Array) -> Array:
        """φ'(u) in float64, for quadrature."""
        return np.asarray(self.with_slope(torch.from_numpy(u))[1].numpy(), np.float64)


def _tanh(u: Tensor, out: Tensor) -> Tensor:
    """By numpy's vector instructions."""
    np.tanh(u.numpy(), out=out.numpy())
    return out


def _tanh_slope(h: Tensor) -> Tensor:
    """1 - h², in one pass and rounded once."""
    return torch.addcmul(ONE, h, h, value=-1)


_ENTRIES = (
    Activation("linear", "linear (none)", lambda u: u * 1, gain=calculate_gain("linear"), homogeneous=True),
    Activation(
        "tanh",
        "tanh",
        torch.tanh,
        bounds=(-1.0, 1.0),
        gain=calculate_gain("tanh"),
        fast=_tanh,
        slope_from=_tanh_slope,
        effort=(3, 4),
    ),
    Activation(
        "sigmoid",
        "sigmoid",
        torch.sigmoid,
        bounds=(0.0, 1.0),
        gain=calculate_gain("sigmoid"),
        slope_from=lambda h: (1 - h).mul_(h),
        effort=(4, 5),
    ),
    Activation(
        "relu",
        "ReLU",
        F.relu,
        gain=calculate_gain("relu"),
        homogeneous=True,
        kinks=(0.0,),
        slope_from=torch.sign,
        effort=(2, 2),
    ),
    Activation(
        "leaky_relu",
        "leaky ReLU (0.01)",
        F.leaky_relu,
        gain=calculate_gain("leaky_relu"),
        homogeneous=True,
        kinks=(0.0,),
        slope_from=lambda h: torch.where(h > 0, 1.0, h.new_tensor(0.01)),
        effort=(2, 40),
    ),
    Activation("elu", "ELU", F.elu, effort=(14, 17)),
    Activation("selu", "SELU", F.selu, gain=calculate_gain("selu"), kinks=(0.0,), effort=(10, 17)),
    Activation("gelu", "GELU", F.gelu),
    Activation("silu", "SiLU (Swish)", F.silu),
    Activation("softplus", "softplus", F.softplus, effort=(12, 26)),
    Activation("hardtanh", "hard tanh", F.hardtanh, bounds=(-1.0, 1.0), kinks=(-1.0, 1.0)),
    Activation("mish", "Mish", F.mish, effort=(36, 90)),
    Activation("erf", "erf", torch.erf, bounds=(-1.0, 1.0), effort=(8, 27)),
    Activation("sin", "sin", torch.sin, bounds=(-1.0, 1.0)),
)
ACTIVATIONS: dict[str, Activation] = {entry.name: entry for entry in _ENTRIES}


@cache
def nonlinearity(name: str) -> Nonlinearity:
    """A registered activation as theory takes it, again and again: so that is where a prediction can be stopped."""
    entry = ACTIVATIONS[name]

    def value(u: Array) -> Array:
        within_block()
        return entry.value(u)

    return Nonlinearity(name, value, entry.slope, entry.kinks, entry.bounds, entry.homogeneous)
