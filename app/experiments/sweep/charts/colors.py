"""How a series is drawn and called: as on its experiment's own page, whatever else there may be in its order."""

from ....figures.palette import COLORS, DASHES, SYMBOLS, Figure, Role, Style, lines_of, meta
from ..result import SweepResult


def style_of(result: SweepResult, series: str | None, index: int) -> Style:
    """Of the series that comes at this place among those shown."""
    lines = lines_of(result.series)
    if series in lines:
        return lines[series].style
    return Style(COLORS[index % len(COLORS)], SYMBOLS[index % len(SYMBOLS)], DASHES[index % len(DASHES)])


def label_of(result: SweepResult, series: str | None) -> str:
    """A statistic may have several of one, each under its name and a word of its own."""
    name, space, word = (series or "").partition(" ")
    label = result.series[name].label if name in result.series else name
    return f"{label}{space}{word}"


def meta_of(result: SweepResult, series: str | None, role: Role = "measured") -> Figure:
    """Its name, where a page can hide it or show it alone."""
    return meta(series if series in result.series else None, role)
