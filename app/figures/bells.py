"""Histograms as bells over one another, one an init, each under the normal density that was predicted for it."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import asinh, exp, log10, pi, sqrt
from typing import NamedTuple

from ..results import Histogram
from .axes import linear_axis, plain
from .numbers import number
from .palette import PREDICTED, STYLES, Figure, meta
from .panels import Panel, stacked

POINTS = 121  # of a curve
ROOM = 420  # pixels for all the bells together
WANTED = "rgba(128,140,160,0.22)"  # the band from −1 to 1
Warp = Callable[[float], float]


class Bell(NamedTuple):
    """Some values of one init: their histogram, how many they are in all, and the normal law predicted for them.

    `title` stands over it; `std` is that of the values, `predicted` the mean and the std of the law, if there is one.
    """

    init: str
    label: str
    title: str
    histogram: Histogram
    total: int
    std: float | None
    predicted: tuple[float, float] | None


def bells(shown: Sequence[Bell], name: str, own: bool = False, log: bool = False, count: bool = False) -> Figure:
    """Each in a panel of its own, over the band −1 … 1; `name` is the values'.

    On one common axis their widths are seen as they are; each on its `own` they look alike, as a scale changes nothing
    but the axis; `log` is linear near zero and logarithmic beyond.
    """
    drawn = [(bell, *density_of(bell.histogram, bell.total)) for bell in shown]
    widest = max((abs(edge) for _, edges, _ in drawn for edge in edges), default=1.0) or 1.0
    narrowest = min((bell.std for bell in shown if bell.std), default=1.0)
    warp: Warp = (lambda z: asinh(z / narrowest)) if log else (lambda z: z)
    common = _log_ticks(warp, narrowest, widest) if log else linear_axis(-widest, widest, most=8)
    panels, across = [], []
    for bell, edges, density in drawn:
        traces = [_measured(bell, name, edges, density, warp, count), *_predicted(bell, edges, warp, count)]
        top = 1.08 * max([0.0, *(y for trace in traces for y in trace["y"])]) or 1.0
        highest = top / 1.08
        ticks = {"tickvals": [0.0, highest], "ticktext": ["0", plain(float(f"{highest:.2g}"))], "showgrid": False}
        title = f"<b>{bell.label}</b>  {bell.title}"
        height = max(70, ROOM // len(shown))
        panels.append(Panel(title, traces, {"range": [0, top], "zeroline": False, **ticks}, height, [_wanted(warp)]))
        across.append(
            {"zeroline": False, "showgrid": False, **(_own_axis(edges, warp, log, narrowest) if own else common)}
        )
    named = {"title": {"text": f"{name}{', each on its own axis' if own else ', all on one axis'}"}}
    if own:
        across[-1] |= named
        return stacked(panels, across, hovermode="closest", showlegend=False)
    return stacked(panels, across[0] | named, hovermode="closest", showlegend=False)


def density_of(histogram: Histogram, count: int) -> tuple[list[float], list[float]]:
    """The edges of a histogram of so many values, and the density between each two."""
    edges = [edge or 0.0 for edge in histogram.edges]
    widths = [right - left for left, right in pairwise(edges)]
    return edges, [n / count / width if width else 0.0 for n, width in zip(histogram.counts, widths, strict=True)]


def normal_curve(points: list[float], mean: float, std: float, name: str) -> Figure:
    """A normal density, dotted."""
    offsets = [(point - mean) / std for point in points]
    heights = [exp(-offset * offset / 2) / (std * sqrt(2 * pi)) for offset in offsets]  # ** 2 would raise, not be inf
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": points,
        "y": heights,
        "line": {"color": PREDICTED, "dash": "dot", "width": 2.5},
        "hoverinfo": "skip",
    }


def _measured(bell: Bell, name: str, edges: list[float], density: list[float], warp: Warp, count: bool) -> Figure:
    style = STYLES[bell.init]
    widths = [right - left for left, right in pairwise(edges)]
    heights = [each * width * bell.total if count else each for each, width in zip(density, widths, strict=True)]
    kind, symbol = f"{name.rpartition(' ')[0]}s" if count else "density", name.rpartition(" ")[2]
    return {
        "type": "scatter",
        "name": bell.label,
        "x": [warp(edge) for edge in edges],
        "y": [*heights, 0.0],
        "mode": "lines",
        "line": {"shape": "hv", "color": style.color, "width": 1},
        "fill": "tozeroy",
        "fillcolor": style.filled(0.55),
        "text": [
            f"{symbol} = {number(edge)}<br>{kind} {number(y)}" for edge, y in zip(edges, [*heights, 0.0], strict=True)
        ],
        "hovertemplate": "%{text}<extra>measured</extra>",
        **meta(bell.init),
    }


def _predicted(bell: Bell, edges: list[float], warp: Warp, count: bool) -> list[Figure]:
    if bell.predicted is None:
        return []
    points = [edges[0] + (edges[-1] - edges[0]) * i / (POINTS - 1) for i in range(POINTS)]
    curve = normal_curve(points, *bell.predicted, "predicted")
    scale = bell.total * (edges[1] - edges[0]) if count else 1.0
    return [
        curve
        | {"x": [warp(point) for point in points], "y": [y * scale for y in curve["y"]]}
        | meta(bell.init, "predicted")
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
    values = [*(-size for size in reversed(sizes)), 0.0, *sizes] if sizes else linear_axis(-widest, widest)["tickvals"]
    ends = [warp(-widest), warp(widest)]
    return {"range": ends, "tickvals": [warp(value) for value in values], "ticktext": [plain(v) for v in values]}
