"""The charts of one matmul."""

from itertools import pairwise
from math import exp, log10, pi, sqrt

import numpy as np

from ...figures.axes import axis, axis_key, decades, panel_title, panels
from ...figures.chart import Chart
from ...figures.numbers import number
from ...figures.palette import PREDICTED, STYLES, Figure, figure
from ...lab.draws import DISTRIBUTIONS
from ...lab.initializers import INITIALIZERS
from ...results import Histogram
from .result import MatmulInit, MatmulResult
from .spec import MatmulSpec
from .theory import variance_ratio_density

PANEL = 170  # pixels


def histograms(result: MatmulResult) -> Figure | None:
    """The outputs of each init on its own axis, under the predicted normal density, over the band −1 … 1.

    The curves look alike, which is the point: a scale changes nothing but the axis. The band, one standard
    deviation of the signal one wants, shows how different the axes are.
    """
    traces: list[Figure] = []
    layout: Figure = {"showlegend": False, "annotations": [], "shapes": []}
    domains = panels(len(result.inits), gap=0.24 / len(result.inits))
    for index, (entry, domain) in enumerate(zip(result.inits, domains, strict=True)):
        x, y = axis("x", index), axis("y", index)
        edges, density = _density(entry.measured.histogram, entry.measured.count)
        style = STYLES[entry.init]
        traces.append(
            {
                "type": "scatter",
                "name": INITIALIZERS[entry.init].label,
                "x": edges,
                "y": [*density, 0.0],
                "mode": "lines",
                "line": {"shape": "hv", "color": style.color, "width": 0},
                "fill": "tozeroy",
                "fillcolor": style.filled(0.55),
                "hovertemplate": "z = %{x:.4g}<br>density %{y:.4g}<extra>measured</extra>",
                "xaxis": x,
                "yaxis": y,
            }
        )
        traces += _predicted_density(entry, edges, x, y)
        span = [edges[0], edges[-1]]
        layout[axis_key("x", index)] = {
            "anchor": y,
            "range": span,
            "zeroline": False,
            "tickformat": "~g",
            "nticks": 6,
        }
        layout[axis_key("y", index)] = {
            "anchor": x,
            "domain": domain,
            "showticklabels": False,
            "showgrid": False,
            "rangemode": "tozero",
            "fixedrange": True,
        }
        layout["shapes"].append(
            {
                "type": "rect",
                "layer": "below",
                "xref": x,
                "yref": f"{y} domain",
                "x0": max(-1.0, span[0]),
                "x1": min(1.0, span[1]),
                "y0": 0,
                "y1": 1,
                "line": {"width": 0},
                "fillcolor": "rgba(128,140,160,0.22)",
            }
        )
        said = f"variance {number(entry.measured.variance)}  ·  k = {number(entry.scale, 3)}"
        layout["annotations"].append(panel_title(f"<b>{INITIALIZERS[entry.init].label}</b>  {said}", index))
    layout[axis_key("x", len(result.inits) - 1)]["title"] = {"text": "output z, each on its own axis"}
    return figure(traces, height=70 + PANEL * len(result.inits), **layout)


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
            }
        )
    return figure(
        traces,
        height=420,
        xaxis={"title": {"text": "scale k of the weights"}, **decades(ends[0], ends[1])},
        yaxis={"title": {"text": "variance of z"}, **decades(min(heights), max(heights))},
        shapes=[_level(0)],
        annotations=[_level_label(0, "variance 1")],
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
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": ends,
            "y": line,
            "line": {"color": PREDICTED, "dash": "dot", "width": 2},
            "hoverinfo": "skip",
            "name": "predicted: slope 2",
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
    traces: list[Figure] = []
    low, high = max(0.0, 1 - 4 * spread), 1 + 5 * spread
    bins = 32
    width = (high - low) / bins or 1.0
    for entry in shown:
        ratios = [v / entry.predicted.variance for v in (entry.repeats.variances if entry.repeats else []) if v]
        style = STYLES[entry.init]
        traces.append(
            {
                "type": "histogram",
                "x": ratios,
                "xbins": {"start": low, "end": high, "size": width},
                "histnorm": "probability density",
                "name": "measured, all inits" if len(shown) == 1 else INITIALIZERS[entry.init].label,
                "marker": {"color": style.filled(0.45), "line": {"color": style.color, "width": 1}},
                "hovertemplate": "%{x}<br>density %{y:.3g}<extra></extra>",
            }
        )
    if spread > 0:
        points = [low + (high - low) * i / 120 for i in range(121)]
        traces.append(_repeats_curve(result, shown[0], points, spread))
    return figure(
        traces,
        height=360,
        barmode="overlay",
        xaxis={"title": {"text": "measured ÷ predicted variance, per repeat"}, "range": [low, high]},
        yaxis={"showticklabels": False, "rangemode": "tozero"},
        shapes=[{"type": "line", "x0": 1, "x1": 1, "yref": "paper", "y0": 0, "y1": 1, "line": _rule()}],
    )


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


def _predicted_density(entry: MatmulInit, edges: list[float], x: str, y: str) -> list[Figure]:
    variance = entry.predicted.variance_given_input
    if variance <= 0:
        return []
    points = [edges[0] + (edges[-1] - edges[0]) * i / 120 for i in range(121)]
    return [
        _normal_curve(points, entry.predicted.mean_given_input, sqrt(variance), "predicted") | {"xaxis": x, "yaxis": y}
    ]


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


def _read_histograms(spec: MatmulSpec) -> str:
    dotted = "Dotted: the normal density predicted for this x. " if spec.fan_in > 1 else ""
    return (
        f"Filled: measured, each scale on its own axis. {dotted}The grey band is −1 … 1 on every axis: where it is a "
        "sliver the outputs are far too large, where it fills the axis far too small."
    )


def _read_variance_vs_scale(spec: MatmulSpec) -> str:
    return (
        f"On log axes the variance lies on a line of slope 2, as it is quadratic in k: a k of 1/{spec.fan_in:,} "
        "divides it "
        f"by {spec.fan_in:,}², one of 1/√{spec.fan_in:,} by {spec.fan_in:,}."
    )


READ_REPEATS = "Every repeat draws its own x and w. Dashed: what is predicted on average; dotted: the predicted spread."

CHARTS: dict[str, Chart] = {
    "histograms": Chart("The outputs, each scale on its own axis", _read_histograms, histograms, "signal"),
    "variance_vs_scale": Chart("Variance against scale", _read_variance_vs_scale, variance_vs_scale, "recommendation"),
    "repeats": Chart("The same experiment, again and again", READ_REPEATS, repeats, "repeats"),
}
