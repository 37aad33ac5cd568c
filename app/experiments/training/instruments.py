"""What is measured of the networks: whole summaries of a pass, and of a single step a few numbers a layer."""

from math import inf
from typing import NamedTuple

import torch
from torch import Tensor

from ...lab.kernels.statistics import see_stds
from ...lab.layers import SATURATED, ActivationSummary
from ...lab.summary import Summary, Tally, robust_grid
from .networks import Parameters, Passed

Bounds = tuple[float, float] | None


class Numbers(NamedTuple):
    """One step's, each layer by layer, and of each layer network by network; nan where there is none."""

    activation_std: list[list[float]]
    saturated: list[list[float]]
    gradient_std: list[list[float]]
    gradient_to_data: list[list[float]]
    update_to_data: list[list[float]]


def numbers_of(
    passed: list[Passed],
    gradients: list[Tensor],
    bounds: Bounds,
    weights: list[Tensor],
    weight_gradients: list[Tensor],
    changes: list[Tensor],
) -> Numbers:
    """From a pass, the gradients at its outputs, the weights and their gradients, and what the step changed in them."""
    sizes = _stds(weights)
    return Numbers(
        _stds([at.output for at in passed]).tolist(),
        [saturated(at.output, bounds if at.slope is not None else None).tolist() for at in passed],
        _stds(gradients).tolist(),
        (_stds(weight_gradients) / sizes).tolist(),
        (_stds(changes) / sizes).log10_().tolist(),
    )


def _stds(tensors: list[Tensor]) -> Tensor:
    """Of all entries of each network, (tensors, networks), float64."""
    stds = torch.empty(len(tensors), len(tensors[0]), dtype=torch.float64)
    for tensor, found in zip(tensors, stds.numpy(), strict=True):
        see_stds(tensor.reshape(len(tensor), -1).numpy(), found)
    return stds


def saturated(h: Tensor, bounds: Bounds) -> Tensor:
    """Of each network, (networks,), the share of activations in the outer 3 % of the half-range; nan without bounds."""
    if bounds is None:
        return h.new_full((len(h),), torch.nan)
    low, high = bounds
    beyond = (h - (low + high) / 2).abs_() > SATURATED * (high - low) / 2
    return beyond.float().mean((1, 2))


def summary(values: Tensor, bins: int) -> Summary:
    """Of a tensor of any shape."""
    return Tally(robust_grid(values, bins)).add(values).summary()


def activation_summary(h: Tensor, bounds: Bounds, bins: int) -> ActivationSummary:
    """Of activations, (batch, units)."""
    tally = Tally(robust_grid(h, bins), by_size=True).add(h)
    share = None if bounds is None else float(saturated(h[None], bounds))
    return ActivationSummary.of(tally, share, float((h == 0).all(0).float().mean()))


def known(value: float) -> float | None:
    """A number that JSON holds."""
    return value if -inf < value < inf else None


class First(NamedTuple):
    """The layer that was the first with something that is no number, and what of it."""

    layer: int
    what: str


def first_to_go(network: int, parameters: Parameters, passed: list[Passed]) -> First:
    """Of a network whose loss is not finite.

    An update spoils the weights from the layer whose gradient was the first to overflow on its way back; if none is
    spoilt, it is the signal that overflowed on its way forward.
    """
    for layer in range(len(passed), 0, -1):
        if not bool(parameters.weights[layer - 1][network].isfinite().all()):
            return First(layer, "weights")
    for layer, at in enumerate(passed, 1):
        if not bool(at.preactivation[network].isfinite().all()):
            return First(layer, "preactivations")
    return First(len(passed), "logits")
