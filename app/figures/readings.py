"""What one place of a Result says: each quantity measured beside predicted, for every init, ready to be read out."""

from typing import NamedTuple


class Reading(NamedTuple):
    """One number at one place, in words; empty where there is none."""

    measured: str
    predicted: str = ""


class Readings(NamedTuple):
    """All readings of a Result: `place` is what its places are called, `numbers` which there are.

    `inits` has for each init, place by place, one reading a quantity.
    """

    place: str
    numbers: list[int]
    quantities: list[str]
    inits: dict[str, list[list[Reading]]]
