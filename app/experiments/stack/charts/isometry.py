"""The singular values of the map from the input to each layer: their logarithms as shapes, one row an init."""

from collections.abc import Callable

from ....figures.axes import log_axis, spacing
from ....figures.numbers import power
from ....figures.palette import STYLES, Figure, meta
from ....figures.panels import Panel, once, stacked
from ....figures.shapes import outline
from ....lab.initializers import INITIALIZERS
from ..result import Jacobian, StackInit, StackResult
from .layers import layer_axis, theory
from .shapes import some_layers

ROOM = 420  # pixels for all rows
BEYOND = 1.0  # decades that a predicted line goes on below all that was measured
Size = Callable[[Jacobian], float | None]


def isometry(result: StackResult, common: bool = False) -> Figure | None:
    """Each row on an axis of its own, or all on a `common` one; predicted lines over the shapes."""
    maps = {entry.init: [layer.jacobian for layer in entry.layers if layer.jacobian] for entry in result.inits}
    if not all(maps.values()):
        return None
    every = _reach([each for found in maps.values() for each in found])
    panels = []
    for entry in result.inits:
        low, high = every if common else _reach(maps[entry.init])
        traces = [_shapes(entry), _points(entry), *_lines(entry)]
        title = f"<b>{INITIALIZERS[entry.init].label}</b>"
        panels.append(Panel(title, traces, log_axis(low, high), max(120, ROOM // len(result.inits))))
    named = iter(once([trace for panel in panels for trace in panel.traces]))
    panels = [panel._replace(traces=[next(named) for _ in panel.traces]) for panel in panels]
    return stacked(panels, layer_axis(result), hovermode="closest", meta={"place": "layer"})


def _reach(maps: list[Jacobian]) -> tuple[float, float]:
    known = [edge for found in maps if found.log10_largest is not None for edge in found.histogram.edges]
    ends = [edge for edge in known if edge is not None]
    return min([0.0, *ends]), max([0.0, *ends])


def _shapes(entry: StackInit) -> Figure:
    """All histograms of one init in one trace."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    shown = some_layers(entry.layers)
    apart = spacing([layer.layer for layer in shown])
    for layer in shown:
        if layer.jacobian and layer.jacobian.log10_largest is not None:
            edges, widths = outline(layer.jacobian.histogram)
            half = [0.46 * apart * width for width in widths]
            right = [round(layer.layer + width, 3) for width in half]
            left = [round(layer.layer - width, 3) for width in reversed(half)]
            xs += [layer.layer, *right, layer.layer, *left, layer.layer, None]
            ys += [edges[0], *edges, *reversed(edges), None]
    style = STYLES[entry.init]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": INITIALIZERS[entry.init].label,
        "x": xs,
        "y": ys,
        "fill": "toself",
        "fillcolor": style.filled(0.4),
        "line": {"color": style.color, "width": 1, "shape": "vh"},
        "hoverinfo": "skip",
        **meta(entry.init),
    }


def _points(entry: StackInit) -> Figure:
    """The root mean square, and what each layer says when it is pointed at."""
    known = [(layer.layer, layer.jacobian) for layer in entry.layers if layer.jacobian]
    style = STYLES[entry.init]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "root mean square",
        "x": [layer for layer, _ in known],
        "y": [None if found.log10_mean_square is None else found.log10_mean_square / 2 for _, found in known],
        "marker": {"color": style.color, "size": 5},
        "text": [_describe(layer, found) for layer, found in known],
        "hovertemplate": "%{text}<extra></extra>",
        **meta(entry.init),
    }


def _describe(layer: int, found: Jacobian) -> str:
    lost = f"<br>{found.histogram.below:,} not told from zero" if found.histogram.below else ""
    smallest = "" if found.log10_smallest is None else f"<br>smallest {power(found.log10_smallest)}"
    return (
        f"layer {layer}<br>largest {power(found.log10_largest)}{smallest}"
        f"<br>mean square {power(found.log10_mean_square)}{lost}"
    )


def _lines(entry: StackInit) -> list[Figure]:
    """What is predicted of the largest, the root mean square and the smallest, as far as it is."""
    sizes: tuple[Size, ...] = (
        lambda found: found.predicted.log10_largest,
        lambda found: None if (square := found.predicted.log10_mean_square) is None else square / 2,
        lambda found: found.predicted.log10_smallest,
    )
    maps = [layer.jacobian for layer in entry.layers if layer.jacobian]
    floor = _reach(maps)[0] - BEYOND
    lines = [[_from(floor, size(found)) for found in maps] for size in sizes]
    return [
        theory(entry, values, ["" if value is None else power(value) for value in values])
        for values in lines
        if any(value is not None for value in values)
    ]


def _from(floor: float, value: float | None) -> float | None:
    """Where a line leaves what can be measured, it ends."""
    return value if value is not None and value >= floor else None
