"""One layer forward: u = norm(h @ (k·w) + b), h = φ(u); or a residual branch, h + s·φ(norm(h) @ (k·w) + b).

A block of rows goes the whole way, matmul, activation and measurement, while it is in a core's cache.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor

from app.lab.activations import Activation
from app.lab.layers import Frame, LayerTally, Measured
from app.lab.norms import EPS, Norm
from app.lab.scaled import Scaled, factor, power_of_two, row_blocks
from app.lab.summary import largest_magnitude
from app.lab.threads import in_order, submit


@dataclass(frozen=True)
class Architecture:
    """What the layers of a stack have in common. `branch_scale` is None without residual connections."""

    activation: Activation
    norm: Norm | None
    branch_scale: float | None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Those of a layer's output."""
        return self.activation.bounds if self.branch_scale is None else None


class WayBack(NamedTuple):
    """What the backward pass needs to go through a layer."""

    linear_input: Scaled  # what the weights multiply
    slope: Tensor  # φ'(u)
    normalized: Tensor | None  # what a norm left
    norm_factor: Scaled | None  # 1 / the std that it divided by


class Passed(NamedTuple):
    """What a layer leaves: its preactivation u, its output, and if asked for its measurements and the way back."""

    u: Scaled
    output: Scaled
    measured: Measured | None
    way_back: WayBack | None


def advance(
    layer: Architecture,
    h: Scaled,
    w: Tensor,
    scale: float,
    bias: Tensor | None = None,
    backward: bool = False,
    bins: int = 0,
) -> Passed:
    """Send h, of shape (batch, fan_in), through one layer of weights scale·w; shapes (batch, fan_out).

    The layer is measured, in histograms of so many bins, if there are any.
    """
    before, after = (layer.norm, None) if layer.branch_scale is not None else (None, layer.norm)
    inner, norm_factor = _normalize(before, h) if before else (h, None)
    u, multiply = linear(inner, w, scale, bias)
    blocks = row_blocks(u.value)
    if after:
        for _ in in_order(multiply, blocks):
            pass
        u, norm_factor = _normalize(after, u)
    output, slope, activate = _activation(layer, h, u, backward)

    def pass_rows(rows: slice) -> None:
        if not after:
            multiply(rows)
        activate(rows)

    frame: Future[Frame] = Future()  # fitted to the first block, which begins before any other

    def fit(rows: slice) -> None:
        try:
            pass_rows(rows)
            sample = Scaled(u.value[rows], u.exponent), Scaled(output.value[rows], output.exponent)
            frame.set_result(Frame.around(*sample, layer.bounds, bins))
        except BaseException as problem:
            frame.set_exception(problem)

    def measure(rows: slice) -> LayerTally:
        first = rows.start == 0
        (fit if first else pass_rows)(rows)
        return LayerTally(frame.result()).add(u.value[rows], output.value[rows], first)

    def largest(rows: slice) -> float:
        pass_rows(rows)
        return largest_magnitude(output.value[rows])

    if not bins:
        return Passed(u, output.balanced(max(in_order(largest, blocks))), None, None)
    measured = reduce(LayerTally.merge, in_order(measure, blocks)).measured()
    normalized = inner.value if before else u.value if after else None
    way_back = None if slope is None else WayBack(inner, slope, normalized, norm_factor)
    return Passed(u, output.balanced(measured.activation.largest), measured, way_back)


def linear(h: Scaled, w: Tensor, scale: float, bias: Tensor | None = None) -> tuple[Scaled, Callable[[slice], None]]:
    """h @ (scale·w) + bias, empty, and what fills rows of it."""
    mantissa, power = factor(scale)
    exponent = h.exponent + power
    # Whichever of product and bias is larger keeps its digits; the other loses only what would not show.
    shift, offset = 1.0, None
    if bias is not None:
        shift, offset = power_of_two(min(exponent, 0)), bias * power_of_two(-max(exponent, 0))
    u = torch.empty(h.value.shape[0], w.shape[1])

    def fill(rows: slice) -> None:
        block = u[rows]
        if w.device == u.device:
            block.addmm_(h.value[rows], w, beta=0, alpha=mantissa)
        else:
            block.copy_(h.value[rows].to(w.device) @ w).mul_(mantissa)
        if offset is not None:
            block.mul_(shift).add_(offset)

    return Scaled(u, exponent if bias is None else max(exponent, 0)), fill


def _activation(
    layer: Architecture, h: Scaled, u: Scaled, with_slope: bool
) -> tuple[Scaled, Tensor | None, Callable[[slice], None]]:
    """The layer's output from its preactivation u, empty, the slope likewise, and what fills rows of them."""
    inner, outer = layer.activation.split(u.exponent)
    output = torch.empty_like(u.value)
    slope = torch.empty_like(u.value) if with_slope else None
    exponent = outer if layer.branch_scale is None else max(h.exponent, outer)

    def fill(rows: slice) -> None:
        block = u.value[rows] * 2.0**inner if inner else u.value[rows]
        if slope is None:
            phi = layer.activation(block)
        else:
            phi, slope[rows] = layer.activation.with_slope(block)
        if layer.branch_scale is not None:
            phi = phi * (layer.branch_scale * power_of_two(outer - exponent))
            phi += h.value[rows] * power_of_two(h.exponent - exponent)
        output[rows] = phi

    return Scaled(output, exponent), slope, fill


def _normalize(norm: Norm, u: Scaled) -> tuple[Scaled, Scaled]:
    eps = min(EPS * 4.0 ** -max(u.exponent, -60), 1e30)
    normalized, factors = submit(lambda value: norm.forward(value, eps), u.value).result()
    return Scaled(normalized, 0), Scaled(factors, -u.exponent)
