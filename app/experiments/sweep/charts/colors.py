"""How a series is drawn and called: as on its experiment's own page, whatever else there may be in its order."""

from ....figures.palette import COLORS, DASHES, SYMBOLS, Figure, Role, Style, line_of, lines_of, meta
from ..result import SweepResult


def style_of(result: SweepResult, series: str | None, index: int) -> Style:
    """Of the series that comes at this place among those shown; several of one init have its colour."""
    line = line_of(lines_of(result.series), series)
    if line and series in result.series:
        return line.style
    color = line.style.color if line else COLORS[index % len(COLORS)]
    return Style(color, SYMBOLS[index % len(SYMBOLS)], DASHES[index % len(DASHES)])


def label_of(result: SweepResult, series: str | None) -> str:
    line = line_of(lines_of(result.series), series)
    return line.label if line else series or ""


def meta_of(result: SweepResult, series: str | None, role: Role = "measured") -> Figure:
    """Its name, where a page can hide it or show it alone."""
    return meta(series if line_of(lines_of(result.series), series) else None, role)
