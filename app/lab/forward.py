"""One layer forward: u = norm(h @ (k·w) + b), h = φ(u); or a residual branch, h + s·φ(norm(h) @ (k·w) + b)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from app.lab.activations import Activation
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


@dataclass
class Passed:
    """What a layer leaves: its preactivation u, its output, and what the backward pass needs to go through it."""

    u: Scaled
    output: Scaled
    linear_input: Scaled  # what the weights multiply
    slope: Tensor | None = None  # φ'(u)
    normalized: Tensor | None = None
    norm_factor: Scaled | None = None  # 1 / the std that was divided by


def advance(
    layer: Architecture, h: Scaled, w: Tensor, scale: float, bias: Tensor | None, backward: bool = False
) -> Passed:
    """Send h, of shape (batch, fan_in), through one layer of weights scale·w; shapes (batch, fan_out)."""
    before = layer.norm if layer.branch_scale is not None else None
    after = layer.norm if layer.branch_scale is None else None
    inner, factors, normalized = h, None, None
    if before:
        inner, factors = _normalize(before, h)
        normalized = inner.value
    u = multiply(inner, w, scale, bias)
    if after:
        u, factors = _normalize(after, u)
        normalized = u.value
    phi, slope = _activate(layer.activation, u, backward)
    output = phi if layer.branch_scale is None else _add(h, phi, layer.branch_scale)
    if not backward:
        return Passed(u, output, inner)
    return Passed(u, output, inner, slope, normalized, factors)


def multiply(h: Scaled, w: Tensor, scale: float, bias: Tensor | None = None) -> Scaled:
    """h @ (scale·w) + bias."""
    mantissa, power = factor(scale)
    exponent = h.exponent + power
    u = torch.empty(h.value.shape[0], w.shape[1])

    def rows_of(rows: slice) -> float:
        block = torch.mul(h.value[rows] @ w, mantissa, out=u[rows])
        if bias is not None:
            # Whichever of the two is larger keeps its digits; the other loses only what would not show.
            block.mul_(power_of_two(min(exponent, 0))).add_(bias * power_of_two(-max(exponent, 0)))
        return largest_magnitude(block)

    largest = max(in_order(rows_of, row_blocks(u)))
    return Scaled(u, exponent if bias is None else max(exponent, 0)).balanced(largest)


def _normalize(norm: Norm, u: Scaled) -> tuple[Scaled, Scaled]:
    eps = min(EPS * 4.0 ** -max(u.exponent, -60), 1e30)
    normalized, factors = submit(lambda value: norm.forward(value, eps), u.value).result()
    return Scaled(normalized, 0), Scaled(factors, -u.exponent)


def _activate(activation: Activation, u: Scaled, with_slope: bool) -> tuple[Scaled, Tensor | None]:
    h = torch.empty_like(u.value)
    slopes = torch.empty_like(u.value) if with_slope else None
    inner, outer = activation.split(u.exponent)

    def apply(rows: slice) -> float:
        block = u.value[rows] * 2.0**inner if inner else u.value[rows]
        if slopes is None:
            h[rows] = activation.function(block)
        else:
            h[rows], slopes[rows] = activation.with_slope(block)
        return largest_magnitude(h[rows])

    return Scaled(h, outer).balanced(max(in_order(apply, row_blocks(h)))), slopes


def _add(h: Scaled, branch: Scaled, scale: float) -> Scaled:
    exponent = max(h.exponent, branch.exponent)
    value = h.value * power_of_two(h.exponent - exponent)
    value += branch.value * (scale * power_of_two(branch.exponent - exponent))
    return Scaled(value, exponent).balanced(largest_magnitude(value))
