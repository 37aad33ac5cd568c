"""How a series is drawn and called: as on its experiment's own page, whatever else there may be in its order."""

from typing import NamedTuple

from ....figures.palette import COLORS, DASHES, SYMBOLS, Figure, Role, Style, meta, styles_of
from ..result import SweepResult


class Named(NamedTuple):
    """A series' name: that of what the experiment sets side by side, and a word where there are several of each."""

    name: str
    word: str


def style_of(result: SweepResult, series: str | None, index: int) -> Style:
    """Of the series that comes at this place among those shown; several of one init have its colour."""
    name, word = _parts(series)
    own = styles_of(result.series).get(name)
    if own and not word:
        return own
    color = own.color if own else COLORS[index % len(COLORS)]
    return Style(color, SYMBOLS[index % len(SYMBOLS)], DASHES[index % len(DASHES)])


def label_of(result: SweepResult, series: str | None) -> str:
    name, word = _parts(series)
    return f"{result.series.get(name, name)} {word}".strip()


def meta_of(result: SweepResult, series: str | None, role: Role = "measured") -> Figure:
    """Its name, where a page can hide it or show it alone."""
    return meta(series if _parts(series).name in result.series else None, role)


def _parts(series: str | None) -> Named:
    name, _, word = (series or "").partition(" ")
    return Named(name, word)
