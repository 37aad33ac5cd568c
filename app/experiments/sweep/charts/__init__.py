"""The charts of a sweep: lines over one axis, or maps over two."""

from ....figures.chart import Chart
from ..spec import SweepSpec
from .lines import lines
from .maps import maps
from .scales import in_words

LEADS = "Pointed at, a cell says its numbers; clicked, it opens that very experiment."


def _help(spec: SweepSpec) -> str:
    return f"{spec.followed.help} " if spec.followed.help else ""


def _lines(spec: SweepSpec) -> str:
    how = "in equal factors" if spec.axes[0].log else "in equal steps"
    bars = (
        "Bars are one standard error of the mean over the repeats"
        if spec.seeds > 1
        else "Bars are the standard error that theory gives a single run, where it does"
    )
    measured = f"Solid what is measured, {in_words(spec.axes[0])} {how}; dotted what theory says of the same"
    return f"{measured}. {bars}. {_help(spec)}Every point is a cell. {LEADS}"


def _maps(spec: SweepSpec) -> str:
    level = spec.followed.level
    dotted = (
        "theory's contours" if level is None else f"where theory says {level:g}, colours parting where measured does"
    )
    return f"Colour is what is measured, the mean over the repeats; dotted {dotted}. {_help(spec)}{LEADS}"


CHARTS = {
    "lines": Chart("The law", _lines, lines, "law", when=lambda spec: spec.y is None),
    "maps": Chart("The map", _maps, maps, "map", when=lambda spec: spec.y is not None),
}
