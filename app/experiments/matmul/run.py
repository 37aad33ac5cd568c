"""The seed experiment: z = x @ (k·w), where w is never stored: its entries are multiplied as they are drawn.

Since x @ (k·w) = k·(x @ w), inits that share their draws share the product too, and each is measured on its own k·z.
And x @ (w + m) = x @ w + m·Σx: what a mean of the weights adds is the same for all columns, and stays out of the sums
that float32 takes.
"""

from collections.abc import Generator
from dataclasses import dataclass
from math import ceil
from statistics import fmean, stdev
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...lab.draws import DISTRIBUTIONS, draw
from ...lab.initializers import INITIALIZERS, Initializer
from ...lab.kernels.product import ROWS, add_product, chunk_width
from ...lab.kernels.threefry import key_of
from ...lab.summary import Grid, Tally, robust_grid
from ...lab.threads import in_order, within_block
from ...results import Step
from .result import DrawnInput, MatmulInit, MatmulPredicted, MatmulResult, Repeats
from .spec import MatmulSpec
from .theory import InputSums, predict

X, W = 0, 1  # streams of random numbers: the input's, and from W on one for each distribution
TASK = 2**23  # weights of the columns that are measured at once
MOST_COLUMNS = 2**16


class Draws(NamedTuple):
    """Which x and which w a line multiplies: inits with equal draws share them."""

    group: int
    weights: str


class Task(NamedTuple):
    """Some columns of one repeat."""

    draws: Draws
    repeat: int
    start: int
    stop: int


@dataclass
class Line:
    """One init's measurements: a tally per repeat, on the grid the first one sets."""

    init: str
    scale: float
    draws: Draws
    grid: Grid | None = None
    tallies: dict[int, Tally] | None = None

    def add(self, repeat: int, z: Tensor, bins: int) -> None:
        values = (z * self.scale).float()
        self.grid = self.grid or robust_grid(values, bins)
        self.tallies = self.tallies or {}
        self.tallies.setdefault(repeat, Tally(self.grid)).add(values)


def run_matmul(spec: MatmulSpec) -> Generator[Step[MatmulResult]]:
    """Measure the columns of z for every init; yields after every task of some ten milliseconds.

    Peak memory is that of a few tasks' columns, whatever fan_out is.
    """
    lines = [_line(spec, INITIALIZERS[name]) for name in spec.init]
    tasks = [
        Task(draws, repeat, start, min(start + _columns(spec), spec.fan_out))
        for repeat in range(spec.repeats)
        for draws in dict.fromkeys(line.draws for line in lines)
        for start in range(0, spec.fan_out, _columns(spec))
    ]
    products = in_order(lambda task: _product(spec, task), tasks)
    for done, (task, z) in enumerate(zip(tasks, products, strict=True), start=1):
        for line in lines:
            if line.draws == task.draws:
                line.add(task.repeat, z, spec.bins)
        yield Step(done, len(tasks), lambda: _result(spec, lines))


def _line(spec: MatmulSpec, initializer: Initializer) -> Line:
    scale = initializer.scale(spec.fan_in, spec.fan_out, spec.gain, spec.fan_mode)
    # Its place in the registry, not in the spec: numbers do not depend on the order inits are named in.
    group = 0 if spec.draws == "shared" else list(INITIALIZERS).index(initializer.name)
    draws = Draws(group, initializer.family or spec.weights)
    return Line(initializer.name, scale, draws)


def draw_input(spec: MatmulSpec, repeat: int, group: int) -> Tensor:
    """x, of shape (fan_in,), as one repeat draws it."""
    return draw(DISTRIBUTIONS[spec.input], (spec.fan_in,), spec.seed, X, group, repeat).add_(spec.input_mean)


def _columns(spec: MatmulSpec) -> int:
    """Columns of one task: whole chunks of w, some ten milliseconds of them."""
    width = chunk_width(spec.fan_out)
    return min(max(TASK // (spec.fan_in * width), 1) * width, MOST_COLUMNS)


def _product(spec: MatmulSpec, task: Task) -> Tensor:
    """x @ w for the task's columns, before any init scales it or w is given its mean; float64, (stop - start,)."""
    x = draw_input(spec, task.repeat, task.draws.group).numpy()
    width = chunk_width(spec.fan_out)
    across, first = ceil(spec.fan_out / width), task.start // width
    distribution = DISTRIBUTIONS[task.draws.weights]
    key = key_of(spec.seed, W + distribution.number, task.draws.group, task.repeat)
    z = np.zeros(ceil((task.stop - task.start) / width) * width)
    for row in range(0, spec.fan_in, ROWS):
        within_block()
        add_product(distribution.number, key, x, row, width, across, first, z)
    return torch.from_numpy(z[: task.stop - task.start])


def _result(spec: MatmulSpec, lines: list[Line]) -> MatmulResult:
    measured = [_init(spec, line) for line in lines if line.tallies]
    return MatmulResult(experiment=spec.model_dump(), links=spec.links, inits=measured)


def _init(spec: MatmulSpec, line: Line) -> MatmulInit:
    entry = DISTRIBUTIONS[spec.input].moments.shifted(spec.input_mean)
    weight = DISTRIBUTIONS[line.draws.weights].moments.shifted(spec.weight_mean)
    x = draw_input(spec, 0, line.draws.group).double()
    sums = InputSums(float(x.sum()), float((x**2).sum()), float((x**4).sum()))
    predicted = predict(spec.fan_in, spec.fan_out, line.scale, entry, weight, sums)
    tallies = list((line.tallies or {}).values())
    return MatmulInit(
        init=line.init,
        scale=line.scale,
        weight_std=line.scale * weight.variance**0.5,
        input=DrawnInput(
            square=sums.square,
            square_mean=spec.fan_in * entry.mean_square,
            square_std=(spec.fan_in * max(0.0, entry.square_variance)) ** 0.5,
            total=sums.total,
        ),
        measured=tallies[0].summary(offset=line.scale * spec.weight_mean * sums.total),
        predicted=MatmulPredicted(**predicted._asdict()),
        repeats=_repeats([tally.variance for tally in tallies]) if spec.repeats > 1 else None,
    )


def _repeats(variances: list[float | None]) -> Repeats:
    known = [variance for variance in variances if variance is not None]
    return Repeats(
        variances=variances,
        mean=fmean(known) if known else None,
        std=stdev(known) if len(known) > 1 else None,
    )
