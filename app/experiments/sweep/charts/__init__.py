"""The charts of a sweep: lines over one axis, or maps over two."""

from ....figures.chart import Chart
from ..spec import SweepSpec
from .lines import lines
from .maps import maps

COMMON = "A point is a cell: pointed at it says its numbers, clicked it opens that very experiment."


def _lines(spec: SweepSpec) -> str:
    how = "in equal factors" if spec.axes[0].log else "as it is"
    bars = (
        "Bars are one standard error of the mean over the repeats"
        if spec.seeds > 1
        else "Bars are the standard error that theory gives a single run, where it does"
    )
    return f"Solid what is measured, {spec.axes[0].label} {how}; dotted what theory says of the same. {bars}. {COMMON}"


def _maps(spec: SweepSpec) -> str:
    level = spec.followed.level
    dotted = (
        "theory's contours" if level is None else f"where theory says {level:g}, colours parting where measured does"
    )
    return (
        f"Colour is what is measured, the mean over the repeats; dotted {dotted}. {COMMON.replace('point', 'cell', 1)}"
    )


CHARTS = {
    "lines": Chart("The law", _lines, lines, "law", when=lambda spec: spec.y is None),
    "maps": Chart("The map", _maps, maps, "map", when=lambda spec: spec.y is not None),
}
