"""The deep stack: a batch of random inputs through layer after layer of random weights, measured at every layer.

A signal that float32 could not hold is carried as float32 times a power of two, per layer and init: rescaling by
powers of two is exact, so ordinary signals see the very numbers plain float32 gives, and 512^50 needs no luck.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from math import frexp, log2
from typing import NamedTuple

import torch
from torch import Tensor

from app.lab import Step
from app.lab.activations import ACTIVATIONS, Activation
from app.lab.draws import DISTRIBUTIONS, draw
from app.lab.initializers import INITIALIZERS, Initializer
from app.lab.layers import LayerTally, cosine
from app.lab.summary import largest_magnitude
from app.lab.threads import in_order, submit
from app.results import Cosine, StackInit, StackLayer, StackResult
from app.specs import StackSpec

INPUT, WEIGHTS, BIASES = 0, 1, 2  # streams of random numbers
SAFE = 40  # magnitudes from 2^-40 to 2^40 leave float32 room for one more layer
ROW_BLOCK = 2**16  # elements of a batch handled at once
LARGEST = {name: torch.finfo(getattr(torch, name)).max for name in ("float16", "bfloat16", "float32")}


class Scaled(NamedTuple):
    """The tensor value · 2^exponent."""

    value: Tensor
    exponent: int

    def balanced(self, largest: float) -> "Scaled":
        """The same numbers, their largest magnitude near one if it was about to leave float32's range."""
        if largest == 0 or abs(size := frexp(largest)[1]) <= SAFE:
            return self
        return Scaled(self.value.mul_(2.0**-size), self.exponent + size)


@dataclass
class Lane:
    """One init's way through the stack: the signal as it stands, and the layers it has passed."""

    initializer: Initializer
    signal: Scaled
    layers: list[StackLayer] = field(default_factory=list)
    overflow_layer: dict[str, int | None] = field(default_factory=lambda: dict.fromkeys(LARGEST))


def run(spec: StackSpec) -> Generator[Step[StackResult]]:
    """Send the batch through the stack once an init, all with the same draws; yields after every layer of each."""
    widths = spec.layer_widths
    x = draw(DISTRIBUTIONS[spec.input], (spec.batch, widths[0]), spec.seed, INPUT)
    lanes = [Lane(INITIALIZERS[name], Scaled(x, 0)) for name in spec.init]
    total = spec.depth * len(lanes)
    w = torch.empty(0)
    for layer, (fan_in, fan_out) in enumerate(pairwise(widths), start=1):
        if layer == 1 or not spec.tied:
            w = draw(DISTRIBUTIONS["normal"], (fan_in, fan_out), spec.seed, WEIGHTS, layer)
            w.add_(spec.weight_mean)
        bias = draw(DISTRIBUTIONS["normal"], (fan_out,), spec.seed, BIASES, layer).mul_(spec.bias_std)
        for index, lane in enumerate(lanes):
            _advance(spec, lane, layer, w, bias if spec.bias_std else None)
            done = (layer - 1) * len(lanes) + index + 1
            yield Step(done, total, lambda: _result(spec, lanes))


def _advance(spec: StackSpec, lane: Lane, layer: int, w: Tensor, bias: Tensor | None) -> None:
    """One layer of one init: u = h @ (k·w) + b, h = φ(u), both measured."""
    fan_in, fan_out = w.shape
    scale = lane.initializer.std(fan_in, fan_out, spec.gain)
    activation = ACTIVATIONS[spec.activation]
    u = _preactivation(lane.signal, w, scale, bias)
    h = _activate(activation, u)
    tally, between = _measure(spec, activation, u, h)
    lane.signal = h
    lane.layers.append(
        StackLayer(
            layer=layer,
            fan_in=fan_in,
            fan_out=fan_out,
            weight_std=scale,
            preactivation=tally.preactivation.summary(u.exponent),
            activation=tally.activation_summary(h.exponent),
            unit_variance=tally.unit_variance(spec.bins).summary(2 * u.exponent),
            cosine=between,
            gradient=None,
            weight_gradient=None,
            predicted=None,
        )
    )
    for name, limit in LARGEST.items():
        exceeded = _exceeds(tally.preactivation.largest, u.exponent, limit) or _exceeds(
            tally.activation.largest, h.exponent, limit
        )
        if exceeded and lane.overflow_layer[name] is None:
            lane.overflow_layer[name] = layer


def _row_blocks(tensor: Tensor) -> list[slice]:
    """Rows in blocks of a size that depends on the shape alone, so that results do not depend on the threads."""
    rows = max(64, ROW_BLOCK // tensor.shape[1])
    return [slice(start, start + rows) for start in range(0, tensor.shape[0], rows)]


def _preactivation(h: Scaled, w: Tensor, scale: float, bias: Tensor | None) -> Scaled:
    """h @ (scale·w) + bias, shape (batch, fan_out)."""
    mantissa, power = frexp(scale)
    if abs(power) <= SAFE:
        mantissa, power = scale, 0
    exponent = h.exponent + power
    u = torch.empty(h.value.shape[0], w.shape[1])

    def multiply(rows: slice) -> float:
        block = torch.mul(h.value[rows] @ w, mantissa, out=u[rows])
        if bias is not None:
            # Whichever of the two is larger keeps its digits; the other loses only what would not show.
            block.mul_(2.0 ** min(exponent, 0)).add_(bias * 2.0 ** -max(exponent, 0))
        return largest_magnitude(block)

    largest = max(in_order(multiply, _row_blocks(u)))
    return Scaled(u, exponent if bias is None else max(exponent, 0)).balanced(largest)


def _activate(activation: Activation, u: Scaled) -> Scaled:
    h = torch.empty_like(u.value)
    inner, outer = activation.split(u.exponent)

    def apply(rows: slice) -> float:
        block = u.value[rows]
        h[rows] = activation.function(block * 2.0**inner if inner else block)
        return largest_magnitude(h[rows])

    return Scaled(h, outer).balanced(max(in_order(apply, _row_blocks(h))))


def _measure(spec: StackSpec, activation: Activation, u: Scaled, h: Scaled) -> tuple[LayerTally, Cosine]:
    empty = LayerTally.on_grids_of(u.value, h.value, spec.bins)
    bounds = activation.bounds
    if bounds is not None:
        bounds = bounds[0] * 2.0**-h.exponent, bounds[1] * 2.0**-h.exponent

    def count(rows: slice) -> LayerTally:
        return empty.fresh().add(u.value[rows], h.value[rows], bounds)

    between = submit(cosine, h.value)
    tally = reduce(LayerTally.merge, in_order(count, _row_blocks(u.value)))
    return tally, between.result()


def _exceeds(largest: float, exponent: int, limit: float) -> bool:
    return largest > 0 and log2(largest) + exponent > log2(limit)


def _result(spec: StackSpec, lanes: list[Lane]) -> StackResult:
    inits = [
        StackInit(
            init=lane.initializer.name,
            weight_std=lane.layers[0].weight_std,
            layers=list(lane.layers),
            overflow_layer=dict(lane.overflow_layer),
        )
        for lane in lanes
        if lane.layers
    ]
    return StackResult(experiment=spec.model_dump(), links=spec.links, inits=inits)
