"""What one pass over one tensor says of it: the instruments of `lab`, on tensors of any shape, device and format.

While a network runs its numbers are counted, or those of a small tensor copied, and no more; what is said of them is
worked out when it is asked for.
"""

from collections.abc import Callable, Sequence
from functools import cached_property, partial, reduce
from itertools import pairwise
from math import inf, isfinite, sqrt
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from ..lab.formats import Magnitudes, magnitudes
from ..lab.kernels.rows import first_direction, mean_cosine, see_alive, see_rows
from ..lab.kernels.statistics import Doubles, Floats, see_powers, square_sum
from ..lab.kernels.statistics import see as see_numbers
from ..lab.layers import SATURATED, ActivationSummary
from ..lab.summary import Grid, Summary, Tally, robust_grid
from . import team

CPU = torch.device("cpu")
BINS = 40
ALONE = 2**16  # numbers that one thread is done with before another has begun
NOBODY = np.empty((0, 0), np.float32)  # of samples whose pairs would all be looked at
UNBOUNDED = np.array([0.0, inf])


class Counts(NamedTuple):
    """Of a tensor's numbers, in one pass.

    `cosine`: the mean of those between samples, null where fewer than two are not zero. `saturated`: how many numbers
    are, null without bounds. `dead_units`: share of units.
    """

    tally: Tally
    cosine: float | None = None
    saturated: int | None = None
    dead_units: float = 0.0


class Seen:
    """A tensor as it passed: counted there and then, or kept, to be counted `later`, when it is asked for."""

    def __init__(self, tensor: Tensor, later: bool, count: Callable[[Tensor], Counts]) -> None:
        values = on_cpu(tensor, copy=later)
        self._count = count
        self._held: Tensor | Counts = values if later else count(values)

    @property
    def _counts(self) -> Counts:
        if isinstance(self._held, Tensor):
            self._held = self._count(self._held)
        return self._held

    @property
    def summary(self) -> Summary:
        return self._counts.tally.summary()

    @property
    def magnitudes(self) -> Magnitudes:
        return magnitudes(self._counts.tally, 0.0)

    @property
    def cosine(self) -> float | None:
        return self._counts.cosine

    @property
    def output(self) -> ActivationSummary:
        tally, _, saturated, dead_units = self._counts
        return ActivationSummary.of(tally, None if saturated is None else saturated / tally.count, dead_units)


def see(tensor: Tensor, channel: int = -1, bounds: tuple[float, float] | None = None, *, later: bool = False) -> Seen:
    """All there is to say of an output of shape (samples, …).

    Its units lie along the dimension `channel`; `bounds` are the infimum and the supremum of the activation it is of.
    """
    return Seen(tensor, later, partial(_by_samples, channel=channel, bounds=bounds))


def see_gradient(tensor: Tensor, *, later: bool = False) -> Seen:
    """The same, but for what samples and units say."""
    return Seen(tensor, later, _all_alike)


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
        _count(self.tally, self.rows.reshape(-1))
        see_rows(self.rows, origin, saturation, self.directions, self.numbers, NOBODY)
        if self.tally.zeros:
            self.alive = np.zeros(self.rows.shape[1], np.uint8)
            see_alive(self.rows, self.alive)

    def merge(self, other: Self) -> Self:
        """Add what has been seen of other samples."""
        self.tally.merge(other.tally)
        self.directions += other.directions
        self.numbers += other.numbers
        self.alive = None if self.alive is None or other.alive is None else self.alive | other.alive
        return self


def on_cpu(tensor: Tensor, copy: bool = False) -> Tensor:
    """The same numbers, contiguous float32 in memory and apart from any graph; copied where they are not already."""
    return tensor.detach().to(CPU, torch.float32, copy=copy).contiguous()


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


class Moments(NamedTuple):
    """Of numbers that are all finite; null where they are not, or are too few."""

    mean: float | None
    std: float | None
    mean_square: float | None
    excess_kurtosis: float | None


class Powers:
    """Of weights, summed up in one pass: nothing but their moments."""

    def __init__(self, tensor: Tensor) -> None:
        flat = on_cpu(tensor).view(-1).numpy()
        shares = _shares(flat.size, flat.size)
        self._sums, self._count = np.zeros((len(shares), 4)), flat.size
        team.each([partial(see_powers, flat[share], 0.0, sums) for share, sums in zip(shares, self._sums, strict=True)])

    @cached_property
    def moments(self) -> Moments:
        n = self._count
        first, second, third, fourth = (self._sums.sum(axis=0) / n).tolist()
        if not isfinite(fourth):
            return Moments(None, None, None, None)
        spread = max(0.0, second - first**2)
        kurtosis = None
        if spread > second * 2.0**-42:
            kurtosis = (fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4) / spread**2 - 3
        return Moments(first, sqrt(spread * n / (n - 1)) if n > 1 else None, second, kurtosis)


def mean_square(tensor: Tensor) -> float:
    """Of biases; zero where they are not finite."""
    found = square_sum(on_cpu(tensor).view(-1).numpy()) / tensor.numel()
    return found if isfinite(found) else 0.0


def _by_samples(values: Tensor, channel: int, bounds: tuple[float, float] | None) -> Counts:
    rows = values.view(values.shape[0] if values.dim() > 1 else 1, -1)
    grid, numbers = robust_grid(rows, BINS), rows.numpy()
    parts = [_Part(numbers[share], grid) for share in _shares(len(numbers), numbers.size)]
    origin, saturation = first_direction(numbers), UNBOUNDED
    if bounds:
        low, high = bounds
        saturation = np.array([(low + high) / 2, SATURATED * (high - low) / 2])
    team.each([partial(part.see, origin, saturation) for part in parts])
    whole = reduce(_Part.merge, parts)
    found, saturated = whole.numbers.tolist()
    cosine = float(mean_cosine(whole.directions, found)) if found > 1 else None
    dead = 0.0 if whole.alive is None else _dead(whole.alive, values.shape, channel)
    return Counts(whole.tally, cosine, saturated if bounds else None, dead)


def _all_alike(values: Tensor) -> Counts:
    grid, numbers = robust_grid(values, BINS), values.view(-1).numpy()
    shares = _shares(numbers.size, numbers.size)
    tallies = [Tally(grid, by_size=True) for _ in shares]
    team.each([partial(_count, tally, numbers[share]) for tally, share in zip(tallies, shares, strict=True)])
    return Counts(reduce(Tally.merge, tallies))


def _count(tally: Tally, numbers: Floats) -> None:
    see_numbers(*tally.seen(numbers))


def _shares(rows: int, numbers: int) -> list[slice]:
    """Rows in parts of about the same size, one a thread where it is worth it."""
    if numbers <= ALONE:
        return [slice(rows)]
    count = min(team.size(), rows)
    edges = [round(rows * share / count) for share in range(count + 1)]
    return [slice(start, stop) for start, stop in pairwise(edges)]


def _dead(alive: Any, shape: Sequence[int], channel: int) -> float:
    """The share of units that are zero in every sample and at every place."""
    if len(shape) > 1:
        by_unit = np.moveaxis(alive.reshape(shape[1:]), channel - 1 if channel > 0 else channel, 0)
        alive = by_unit.reshape(by_unit.shape[0], -1).max(axis=1)
    return float((alive == 0).mean())
