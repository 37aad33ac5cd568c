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
    bars = (
        "Bars are one standard error of the mean over the repeats"
        if spec.seeds > 1
        else "Bars are the standard error that theory gives a single run, where it does"
    )
    return f"{_drawn(spec)}. {bars}. {_help(spec)}Every point is a cell. {LEADS}"


def _drawn(spec: SweepSpec) -> str:
    axis = spec.axes[0]
    steps = f"{in_words(axis)} in equal {'factors' if axis.log else 'steps'}"
    measured = (
        f"Points: what is measured for each choice of {in_words(axis)}"
        if axis.choices
        else f"Coloured: what is measured, {steps}"
    )
    theory = f"; {'strokes across' if axis.choices else 'dotted'}: what theory says of the same"
    return measured + (theory if spec.followed.predicted else "")


def _maps(spec: SweepSpec) -> str:
    level, parts = spec.followed.level, ["Colour is what is measured, the mean over the repeats"]
    if level is not None:
        parts.append(f"it parts at {level:g}")
    if spec.followed.predicted:
        parts.append(
            "dotted theory's contours, where it varies" if level is None else f"dotted where theory says {level:g}"
        )
    return f"{'; '.join(parts)}. {_help(spec)}{LEADS}"


CHARTS = {
    "lines": Chart("The law", _lines, lines, "law", when=lambda spec: spec.y is None),
    "maps": Chart("The map", _maps, maps, "map", when=lambda spec: spec.y is not None),
}
