"""Magnitudes against number formats: what float16 and its kin could hold of the signal and its gradient."""

from collections.abc import Callable
from itertools import groupby
from math import log2, log10

from ....figures.axes import decades
from ....figures.palette import PREDICTED, STYLES, Figure, meta
from ....figures.panels import Panel, once, stacked
from ....lab.formats import FORMATS, Magnitudes
from ....lab.initializers import INITIALIZERS
from ..result import StackInit, StackLayer, StackResult
from .layers import layer_axis

TALL = 230  # pixels
SHOWN = 60.0  # decades: no format here reaches further
APART = 1.5  # decades between two labels that can both be read
Quantity = Callable[[StackLayer], Magnitudes | None]


def format_chart(result: StackResult) -> Figure | None:
    """The 1 % to 99 % of magnitudes per layer, forward and back, and where each format ends."""
    quantities: list[tuple[str, Quantity]] = [("activations", lambda layer: layer.activation_magnitudes)]
    if any(layer.gradient_magnitudes for entry in result.inits for layer in entry.layers):
        quantities.append(("gradients", lambda layer: layer.gradient_magnitudes))
    panels = []
    for name, quantity in quantities:
        traces = [trace for entry in result.inits for trace in _ribbon(entry, quantity)]
        low, high = _view(result, quantity)
        lines, labels = _ends(low, high)
        axis = {"range": [low, high], **decades(low, high), "zeroline": False}
        panels.append(Panel(f"<b>{name}</b>", once(traces), axis, TALL, lines, labels))
    return stacked(panels, layer_axis(result), hovermode="closest", meta={"place": "layer"})


def _ribbon(entry: StackInit, quantity: Quantity) -> list[Figure]:
    known = [(layer, found) for layer in entry.layers if (found := quantity(layer)) and found.log2_median is not None]
    x = [layer.layer for layer, _ in known]
    low = [(found.log2_low or 0.0) * log10(2) for _, found in known]
    high = [(found.log2_high or 0.0) * log10(2) for _, found in known]
    median = [(found.log2_median or 0.0) * log10(2) for _, found in known]
    style = STYLES[entry.init]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [*x, *x[::-1]],
            "y": [*high, *low[::-1]],
            "fill": "toself",
            "fillcolor": style.filled(0.22),
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
            **meta(entry.init),
        },
        {
            "type": "scatter",
            "mode": "lines",
            "name": INITIALIZERS[entry.init].label,
            "legendgroup": entry.init,
            "x": x,
            "y": median,
            "text": [_losses(layer, found) for layer, found in known],
            "line": {"color": style.color, "dash": style.dash, "width": 2},
            "hovertemplate": "%{text}<extra>%{fullData.name}</extra>",
            **meta(entry.init),
        },
    ]


def _losses(layer: StackLayer, found: Magnitudes) -> str:
    lines = [
        f"{name}: {share.underflow:.1%} to zero, {share.overflow:.1%} overflow" for name, share in found.formats.items()
    ]
    return "<br>".join([f"layer {layer.layer}", *lines])


def _ends(low: float, high: float) -> tuple[list[Figure], list[Figure]]:
    """A dashed line at the largest and at the smallest number of every format, named where there is room."""
    ends = [
        (log2(value) * log10(2), which, name)
        for name, entry in FORMATS.items()
        for which, value in (("largest", entry.largest), ("smallest", entry.smallest))
    ]
    shown = sorted(end for end in ends if low < end[0] < high)
    lines: list[Figure] = [
        {"type": "line", "xref": "domain", "x0": 0, "x1": 1, "y0": place, "y1": place, "line": _rule()}
        for place, _, _ in shown
    ]
    labels: list[Figure] = []
    for (which, _), group in groupby(shown, key=lambda end: (end[1], round(end[0] / APART))):
        alike = list(group)
        names = ", ".join(name for *_, name in alike)
        place = {"xref": "domain", "x": 1, "xanchor": "right", "y": alike[-1][0], "yanchor": "bottom"}
        labels.append({**place, "text": f"{which} {names}", "font": {"size": 11, "color": PREDICTED}})
    return lines, labels


def _rule() -> Figure:
    return {"color": PREDICTED, "width": 1, "dash": "dash"}


def _view(result: StackResult, quantity: Quantity) -> tuple[float, float]:
    """From the lowest to the highest magnitude, and at least float16's range; no further than float32's by far."""
    ends = [
        edge * log10(2)
        for entry in result.inits
        for layer in entry.layers
        if (found := quantity(layer))
        for edge in (found.log2_low, found.log2_high)
        if edge is not None
    ]
    return max(min([-9.0, *ends]), -SHOWN), min(max([6.5, *ends]), SHOWN)
