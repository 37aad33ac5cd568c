"""Layers beside one another: before the first step beside theory, and as shapes before it and after the last one."""

from collections.abc import Callable, Iterator
from math import log10

from ....figures.axes import log_axis, place_axis, reach, spacing
from ....figures.numbers import number, percent, power
from ....figures.palette import DASHES, PREDICTED, STYLES, Figure, meta
from ....figures.panels import Panel, stacked
from ....figures.shapes import MOST_SHAPES, Row, Shape, shape_panels, some_places
from ....lab.initializers import INITIALIZERS
from ....results import Summary
from ..result import LayerPredicted, TrainingInit, TrainingLayer, TrainingResult

TALL = 280  # pixels
Seen = Callable[[TrainingLayer], Summary | None]
Expected = Callable[[LayerPredicted], float | None]


def layer_axis(result: TrainingResult) -> Figure:
    """The axis of layers, so that one layer stands at one place in every chart."""
    layers = [layer.layer for layer in result.inits[0].layers]
    return place_axis(layers, "layer", spacing(some_places(layers)))


def start(result: TrainingResult) -> Figure | None:
    """Mean squares of preactivations before the first step, dotted as predicted, and where 95 % of networks lie."""

    def expected(predicted: LayerPredicted) -> float | None:
        return predicted.preactivation_mean_square if predicted.median is None else predicted.median

    bands = [trace for entry in result.inits for trace in _band(entry)]
    return _sizes(result, "mean square of preactivations", lambda layer: layer.preactivation_start, expected, bands)


def start_gradients(result: TrainingResult) -> Figure | None:
    """Mean squares of gradients before the first step, dotted as predicted."""
    return _sizes(
        result,
        "mean square of gradients",
        lambda layer: layer.gradient_start,
        lambda predicted: predicted.gradient_mean_square,
        [],
    )


def _sizes(result: TrainingResult, title: str, seen: Seen, expected: Expected, bands: list[Figure]) -> Figure | None:
    measured = [_measured(entry, title, seen) for entry in result.inits]
    predicted = [trace for entry in result.inits for trace in _theory(entry, title, expected)]
    lines = [trace["y"] for trace in (*measured, *predicted)]
    if all(value is None for line in lines for value in line):
        return None
    panel = Panel(title, list(_once([*bands, *measured, *predicted])), log_axis(*reach(lines)), TALL)
    return stacked([panel], layer_axis(result), hovermode="closest", meta={"place": "layer"})


def _measured(entry: TrainingInit, title: str, seen: Seen) -> Figure:
    style = STYLES[entry.init]
    found = [seen(layer) for layer in entry.layers]
    logs = [summary.log10_mean_square if summary else None for summary in found]
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(logs) <= MOST_SHAPES else "lines",
        "name": INITIALIZERS[entry.init].label,
        "zorder": DASHES.index(style.dash),
        "x": [layer.layer for layer in entry.layers],
        "y": logs,
        "text": [power(value) for value in logs],
        "line": {"color": style.color, "dash": style.dash, "width": 2},
        "marker": {"color": style.color, "symbol": style.symbol, "size": 6},
        "hovertemplate": f"layer %{{x}}<br>{title} %{{text}}<extra>%{{fullData.name}}</extra>",
        **meta(entry.init),
    }


def _theory(entry: TrainingInit, title: str, expected: Expected) -> list[Figure]:
    logs = [_log(expected(layer.predicted)) for layer in entry.layers]
    if all(value is None for value in logs):
        return []
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "predicted",
            "zorder": len(DASHES),
            "x": [layer.layer for layer in entry.layers],
            "y": logs,
            "text": [power(value) for value in logs],
            "line": {"color": PREDICTED, "dash": "dot", "width": 2},
            "hovertemplate": f"layer %{{x}}<br>predicted {title} %{{text}}"
            f"<extra>{INITIALIZERS[entry.init].label}</extra>",
            **meta(entry.init, "predicted"),
        }
    ]


def _band(entry: TrainingInit) -> list[Figure]:
    """Where 95 % of networks lie, for one input."""
    known = [
        (layer.layer, low, high)
        for layer in entry.layers
        if (low := _log(layer.predicted.low)) is not None and (high := _log(layer.predicted.high)) is not None
    ]
    if not known:
        return []
    x = [layer for layer, _, _ in known]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "95 % of networks, one input",
            "x": [*x, *x[::-1]],
            "y": [*(high for _, _, high in known), *(low for _, low, _ in reversed(known))],
            "fill": "toself",
            "fillcolor": STYLES[entry.init].filled(0.16),
            "line": {"width": 0},
            "hoverinfo": "skip",
            **meta(entry.init, "predicted"),
        }
    ]


def _once(traces: list[Figure]) -> Iterator[Figure]:
    """The traces, each name in the legend once."""
    seen: set[str] = set()
    for trace in traces:
        yield trace | {"showlegend": trace["name"] not in seen}
        seen.add(trace["name"])


def _log(value: float | None) -> float | None:
    return log10(value) if value else None


def histograms(result: TrainingResult) -> Figure | None:
    """Activations before the first step."""
    return _shapes(result, lambda layer: layer.activation_start)


def histograms_end(result: TrainingResult) -> Figure | None:
    """Activations after the last step."""
    return _shapes(result, lambda layer: layer.activation_end)


def gradient_histograms(result: TrainingResult) -> Figure | None:
    """Gradients before the first step."""
    return _shapes(result, lambda layer: layer.gradient_start)


def gradient_histograms_end(result: TrainingResult) -> Figure | None:
    """Gradients after the last step."""
    return _shapes(result, lambda layer: layer.gradient_end)


def _shapes(result: TrainingResult, seen: Seen) -> Figure | None:
    rows = []
    for entry in result.inits:
        found = {layer.layer: seen(layer) for layer in entry.layers}
        shapes = [
            Shape(place, summary, _said(place, summary))
            for place in some_places(list(found))
            if (summary := found[place]) is not None
        ]
        if shapes:
            rows.append(Row(entry.init, INITIALIZERS[entry.init].label, STYLES[entry.init], shapes))
    if not rows:
        return None
    panels = shape_panels(rows)
    return stacked(panels, layer_axis(result), hovermode="closest", showlegend=False, meta={"place": "layer"})


def _said(layer: int, found: Summary) -> str:
    saturated = getattr(found, "saturated", None)
    lines = [f"layer {layer}", f"mean {number(found.mean, 3)}, std {number(found.std, 3)}"]
    return "<br>".join([*lines, *([] if saturated is None else [f"saturated {percent(saturated)}"])])
