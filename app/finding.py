"""Findings: what a Result says, each with the number it rests on. Every sentence shown anywhere is one's rendering."""

from collections.abc import Sequence
from math import log10
from typing import Literal

from .results import Record

CHANCE = 4.0  # standard deviations: a page makes a dozen comparisons, and chance passes this once in 16,000
HOLDS = 0.5  # decades: within a factor of three of what went in
# log₁₀ of a mean square beyond which float16, the narrowest format people train in, no longer holds it as a number.
EXPLODED, VANISHED = log10(65504), log10(2.0**-25)

Course = Literal["vanishes", "fades", "holds", "grows", "explodes"]
COURSES: tuple[Course, ...] = ("vanishes", "fades", "holds", "grows", "explodes")


class Finding(Record):
    """One thing that a Result shows.

    `about` what, for which `init` (null: for all of them); its `word` and its `sentence`; the measured `value` it
    rests on and what theory `predicted` of the same number (null where float64 cannot hold it, or there is none);
    whether the difference is `by_chance` (null where theory gives no spread); the `layer` to look at; what to do
    about it, as `advice`, and as a line of `code`. `brief` is the number in a few words, to stand beside the init's
    name.
    """

    about: str
    init: str | None = None
    word: str
    sentence: str
    value: float | None = None
    predicted: float | None = None
    by_chance: bool | None = None
    layer: int | None = None
    advice: str | None = None
    code: str | None = None
    brief: str | None = None


def verdicts(findings: Sequence[Finding]) -> list[Finding]:
    """What comes first of every init; where no finding is of an init, what comes first at all."""
    first: dict[str, Finding] = {}
    for finding in findings:
        if finding.init:
            first.setdefault(finding.init, finding)
    return list(first.values()) or list(findings[:3])


def course(log10_factor: float) -> Course:
    """What became of a mean square, by its whole factor: by what it was, and by what number formats make of it.

    It holds within a factor of three; it fades or grows beyond; it has vanished or exploded where float16, asked for
    that factor, would say zero or infinity.
    """
    if abs(log10_factor) <= HOLDS:
        return "holds"
    if log10_factor > 0:
        return "grows" if log10_factor <= EXPLODED else "explodes"
    return "fades" if log10_factor >= VANISHED else "vanishes"


def in_spreads(value: float | None, expected: float | None, spread: float | None) -> float | None:
    """How many standard deviations lie between the two; None where there is no such number."""
    if value is None or expected is None or not spread:
        return None
    return (value - expected) / spread


def by_chance(spreads: float | None) -> bool | None:
    """Whether chance explains a distance of so many standard deviations; None for None."""
    return None if spreads is None else abs(spreads) <= CHANCE
