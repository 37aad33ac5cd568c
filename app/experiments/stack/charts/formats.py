"""Magnitudes against number formats: what float16 and its kin could hold of the signal and its gradient."""

from collections.abc import Callable
from math import log2, log10

from ....figures.axes import axis, axis_key, decades, panel_title, panels
from ....figures.palette import STYLES, Figure, figure
from ....lab.formats import FORMATS, Magnitudes
from ....lab.initializers import INITIALIZERS
from ..result import StackInit, StackLayer, StackResult

PANEL = 210  # pixels
SHOWN = 60.0  # decades: no format here reaches further
Quantity = Callable[[StackLayer], Magnitudes | None]


def format_chart(result: StackResult) -> Figure | None:
    """The 1 % to 99 % of magnitudes per layer, forward and back, beside the range of every format as a bar."""
    quantities: list[tuple[str, Quantity]] = [("activations", lambda layer: layer.activation_magnitudes)]
    if any(layer.gradient_magnitudes for entry in result.inits for layer in entry.layers):
        quantities.append(("gradients", lambda layer: layer.gradient_magnitudes))
    traces: list[Figure] = []
    layout: Figure = {"annotations": [], "shapes": []}
    last = result.inits[0].layers[-1].layer
    for index, ((name, quantity), domain) in enumerate(zip(quantities, panels(len(quantities), gap=0.1), strict=True)):
        x, y = axis("x", index), axis("y", index)
        for entry in result.inits:
            traces += [trace | {"xaxis": x, "yaxis": y} for trace in _ribbon(entry, quantity, index == 0)]
        bars, labels = _bars(last, x, y)
        layout["shapes"] += bars
        layout["annotations"] += [*labels, panel_title(f"<b>{name}</b>", index)]
        layout[axis_key("x", index)] = {
            "anchor": y,
            "range": [0.5, last * 1.42],
            "tickvals": _layers(last),
            "zeroline": False,
        }
        low, high = _view(result, quantity)
        layout[axis_key("y", index)] = {"anchor": x, "domain": domain, "range": [low, high], **decades(low, high)}
    layout[axis_key("x", len(quantities) - 1)]["title"] = {"text": "layer"}
    return figure(traces, height=110 + PANEL * len(quantities), **layout)


def _ribbon(entry: StackInit, quantity: Quantity, in_legend: bool) -> list[Figure]:
    known = [(layer, found) for layer in entry.layers if (found := quantity(layer)) and found.log2_median is not None]
    x = [layer.layer for layer, _ in known]
    low = [(found.log2_low or 0.0) * log10(2) for _, found in known]
    high = [(found.log2_high or 0.0) * log10(2) for _, found in known]
    median = [(found.log2_median or 0.0) * log10(2) for _, found in known]
    style = STYLES[entry.init]
    text = [_losses(layer, found) for layer, found in known]
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
        },
        {
            "type": "scatter",
            "mode": "lines",
            "name": INITIALIZERS[entry.init].label,
            "legendgroup": entry.init,
            "showlegend": in_legend,
            "x": x,
            "y": median,
            "text": text,
            "line": {"color": style.color, "dash": style.dash, "width": 2},
            "hovertemplate": "%{text}<extra>%{fullData.name}</extra>",
        },
    ]


def _losses(layer: StackLayer, found: Magnitudes) -> str:
    lines = [
        f"{name}: {share.underflow:.1%} to zero, {share.overflow:.1%} overflow" for name, share in found.formats.items()
    ]
    return "<br>".join([f"layer {layer.layer}", *lines])


def _bars(last: int, x: str, y: str) -> tuple[list[Figure], list[Figure]]:
    """One bar a format, to the right of the layers, from its smallest to its largest number."""
    shapes, labels = [], []
    width = last * 0.4 / len(FORMATS)
    for index, (name, entry) in enumerate(FORMATS.items()):
        left = last * 1.03 + index * width
        low, high = log2(entry.smallest) * log10(2), log2(entry.largest) * log10(2)
        shapes.append(
            {
                "type": "rect",
                "xref": x,
                "yref": y,
                "x0": left,
                "x1": left + 0.7 * width,
                "y0": low,
                "y1": high,
                "line": {"width": 0},
                "fillcolor": "rgba(110,120,135,0.45)",
            }
        )
        labels.append(
            {
                "xref": x,
                "yref": y,
                "x": left + 0.35 * width,
                "y": 0,
                "text": name,
                "textangle": -90,
                "font": {"size": 11},
            }
        )
    return shapes, labels


def _layers(last: int) -> list[int]:
    step = max(1, round(last / 6))
    return list(range(step, last + 1, step))


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
    return max(min([-10.0, *ends]), -SHOWN), min(max([6.0, *ends]), SHOWN)
