"""One layer forward: u = norm(h @ (k·w) + b), h = φ(u); or a residual branch, h + s·φ(norm(h) @ (k·w) + b).

A block of rows goes the whole way, matmul, activation and measurement, while it is in a core's cache.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import reduce
from math import log10
from typing import NamedTuple

import torch
from torch import Tensor

from ...lab.activations import Activation
from ...lab.kernels.statistics import square_sum
from ...lab.kernels.summaries import LOG10_2
from ...lab.large_layers import Frame, LayerTally
from ...lab.layers import Added, Measured
from ...lab.norms import EPS, Norm
from ...lab.scaled import Scaled, factor, log2_size, part, power_of_two, row_blocks
from ...lab.small_layers import Together
from ...lab.summary import largest_magnitude
from ...lab.threads import in_order, submit

DWARFED = 60  # a signal smaller by so many powers of two is nothing beside a norm's eps, which alone sets the factor


class Rows(NamedTuple):
    """Some rows' preactivations u, their output, and φ(u) if that is added to a stream."""

    u: Tensor
    output: Tensor
    branch: Tensor | None


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

    @property
    def slope_from(self) -> Callable[[Tensor], Tensor] | None:
        """φ'(u) out of a layer's output, where it follows from that."""
        return self.activation.slope_from if self.branch_scale is None else None


class WayBack(NamedTuple):
    """What the backward pass needs to go through a layer."""

    linear_input: Scaled  # what the weights multiply
    output: Scaled
    slope: Tensor | None  # φ'(u), unless it follows from the output
    normalized: Tensor | None  # what a norm left
    norm_factor: Scaled | None  # 1 / the std that it divided by


class Passed(NamedTuple):
    """What a layer leaves: its output; log₁₀ of its preactivations' mean square, or its measurements; a way back."""

    output: Scaled
    log10_mean_square: float | None
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
    in_place: bool = False,
    together: Together | None = None,
) -> Passed:
    """Send h, of shape (batch, fan_in), through one layer of weights scale·w; shapes (batch, fan_out).

    The layer is measured, in histograms of so many bins, if there are any; or it is added to those to be measured
    `together`. `in_place`: the output may use h up.
    """
    before, after = (layer.norm, None) if layer.branch_scale is not None else (None, layer.norm)
    inner, norm_factor = _normalize(before, h) if before else (h, None)
    exponent, multiply = linear(inner, w, scale, bias)
    shape = h.value.shape[0], w.shape[1]
    kept, output = together.room() if together else (None, _output(h, shape, in_place))
    slope = torch.empty_like(output) if backward and not layer.slope_from else None
    blocks = row_blocks(output)
    alone = len(blocks) == 1
    normalized, log2_product = inner.value if before else None, None
    if after:
        u = torch.empty_like(output)
        largest = max(in_order(lambda rows: largest_magnitude(multiply(rows, part(u, rows))), blocks, alone=alone))
        log2_product = log2_size(largest, exponent)
        (normalized, exponent), norm_factor = _normalize(after, Scaled(u, exponent))
    out_exponent, phi_exponent, activate = _activation(layer, h, exponent, slope)

    def pass_rows(rows: slice) -> Rows:
        here = part(output, rows)
        if after and normalized is not None:
            u = part(normalized, rows) if kept is None else kept.copy_(normalized)
        else:
            u = multiply(rows, torch.empty_like(here) if kept is None else kept)
        return Rows(u, here, activate(rows, u, here))

    def fitted(rows: Rows) -> Frame:
        branch_exponent = None if rows.branch is None else phi_exponent
        u, here = Scaled(rows.u, exponent), Scaled(rows.output, out_exponent)
        return Frame.around(u, here, layer.bounds, bins, branch_exponent)

    reached, log10_square, measured = Scaled(output, out_exponent), None, None
    if together:
        _, _, branch = pass_rows(blocks[0])
        square = None if branch is None else Added(_square(branch) / branch.numel(), phi_exponent)
        together.add(exponent, out_exponent, square, log2_product)
        reached = reached.balanced(largest_magnitude(output), in_place=False)
    elif bins:
        measured = _measured(pass_rows, fitted, blocks, log2_product)
        reached = reached.balanced(max(measured.activation.largest))
    else:
        sizes = in_order(lambda rows: _size(pass_rows(rows)), blocks, alone=alone)
        largests, squares = zip(*sizes, strict=True)
        square = sum(squares) / output.numel()
        log10_square = log10(square) + 2 * exponent * LOG10_2 if square > 0 else None
        reached = reached.balanced(max(largests))
    way_back = WayBack(inner, reached, slope, normalized, norm_factor) if backward else None
    return Passed(reached, log10_square, measured, way_back)


def _output(h: Scaled, shape: tuple[int, int], in_place: bool) -> Tensor:
    """Room for it: h's, if that may be used up."""
    return h.value if in_place and h.value.shape == shape else torch.empty(shape)


def _measured(
    pass_rows: Callable[[slice], Rows],
    fitted: Callable[[Rows], Frame],
    blocks: list[slice],
    log2_product: float | None,
) -> Measured:
    """A layer that passes block by block, in a frame fitted to the first block, which begins before any other."""
    frame: Future[Frame] = Future()

    def fit(rows: slice) -> Rows:
        try:
            passed = pass_rows(rows)
            frame.set_result(fitted(passed))
        except BaseException as problem:
            frame.set_exception(problem)
            raise
        return passed

    def measure(rows: slice) -> LayerTally:
        first = rows.start == 0
        u, here, branch = (fit if first else pass_rows)(rows)
        return LayerTally(frame.result()).add(u, here, first, branch)

    return reduce(LayerTally.merge, in_order(measure, blocks)).measured(log2_product)


def _size(rows: Rows) -> tuple[float, float]:
    """The largest magnitude of the output, and the sum of the squares of u."""
    return largest_magnitude(rows.output), _square(rows.u)


def _square(values: Tensor) -> float:
    return float(square_sum(values.numpy().reshape(-1)))


def linear(
    h: Scaled, w: Tensor, scale: float, bias: Tensor | None = None
) -> tuple[int, Callable[[slice, Tensor], Tensor]]:
    """h @ (scale·w) + bias: its exponent, and what fills a tensor with rows of it."""
    mantissa, power = factor(scale)
    exponent = h.exponent + power
    # Whichever of product and bias is larger keeps its digits; the other loses only what would not show.
    shift, offset = 1.0, None
    if bias is not None:
        shift, offset = power_of_two(min(exponent, 0)), bias * power_of_two(-max(exponent, 0))

    def fill(rows: slice, out: Tensor) -> Tensor:
        if w.device == out.device:
            out.addmm_(part(h.value, rows), w, beta=0, alpha=mantissa)
        else:
            out.copy_(part(h.value, rows).to(w.device) @ w).mul_(mantissa)
        if offset is not None:
            out.mul_(shift).add_(offset)
        return out

    return exponent if bias is None else max(exponent, 0), fill


def _activation(
    layer: Architecture, h: Scaled, u_exponent: int, slope: Tensor | None
) -> tuple[int, int, Callable[[slice, Tensor, Tensor], Tensor | None]]:
    """The exponents of the layer's output and of φ(u), and what fills rows of the output, and of the slope, from u.

    It returns φ(u) if that is added to a stream.
    """
    inner, outer = layer.activation.split(u_exponent)
    exponent = outer if layer.branch_scale is None else max(h.exponent, outer)

    def fill(rows: slice, u: Tensor, here: Tensor) -> Tensor | None:
        block = u * 2.0**inner if inner else u
        out = here if layer.branch_scale is None else torch.empty_like(block)
        if slope is None:
            phi = layer.activation(block, out)
        else:
            phi, slope[rows] = layer.activation.with_slope(block)
            if layer.branch_scale is None:
                out.copy_(phi)
        if layer.branch_scale is None:
            return None
        stream = phi * (layer.branch_scale * power_of_two(outer - exponent))
        stream += part(h.value, rows) * power_of_two(h.exponent - exponent)
        here.copy_(stream)
        return phi

    return exponent, outer, fill


def _normalize(norm: Norm, u: Scaled) -> tuple[Scaled, Scaled]:
    exponent = max(u.exponent, -DWARFED)
    eps = EPS * 4.0**-exponent
    normalized, factors = submit(lambda value: norm.forward(value, eps), u.value).result()
    return Scaled(normalized, u.exponent - exponent), Scaled(factors, -exponent)
