"""The deep stack: a batch of random inputs through layer after layer of random weights, and a gradient back.

Every layer of every init is measured. A signal that float32 could not hold is carried as float32 times a power of
two: rescaling by powers of two is exact, so ordinary signals see the very numbers plain float32 gives, and 512^50
needs no luck.
"""

from collections.abc import Generator, Iterator
from functools import partial

from torch import Tensor

from ...lab.activations import ACTIVATIONS
from ...lab.device import CPU
from ...lab.draws import FEW
from ...lab.initializers import INITIALIZERS, Initializer
from ...lab.norms import NORMS
from ...lab.scaled import Scaled
from ...lab.threads import in_order
from ...results import Step
from .backward import MeasuredGradient, Retreat
from .draws import draw_bias, draw_gradient, draw_input, weight_counts, weight_std, weights
from .forward import Architecture, advance
from .jacobian import Spectrum, Tangent
from .lanes import Lane, follow_leaders
from .passing import forward
from .result import Networks, StackInit, StackResult
from .spec import StackSpec
from .theory import predict


def run_stack(spec: StackSpec) -> Generator[Step[StackResult]]:
    """Send the batch through the stack once an init, all with the same draws, and a gradient back.

    Yields after every layer of each init, or several small ones, in each direction, and after every further network of
    `repeats`.
    """
    architecture = architecture_of(spec)
    x = draw_input(spec, 0)
    lanes = [_lane(spec, INITIALIZERS[name], x) for name in spec.init]
    follow_leaders(lanes)
    further = spec.repeats if spec.repeats > 1 else 0
    total = spec.depth * len(lanes) * (1 + spec.backward + spec.jacobian) + further
    done = 0
    kept: list[dict[str, Tensor]] = []
    there, back = forward(spec, architecture, lanes, kept), _backward(spec, architecture, lanes, kept)
    for work in (there, back, _maps(spec, architecture, lanes), _networks(spec, lanes)):
        for steps in work:
            done += steps
            yield Step(done, total, lambda: _result(spec, lanes))


def _lane(spec: StackSpec, initializer: Initializer, x: Tensor) -> Lane:
    scales = [weight_std(spec, initializer, layer) for layer in range(1, spec.depth + 1)]
    return Lane(spec, initializer, scales, Scaled(x, 0), predict(spec, initializer))


def architecture_of(spec: StackSpec) -> Architecture:
    """What the spec's layers have in common."""
    return Architecture(ACTIVATIONS[spec.activation], NORMS.get(spec.norm), spec.branch_scale)


def _backward(
    spec: StackSpec, architecture: Architecture, lanes: list[Lane], kept: list[dict[str, Tensor]]
) -> Iterator[int]:
    if not spec.backward:
        return
    last = Scaled(draw_gradient(spec), 0)
    leaders = [lane for lane in lanes if lane.leader is None]
    for lane in leaders:
        lane.retreat = Retreat(architecture, last, spec.histogram_bins)
    layers = range(spec.depth, 0, -1)
    for layer, drawn in zip(layers, reversed(kept) if kept else weights(spec, layers), strict=True):
        for lane in lanes:
            if lane.retreat:
                further, w, scale = layer > 1, drawn[lane.family], lane.scales[layer - 1]
                _record_gradient(lanes, lane, lane.retreat.through(lane.ways_back.pop(), w, scale, further))
                if not further:
                    _record_gradient(lanes, lane, lane.retreat.finish())
            yield 1


def _record_gradient(lanes: list[Lane], leader: Lane, measured: MeasuredGradient | None) -> None:
    for lane in lanes:
        if measured and (lane is leader or lane.leader is leader):
            lane.record_gradient(measured)


def _maps(spec: StackSpec, architecture: Architecture, lanes: list[Lane]) -> Iterator[int]:
    """The singular values of the map from the first input to each layer."""
    if not spec.jacobian:
        return
    leaders = [lane for lane in lanes if lane.leader is None]
    for lane in leaders:
        lane.tangent = Tangent.at(draw_input(spec, 0)[:1])
    layers = range(1, spec.depth + 1)
    for layer, drawn in zip(layers, weights(spec, layers), strict=True):
        spectra = in_order(partial(_map, spec, architecture, layer, drawn), leaders)
        found = dict(zip((lane.initializer.name for lane in leaders), spectra, strict=True))
        for lane in lanes:
            lane.record_map(found[(lane.leader or lane).initializer.name])
            yield 1


def _map(spec: StackSpec, architecture: Architecture, layer: int, drawn: dict[str, Tensor], lane: Lane) -> Spectrum:
    """One layer further, for one lane."""
    assert lane.tangent is not None
    w, scale = drawn[lane.family].to(CPU), lane.scales[layer - 1]
    lane.tangent.advance(architecture, w, scale, draw_bias(spec, lane.initializer, layer))
    return lane.tangent.singular_values()


def _networks(spec: StackSpec, lanes: list[Lane]) -> Iterator[int]:
    """One input through each of `repeats` freshly drawn networks, for the spread over seeds."""
    if spec.repeats == 1:
        return
    few = max(weight_counts(spec)) < FEW
    for per_lane in in_order(lambda network: _network(spec, lanes, network), range(1, spec.repeats + 1), alone=few):
        for lane, sizes in zip(lanes, per_lane, strict=True):
            lane.networks.append(sizes)
        yield 1


def _network(spec: StackSpec, lanes: list[Lane], network: int) -> list[list[float | None]]:
    architecture = architecture_of(spec)
    signals = [Scaled(draw_input(spec, network), 0) for _ in lanes]
    sizes: list[list[float | None]] = [[] for _ in lanes]
    layers = range(1, spec.depth + 1)
    for layer, drawn in zip(layers, weights(spec, layers, network), strict=True):
        for index, lane in enumerate(lanes):
            bias = draw_bias(spec, lane.initializer, layer, network)
            w, scale = drawn[lane.family], lane.scales[layer - 1]
            signals[index], log10_mean_square, *_ = advance(architecture, signals[index], w, scale, bias)
            sizes[index].append(log10_mean_square)
    return sizes


def _result(spec: StackSpec, lanes: list[Lane]) -> StackResult:
    inits = [
        StackInit(
            init=lane.initializer.name,
            weight_std=lane.scales[0],
            layers=lane.layers,
            overflow_layer=dict(lane.limits.overflow),
            underflow_layer=dict(lane.limits.underflow),
            variance_overflow_layer=dict(lane.limits.variance_overflow),
            variance_underflow_layer=dict(lane.limits.variance_underflow),
            repeats=Networks(log10_mean_square=list(lane.networks)) if lane.networks else None,
            theory=lane.prediction.sentences,
        )
        for lane in lanes
        if lane.layers
    ]
    return StackResult(experiment=spec.model_dump(), links=spec.links, inits=inits)
