"""One layer backward: the gradient with respect to what went in, and with respect to the weights."""

from collections.abc import Callable, Iterable
from functools import partial, reduce
from typing import NamedTuple

import torch
from torch import Tensor

from ...lab.device import device
from ...lab.scaled import Scaled, power_of_two, row_blocks
from ...lab.summary import Tally, largest_magnitude, robust_grid
from ...lab.threads import in_order, submit
from ...lab.weights_gradient import Sums, WeightsGradient
from .forward import Architecture, WayBack, linear


class MeasuredGradient(NamedTuple):
    """The gradient at a layer's output, and the std of its weights', each times two to the power of its exponent."""

    values: Tally
    exponent: int
    weights_std: float
    weights_exponent: int


class Rows(NamedTuple):
    """What a block of rows leaves: its tally, and the largest magnitude that went on through the weights, if any."""

    values: Tally
    largest: float


Piece = Callable[[], Rows | Sums]


class _Left(NamedTuple):
    """A layer the gradient has passed, and its weights' gradient, still to be summed up part by part."""

    values: Tally
    exponent: int
    weights: WeightsGradient
    weights_exponent: int

    def measured(self, done: Iterable[Rows | Sums]) -> MeasuredGradient:
        std = self.weights.std(each for each in done if isinstance(each, Sums))
        return MeasuredGradient(self.values, self.exponent, std, self.weights_exponent)


class Retreat:
    """A gradient on its way back through the layers, last to first.

    The weights' gradient of each layer is worked out by threads that run out of work at the next.
    """

    def __init__(self, layer: Architecture, gradient: Scaled, bins: int) -> None:
        self._layer = layer
        self._gradient = gradient
        self._bins = bins
        self._left: _Left | None = None

    def through(self, way: WayBack, w: Tensor, scale: float, further: bool) -> MeasuredGradient | None:
        """Take the gradient from the layer's output to its input, if it is to go further.

        Returns what was measured of the layer before this one on the way, if there was one. `way` is used up.
        """
        layer, gradient, left = self._layer, self._gradient, self._left
        after = layer.norm if layer.branch_scale is None else None
        blocks = row_blocks(gradient.value)
        grid = robust_grid(gradient.value[blocks[0]], self._bins, gradient.exponent)
        sent = torch.empty_like(gradient.value) if way.slope is None else way.slope
        delta = Scaled(sent, gradient.exponent)
        exponent, multiply = linear(delta, w.T, scale)
        back = torch.empty_like(way.linear_input.value)

        def pass_on(rows: slice) -> float:
            """Through the weights; the largest magnitude of what comes out."""
            return largest_magnitude(multiply(rows, back[rows]))

        def into_branch(rows: slice) -> Rows:
            coming = gradient.value[rows]
            torch.mul(_slope(layer, way, rows), coming, out=sent[rows])
            if layer.branch_scale is not None:
                sent[rows].mul_(layer.branch_scale)
            largest = pass_on(rows) if further and not after else 0.0
            return Rows(Tally(grid, by_size=True).add(coming), largest)

        own: list[Piece] = [partial(into_branch, rows) for rows in blocks]
        done = list(in_order(_do, [*own, *(left.weights.parts() if left else [])], alone=len(blocks) == 1))
        tallies, sizes = zip(*(each for each in done if isinstance(each, Rows)), strict=True)
        measured = left.measured(done) if left else None
        if after:
            delta = _through(layer, way, delta)
            exponent, multiply = linear(delta, w.T, scale)
            sizes = tuple(in_order(pass_on, blocks)) if further else sizes
        delta = delta.balanced(largest_magnitude(delta.value))  # slopes may have made it far smaller
        weights = WeightsGradient(way.linear_input.value.to(device()), delta.value.to(device()))
        weights_exponent = way.linear_input.exponent + delta.exponent
        self._left = _Left(reduce(Tally.merge, tallies), gradient.exponent, weights, weights_exponent)
        if further:
            self._gradient = self._input_gradient(way, Scaled(back, exponent), max(sizes))
        return measured

    def finish(self) -> MeasuredGradient:
        """What was measured of the last layer on the way."""
        assert self._left is not None
        return self._left.measured(in_order(_do, self._left.weights.parts()))

    def _input_gradient(self, way: WayBack, back: Scaled, largest: float) -> Scaled:
        """The gradient that comes back through the weights, and beside them where there is a residual connection.

        `largest` is the largest magnitude in `back`.
        """
        layer, gradient = self._layer, self._gradient
        if layer.branch_scale is not None:
            if layer.norm:
                back = _through(layer, way, back)
            exponent = max(back.exponent, gradient.exponent)
            straight = gradient.value * power_of_two(gradient.exponent - exponent)
            back = Scaled(straight.add_(back.value, alpha=power_of_two(back.exponent - exponent)), exponent)
            largest = largest_magnitude(back.value)
        return back.balanced(largest)


def _slope(layer: Architecture, way: WayBack, rows: slice) -> Tensor:
    """φ'(u), which where φ is homogeneous does not depend on the scale."""
    if way.slope is not None:
        return way.slope[rows]
    assert layer.slope_from is not None
    h, exponent = way.output.value[rows], 0 if layer.activation.homogeneous else way.output.exponent
    return layer.slope_from(h * power_of_two(exponent) if exponent else h)


def _do(piece: Piece) -> Rows | Sums:
    return piece()


def _through(layer: Architecture, way: WayBack, gradient: Scaled) -> Scaled:
    """Back through the norm, whose factor may be beyond float32 as the signal it tamed was."""
    assert layer.norm is not None
    assert way.normalized is not None
    assert way.norm_factor is not None
    backward, normalized, factor = layer.norm.backward, way.normalized, way.norm_factor.value
    value = submit(lambda coming: backward(coming, normalized, factor), gradient.value).result()
    return Scaled(value, gradient.exponent + way.norm_factor.exponent).balanced(largest_magnitude(value))
