"""Activations and gradients of a stack as shapes: one histogram a layer, upright, layers left to right."""

from collections.abc import Callable
from itertools import pairwise
from math import asinh, log10

from app.figures.palette import STYLES, Figure, Style, axis, axis_key, figure, number, panel_title, panels, superscript
from app.lab.initializers import INITIALIZERS
from app.results import ActivationSummary, Histogram, StackInit, StackLayer, StackResult, Summary

PANEL = 190  # pixels
MOST_SHAPES = 40  # layers drawn as a shape of their own
MOST_STEPS = 40  # in one side of a shape: each is a few pixels high


Quantity = Callable[[StackLayer], Summary | None]


def histograms(result: StackResult) -> Figure | None:
    """Every layer's activations as a shape, layers left to right, one row an init."""
    return _rows(result, lambda layer: layer.activation)


def gradient_histograms(result: StackResult) -> Figure | None:
    """Every layer's gradients the same way."""
    return _rows(result, lambda layer: layer.gradient)


def _rows(result: StackResult, quantity: Quantity) -> Figure | None:
    """A row whose values leave ±10 has an axis that is linear near zero and logarithmic beyond.

    So a signal that explodes can be drawn beside its own beginning.
    """
    traces: list[Figure] = []
    layout: Figure = {"showlegend": False, "annotations": [], "hovermode": "closest"}
    inits = [entry for entry in result.inits if any(quantity(layer) for layer in entry.layers)]
    if not inits:
        return None
    domains = panels(len(inits), gap=0.24 / len(inits))
    for index, (entry, domain) in enumerate(zip(inits, domains, strict=True)):
        x, y = axis("x", index), axis("y", index)
        layers = [(layer.layer, found) for layer in some_layers(entry.layers) if (found := quantity(layer))]
        margin = 0.6 * _spacing([layer for layer, _ in layers])
        warp, ticks = _value_axis([found for _, found in layers])
        traces += [trace | {"xaxis": x, "yaxis": y} for trace in _shapes(entry, layers, warp, STYLES[entry.init])]
        layout[axis_key("x", index)] = {
            "anchor": y,
            "range": [layers[0][0] - margin, layers[-1][0] + margin],
            "matches": None if index == 0 else "x",
            "showticklabels": index == len(inits) - 1,
            "showgrid": False,
            "zeroline": False,
        }
        layout[axis_key("y", index)] = {"anchor": x, "domain": domain, "zeroline": True, **ticks}
        layout["annotations"].append(init_title(entry, index))
    layout[axis_key("x", len(inits) - 1)]["title"] = {"text": "layer"}
    return figure(traces, height=80 + PANEL * len(inits), **layout)


def some_layers(layers: list[StackLayer]) -> list[StackLayer]:
    """All layers, or evenly spaced ones up to the last if there are too many to draw; the first too if it fits."""
    last = len(layers) - 1
    least = -(-last // (MOST_SHAPES - 1)) or 1
    step = next((step for step in range(least, 2 * least + 1) if last % step == 0), least)
    return layers[last % step :: step]


def init_title(entry: StackInit, index: int) -> Figure:
    return panel_title(f"<b>{INITIALIZERS[entry.init].label}</b>", index)


def _shapes(
    entry: StackInit, layers: list[tuple[int, Summary]], warp: Callable[[float], float], style: Style
) -> list[Figure]:
    """One trace with all the shapes of an init, and one of points that answer the pointer."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    spacing = _spacing([layer for layer, _ in layers])
    for layer, found in layers:
        edges, widths = _shape(found.histogram, warp)
        half = [0.46 * spacing * width for width in widths]
        right, left = (round(layer + w, 3) for w in half), (round(layer - w, 3) for w in reversed(half))
        xs += [layer, *right, layer, *left, layer, None]
        ys += [edges[0], *edges, *reversed(edges), None]
    outline: Figure = {
        "type": "scatter",
        "mode": "lines",
        "x": xs,
        "y": ys,
        "fill": "toself",
        "fillcolor": style.filled(0.4),
        "line": {"color": style.color, "width": 1, "shape": "vh"},
        "hoverinfo": "skip",
    }
    points: Figure = {
        "type": "scatter",
        "mode": "markers",
        "x": [layer for layer, _ in layers],
        "y": [warp(found.mean or 0.0) for _, found in layers],
        "marker": {"color": style.color, "size": 4},
        "text": [_describe(layer, found) for layer, found in layers],
        "hovertemplate": "%{text}<extra></extra>",
        "name": INITIALIZERS[entry.init].label,
    }
    return [outline, points]


def _spacing(layers: list[int]) -> float:
    return (layers[-1] - layers[0]) / max(len(layers) - 1, 1) or 1.0


def _shape(histogram: Histogram, warp: Callable[[float], float]) -> tuple[list[float], list[float]]:
    """The edges of a shape's steps, and between each two its relative half-width: the density on the warped axis.

    The tallest bin is held to twice the next, so that a spike at zero leaves the rest its room.
    """
    merged = max(1, -(-len(histogram.counts) // MOST_STEPS))
    counts = [sum(histogram.counts[i : i + merged]) for i in range(0, len(histogram.counts), merged)]
    bounds = [*histogram.edges[:-1:merged], histogram.edges[-1]]
    edges = [float(f"{warp(edge):.5g}") for edge in bounds if edge is not None]
    if len(edges) < 2:
        return [0.0, 0.0], [0.3]
    span = edges[-1] - edges[0]  # a density per span, not per one, stays finite however small the numbers are
    density = [
        count * (span / (top - bottom)) if top > bottom else 0.0
        for count, (bottom, top) in zip(counts, pairwise(edges), strict=False)
    ]
    ranked = sorted(density)
    ceiling = min(ranked[-1], 2 * ranked[-2]) if len(ranked) > 1 and ranked[-2] > 0 else ranked[-1]
    widths = [min(value / ceiling, 1.0) if ceiling else 0.0 for value in density]
    return edges, widths


def _value_axis(found: list[Summary]) -> tuple[Callable[[float], float], Figure]:
    """How a value is placed on a row's axis, and the axis's ticks."""
    ends = [summary.histogram.edges for summary in found]
    known = [edge for edges in ends for edge in (edges[0], edges[-1]) if edge is not None]
    largest = max((abs(edge) for edge in known), default=1.0)
    if largest <= 10:
        return (lambda value: value), {"nticks": 5, "tickformat": "~g"}
    top = log10(largest)
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200) if top / s <= 2.5)
    powers = list(range(step, int(top) + 1, step))
    values = [*(-(10.0**p) for p in reversed(powers)), 0.0, *(10.0**p for p in powers)]
    sizes = [f"10{superscript(p)}" for p in powers]
    labels = [*(f"−{size}" for size in reversed(sizes)), "0", *sizes]
    return _asinh10, {"tickvals": [_asinh10(value) for value in values], "ticktext": labels}


def _asinh10(value: float) -> float:
    """Linear near zero, log₁₀ beyond a few."""
    return asinh(value / 2) / 2.302585092994046


def _describe(layer: int, found: Summary) -> str:
    zero = f"<br>exactly zero {found.zero:.1%}" if isinstance(found, ActivationSummary) else ""
    return (
        f"layer {layer}<br>mean {number(found.mean)}<br>std {number(found.std)}"
        f"<br>min {number(found.min)}, max {number(found.max)}{zero}"
    )
