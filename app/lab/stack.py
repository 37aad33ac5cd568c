"""The deep stack: a batch of random inputs through layer after layer of random weights, and a gradient back.

Every layer of every init is measured. A signal that float32 could not hold is carried as float32 times a power of
two: rescaling by powers of two is exact, so ordinary signals see the very numbers plain float32 gives, and 512^50
needs no luck.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from functools import reduce
from math import log2, log10, sqrt

import torch
from torch import Tensor

from app.lab import Step
from app.lab.activations import ACTIVATIONS
from app.lab.backward import retreat
from app.lab.draws import DISTRIBUTIONS, draw
from app.lab.formats import magnitude_counts, magnitudes
from app.lab.forward import Architecture, Passed, advance
from app.lab.initializers import INITIALIZERS, Initializer, unit_weights
from app.lab.layers import LayerTally, cosine
from app.lab.norms import NORMS
from app.lab.predictions import Prediction, predict
from app.lab.scaled import Scaled, row_blocks
from app.lab.summary import LOG10_2, Tally, robust_grid, scaled
from app.lab.threads import in_order, submit
from app.results import Cosine, Networks, StackInit, StackLayer, StackResult, WeightGradient
from app.specs import StackSpec

INPUT, WEIGHTS, BIASES, GRADIENT = 0, 1, 2, 3  # streams of random numbers
FAMILIES = ("normal", "uniform", "truncated_normal", "orthogonal")
LARGEST = {name: torch.finfo(getattr(torch, name)).max for name in ("float16", "bfloat16", "float32")}


@dataclass
class Lane:
    """One init's way through the stack: the signal as it stands, the layers it has passed, what they left."""

    initializer: Initializer
    signal: Scaled
    prediction: Prediction
    layers: list[StackLayer] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    overflow_layer: dict[str, int | None] = field(default_factory=lambda: dict.fromkeys(LARGEST))
    networks: list[list[float | None]] = field(default_factory=list)


def run(spec: StackSpec) -> Generator[Step[StackResult]]:
    """Send the batch through the stack once an init, all with the same draws, and a gradient back.

    Yields after every layer of each init in each direction, and after every further network of `repeats`.
    """
    architecture = architecture_of(spec)
    x = draw_input(spec, 0)
    lanes = [Lane(INITIALIZERS[name], Scaled(x, 0), predict(spec, INITIALIZERS[name])) for name in spec.init]
    further = spec.repeats if spec.repeats > 1 else 0
    total = spec.depth * len(lanes) * (2 if spec.backward else 1) + further
    done = 0
    for work in (_forward(spec, architecture, lanes), _backward(spec, architecture, lanes), _networks(spec, lanes)):
        for _ in work:
            done += 1
            yield Step(done, total, lambda: _result(spec, lanes))


def architecture_of(spec: StackSpec) -> Architecture:
    """What the spec's layers have in common."""
    return Architecture(ACTIVATIONS[spec.activation], NORMS.get(spec.norm), spec.branch_scale)


def draw_input(spec: StackSpec, network: int) -> Tensor:
    """The batch of inputs, shape (batch, n₀); the networks of `repeats` beyond the first see one input each."""
    batch, key = (spec.batch, ()) if network == 0 else (1, (network,))
    return draw(DISTRIBUTIONS[spec.input], (batch, spec.layer_widths[0]), spec.seed, INPUT, *key)


def draw_weights(spec: StackSpec, initializer: Initializer, layer: int, network: int = 0) -> Tensor:
    """The layer's weights before scaling, shape (fan_in, fan_out); inits of one family share them."""
    fan_in, fan_out = spec.layer_widths[layer - 1 : layer + 1]
    family = initializer.family or "normal"
    key = (1 if spec.tied else layer, FAMILIES.index(family), network)
    return unit_weights(family, fan_in, fan_out, spec.seed, WEIGHTS, *key).add_(spec.weight_mean)


def draw_bias(spec: StackSpec, initializer: Initializer, layer: int, network: int = 0) -> Tensor | None:
    """The layer's biases, shape (fan_out,): normal as the spec says, uniform as the init does; None without."""
    fan_in, fan_out = spec.layer_widths[layer - 1 : layer + 1]
    if not spec.bias_std and not initializer.bias_bound:
        return None
    key = (layer, network)
    bias = draw(DISTRIBUTIONS["normal"], (fan_out,), spec.seed, BIASES, 0, *key).mul_(spec.bias_std)
    if initializer.bias_bound:
        own = draw(DISTRIBUTIONS["uniform"], (fan_out,), spec.seed, BIASES, 1, *key)
        bias += own * (initializer.bias_bound(fan_in) / sqrt(3))
    return bias


def weight_std(spec: StackSpec, initializer: Initializer, layer: int) -> float:
    """The standard deviation of the layer's weights."""
    fan_in, fan_out = spec.layer_widths[layer - 1 : layer + 1]
    return initializer.scale(fan_in, fan_out, spec.gain, spec.fan_mode)


def _forward(spec: StackSpec, architecture: Architecture, lanes: list[Lane]) -> Iterator[None]:
    for layer in range(1, spec.depth + 1):
        weights: dict[str | None, Tensor] = {}
        for lane in lanes:
            family = lane.initializer.family or "normal"
            if family not in weights:
                weights[family] = draw_weights(spec, lane.initializer, layer)
            bias = draw_bias(spec, lane.initializer, layer)
            scale = weight_std(spec, lane.initializer, layer)
            passed = advance(architecture, lane.signal, weights[family], scale, bias, spec.backward)
            lane.signal = passed.output
            lane.layers.append(_measure(spec, architecture, lane, layer, passed))
            if spec.backward:
                lane.passed.append(passed)
            yield


def _measure(spec: StackSpec, architecture: Architecture, lane: Lane, layer: int, passed: Passed) -> StackLayer:
    u, h = passed.u, passed.output
    empty = LayerTally.on_grids_of(u.value, h.value, spec.bins)
    bounds = architecture.activation.bounds if architecture.branch_scale is None else None
    if bounds is not None:
        bounds = bounds[0] * 2.0**-h.exponent, bounds[1] * 2.0**-h.exponent

    def count(rows: slice) -> LayerTally:
        return empty.fresh().add(u.value[rows], h.value[rows], bounds)

    between = submit(cosine, h.value)
    tally = reduce(LayerTally.merge, in_order(count, row_blocks(u.value)))
    _note_overflow(lane, layer, tally, passed)
    return _layer(spec, lane, layer, passed, tally, between.result())


def _layer(spec: StackSpec, lane: Lane, layer: int, passed: Passed, tally: LayerTally, between: Cosine) -> StackLayer:
    fan_in, fan_out = spec.layer_widths[layer - 1 : layer + 1]
    u, h = passed.u, passed.output
    return StackLayer(
        layer=layer,
        fan_in=fan_in,
        fan_out=fan_out,
        weight_std=weight_std(spec, lane.initializer, layer),
        preactivation=tally.preactivation.summary(u.exponent),
        activation=tally.activation_summary(h.exponent),
        unit_variance=tally.unit_variance(spec.bins).summary(2 * u.exponent),
        cosine=between,
        gradient=None,
        weight_gradient=None,
        activation_magnitudes=magnitudes(tally.magnitudes, h.exponent, tally.zero),
        gradient_magnitudes=None,
        predicted=lane.prediction.layers[layer - 1],
    )


def _note_overflow(lane: Lane, layer: int, tally: LayerTally, passed: Passed) -> None:
    for name, limit in LARGEST.items():
        exceeded = _exceeds(tally.preactivation.largest, passed.u.exponent, limit) or _exceeds(
            tally.activation.largest, passed.output.exponent, limit
        )
        if exceeded and lane.overflow_layer[name] is None:
            lane.overflow_layer[name] = layer


def _exceeds(largest: float, exponent: int, limit: float) -> bool:
    return largest > 0 and log2(largest) + exponent > log2(limit)


def _backward(spec: StackSpec, architecture: Architecture, lanes: list[Lane]) -> Iterator[None]:
    if not spec.backward:
        return
    shape = (spec.batch, spec.layer_widths[-1])
    gradients = {id(lane): Scaled(draw(DISTRIBUTIONS["normal"], shape, spec.seed, GRADIENT), 0) for lane in lanes}
    for layer in range(spec.depth, 0, -1):
        weights: dict[str, Tensor] = {}
        for lane in lanes:
            family = lane.initializer.family or "normal"
            if family not in weights:
                weights[family] = draw_weights(spec, lane.initializer, layer)
            at = gradients[id(lane)]
            scale = weight_std(spec, lane.initializer, layer)
            back = retreat(architecture, lane.passed.pop(), at, weights[family], scale)
            gradients[id(lane)] = back.input
            lane.layers[layer - 1] = _with_gradient(spec, lane.layers[layer - 1], at, back.weights, scale)
            yield


def _with_gradient(spec: StackSpec, layer: StackLayer, at: Scaled, weights: Scaled, scale: float) -> StackLayer:
    grid = robust_grid(at.value, spec.bins)
    tally = reduce(Tally.merge, in_order(lambda rows: Tally(grid).add(at.value[rows]), row_blocks(at.value)))
    counts = magnitude_counts(at.value)
    std = float(weights.value.double().std()) if weights.value.numel() > 1 else 0.0
    own = scaled(std, weights.exponent)
    update = {
        "gradient": tally.summary(at.exponent),
        "gradient_magnitudes": magnitudes(counts, at.exponent, int((at.value == 0).count_nonzero())),
        "weight_gradient": WeightGradient(
            std=own,
            log10_std=log10(std) + weights.exponent * LOG10_2 if std > 0 else None,
            grad_to_data=own / scale if own is not None and scale > 0 else None,
        ),
    }
    return layer.model_copy(update=update)


def _networks(spec: StackSpec, lanes: list[Lane]) -> Iterator[None]:
    """One input through each of `repeats` freshly drawn networks, for the spread over seeds."""
    if spec.repeats == 1:
        return
    for per_lane in in_order(lambda network: _network(spec, lanes, network), range(1, spec.repeats + 1)):
        for lane, sizes in zip(lanes, per_lane, strict=True):
            lane.networks.append(sizes)
        yield


def _network(spec: StackSpec, lanes: list[Lane], network: int) -> list[list[float | None]]:
    architecture = architecture_of(spec)
    signals = [Scaled(draw_input(spec, network), 0) for _ in lanes]
    sizes: list[list[float | None]] = [[] for _ in lanes]
    for layer in range(1, spec.depth + 1):
        weights: dict[str, Tensor] = {}
        for index, lane in enumerate(lanes):
            family = lane.initializer.family or "normal"
            if family not in weights:
                weights[family] = draw_weights(spec, lane.initializer, layer, network)
            bias = draw_bias(spec, lane.initializer, layer, network)
            scale = weight_std(spec, lane.initializer, layer)
            passed = advance(architecture, signals[index], weights[family], scale, bias)
            signals[index] = passed.output
            square = float(passed.u.value.double().square().mean())
            sizes[index].append(log10(square) + 2 * passed.u.exponent * LOG10_2 if square > 0 else None)
    return sizes


def _result(spec: StackSpec, lanes: list[Lane]) -> StackResult:
    inits = [
        StackInit(
            init=lane.initializer.name,
            weight_std=lane.layers[0].weight_std,
            layers=list(lane.layers),
            overflow_layer=dict(lane.overflow_layer),
            repeats=Networks(log10_mean_square=list(lane.networks)) if lane.networks else None,
            theory=lane.prediction.sentences,
        )
        for lane in lanes
        if lane.layers
    ]
    return StackResult(experiment=spec.model_dump(), links=spec.links, inits=inits)
