"""How large the gradient with respect to a layer's weights is: h.T @ delta, of which only two sums are wanted."""

from collections.abc import Callable, Iterable
from functools import partial
from math import sqrt
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, float64

from .device import CPU
from .kernels.gradients import see_matrix, see_pairs

FAN_IN_BLOCK = 128  # rows of the gradient computed at once
ROWS_BLOCK = 64  # inputs that are paired with others at once
WORTH = 0.9  # of the work of the product, that of pairs may at most be
CANCELLED = 0.02  # a smaller share of what they add up has too few of float32's digits left


class Sums(NamedTuple):
    """Of the gradient's entries, and of their squares; and of what the latter was summed up from, without signs."""

    total: float
    square: float
    size: float


class WeightsGradient(NamedTuple):
    """`inner`: what the weights multiplied, shape (rows, fan_in); `delta`: the gradient behind them, (rows, fan_out).

    Of few rows the product need not be formed: its entries' squares add up to those of all pairs of rows,
    Σ (h_a · h_b)(δ_a · δ_b), and its entries to Σ_a (Σ h_a)(Σ δ_a).
    """

    inner: Tensor
    delta: Tensor

    def parts(self) -> list[Callable[[], Sums]]:
        """What any threads may work out, in any order."""
        rows, *fans = len(self.inner), self.inner.shape[1], self.delta.shape[1]
        if self.inner.device != CPU or forms(rows, *fans):
            return self._product()
        return [partial(_pairs, self.inner, self.delta, start) for start in range(0, rows, ROWS_BLOCK)]

    def std(self, done: Iterable[Sums]) -> float:
        """Of its entries, from what the parts came to."""
        sums, count = self._summed(done), self._count
        return sqrt(max(0.0, sums.square - sums.total**2 / count) / (count - 1)) if count > 1 else 0.0

    def mean_square(self, done: Iterable[Sums]) -> float:
        """Of its entries, from what the parts came to."""
        return self._summed(done).square / self._count

    @property
    def _count(self) -> int:
        return self.inner.shape[1] * self.delta.shape[1]

    def _summed(self, done: Iterable[Sums]) -> Sums:
        found = _sum(done)
        # Where squares overflow there is nothing to compare.
        return found if found.square > CANCELLED * found.size else _sum(part() for part in self._product())

    def _product(self) -> list[Callable[[], Sums]]:
        return [partial(_entries, columns, self.delta) for columns in torch.split(self.inner, FAN_IN_BLOCK, dim=1)]


def _sum(parts: Iterable[Sums]) -> Sums:
    return Sums(*(sum(part) for part in zip(*parts, strict=True)))


def forms(rows: int, fan_in: int, fan_out: int) -> bool:
    """Whether the product is formed, as pairs of rows are more work."""
    return _of_pairs(rows, fan_in, fan_out) > WORTH * rows * fan_in * fan_out


def multiply_adds(rows: int, fan_in: int, fan_out: int) -> int:
    """What finding it out takes."""
    return rows * fan_in * fan_out if forms(rows, fan_in, fan_out) else _of_pairs(rows, fan_in, fan_out)


def _of_pairs(rows: int, fan_in: int, fan_out: int) -> int:
    return rows * (rows + ROWS_BLOCK) * (fan_in + fan_out) // 2


def _entries(inner: Tensor, delta: Tensor) -> Sums:
    """Of some rows of the gradient."""
    product = inner.T @ delta
    if product.device != CPU:
        square = float(product.square().sum(dtype=float64))
        return Sums(float(product.sum(dtype=float64)), square, square)
    sums = np.zeros(2)
    see_matrix(product.numpy(), sums)
    total, square = sums.tolist()
    return Sums(total, square, square)


def _pairs(inner: Tensor, delta: Tensor, start: int) -> Sums:
    """Of some rows, each with itself, with the others of them, and with all before."""
    stop = min(start + ROWS_BLOCK, len(inner))
    h, g = inner[start:stop], delta[start:stop]
    sums = np.zeros(3)
    see_pairs(h.numpy(), g.numpy(), (h @ inner[:stop].T).numpy(), (g @ delta[:stop].T).numpy(), sums)
    return Sums(*sums.tolist())
