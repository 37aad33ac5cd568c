"""The deep stack: a batch of random inputs through layer after layer of random weights, and a gradient back.

Every layer of every init is measured. A signal that float32 could not hold is carried as float32 times a power of
two: rescaling by powers of two is exact, so ordinary signals see the very numbers plain float32 gives, and 512^50
needs no luck.
"""

from collections.abc import Generator, Iterable, Iterator
from math import sqrt
from operator import mul

from torch import Tensor

from app.lab import Step
from app.lab.activations import ACTIVATIONS
from app.lab.backward import MeasuredGradient, Retreat
from app.lab.draws import DISTRIBUTIONS, Fill, draw
from app.lab.forward import Architecture, advance
from app.lab.initializers import INITIALIZERS, Initializer, unit_weights
from app.lab.lanes import Lane, follow_leaders
from app.lab.norms import NORMS
from app.lab.predictions import predict
from app.lab.scaled import Scaled
from app.lab.threads import in_order
from app.results import Networks, StackInit, StackResult
from app.specs import StackSpec

INPUT, WEIGHTS, BIASES, GRADIENT = 0, 1, 2, 3  # streams of random numbers
FAMILIES = ("normal", "uniform", "truncated_normal", "orthogonal")
KEPT = 2**24  # weights that wait for the way back; more are drawn again


def run(spec: StackSpec) -> Generator[Step[StackResult]]:
    """Send the batch through the stack once an init, all with the same draws, and a gradient back.

    Yields after every layer of each init in each direction, and after every further network of `repeats`.
    """
    architecture = architecture_of(spec)
    x = draw_input(spec, 0)
    lanes = [_lane(spec, INITIALIZERS[name], x) for name in spec.init]
    follow_leaders(lanes, spec, architecture.activation)
    further = spec.repeats if spec.repeats > 1 else 0
    total = spec.depth * len(lanes) * (2 if spec.backward else 1) + further
    done = 0
    kept: list[dict[str, Tensor]] = []
    there, back = _forward(spec, architecture, lanes, kept), _backward(spec, architecture, lanes, kept)
    for work in (there, back, _networks(spec, lanes)):
        for _ in work:
            done += 1
            yield Step(done, total, lambda: _result(spec, lanes))


def _lane(spec: StackSpec, initializer: Initializer, x: Tensor) -> Lane:
    scales = [weight_std(spec, initializer, layer) for layer in range(1, spec.depth + 1)]
    return Lane(spec, initializer, scales, Scaled(x, 0), predict(spec, initializer))


def architecture_of(spec: StackSpec) -> Architecture:
    """What the spec's layers have in common."""
    return Architecture(ACTIVATIONS[spec.activation], NORMS.get(spec.norm), spec.branch_scale)


def families(spec: StackSpec) -> list[str]:
    """How the weights of its inits are drawn."""
    return list(dict.fromkeys(INITIALIZERS[name].family or "normal" for name in spec.init))


def weight_counts(spec: StackSpec) -> list[int]:
    """Layer by layer."""
    widths = spec.layer_widths
    return list(map(mul, widths, widths[1:]))


def keeps_weights(spec: StackSpec, count: int) -> bool:
    """Whether the weights, so many in each of their families, are kept for the way back, as they are few."""
    return spec.backward and len(families(spec)) * count <= KEPT


def draw_input(spec: StackSpec, network: int) -> Tensor:
    """The batch of inputs, shape (batch, n₀); the networks of `repeats` beyond the first see one input each."""
    batch, key = (spec.batch, ()) if network == 0 else (1, (network,))
    return draw(DISTRIBUTIONS[spec.input], (batch, spec.layer_widths[0]), spec.seed, INPUT, *key)


def draw_weights(spec: StackSpec, family: str, layer: int, network: int = 0) -> tuple[Tensor, list[Fill]]:
    """A layer's weights before scaling, shape (fan_in, fan_out), not drawn yet, and what draws them."""
    fan_in, fan_out = spec.layer_widths[layer - 1 : layer + 1]
    key = (1 if spec.tied else layer, FAMILIES.index(family), network)
    return unit_weights(family, fan_in, fan_out, spec.seed, WEIGHTS, *key)


def weights(spec: StackSpec, layers: Iterable[int], network: int = 0) -> Iterator[dict[str, Tensor]]:
    """Each layer's weights before scaling, by family. While the caller works with them, threads draw the next's."""
    drawn_as = families(spec)

    def begin() -> Iterator[tuple[Fill, dict[str, Tensor] | None]]:
        for layer in layers:
            begun = {family: draw_weights(spec, family, layer, network) for family in drawn_as}
            *fills, last = [fill for _, fills in begun.values() for fill in fills]
            yield from ((fill, None) for fill in fills)
            yield last, {family: w for family, (w, _) in begun.items()}

    def go_on(drawing: tuple[Fill, dict[str, Tensor] | None]) -> dict[str, Tensor] | None:
        fill, done = drawing
        fill()
        return done

    whole_layers = len(drawn_as) if "orthogonal" in drawn_as else None
    for done in in_order(go_on, begin(), whole_layers):
        if done is not None:
            yield {family: w.add_(spec.weight_mean) if spec.weight_mean else w for family, w in done.items()}


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


def _forward(
    spec: StackSpec, architecture: Architecture, lanes: list[Lane], kept: list[dict[str, Tensor]]
) -> Iterator[None]:
    layers, keeping = range(1, spec.depth + 1), keeps_weights(spec, sum(weight_counts(spec)))
    for layer, drawn in zip(layers, weights(spec, layers), strict=True):
        if keeping:
            kept.append(drawn)
        for lane in lanes:
            if lane.leader is None:
                bias = draw_bias(spec, lane.initializer, layer)
                w, scale = drawn[lane.family], lane.scales[layer - 1]
                in_place = layer > 1 and not spec.backward
                passed = advance(architecture, lane.signal, w, scale, bias, spec.backward, spec.bins, in_place)
                lane.signal = passed.output
                lane.ways_back += [passed.way_back] if passed.way_back else []
                assert passed.measured is not None
                for each in lanes:
                    if each is lane or each.leader is lane:
                        each.record(passed.measured)
            yield


def _backward(
    spec: StackSpec, architecture: Architecture, lanes: list[Lane], kept: list[dict[str, Tensor]]
) -> Iterator[None]:
    if not spec.backward:
        return
    shape = (spec.batch, spec.layer_widths[-1])
    last = Scaled(draw(DISTRIBUTIONS["normal"], shape, spec.seed, GRADIENT), 0)
    leaders = [lane for lane in lanes if lane.leader is None]
    for lane in leaders:
        lane.retreat = Retreat(architecture, last, spec.bins)
    layers = range(spec.depth, 0, -1)
    for layer, drawn in zip(layers, reversed(kept) if kept else weights(spec, layers), strict=True):
        for lane in lanes:
            if lane.retreat:
                further, w, scale = layer > 1, drawn[lane.family], lane.scales[layer - 1]
                _record_gradient(lanes, lane, lane.retreat.through(lane.ways_back.pop(), w, scale, further))
                if not further:
                    _record_gradient(lanes, lane, lane.retreat.finish())
            yield


def _record_gradient(lanes: list[Lane], leader: Lane, measured: MeasuredGradient | None) -> None:
    for lane in lanes:
        if measured and (lane is leader or lane.leader is leader):
            lane.record_gradient(measured)


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
            overflow_layer=dict(lane.overflow_layer),
            repeats=Networks(log10_mean_square=list(lane.networks)) if lane.networks else None,
            theory=lane.prediction.sentences,
        )
        for lane in lanes
        if lane.layers
    ]
    return StackResult(experiment=spec.model_dump(), links=spec.links, inits=inits)
