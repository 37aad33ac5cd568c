"""How a series is drawn and called: inits as everywhere, whatever else an experiment's series are of in their order."""

from ....figures.palette import COLORS, DASHES, STYLES, SYMBOLS, Style
from ....lab.initializers import INITIALIZERS


def style_of(series: str | None, index: int) -> Style:
    if series in STYLES:
        return STYLES[series]
    return Style(COLORS[index % len(COLORS)], SYMBOLS[index % len(SYMBOLS)], DASHES[index % len(DASHES)])


def label_of(series: str | None) -> str:
    return INITIALIZERS[series].label if series in INITIALIZERS else series or ""
