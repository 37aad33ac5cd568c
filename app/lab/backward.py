"""One layer backward: the gradient with respect to what went in, and with respect to the weights."""

from typing import NamedTuple

import torch
from torch import Tensor

from app.lab.forward import Architecture, Passed, multiply
from app.lab.scaled import Scaled
from app.lab.summary import largest_magnitude
from app.lab.threads import submit


class Gradients(NamedTuple):
    """With respect to the layer's input, (batch, fan_in), and its weights, (fan_in, fan_out)."""

    input: Scaled
    weights: Scaled


def retreat(layer: Architecture, passed: Passed, gradient: Scaled, w: Tensor, scale: float) -> Gradients:
    """Send the gradient at the layer's output back through it; `passed` is what `advance` left."""
    assert passed.slope is not None
    branch = gradient.value * passed.slope
    if layer.branch_scale is not None:
        branch *= layer.branch_scale
    delta = Scaled(branch, gradient.exponent)
    if layer.norm and layer.branch_scale is None:
        delta = _through(layer, passed, delta)
    delta = delta.balanced(largest_magnitude(delta.value))
    product = submit(lambda inner: torch.matmul(inner.T, delta.value), passed.linear_input.value)
    back = multiply(delta, w.T, scale)
    weights = Scaled(product.result(), passed.linear_input.exponent + delta.exponent)
    if layer.branch_scale is None:
        return Gradients(back, weights)
    if layer.norm:
        back = _through(layer, passed, back)
    exponent = max(back.exponent, gradient.exponent)
    value = gradient.value * _shift(gradient, exponent) + back.value * _shift(back, exponent)
    return Gradients(Scaled(value, exponent).balanced(largest_magnitude(value)), weights)


def _shift(tensor: Scaled, exponent: int) -> float:
    return 2.0 ** max(tensor.exponent - exponent, -1000)


def _through(layer: Architecture, passed: Passed, gradient: Scaled) -> Scaled:
    """Back through the norm, whose factor may be beyond float32 as the signal it tamed was."""
    assert layer.norm is not None
    assert passed.normalized is not None
    assert passed.norm_factor is not None
    backward, normalized, factor = layer.norm.backward, passed.normalized, passed.norm_factor.value
    value = submit(lambda coming: backward(coming, normalized, factor), gradient.value).result()
    back = Scaled(value, gradient.exponent + passed.norm_factor.exponent)
    return back.balanced(largest_magnitude(value))
