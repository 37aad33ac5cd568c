"""Seeded random tensors, the same whatever the order, the thread or the moment they are drawn.

An entry is a function of the experiment's seed, the key of its stream, and its place there.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from .kernels.distributions import DISTRIBUTIONS, TRUNCATED_STD, Distribution, fill, fill_each
from .kernels.threefry import CHUNK, key_of
from .threads import in_order

__all__ = ["BLOCK", "DISTRIBUTIONS", "FEW", "TRUNCATED_STD", "Distribution", "Fill", "draw", "draw_each", "drawing"]

Fill = Callable[[], None]

BLOCK = 256 * CHUNK  # entries drawn at once: a megabyte, in a fraction of a millisecond
FEW = 2**20  # entries below which other threads are no help: they share one interpreter


def drawing(
    distribution: Distribution, shape: tuple[int, ...], seed: int, *key: int, out: Tensor | None = None
) -> tuple[Tensor, list[Fill]]:
    """Independent entries of any shape, float32, not drawn yet, and what draws them: in any order, on any thread.

    `out`, if there is one, is where they are drawn.
    """
    out = torch.empty(shape) if out is None else out
    stream, flat = key_of(seed, *key), out.numpy().reshape(-1)
    starts = range(0, flat.size, BLOCK)
    return out, [
        partial(fill, distribution.number, stream, start // CHUNK, flat[start : start + BLOCK]) for start in starts
    ]


def draw_each(
    distribution: Distribution, shape: tuple[int, ...], seed: int, stream: int, keys: Sequence[tuple[int, ...]]
) -> Tensor:
    """For every key, in a stream of the seed, what `draw` gives for both: shape (keys, *shape). For few entries."""
    out = torch.empty(len(keys), *shape)
    rows, paths = out.numpy().reshape(len(keys), -1), np.array(keys, np.uint64)
    fill_each(distribution.number, key_of(seed, stream), paths, rows)
    return out


def draw(distribution: Distribution, shape: tuple[int, ...], seed: int, *key: int) -> Tensor:
    """Independent entries of any shape, float32, drawn block by block on all threads."""
    out, fills = drawing(distribution, shape, seed, *key)
    for _ in in_order(lambda fill: fill(), fills, alone=out.numel() < FEW):
        pass
    return out
