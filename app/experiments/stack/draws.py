"""What a stack is made of by chance: its inputs, weights and biases, each from streams of random numbers of its own."""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from math import sqrt
from operator import mul

from torch import Tensor

from ...lab.device import CPU, device
from ...lab.draws import DISTRIBUTIONS, FEW, Fill, draw, draw_each
from ...lab.initializers import INITIALIZERS, Initializer, unit_weights
from ...lab.threads import in_order, within_block
from .spec import StackSpec

INPUT, WEIGHTS, BIASES, GRADIENT = 0, 1, 2, 3  # streams of random numbers
FAMILIES = ("normal", "uniform", "truncated_normal", "orthogonal")
TOGETHER = 2**17  # weights drawn at once: half a megabyte, in a tenth of a millisecond
KEPT = 2**24  # weights that wait for the way back; more are drawn again


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


def weights(
    spec: StackSpec, layers: Iterable[int], network: int = 0, keeping: bool = False
) -> Iterator[dict[str, Tensor]]:
    """Each layer's weights before scaling, shape (fan_in, fan_out), by family.

    While the caller works with them threads draw the next's; of small ones several layers' are drawn at once. Where a
    caller is not `keeping` them, large ones' room is taken by the next but one's, as pages are long in coming.
    """
    drawn_as = families(spec)
    together = "orthogonal" not in drawn_as and len(drawn_as) * max(weight_counts(spec)) <= TOGETHER // 2
    drawn = _small(spec, drawn_as, layers, network) if together else _large(spec, drawn_as, layers, network, keeping)
    for done in drawn:
        for w in done.values() if spec.weight_mean else ():
            w += spec.weight_mean
        yield done if device() == CPU else {family: w.to(device()) for family, w in done.items()}


def _small(spec: StackSpec, drawn_as: list[str], layers: Iterable[int], network: int) -> Iterator[dict[str, Tensor]]:
    widths, most = spec.layer_widths, TOGETHER // (len(drawn_as) * max(weight_counts(spec)))
    for shape, alike in groupby(layers, lambda layer: (widths[layer - 1], widths[layer])):
        while some := list(islice(alike, most)):
            within_block()
            keys = {family: [_key(spec, family, layer, network) for layer in some] for family in drawn_as}
            each = (draw_each(DISTRIBUTIONS[family], shape, spec.seed, WEIGHTS, keys[family]) for family in drawn_as)
            for drawn in zip(*(several.unbind() for several in each), strict=True):
                yield dict(zip(drawn_as, drawn, strict=True))


def _large(
    spec: StackSpec, drawn_as: list[str], layers: Iterable[int], network: int, keeping: bool
) -> Iterator[dict[str, Tensor]]:
    widths, rooms = spec.layer_widths, dict[str, Tensor]()

    def beginning(family: str, layer: int) -> tuple[Tensor, list[Fill]]:
        fans, room, key = widths[layer - 1 : layer + 1], rooms.pop(family, None), _key(spec, family, layer, network)
        fits = room is not None and list(room.shape) == fans
        return unit_weights(family, *fans, spec.seed, WEIGHTS, *key, out=room if fits else None)

    def begin() -> Iterator[tuple[Fill, dict[str, Tensor] | None]]:
        for layer in layers:
            begun = {family: beginning(family, layer) for family in drawn_as}
            *fills, last = [fill for _, fills in begun.values() for fill in fills]
            yield from ((fill, None) for fill in fills)
            yield last, {family: w for family, (w, _) in begun.items()}

    def go_on(drawing: tuple[Fill, dict[str, Tensor] | None]) -> dict[str, Tensor] | None:
        fill, done = drawing
        fill()
        return done

    whole_layers = len(drawn_as) if "orthogonal" in drawn_as else None
    few = whole_layers is None and len(drawn_as) * max(weight_counts(spec)) < FEW
    for done in in_order(go_on, begin(), whole_layers, alone=few):
        if done is not None:
            yield done
            rooms |= {} if keeping else done


def _key(spec: StackSpec, family: str, layer: int, network: int) -> tuple[int, ...]:
    """Of the stream that a layer's weights come from."""
    return 1 if spec.tied else layer, FAMILIES.index(family), network


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


def draw_gradient(spec: StackSpec) -> Tensor:
    """The gradient of the loss at the last activation, shape (batch, n_L): standard normal."""
    return draw(DISTRIBUTIONS["normal"], (spec.batch, spec.layer_widths[-1]), spec.seed, GRADIENT)
