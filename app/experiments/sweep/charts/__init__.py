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
    theory = "; dotted what theory says of the same" if spec.followed.predicted else ""
    measured = f"Solid what is measured, {in_words(spec.axes[0])} {how}{theory}"
    return f"{measured}. {bars}. {_help(spec)}Every point is a cell. {LEADS}"


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
