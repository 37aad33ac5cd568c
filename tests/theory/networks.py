"""Simulated networks, many at a time: what finite width is held to."""

from collections.abc import Callable, Sequence
from itertools import count
from math import sqrt
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from app.lab.activations import ACTIVATIONS
from app.lab.draws import DISTRIBUTIONS, draw
from app.theory.finite_width import Band
from app.theory.layer import LayerShape
from app.theory.quadrature import Array

Drawn = Callable[..., Tensor]

AT_ONCE = 2**20  # numbers of one layer's weights or signal


class Networks(NamedTuple):
    """log₁₀ of mean squares, shape (networks, layers, batches): preactivations, and gradients at the activations."""

    signal: Array
    gradient: Array


def equal_layers(width: int, depth: int, gain: float, bias: float = 0.0) -> list[LayerShape]:
    """Layers of one width, weights of variance gain² / width."""
    return [LayerShape(width, width, gain**2 / width, bias)] * depth


def simulated(
    activation: str, layers: list[LayerShape], entries: str, batches: Sequence[int], networks: int, seed: int
) -> Networks:
    """Fresh networks with normal weights and biases, each with a fresh batch of inputs and of gradients.

    A batch is the first inputs of the largest one.
    """
    streams = count()

    def drawn(name: str, *shape: int) -> Tensor:
        return draw(DISTRIBUTIONS[name], shape, seed, next(streams))

    largest = max(batches)
    biggest = max(layer.fan_out * max(layer.fan_in, largest) for layer in layers)
    at_once = max(1, min(networks, AT_ONCE // biggest))
    parts = [
        _some(activation, layers, entries, batches, min(at_once, networks - first), drawn)
        for first in range(0, networks, at_once)
    ]
    return Networks(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _some(
    activation: str, layers: list[LayerShape], entries: str, batches: Sequence[int], networks: int, drawn: Drawn
) -> Networks:
    phi, largest = ACTIVATIONS[activation], max(batches)
    h = drawn(entries, networks, largest, layers[0].fan_in)
    signal, gradient, way = [], [], []
    for layer in layers:
        w = drawn("normal", networks, layer.fan_in, layer.fan_out).mul_(sqrt(layer.weight_variance))
        b = drawn("normal", networks, 1, layer.fan_out).mul_(sqrt(layer.bias_variance))
        u = torch.baddbmm(b, h, w)
        signal.append(_log10_mean_squares(u, batches))
        h, slope = phi.with_slope(u)
        way.append((w, slope))
    g = drawn("normal", *h.shape)
    for w, slope in reversed(way):
        gradient.append(_log10_mean_squares(g, batches))
        g = (g * slope) @ w.mT
    return Networks(np.stack(signal, axis=1), np.stack(gradient[::-1], axis=1))


def _log10_mean_squares(values: Tensor, batches: Sequence[int]) -> Array:
    """Shape (networks, batches)."""
    squares = values.square().mean(2, dtype=torch.float64)
    means = torch.stack([squares[:, :batch].mean(1) for batch in batches], dim=1)
    logarithms: Array = torch.log10(means).numpy()
    return logarithms


def held(band: Band, sample: Array) -> float:
    """The share of a sample that lies within a band."""
    return float(((sample >= band.low) & (sample <= band.high)).mean())
