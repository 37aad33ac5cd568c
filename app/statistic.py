"""Statistics: one number of each series of a Result, beside what theory says, to be followed from run to run."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

LEAST, MOST = -307, 308  # decades that float64 holds with all its digits


class Measured(NamedTuple):
    """A statistic of one series in one Result: its value, what theory says of it, and theory's standard error.

    Where the statistic is compared by factors, `error` is of the value's natural logarithm. None: there is no such
    number.
    """

    value: float | None
    predicted: float | None = None
    error: float | None = None


class Statistic(NamedTuple):
    """What is read off a Result: `read` gives one number a series, under the series' name, or several, each under that
    name, a space and a word of its own.

    `log`: it is drawn on a logarithmic axis. `by_factors`: repeats are averaged geometrically, as what grows by
    factors is. `help` says what of the Result it is, where its label does not. `predicted`: theory has a value for it,
    at least of some specs. `level`: the value that parts two regimes, such as a growth of one. `of_repeats`: it is a
    spread over the experiment's own repeats, so that repeating is left to it. `needs`: fields of the spec that must be
    true. `printed`: the column, from 0, that the experiment's script has it in, after the series' name in its table.
    `short`: its label in a menu, which has no room for a long one.
    """

    label: str
    read: Callable[[Any], Mapping[str, Measured]]
    unit: str = ""
    help: str = ""
    log: bool = False
    by_factors: bool = False
    predicted: bool = True
    level: float | None = None
    of_repeats: bool = False
    needs: tuple[str, ...] = ()
    printed: int | None = None
    short: str = ""


class Mark(NamedTuple):
    """A value of a field that is worth marking on its axis."""

    label: str
    value: float


def of_inits(measured: Callable[[Any], Measured]) -> Callable[[Any], dict[str, Measured]]:
    """Reads a number off every init of a Result."""
    return lambda result: {entry.init: measured(entry) for entry in result.inits}


def power(log10_value: float | None) -> float | None:
    """10^x; None where float64 does not hold it."""
    return 10**log10_value if log10_value is not None and LEAST < log10_value < MOST else None


def growth(began: float | None, ended: float | None, places: int) -> float | None:
    """The factor from place to place of a size whose log₁₀ goes from one to the other over so many."""
    return None if began is None or ended is None or not places else power((ended - began) / places)
