"""The outputs: a bell for each init."""

from collections.abc import Callable
from itertools import pairwise
from math import asinh, log10, sqrt

from ....figures.axes import linear_axis, plain
from ....figures.numbers import number
from ....figures.palette import STYLES, Figure, meta
from ....figures.panels import Panel, stacked
from ....lab.initializers import INITIALIZERS
from ..result import MatmulInit, MatmulResult
from ..spec import MatmulSpec
from .parts import POINTS, density_of, normal_curve

ROOM = 420  # pixels for all the bells together
WANTED = "rgba(128,140,160,0.22)"  # the band from −1 to 1
Warp = Callable[[float], float]


def histograms(result: MatmulResult, own: bool = False, log: bool = False, count: bool = False) -> Figure | None:
    """The outputs of each init under the predicted normal density, over the band −1 … 1.

    On one common axis their widths are seen as they are; each on its `own` they look alike, as a scale changes nothing
    but the axis; `log` is linear near zero and logarithmic beyond.
    """
    shown = [(entry, *density_of(entry.measured.histogram, entry.measured.count)) for entry in result.inits]
    widest = max((abs(edge) for _, edges, _ in shown for edge in edges), default=1.0) or 1.0
    narrowest = min((std for entry, *_ in shown if (std := entry.measured.std)), default=1.0)
    warp: Warp = (lambda z: asinh(z / narrowest)) if log else (lambda z: z)
    common = _log_ticks(warp, narrowest, widest) if log else linear_axis(-widest, widest, most=8)
    panels, across = [], []
    for entry, edges, density in shown:
        traces = [_bell(entry, edges, density, warp, count), *_predicted_bell(entry, edges, warp, count)]
        top = 1.08 * max([0.0, *(y for trace in traces for y in trace["y"])]) or 1.0
        ticks = {"tickvals": [top / 1.08], "ticktext": [plain(float(f"{top / 1.08:.2g}"))], "showgrid": False}
        title = f"<b>{INITIALIZERS[entry.init].label}</b>  variance {number(entry.measured.variance)}, "
        title += f"k = {number(entry.scale, 3)}"
        height = max(70, ROOM // len(shown))
        panels.append(Panel(title, traces, {"range": [0, top], "zeroline": False, **ticks}, height, [_wanted(warp)]))
        across.append(
            {"zeroline": False, "showgrid": False, **(_own_axis(edges, warp, log, narrowest) if own else common)}
        )
    name = {"title": {"text": f"output z{', each on its own axis' if own else ', all on one axis'}"}}
    if own:
        across[-1] |= name
        return stacked(panels, across, hovermode="closest", showlegend=False)
    return stacked(panels, across[0] | name, hovermode="closest", showlegend=False)


def _bell(entry: MatmulInit, edges: list[float], density: list[float], warp: Warp, count: bool) -> Figure:
    style, total = STYLES[entry.init], entry.measured.count
    widths = [right - left for left, right in pairwise(edges)]
    heights = [each * width * total if count else each for each, width in zip(density, widths, strict=True)]
    kind = "outputs" if count else "density"
    return {
        "type": "scatter",
        "name": INITIALIZERS[entry.init].label,
        "x": [warp(edge) for edge in edges],
        "y": [*heights, 0.0],
        "mode": "lines",
        "line": {"shape": "hv", "color": style.color, "width": 1},
        "fill": "tozeroy",
        "fillcolor": style.filled(0.55),
        "text": [f"z = {number(edge)}<br>{kind} {number(y)}" for edge, y in zip(edges, [*heights, 0.0], strict=True)],
        "hovertemplate": "%{text}<extra>measured</extra>",
        **meta(entry.init),
    }


def _predicted_bell(entry: MatmulInit, edges: list[float], warp: Warp, count: bool) -> list[Figure]:
    variance = entry.predicted.variance_given_input
    if variance <= 0:
        return []
    points = [edges[0] + (edges[-1] - edges[0]) * i / (POINTS - 1) for i in range(POINTS)]
    curve = normal_curve(points, entry.predicted.mean_given_input, sqrt(variance), "predicted")
    scale = entry.measured.count * (edges[1] - edges[0]) if count else 1.0
    return [
        curve
        | {"x": [warp(point) for point in points], "y": [y * scale for y in curve["y"]]}
        | meta(entry.init, "predicted")
    ]


def _wanted(warp: Warp) -> Figure:
    """The band from −1 to 1: one standard deviation of the signal one wants."""
    band = {"type": "rect", "layer": "below", "yref": "domain", "y0": 0, "y1": 1, "fillcolor": WANTED}
    return {**band, "x0": warp(-1.0), "x1": warp(1.0), "line": {"width": 0}}


def _own_axis(edges: list[float], warp: Warp, log: bool, narrowest: float) -> Figure:
    if log:
        return _log_ticks(warp, narrowest, max(abs(edges[0]), abs(edges[-1])))
    return linear_axis(edges[0], edges[-1], most=8)


def _log_ticks(warp: Warp, narrowest: float, widest: float) -> Figure:
    powers = range(int(log10(narrowest) // 1) + 1, int(log10(widest) // 1) + 1)
    sizes = [10.0**power for power in powers][:: 1 + len(powers) // 4]
    values = [*(-size for size in reversed(sizes)), 0.0, *sizes]
    ends = [warp(-widest), warp(widest)]
    return {"range": ends, "tickvals": [warp(value) for value in values], "ticktext": [plain(v) for v in values]}


def read_histograms(spec: MatmulSpec) -> str:
    dotted = " Dotted: the normal density predicted for this x." if spec.fan_in > 1 else ""
    return (
        f"Filled: measured, as wide as they are.{dotted} The grey band is −1 … 1: where it is a sliver the outputs are "
        "far too large, where it is wider than the bell they are too small."
    )
