"""Statistics: one number of each series of a Result, beside what theory says, to be followed from run to run."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Measured(NamedTuple):
    """A statistic of one series in one Result: its value, what theory says of it, and theory's standard error.

    Where the statistic is compared by factors, `error` is of the value's natural logarithm. None: there is no such
    number.
    """

    value: float | None
    predicted: float | None = None
    error: float | None = None


class Statistic(NamedTuple):
    """What is read off a Result: `read` gives one number a series, under the series' name.

    `log`: it is drawn on a logarithmic axis. `by_factors`: repeats are averaged geometrically, as what grows by
    factors is. `help` says what of the Result it is, where its label does not.
    `level`: the value that parts two regimes, such as a growth of one. `of_repeats`: it is a spread over
    the experiment's own repeats, so that repeating is left to it. `needs`: fields of the spec that must be true.
    """

    label: str
    read: Callable[[Any], Mapping[str, Measured]]
    unit: str = ""
    help: str = ""
    log: bool = False
    by_factors: bool = False
    level: float | None = None
    of_repeats: bool = False
    needs: tuple[str, ...] = ()


class Mark(NamedTuple):
    """A value of a field that is worth marking on its axis."""

    label: str
    value: float


def of_inits(measured: Callable[[Any], Measured]) -> Callable[[Any], dict[str, Measured]]:
    """Reads a number off every init of a Result."""
    return lambda result: {entry.init: measured(entry) for entry in result.inits}
