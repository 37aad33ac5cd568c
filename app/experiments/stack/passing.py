"""Lanes on their way forward: layer after layer is passed and measured, small ones several at a time."""

from collections.abc import Iterator

from torch import Tensor

from ...lab.layers import Measured
from ...lab.scaled import is_one_block
from ...lab.small_layers import Together
from ...lab.threads import in_order
from .draws import draw_bias, keeps_weights, weight_counts, weights
from .forward import Architecture, advance
from .lanes import Lane
from .spec import StackSpec

AHEAD = 4  # groups of small layers that are passed before they are measured, a megabyte each

Seen = tuple[Lane, Measured]


def forward(
    spec: StackSpec, architecture: Architecture, lanes: list[Lane], kept: list[dict[str, Tensor]]
) -> Iterator[int]:
    """Send all lanes forward, and say of how many more of their layers they know; threads measure small layers while
    the next are passed. Weights that the way back needs are `kept`, if they are few."""
    small = all(is_one_block(spec.batch, width) for width in spec.layer_widths[1:])
    for leader, measured in in_order(_measured, _pass(spec, architecture, lanes, kept), AHEAD, alone=not small):
        for lane in lanes:
            if leader in (lane, lane.leader):
                lane.record(measured)
                yield len(measured.exponents)


def _measured(passed: tuple[Lane, Measured | Together]) -> Seen:
    lane, layers = passed
    return lane, layers.measured() if isinstance(layers, Together) else layers


def _pass(
    spec: StackSpec, architecture: Architecture, lanes: list[Lane], kept: list[dict[str, Tensor]]
) -> Iterator[tuple[Lane, Measured | Together]]:
    """Layers behind each leading lane, in order, measured or to be measured together."""
    layers, keeping = range(1, spec.depth + 1), keeps_weights(spec, sum(weight_counts(spec)))
    leaders = [lane for lane in lanes if lane.leader is None]
    bins, waiting = spec.histogram_bins, dict[str, Together]()
    for layer, drawn in zip(layers, weights(spec, layers, keeping=keeping), strict=True):
        if keeping:
            kept.append(drawn)
        shape = spec.batch, spec.layer_widths[layer]
        for lane in leaders:
            name, together = lane.initializer.name, None
            if name in waiting and not waiting[name].fits(shape):
                yield lane, waiting.pop(name)
            if is_one_block(*shape):
                if name not in waiting:
                    waiting[name] = Together(shape, architecture.bounds, bins)
                together = waiting[name]
            passed = advance(
                architecture,
                lane.signal,
                drawn[lane.family],
                lane.scales[layer - 1],
                draw_bias(spec, lane.initializer, layer),
                backward=spec.backward,
                bins=bins,
                in_place=layer > 1 and not spec.backward,
                together=together,
            )
            lane.signal = passed.output
            lane.ways_back += [passed.way_back] if passed.way_back else []
            if passed.measured:
                yield lane, passed.measured
    yield from ((lane, waiting[lane.initializer.name]) for lane in leaders if lane.initializer.name in waiting)
