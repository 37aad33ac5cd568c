"""Seeded random blocks, the same whatever the order, the thread or the moment they are drawn.

Every block has a source of its own, seeded from the experiment's seed and the block's key, so that blocks can be
drawn on any thread.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import erf, sqrt

import torch
from torch import Tensor

from ..theory.moments import Moments
from .device import CPU
from .sources import AT_ONCE, Source, source
from .threads import in_order

Fill = Callable[[], None]

BLOCK = AT_ONCE  # elements: two MiB of float32, most of which stay in a core's cache


@dataclass(frozen=True)
class Distribution:
    """Independent entries: how a block is filled, and its moments."""

    name: str
    label: str
    fill: Callable[[Tensor, Source], Tensor]
    moments: Moments


def _rademacher(out: Tensor, numbers: Source) -> Tensor:
    return numbers.uniform(out, -1, 1).ge_(0).mul_(2).sub_(1)


def _laplace(out: Tensor, numbers: Source) -> Tensor:
    """By the inverse of the distribution function: a sign and an exponential of rate √2."""
    numbers.uniform(out, -1, 1).clamp_(min=2**-24 - 1)
    size = out.abs().neg_().log1p_().mul_(-sqrt(0.5))
    return torch.copysign(size, out, out=out)


TRUNCATED_STD = 0.8796256610342398  # of N(0, 1) cut at ±2: √(1 - 4φ(2) / (2Φ(2) - 1))


def _truncated(out: Tensor, numbers: Source) -> Tensor:
    """By the inverse of the distribution function, so that no draw is thrown away."""
    edge = erf(sqrt(2))
    return numbers.uniform(out, -edge, edge).erfinv_().mul_(sqrt(2) / TRUNCATED_STD)


_ENTRIES = (
    Distribution(
        "normal",
        "normal, N(0, 1), as torch.randn",
        lambda out, numbers: numbers.normal(out),
        Moments(0.0, 1.0, 0.0),
    ),
    Distribution(
        "uniform",
        "uniform within ±√3: variance 1",
        lambda out, numbers: numbers.uniform(out, -sqrt(3), sqrt(3)),
        Moments(0.0, 1.0, -1.2),
    ),
    Distribution(
        "rademacher",
        "±1 by a coin: variance 1, no spread in x²",
        _rademacher,
        Moments(0.0, 1.0, -2.0),
    ),
    Distribution(
        "laplace",
        "Laplace, heavier tails: variance 1",
        _laplace,
        Moments(0.0, 1.0, 3.0),
    ),
    Distribution(
        "truncated_normal",
        "normal cut at ±2 std, rescaled: variance 1",
        _truncated,
        Moments(0.0, 1.0, -0.6344632828703505),
    ),
    Distribution(
        "rand",
        "uniform on [0, 1), as torch.rand: mean ½",
        lambda out, numbers: numbers.uniform(out, 0, 1),
        Moments(0.5, 1 / 12, -1.2),
    ),
)
DISTRIBUTIONS: dict[str, Distribution] = {entry.name: entry for entry in _ENTRIES}


def draw_block(
    distribution: Distribution, shape: tuple[int, ...], seed: int, *key: int, device: torch.device = CPU
) -> Tensor:
    """One block of independent entries, float32, drawn by the calling thread."""
    return distribution.fill(torch.empty(shape, device=device), source(seed, *key, device=device))


def drawing(
    distribution: Distribution, shape: tuple[int, ...], seed: int, *key: int, device: torch.device = CPU
) -> tuple[Tensor, list[Fill]]:
    """Independent entries of any shape, float32, not drawn yet, and what draws them: in any order, on any thread."""
    out = torch.empty(shape, device=device)

    def fill(index: int, block: Tensor) -> None:
        distribution.fill(block, source(seed, *key, index, device=device))

    return out, [partial(fill, *block) for block in enumerate(torch.split(out.view(-1), BLOCK))]


def draw(
    distribution: Distribution, shape: tuple[int, ...], seed: int, *key: int, device: torch.device = CPU
) -> Tensor:
    """Independent entries of any shape, float32, drawn block by block on all threads."""
    out, fills = drawing(distribution, shape, seed, *key, device=device)
    for _ in in_order(lambda fill: fill(), fills):
        pass
    return out
