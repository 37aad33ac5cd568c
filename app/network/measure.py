"""What one pass over one tensor says of it: the instruments of `lab`, on tensors of any shape, device and format.

While a network runs its numbers are counted, and no more; what is said of the counts is worked out when it is asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import inf, sqrt
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..lab.formats import Magnitudes, magnitudes
from ..lab.kernels.rows import first_direction, see_alive, see_rows
from ..lab.kernels.statistics import Doubles, Floats, see_powers
from ..lab.kernels.statistics import see as see_numbers
from ..lab.layers import SATURATED, ActivationSummary
from ..lab.summary import Grid, Summary, Tally, robust_grid
from . import team

BINS = 40
ALONE = 2**16  # numbers that one thread is done with before another has begun
NOBODY = np.empty((0, 0), np.float32)  # of samples whose pairs would all be looked at
UNBOUNDED = np.array([0.0, inf])


class Counted:
    """The numbers of a tensor, counted."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    @property
    def summary(self) -> Summary:
        return self._tally.summary()

    @property
    def magnitudes(self) -> Magnitudes:
        return magnitudes(self._tally, 0.0)


class Seen(Counted):
    """A tensor of several samples; `cosine`: the mean of those between them, null where fewer than two are not zero.

    `saturated`: how many of its numbers are, null without bounds. `dead_units`: share of units.
    """

    def __init__(self, tally: Tally, cosine: float | None, saturated: int | None, dead_units: float) -> None:
        super().__init__(tally)
        self.cosine = cosine
        self._saturated = saturated
        self._dead_units = dead_units

    @property
    def output(self) -> ActivationSummary:
        tally = self._tally
        return ActivationSummary(
            **vars(tally.summary()),
            saturated=None if self._saturated is None else self._saturated / tally.count,
            zero=tally.zeros / tally.count,
            dead_units=self._dead_units,
        )


class _Part:
    """Some samples of a tensor, and what has been seen of them; as `lab.kernels.rows.see_rows` takes it.

    `alive`: units that are not zero in every one of them, if any number is.
    """

    def __init__(self, rows: Floats, grid: Grid) -> None:
        self.rows = rows
        self.tally = Tally(grid, by_size=True)
        self.directions = np.zeros(rows.shape[1] + 1)
        self.numbers = np.zeros(2, np.int64)
        self.alive: Any = None

    def see(self, origin: Doubles, saturation: Doubles) -> None:
        see_numbers(*self.tally.seen(self.rows.reshape(-1)))
        see_rows(self.rows, origin, saturation, self.directions, self.numbers, NOBODY)
        if self.tally.zeros:
            self.alive = np.zeros(self.rows.shape[1], np.uint8)
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


def see(tensor: Tensor, channel: int, bounds: tuple[float, float] | None) -> Seen:
    """All there is to say of an output of shape (samples, …); its units lie along the dimension `channel`."""
    values = on_cpu(tensor)
    rows = values.view(values.shape[0] if values.dim() > 1 else 1, -1)
    parts = _parts(rows, bounds)
    tally, directions, numbers = parts[0].tally, parts[0].directions, parts[0].numbers
    for part in parts[1:]:
        tally.merge(part.tally)
        directions += part.directions
        numbers += part.numbers
    found, saturated = numbers.tolist()
    return Seen(tally, _mean_cosine(directions, found), saturated if bounds else None, _dead(parts, values, channel))


def count(tensor: Tensor) -> Counted:
    """The same without samples: of a gradient."""
    flat = on_cpu(tensor).view(-1)
    grid, numbers = robust_grid(flat, BINS), flat.numpy()
    shares = _shares(numbers.size, numbers.size)
    tallies = [Tally(grid, by_size=True) for _ in shares]
    team.each([partial(_count, tally, numbers[share]) for tally, share in zip(tallies, shares, strict=True)])
    for tally in tallies[1:]:
        tallies[0].merge(tally)
    return Counted(tallies[0])


def _count(tally: Tally, numbers: Floats) -> None:
    see_numbers(*tally.seen(numbers))


class Moments(NamedTuple):
    """Of numbers that are all finite; null where they are not, or are too few."""

    mean: float | None
    std: float | None
    mean_square: float | None
    excess_kurtosis: float | None


def moments_of(tensor: Tensor) -> Moments:
    """Of weights: nothing but their moments."""
    flat = on_cpu(tensor).view(-1).numpy()
    shares = _shares(flat.size, flat.size)
    sums = np.zeros((len(shares), 4))
    team.each([partial(see_powers, flat[share], 0.0, sums[i]) for i, share in enumerate(shares)])
    n = flat.size
    first, second, third, fourth = (float(total) / n for total in sums.sum(axis=0))
    if not np.isfinite(fourth):
        return Moments(None, None, None, None)
    spread = max(0.0, second - first**2)
    kurtosis = None
    if spread > second * 2.0**-42:
        kurtosis = (fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4) / spread**2 - 3
    return Moments(first, sqrt(spread * n / (n - 1)) if n > 1 else None, second, kurtosis)


def _parts(rows: Tensor, bounds: tuple[float, float] | None) -> list[_Part]:
    """The samples in as many parts as there are threads for them, seen."""
    grid, values = robust_grid(rows, BINS), rows.numpy()
    parts = [_Part(values[share], grid) for share in _shares(len(values), values.size)]
    origin, saturation = first_direction(values), UNBOUNDED
    if bounds:
        low, high = bounds
        saturation = np.array([(low + high) / 2, SATURATED * (high - low) / 2])
    team.each([partial(part.see, origin, saturation) for part in parts])
    return parts


def _shares(rows: int, numbers: int) -> list[slice]:
    """Rows in parts of about the same size, one a thread where it is worth it."""
    if numbers <= ALONE:
        return [slice(rows)]
    count = min(team.size(), rows)
    edges = [round(rows * share / count) for share in range(count + 1)]
    return [slice(start, stop) for start, stop in pairwise(edges)]


def _mean_cosine(directions: Doubles, found: int) -> float | None:
    """Over all pairs of so many samples, of directions a and b: cos(a, b) = 1 - ½‖a - b‖²."""
    if found < 2:
        return None
    sums, squares = directions[:-1], float(directions[-1])
    spread = squares - float(sums @ sums) / found
    return 1 - max(0.0, spread) / (found - 1)


def _dead(parts: Sequence[_Part], values: Tensor, channel: int) -> float:
    """The share of units that are zero in every sample and at every place."""
    if any(part.alive is None for part in parts):
        return 0.0
    alive = np.bitwise_or.reduce([part.alive for part in parts])
    if values.dim() > 1:
        by_unit = np.moveaxis(alive.reshape(values.shape[1:]), channel - 1 if channel > 0 else channel, 0)
        alive = by_unit.reshape(by_unit.shape[0], -1).max(axis=1)
    return float((alive == 0).mean())
