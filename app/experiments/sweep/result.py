"""The result of a sweep: one line a series over one axis, or one cell a series and place over two."""

from typing import Literal

from ...results import Record, Result


class Axis(Record):
    """A field that runs, and the values it takes; `choices`: their labels where they are no numbers."""

    name: Literal["x", "y"]
    field: str
    label: str
    unit: str
    log: bool
    choices: dict[str, str] | None
    values: list[bool | int | float | str]


class Followed(Record):
    """The statistic: what it is called, how it is drawn, and the value that parts two regimes, if one does."""

    name: str
    label: str
    unit: str
    log: bool
    by_factors: bool
    level: float | None


class Mark(Record):
    """A value worth marking on the x axis."""

    label: str
    x: float


class Slope(Record):
    """Of a straight line through log₁₀ value over log₁₀ x, by least squares; `predicted` is that of theory's values."""

    value: float
    standard_error: float
    predicted: float | None


class Line(Record):
    """One series over x: an init, or whatever else the experiment's series are of.

    `value` is the mean over the repeats, by factors where the statistic is; `low` and `high` lie one standard error
    from it: the repeats' own, or for a single one what theory gives. Where there is no value, `problem` says why.
    `page` is the very experiment, its first repeat. Cells still to come are left out.
    """

    init: str
    x: list[bool | int | float | str]
    value: list[float | None]
    low: list[float | None]
    high: list[float | None]
    predicted: list[float | None]
    problem: list[str | None]
    page: list[str | None]
    slope: Slope | None


class Cell(Record):
    """One place of a map, of one series; as in a Line."""

    x: bool | int | float | str
    y: bool | int | float | str
    init: str | None
    value: float | None
    low: float | None
    high: float | None
    predicted: float | None
    problem: str | None
    page: str | None


class SweepResult(Result):
    """`repeats`: runs of each cell, each with a seed of its own; 1 where the repeats are the experiment's.

    `series` has what everything that the experiment can set side by side is called, by its name, in the order of their
    colours.
    """

    repeats: int
    statistic: Followed
    axes: list[Axis]
    marks: list[Mark]
    series: dict[str, str]
    lines: list[Line]
    cells: list[Cell]
