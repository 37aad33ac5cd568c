"""The variance of every repeat."""

from math import sqrt

import numpy as np

from ....figures.axes import linear_axis
from ....figures.bells import POINTS, normal_curve
from ....figures.numbers import number
from ....figures.palette import STYLES, Figure, figure, meta
from ....figures.panels import title
from ....lab.initializers import INITIALIZERS
from ..result import MatmulInit, MatmulResult
from ..theory import variance_ratio_density
from .parts import rule

NARROWEST = 1e-3  # spread that is drawn: where repeats do not differ, it is 0


def repeats(result: MatmulResult) -> Figure | None:
    """How the measured variance varies over repeats, each with its own x, beside its predicted spread."""
    shown = [entry for entry in result.inits if entry.repeats and entry.predicted.variance > 0]
    if not shown:
        return None
    if result.experiment["draws"] == "shared":
        shown = shown[:1]
    first = shown[0].predicted
    spread = sqrt(first.variance_std**2 + first.variance_given_input_std**2) / first.variance
    shown_spread = max(spread, NARROWEST)
    low, high = max(0.0, 1 - 4 * shown_spread), 1 + 5 * shown_spread
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
        shapes=[{"type": "line", "x0": 1, "x1": 1, "yref": "paper", "y0": 0, "y1": 1, "line": rule()}],
        annotations=[title("repeats")],
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
        return normal_curve(points, 1.0, spread, "predicted: normal, of this spread")
    heights = variance_ratio_density(np.array(points), spec["fan_in"], spec["fan_out"])
    curve = normal_curve(points, 1.0, spread, "predicted: chi-square, exact")
    return curve | {"y": [float(height) for height in heights]}


READ_REPEATS = "Every repeat draws its own x and w. Dashed: what is predicted on average; dotted: the predicted spread."
