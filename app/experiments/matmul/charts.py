"""The charts of one matmul."""

from collections.abc import Callable
from itertools import pairwise
from math import asinh, exp, log10, pi, sqrt

import numpy as np

from ...figures.axes import linear_axis, log_axis, plain
from ...figures.chart import Chart, Section
from ...figures.numbers import number
from ...figures.palette import PREDICTED, STYLES, Figure, figure, meta
from ...figures.panels import Panel, stacked
from ...lab.draws import DISTRIBUTIONS
from ...lab.initializers import INITIALIZERS
from ...results import Histogram
from .result import MatmulInit, MatmulResult
from .spec import MatmulSpec
from .theory import variance_ratio_density

ROOM = 420  # pixels for all the bells together
POINTS = 121  # of a curve
WANTED = "rgba(128,140,160,0.22)"  # the band from −1 to 1
Warp = Callable[[float], float]


def histograms(result: MatmulResult, own: bool = False, log: bool = False, count: bool = False) -> Figure | None:
    """The outputs of each init under the predicted normal density, over the band −1 … 1.

    On one common axis their widths are seen as they are; each on its `own` they look alike, as a scale changes nothing
    but the axis; `log` is linear near zero and logarithmic beyond.
    """
    shown = [(entry, *_density(entry.measured.histogram, entry.measured.count)) for entry in result.inits]
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
    curve = _normal_curve(points, entry.predicted.mean_given_input, sqrt(variance), "predicted")
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


def variance_vs_scale(result: MatmulResult) -> Figure | None:
    """Variance against k on log axes: measured points on the line of slope 2 predicted for such weights."""
    shown = [entry for entry in result.inits if entry.scale > 0 and entry.measured.variance]
    if not shown:
        return None
    scales = [log10(entry.scale) for entry in shown]
    ends = [min(scales) - 0.5, max(scales) + 0.5]
    alike: dict[float, MatmulInit] = {}
    for entry in shown:
        alike.setdefault(_entry_variance(result, entry), entry)
    traces: list[Figure] = []
    for variance, entry in alike.items():
        band, line = _slope_2(entry, ends)
        if len(alike) > 1:
            band["showlegend"] = not traces
            line["name"] += f", Var(w) = {variance:.3g} k²"
        traces += [band, line]
    heights = [y for trace in traces for y in trace["y"]]
    for entry, scale in zip(shown, scales, strict=True):
        style = STYLES[entry.init]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": INITIALIZERS[entry.init].label,
                "x": [scale],
                "y": [log10(entry.measured.variance or 1)],
                "marker": {"color": style.color, "symbol": style.symbol, "size": 13},
                "hovertemplate": f"k = {number(entry.scale)}<br>measured {number(entry.measured.variance)}"
                f"<br>predicted {number(entry.predicted.variance)}<extra>%{{fullData.name}}</extra>",
                **meta(entry.init),
            }
        )
    return figure(
        traces,
        height=320,
        xaxis={"title": {"text": "scale k of the weights"}, **log_axis(*ends)},
        yaxis=log_axis(min([*heights, -0.5]), max([*heights, 0.5])),
        shapes=[_level(0)],
        annotations=[_level_label(0, "variance 1"), _title("variance of z")],
    )


def _entry_variance(result: MatmulResult, entry: MatmulInit) -> float:
    """Of an entry of w before it is scaled, as this init draws it."""
    return DISTRIBUTIONS[INITIALIZERS[entry.init].family or result.experiment["weights"]].moments.variance


def _slope_2(entry: MatmulInit, ends: list[float]) -> tuple[Figure, Figure]:
    """The band of an init's predicted variance over inputs, and the line, at any scale of its weights."""
    per_square = entry.predicted.variance / entry.scale**2
    spread = entry.predicted.variance_std / entry.predicted.variance
    line = [log10(per_square) + 2 * end for end in ends]
    high = [value + log10(1 + 2 * spread) for value in line]
    low = [value + log10(max(1 - 2 * spread, 1e-3)) for value in line]
    return (
        {
            "type": "scatter",
            "x": [*ends, *ends[::-1]],
            "y": [*high, *low[::-1]],
            "fill": "toself",
            "fillcolor": "rgba(138,143,152,0.25)",
            "mode": "lines",
            "line": {"width": 0},
            "hoverinfo": "skip",
            "name": "± 2 std over inputs",
            **meta(role="predicted"),
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": ends,
            "y": line,
            "line": {"color": PREDICTED, "dash": "dot", "width": 2},
            "hoverinfo": "skip",
            "name": "predicted: slope 2",
            **meta(role="predicted"),
        },
    )


def repeats(result: MatmulResult) -> Figure | None:
    """How the measured variance varies over repeats, each with its own x, beside its predicted spread."""
    shown = [entry for entry in result.inits if entry.repeats and entry.predicted.variance > 0]
    if not shown:
        return None
    if result.experiment["draws"] == "shared":
        shown = shown[:1]
    first = shown[0].predicted
    spread = sqrt(first.variance_std**2 + first.variance_given_input_std**2) / first.variance
    low, high = max(0.0, 1 - 4 * spread), 1 + 5 * spread or 2.0
    edges = [float(edge) for edge in np.linspace(low, high, 33)]
    traces = [_ratios(entry, edges, len(shown) == 1) for entry in shown]
    if spread > 0:
        points = [low + (high - low) * i / (POINTS - 1) for i in range(POINTS)]
        traces.append(_repeats_curve(result, shown[0], points, spread) | meta(role="predicted"))
    top = 1.08 * max(y for trace in traces for y in trace["y"]) or 1.0
    return figure(
        traces,
        height=260,
        xaxis={"title": {"text": "measured ÷ predicted variance"}, "zeroline": False, **linear_axis(low, high)},
        yaxis={"showticklabels": False, "range": [0, top], "tickvals": [], "zeroline": False},
        shapes=[{"type": "line", "x0": 1, "x1": 1, "yref": "paper", "y0": 0, "y1": 1, "line": _rule()}],
        annotations=[_title("repeats")],
    )


def _ratios(entry: MatmulInit, edges: list[float], alone: bool) -> Figure:
    """The histogram of the variances of the repeats of one init, over what is predicted on average."""
    ratios = [v / entry.predicted.variance for v in (entry.repeats.variances if entry.repeats else []) if v]
    inside = [min(max(ratio, edges[0]), edges[-1]) for ratio in ratios]
    counts, _ = np.histogram(inside, edges)
    width, style = edges[1] - edges[0], STYLES[entry.init]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": edges,
        "y": [*(int(count) / max(len(ratios), 1) / width for count in counts), 0.0],
        "text": [f"{number(edge)}: {count} repeats" for edge, count in zip(edges, [*counts, 0], strict=True)],
        "name": "measured, all inits" if alone else INITIALIZERS[entry.init].label,
        "line": {"shape": "hv", "color": style.color, "width": 1},
        "fill": "tozeroy",
        "fillcolor": style.filled(0.45),
        "hovertemplate": "%{text}<extra></extra>",
        **({} if alone else meta(entry.init)),
    }


def _repeats_curve(result: MatmulResult, entry: MatmulInit, points: list[float], spread: float) -> Figure:
    """The exact density for normal inputs and weights of mean zero, else the normal one of the same spread."""
    spec = result.experiment
    normal = spec["input"] == "normal" and (INITIALIZERS[entry.init].family or spec["weights"]) == "normal"
    if not normal or spec["input_mean"] or spec["fan_out"] < 2:
        return _normal_curve(points, 1.0, spread, "predicted: normal, of this spread")
    heights = variance_ratio_density(np.array(points), spec["fan_in"], spec["fan_out"])
    curve = _normal_curve(points, 1.0, spread, "predicted: chi-square, exact")
    return curve | {"y": [float(height) for height in heights]}


def _density(histogram: Histogram, count: int) -> tuple[list[float], list[float]]:
    edges = [edge or 0.0 for edge in histogram.edges]
    widths = [right - left for left, right in pairwise(edges)]
    return edges, [n / count / width if width else 0.0 for n, width in zip(histogram.counts, widths, strict=True)]


def _normal_curve(points: list[float], mean: float, std: float, name: str) -> Figure:
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


def _rule() -> Figure:
    return {"color": PREDICTED, "width": 1.5, "dash": "dash"}


def _level(y: float) -> Figure:
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": _rule()}


def _level_label(y: float, text: str) -> Figure:
    return {"xref": "paper", "x": 1, "y": y, "xanchor": "right", "yanchor": "bottom", "text": text}


def _title(text: str) -> Figure:
    """Over the chart, on the left."""
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom"}
    return {**place, "yshift": 2, "text": text}


def _read_histograms(spec: MatmulSpec) -> str:
    dotted = " Dotted: the normal density predicted for this x." if spec.fan_in > 1 else ""
    return (
        f"Filled: measured, as wide as they are.{dotted} The grey band is −1 … 1: where it is a sliver the outputs are "
        "far too large, where it is wider than the bell they are too small."
    )


def _read_variance_vs_scale(spec: MatmulSpec) -> str:
    return (
        f"On log axes the variance lies on a line of slope 2, as it is quadratic in k: a k of 1/{spec.fan_in:,} "
        "divides it "
        f"by {spec.fan_in:,}², one of 1/√{spec.fan_in:,} by {spec.fan_in:,}."
    )


READ_REPEATS = "Every repeat draws its own x and w. Dashed: what is predicted on average; dotted: the predicted spread."

CHARTS: dict[str, Chart] = {
    "histograms": Chart("The outputs", _read_histograms, histograms, "signal", ("own", "log", "count")),
    "variance_vs_scale": Chart("Variance against scale", _read_variance_vs_scale, variance_vs_scale, "recommendation"),
    "repeats": Chart(
        "The same experiment, again and again",
        READ_REPEATS,
        repeats,
        "repeats",
        when=lambda spec: spec.repeats > 1,
    ),
}

# What stands in none of them is shown first.
SECTIONS = (
    Section("scale", "Which scale?", ("variance_vs_scale",), "recommendation"),
    Section("repeats", "Again and again", ("repeats",), "repeats"),
)
