"""The activations of a stack as shapes: one histogram a layer, upright, layers left to right."""

from collections.abc import Callable
from itertools import pairwise
from math import asinh, log10

from app.figures.palette import STYLES, Figure, Style, axis, axis_key, figure, number, panel_title, panels, superscript
from app.lab.initializers import INITIALIZERS
from app.results import Histogram, StackInit, StackLayer, StackResult

PANEL = 190  # pixels
MOST_SHAPES = 40  # layers drawn as a shape of their own


def histograms(result: StackResult) -> Figure | None:
    """Every layer's activations as a shape, layers left to right, one row an init.

    A row whose values leave ±10 has an axis that is linear near zero and logarithmic beyond, so that a signal
    that explodes can be drawn beside its own beginning.
    """
    traces: list[Figure] = []
    layout: Figure = {"showlegend": False, "annotations": [], "hovermode": "closest"}
    domains = panels(len(result.inits), gap=0.24 / len(result.inits))
    for index, (entry, domain) in enumerate(zip(result.inits, domains, strict=True)):
        x, y = axis("x", index), axis("y", index)
        layers = some_layers(entry.layers)
        warp, ticks = _value_axis(layers)
        traces += [trace | {"xaxis": x, "yaxis": y} for trace in _shapes(entry, layers, warp, STYLES[entry.init])]
        layout[axis_key("x", index)] = {
            "anchor": y,
            "range": [0, result.inits[0].layers[-1].layer + 1 if index == 0 else entry.layers[-1].layer + 1],
            "matches": None if index == 0 else "x",
            "showticklabels": index == len(result.inits) - 1,
            "showgrid": False,
            "zeroline": False,
        }
        layout[axis_key("y", index)] = {"anchor": x, "domain": domain, "zeroline": True, **ticks}
        layout["annotations"].append(init_title(entry, index))
    layout[axis_key("x", len(result.inits) - 1)]["title"] = {"text": "layer"}
    return figure(traces, height=80 + PANEL * len(result.inits), **layout)


def some_layers(layers: list[StackLayer]) -> list[StackLayer]:
    """All layers, or evenly spaced ones from first to last if there are too many to draw."""
    if len(layers) <= MOST_SHAPES:
        return layers
    last = len(layers) - 1
    return [layers[round(i * last / (MOST_SHAPES - 1))] for i in range(MOST_SHAPES)]


def init_title(entry: StackInit, index: int) -> Figure:
    return panel_title(f"<b>{INITIALIZERS[entry.init].label}</b>", index)


def _shapes(entry: StackInit, layers: list[StackLayer], warp: Callable[[float], float], style: Style) -> list[Figure]:
    """One trace with all the shapes of an init, and one of invisible points that answer the pointer."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    spacing = (layers[-1].layer - layers[0].layer) / max(len(layers) - 1, 1) or 1
    for layer in layers:
        heights, widths = _shape(layer.activation.histogram, warp)
        half = [0.46 * spacing * width for width in widths]
        xs += [*(layer.layer + w for w in half), *(layer.layer - w for w in reversed(half)), None]
        ys += [*heights, *reversed(heights), None]
    outline: Figure = {
        "type": "scatter",
        "mode": "lines",
        "x": xs,
        "y": ys,
        "fill": "toself",
        "fillcolor": style.filled(0.4),
        "line": {"color": style.color, "width": 1},
        "hoverinfo": "skip",
    }
    points: Figure = {
        "type": "scatter",
        "mode": "markers",
        "x": [layer.layer for layer in layers],
        "y": [warp(layer.activation.mean or 0.0) for layer in layers],
        "marker": {"color": style.color, "size": 4},
        "text": [_describe(layer) for layer in layers],
        "hovertemplate": "%{text}<extra></extra>",
        "name": INITIALIZERS[entry.init].label,
    }
    return [outline, points]


def _shape(histogram: Histogram, warp: Callable[[float], float]) -> tuple[list[float], list[float]]:
    """Heights and relative half-widths of a shape: the density along the warped axis, its outline in steps.

    The tallest bin is held to twice the next, so that a spike at zero leaves the rest its room.
    """
    edges = [warp(edge) for edge in histogram.edges if edge is not None]
    if len(edges) < 2:
        return [0.0, 0.0], [0.3, 0.3]
    density = [
        count / (top - bottom) if top > bottom else 0.0
        for count, bottom, top in zip(histogram.counts, edges, edges[1:], strict=False)
    ]
    ranked = sorted(density)
    ceiling = min(ranked[-1], 2 * ranked[-2]) if len(ranked) > 1 and ranked[-2] > 0 else ranked[-1]
    widths = [min(value / ceiling, 1.0) if ceiling else 0.0 for value in density]
    heights = [edge for pair in pairwise(edges) for edge in pair]
    return heights, [width for width in widths for _ in range(2)]


def _value_axis(layers: list[StackLayer]) -> tuple[Callable[[float], float], Figure]:
    """How a value is placed on a row's axis, and the axis's ticks."""
    ends = [layer.activation.histogram.edges for layer in layers]
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


def _describe(layer: StackLayer) -> str:
    h = layer.activation
    return (
        f"layer {layer.layer}<br>mean {number(h.mean)}<br>std {number(h.std)}"
        f"<br>min {number(h.min)}, max {number(h.max)}<br>exactly zero {h.zero:.1%}"
    )
