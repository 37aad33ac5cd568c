"""What one pass over one tensor says of it: the instruments of `lab`, on tensors of any shape, device and format.

The caller's thread works together with `Workers`, which never touch torch: how many threads torch computes with, and
so the last bits of the model's own results, stay as they are.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import inf, sqrt
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from ..lab.formats import Magnitudes, magnitudes
from ..lab.kernels.rows import first_direction, see_alive, see_rows
from ..lab.kernels.statistics import Doubles, Floats, see_powers
from ..lab.layers import SATURATED, ActivationSummary
from ..lab.summary import Summary, Tally, robust_grid

BINS = 40
ALONE = 2**16  # numbers that one thread is done with before another has begun
NOBODY = np.empty((0, 0), np.float32)  # of samples whose pairs would all be looked at


class Workers:
    """Threads that lend a hand while something is recorded."""

    def __init__(self) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.count = cores
        self._executor = ThreadPoolExecutor(max(1, cores - 1), "recorder")

    def each(self, work: Sequence[Callable[[], Any]]) -> None:
        """Do all of it, the first piece in the calling thread."""
        others = [self._executor.submit(piece) for piece in work[1:]]
        work[0]()
        for other in others:
            other.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._executor.shutdown()


class Seen(NamedTuple):
    """What an output says; `cosine`: the mean of those between samples, null where fewer than two are not zero."""

    output: ActivationSummary
    cosine: float | None
    magnitudes: Magnitudes


@dataclass
class _Part:
    """Some samples of a tensor, and what has been seen of them; as `lab.kernels.rows.see_rows` takes it."""

    rows: Floats
    tally: Tally
    directions: Doubles
    numbers: Any
    alive: Any

    def see(self, origin: Doubles, saturation: Doubles) -> None:
        self.tally.add(torch.from_numpy(self.rows))
        see_rows(self.rows, origin, saturation, self.directions, self.numbers, NOBODY)
        see_alive(self.rows, self.alive)


def on_cpu(tensor: Tensor) -> Tensor:
    """The same numbers as contiguous float32 in memory, apart from any graph; copied only where they are not."""
    return tensor.detach().to("cpu", torch.float32).contiguous()


def floating(tensor: object) -> bool:
    """Whether there is something to measure: a dense tensor of real numbers, and not empty."""
    return (
        isinstance(tensor, Tensor)
        and tensor.is_floating_point()
        and tensor.layout == torch.strided
        and not tensor.is_nested
        and not tensor.is_meta
        and tensor.numel() > 0
    )


def see(tensor: Tensor, channel: int, bounds: tuple[float, float] | None, workers: Workers) -> Seen:
    """All there is to say of an output of shape (samples, …); its units lie along the dimension `channel`."""
    values = on_cpu(tensor)
    samples = values.shape[0] if values.dim() > 1 else 1
    rows = values.view(samples, -1)
    parts = _parts(rows, bounds, workers)
    merged = parts[0].tally
    for part in parts[1:]:
        merged.merge(part.tally)
    numbers = sum(part.numbers for part in parts)
    alive = np.bitwise_or.reduce([part.alive for part in parts])
    saturated = int(numbers[1]) / merged.count if bounds else None
    summary = ActivationSummary(
        **vars(merged.summary()),
        saturated=saturated,
        zero=merged.zeros / merged.count,
        dead_units=_dead(alive, values.shape, channel),
    )
    return Seen(summary, _mean_cosine(parts), magnitudes(merged, 0.0))


def see_values(tensor: Tensor, workers: Workers) -> tuple[Summary, Magnitudes]:
    """The same without rows: of a gradient."""
    flat = on_cpu(tensor).view(-1)
    grid = robust_grid(flat, BINS)
    tallies = [Tally(grid, by_size=True) for _ in _shares(flat.numel(), flat.numel(), workers)]
    shares = _shares(flat.numel(), flat.numel(), workers)
    workers.each([partial(tally.add, flat[share]) for tally, share in zip(tallies, shares, strict=True)])
    for tally in tallies[1:]:
        tallies[0].merge(tally)
    return tallies[0].summary(), magnitudes(tallies[0], 0.0)


class Moments(NamedTuple):
    """Of numbers that are all finite; null where they are not, or are too few."""

    mean: float | None
    std: float | None
    mean_square: float | None
    excess_kurtosis: float | None


def moments_of(tensor: Tensor, workers: Workers) -> Moments:
    """Of weights: nothing but their moments, which take a third of the time."""
    flat = on_cpu(tensor).view(-1).numpy()
    shares = _shares(flat.size, flat.size, workers)
    sums = np.zeros((len(shares), 4))
    workers.each([partial(see_powers, flat[share], 0.0, sums[i]) for i, share in enumerate(shares)])
    n = flat.size
    first, second, third, fourth = (float(total) / n for total in sums.sum(axis=0))
    if not np.isfinite(fourth):
        return Moments(None, None, None, None)
    spread = max(0.0, second - first**2)
    kurtosis = None
    if spread > second * 2.0**-42:
        kurtosis = (fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4) / spread**2 - 3
    return Moments(first, sqrt(spread * n / (n - 1)) if n > 1 else None, second, kurtosis)


def _parts(rows: Tensor, bounds: tuple[float, float] | None, workers: Workers) -> list[_Part]:
    """The samples in as many parts as there are threads for them, seen."""
    samples, width = rows.shape
    grid, values = robust_grid(rows, BINS), rows.numpy()
    origin = first_direction(values)
    low, high = bounds or (-inf, inf)
    saturation = np.array([(low + high) / 2, SATURATED * (high - low) / 2] if bounds else [0.0, inf])
    shares = _shares(samples, rows.numel(), workers)
    parts = [
        _Part(
            values[share],
            Tally(grid, by_size=True),
            np.zeros(width + 1),
            np.zeros(2, np.int64),
            np.zeros(width, np.uint8),
        )
        for share in shares
    ]
    workers.each([partial(part.see, origin, saturation) for part in parts])
    return parts


def _shares(rows: int, numbers: int, workers: Workers) -> list[slice]:
    """Rows in parts of about the same size, one a thread where it is worth it."""
    count = min(workers.count, rows) if numbers > ALONE else 1
    edges = [round(rows * share / count) for share in range(count + 1)]
    return [slice(start, stop) for start, stop in pairwise(edges)]


def _mean_cosine(parts: Sequence[_Part]) -> float | None:
    """Over all pairs of samples, of directions a and b: cos(a, b) = 1 - ½‖a - b‖²."""
    found = sum(int(part.numbers[0]) for part in parts)
    if found < 2:
        return None
    directions = np.sum([part.directions for part in parts], axis=0)
    sums, squares = directions[:-1], float(directions[-1])
    spread = squares - float(sums @ sums) / found
    return 1 - max(0.0, spread) / (found - 1)


def _dead(alive: Any, shape: tuple[int, ...], channel: int) -> float:
    """The share of units that are zero in every sample and at every place."""
    if len(shape) < 2:
        return float((alive == 0).mean())
    by_unit = np.moveaxis(alive.reshape(shape[1:]), channel - 1 if channel > 0 else channel, 0)
    return float((by_unit.reshape(by_unit.shape[0], -1).max(axis=1) == 0).mean())
