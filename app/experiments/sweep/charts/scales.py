"""Where a value of an axis, or of the statistic, lies in a chart, and how it is written."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import log10
from typing import NamedTuple, Protocol

from ....figures.axes import linear_axis, log_axis
from ....figures.numbers import number
from ....figures.palette import Figure
from ..result import Axis, SweepResult

MOST_DIGITS = 6  # of a value of an axis


class Named(Protocol):
    """An axis, of a spec or of a result."""

    @property
    def label(self) -> str: ...


Value = bool | int | float | str


class Scale(NamedTuple):
    """A linear axis of numbers, of log₁₀ where `log`, or of choices side by side."""

    log: bool
    choices: Sequence[str] = ()

    def place(self, value: Value | None) -> float | None:
        """Where a value lies; None where it has no place."""
        if value is None:
            return None
        if self.choices:
            return float(self.choices.index(named(value)))
        size = float(value)
        return size if not self.log else log10(size) if size > 0 else None

    def axis(self, values: Iterable[Value | None], title: str) -> Figure:
        """Plotly's axis over these values, with some room at either end."""
        places = [place for value in values if (place := self.place(value)) is not None]
        low, high = min(places, default=0.0), max(places, default=1.0)
        said = {"title": {"text": title}, "zeroline": False}
        if self.choices:
            ticks = {"tickvals": list(range(len(self.choices))), "ticktext": list(self.choices)}
            return {"range": [-0.5, len(self.choices) - 0.5], **ticks, **said}
        if self.log:
            return {**log_axis(low, high), **said}
        margin = 0.04 * (high - low) or 0.05 * abs(high) or 1.0
        return {**linear_axis(low - margin, high + margin), **said}


def along(axis: Axis) -> Scale:
    """The scale of one of a sweep's axes."""
    return Scale(axis.log, tuple(axis.choices) if axis.choices else ())


def of_statistic(result: SweepResult) -> Scale:
    return Scale(result.statistic.log)


def called(result: SweepResult) -> str:
    """The statistic with its unit."""
    statistic = result.statistic
    return f"{statistic.label}, {statistic.unit}" if statistic.unit else statistic.label


def named(value: Value) -> str:
    """A choice as queries name it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def titled(axis: Axis) -> str:
    return f"{axis.label}, {axis.unit}" if axis.unit else axis.label


def in_words(axis: Named) -> str:
    """What an axis is called within a sentence."""
    return axis.label[0].lower() + axis.label[1:]


def said(axis: Axis, value: Value) -> str:
    """A value of an axis as a person reads it; of a choice what it is called, not what it does."""
    if axis.choices:
        return axis.choices[named(value)].partition(":")[0]
    return number(float(value), MOST_DIGITS if isinstance(value, int) else _digits(tuple(axis.values)))


@lru_cache
def _digits(values: tuple[Value, ...]) -> int:
    """As few as tell these numbers apart, of any three at least."""
    for digits in range(3, MOST_DIGITS):
        if len({number(float(value), digits) for value in values}) == len(values):
            return digits
    return MOST_DIGITS


def told(
    value: float | None, low: float | None, high: float | None, predicted: float | None, problem: str | None
) -> str:
    """A cell's numbers in a line: measured, its standard error, and theory's."""
    if value is None:
        return f"no number: {problem}" if problem else "no number"
    error = f" ± {number((high - low) / 2, 2)}" if low is not None and high is not None and high > low else ""
    beside = f"; theory {number(predicted)}" if predicted is not None else ""
    return f"{number(value)}{error}{beside}"
