"""Layers that feed each other alone, one after the other: over such a chain, growth multiplies.

Where tensors are joined, as a residual connection or attention joins them, and where a norm sets the size anew, a chain
ends and another begins.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import log, log10
from typing import NamedTuple

from ..lab.activations import nonlinearity
from ..theory.meanfield import ratios
from .recording import Layer, Recording

LN10 = log(10)


class Link(NamedTuple):
    """One layer of weights in a chain, and what follows it: an activation, and the size that goes on.

    `size`: log10 of the mean square of what comes in; `after`: of what goes on into the next link, past the activation,
    null where nothing more is known. `passed`: decades that pooling, dropout and whatever else lies between made of it,
    as measured. `start`: the size at the beginning of its chain. `energy`: log10 of the sum of squares of the gradient
    at its output.
    """

    number: int
    layer: Layer
    activation: str | None
    activated: Layer | None
    size: float | None
    after: float | None
    passed: float
    start: float | None
    energy: float | None

    @property
    def growth(self) -> float | None:
        """Decades that the mean square gains, from before it to before the next."""
        return None if self.size is None or self.after is None else self.after - self.size

    @property
    def predicted_growth(self) -> float | None:
        """The same from its measured weights alone, and normal preactivations, with what was passed as measured."""
        out = self.layer.expected.given_weights
        if out is None or self.size is None:
            return None
        return past(self.activation, out) + self.passed - self.size


class Chain(NamedTuple):
    """`branch`: what it makes is added to something, or goes where one cannot see."""

    links: list[Link]
    branch: bool

    @property
    def growths(self) -> list[tuple[Link, float]]:
        return [(link, link.growth) for link in self.links if link.growth is not None]

    @property
    def total(self) -> float:
        """Decades that the mean square gains from its beginning to its end."""
        return sum(growth for _, growth in self.growths)

    @property
    def gradient_total(self) -> float | None:
        """Decades that the gradient's sum of squares gains on the way back."""
        known = [link.energy for link in self.links if link.energy is not None]
        return known[0] - known[-1] if len(known) > 1 else None


class _Way(NamedTuple):
    """From one layer of weights to the next: what was passed."""

    before: int | None
    activation: str | None
    activated: Layer | None
    normed: bool


def chains(recording: Recording) -> list[Chain]:
    """Every chain, in order of execution."""
    layers = recording.layers
    consumers: dict[int, list[int]] = {}
    for number, layer in enumerate(layers, 1):
        for source in layer.sources:
            consumers.setdefault(source, []).append(number)
    weighted = [number for number, layer in enumerate(layers, 1) if layer.role == "weights" and layer.input]
    ways = {number: _way_to(number, layers) for number in weighted}
    heirs: dict[int, list[int]] = {}
    for number, way in ways.items():
        if way.before is not None and not way.normed:
            heirs.setdefault(way.before, []).append(number)
    follows = {before: after[0] for before, after in heirs.items() if len(after) == 1}
    begun = set(follows.values())
    found = []
    for number in weighted:
        if number not in begun:
            numbers = [number]
            while numbers[-1] in follows:
                numbers.append(follows[numbers[-1]])
            found.append(_chain(numbers, ways, layers, consumers, weighted[-1]))
    return found


def _way_to(number: int, layers: Sequence[Layer]) -> _Way:
    """Back from a layer of weights to the one it hangs on alone."""
    activation, activated, normed = None, None, False
    here = layers[number - 1]
    while True:
        activation = activation or here.applied
        if here.joined or len(here.sources) != 1:
            return _Way(None, activation, activated, normed)
        source = here.sources[0]
        here = layers[source - 1]
        if here.role == "weights":
            return _Way(source, activation, activated, normed)
        normed = normed or here.role == "norm"
        if here.role == "activation":
            activation, activated = activation or here.activation, activated or here


def _chain(
    numbers: list[int], ways: dict[int, _Way], layers: Sequence[Layer], consumers: dict[int, list[int]], last: int
) -> Chain:
    start = _size(layers[numbers[0] - 1])
    links = [
        _link(number, layers, ways[after].activation, ways[after].activated, _size(layers[after - 1]), start)
        for number, after in pairwise(numbers)
    ]
    final, activated, branch = _end(numbers[-1], layers, consumers, numbers[-1] == last)
    activation = activated.activation if activated else None
    links.append(_link(numbers[-1], layers, activation, activated, _log10(final) if activated else None, start))
    return Chain(links, branch)


def _end(
    number: int, layers: Sequence[Layer], consumers: dict[int, list[int]], last: bool
) -> tuple[float | None, Layer | None, bool]:
    """What becomes of a chain's end: the mean square that goes on, the activation passed, and whether it is joined."""
    activated = None
    while True:
        mean_square, after = layers[number - 1].output.mean_square, consumers.get(number, [])
        if not after:
            return mean_square, activated, not last
        next_layer = layers[after[0] - 1]
        if next_layer.joined:
            return mean_square, activated, True
        if len(after) > 1 or next_layer.role in ("norm", "weights"):
            return mean_square, activated, False
        if next_layer.role == "activation":
            activated = activated or next_layer
        number = after[0]


def _link(
    number: int,
    layers: Sequence[Layer],
    activation: str | None,
    activated: Layer | None,
    after: float | None,
    start: float | None,
) -> Link:
    layer = layers[number - 1]
    passed, energy = 0.0, None
    out = _log10(layer.output.mean_square if activated is None else activated.output.mean_square)
    if after is not None and out is not None:
        passed = after - (out if activated else past(activation, out))
    if layer.gradient and layer.gradient.mean_square and layer.gradient.count > 0:
        energy = (_log10(layer.gradient.mean_square) or 0.0) + log10(layer.gradient.count)
    return Link(number, layer, activation, activated, _size(layer), after, passed, start, energy)


def past(activation: str | None, size: float) -> float:
    """log10 of the mean square past an activation of normal preactivations of this one."""
    return size if activation is None else ratios(nonlinearity(activation), size * LN10).log_square / LN10


def _size(layer: Layer) -> float | None:
    return _log10(layer.input.mean_square if layer.input else None)


def _log10(value: float | None) -> float | None:
    return log10(value) if value is not None and value > 0 else None
