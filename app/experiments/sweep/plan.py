"""In which order the cells of a sweep are computed: a coarse grid first, then what lies between."""

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from ...fields import SpecError
from ...spec import Spec
from .spec import SweepSpec


class Place(NamedTuple):
    """Where a cell lies: the number of its value along each axis, and the fields with these values."""

    where: tuple[int, ...]
    at: dict[str, Any]


class Cell(NamedTuple):
    """One run of the experiment: one repeat at one place; `spec` is None where there is no such experiment."""

    place: Place
    repeat: int
    spec: Spec | None
    problem: str | None = None


def places(spec: SweepSpec) -> list[Place]:
    """Every place once, a coarse grid first."""
    axes = spec.axes
    rounds = [levels(len(axis.values)) for axis in axes]
    found = [
        Place(index, {axis.field: axis.values[i] for axis, i in zip(axes, index, strict=True)})
        for index in product(*(range(len(axis.values)) for axis in axes))
    ]
    return sorted(found, key=lambda place: max(level[i] for level, i in zip(rounds, place.where, strict=True)))


def cells(spec: SweepSpec) -> Iterator[Cell]:
    """Every repeat of every place, in the order they are computed."""
    for place in places(spec):
        for repeat in range(spec.seeds):
            try:
                yield Cell(place, repeat, spec.cell(place.at, repeat))
            except SpecError as error:
                yield Cell(place, repeat, None, "; ".join(f"{field} {said}" for field, said in error.errors))


def levels(count: int) -> list[int]:
    """Of each index along an axis, in which round it comes: both ends, the middle, the middles between these."""
    found = [0] * count
    gaps, level = [(0, count - 1)], 1
    while gaps:
        halves = []
        for low, high in gaps:
            if high - low > 1:
                middle = (low + high) // 2
                found[middle] = level
                halves += [(low, middle), (middle, high)]
        gaps, level = halves, level + 1
    return found
