"""One layer backward: the gradient with respect to what went in, and with respect to the weights."""

from functools import reduce
from math import sqrt
from typing import NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from app.lab.device import CPU, device
from app.lab.formats import Counts, magnitude_counts
from app.lab.forward import Architecture, Passed, linear
from app.lab.scaled import Scaled, power_of_two, row_blocks
from app.lab.summary import Grid, Tally, largest_magnitude, robust_grid
from app.lab.threads import in_order, submit

FAN_IN_BLOCK = 128  # rows of a weight gradient computed at once


class GradientTally:
    """The gradient at a layer's output, in units of two to the power of `exponent`, row block by row block."""

    def __init__(self, grid: Grid, exponent: int) -> None:
        self.values = Tally(grid)
        self.exponent = exponent
        self.zeros = 0
        self.magnitudes: Counts = np.zeros(1, np.int64)

    def add(self, gradient: Tensor) -> Self:
        self.values.add(gradient)
        counts = magnitude_counts(gradient.abs())
        self.zeros += gradient.numel() - int(gradient.count_nonzero()) if counts[0] else 0
        self.magnitudes = self.magnitudes + counts
        return self

    def merge(self, other: Self) -> Self:
        self.values.merge(other.values)
        self.zeros += other.zeros
        self.magnitudes = self.magnitudes + other.magnitudes
        return self


class MeasuredGradient(NamedTuple):
    """The gradient at a layer's output, and the std of its weights', times two to the power of the exponent."""

    tally: GradientTally
    weights_std: float
    weights_exponent: int


def retreat(
    layer: Architecture, passed: Passed, gradient: Scaled, w: Tensor, scale: float, bins: int
) -> tuple[Scaled, MeasuredGradient]:
    """Send the gradient at the layer's output back to its input. `passed`, what `advance` left, is used up."""
    slope, after = passed.slope, layer.norm if layer.branch_scale is None else None
    assert slope is not None
    grid = robust_grid(gradient.value, bins)
    delta = Scaled(slope, gradient.exponent)
    back, multiply = linear(delta, w.T, scale)
    blocks = row_blocks(gradient.value)

    def into_branch(rows: slice) -> GradientTally:
        coming = gradient.value[rows]
        slope[rows].mul_(coming)
        if layer.branch_scale is not None:
            slope[rows].mul_(layer.branch_scale)
        if not after:
            multiply(rows)
        return GradientTally(grid, gradient.exponent).add(coming)

    tally = reduce(GradientTally.merge, in_order(into_branch, blocks))
    if after:
        delta = _through(layer, passed, delta, passed.u.value)
        back, multiply = linear(delta, w.T, scale)
        for _ in in_order(multiply, blocks):
            pass
    inner = torch.split(passed.linear_input.value, FAN_IN_BLOCK, dim=1)
    weights_std = _std(list(in_order(lambda columns: _sums(columns, delta.value), inner)))
    if layer.branch_scale is not None:
        if layer.norm:
            back = _through(layer, passed, back, passed.linear_input.value)
        exponent = max(back.exponent, gradient.exponent)
        straight = gradient.value * power_of_two(gradient.exponent - exponent)
        back = Scaled(straight.add_(back.value, alpha=power_of_two(back.exponent - exponent)), exponent)
    measured = MeasuredGradient(tally, weights_std, passed.linear_input.exponent + delta.exponent)
    return back.balanced(largest_magnitude(back.value)), measured


def _sums(inner: Tensor, delta: Tensor) -> tuple[int, float, float]:
    """Count, sum and sum of squares of some rows of the gradient with respect to the weights."""
    exact = (inner.to(device()).T @ delta.to(device())).to(CPU).double().flatten()
    return exact.numel(), float(exact.sum()), float(torch.dot(exact, exact))


def _std(blocks: list[tuple[int, float, float]]) -> float:
    count, total, square = (sum(part) for part in zip(*blocks, strict=True))
    return sqrt(max(0.0, square - total**2 / count) / (count - 1)) if count > 1 else 0.0


def _through(layer: Architecture, passed: Passed, gradient: Scaled, normalized: Tensor) -> Scaled:
    """Back through the norm, whose factor may be beyond float32 as the signal it tamed was."""
    assert layer.norm is not None
    assert passed.norm_factor is not None
    backward, factor = layer.norm.backward, passed.norm_factor.value
    value = submit(lambda coming: backward(coming, normalized, factor), gradient.value).result()
    return Scaled(value, gradient.exponent + passed.norm_factor.exponent).balanced(largest_magnitude(value))
