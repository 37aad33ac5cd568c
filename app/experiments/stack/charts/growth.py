"""Quantities that grow or shrink by factors, layer after layer: log axes, one line an init, theory beside it."""

from collections.abc import Callable
from math import log10

from ....figures.axes import decades
from ....figures.numbers import power
from ....figures.palette import DASHES, PREDICTED, STYLES, Figure, figure
from ....figures.shapes import MOST_SHAPES
from ....lab.initializers import INITIALIZERS
from ..result import Band, StackInit, StackLayer, StackResult

Log10 = Callable[[StackLayer], float | None]


def variance(result: StackResult) -> Figure | None:
    """Mean square of the preactivations over the batch: measured, predicted, and where 95 % of networks lie."""
    traces = _bands(result, lambda at: at.predicted.band)
    traces += [_line(entry, "mean square", lambda at: at.preactivation.log10_mean_square) for entry in result.inits]
    traces += _theory(result, lambda at: at.predicted.typical)
    return _chart(traces, "mean square of preactivations")


def gradient(result: StackResult) -> Figure | None:
    """Mean square of the gradient at each layer's activations, beside theory; one at the last layer."""
    if not any(layer.gradient for entry in result.inits for layer in entry.layers):
        return None
    traces = _bands(result, lambda at: at.predicted.gradient_band)
    traces += [
        _line(entry, "gradient", lambda at: at.gradient.log10_mean_square if at.gradient else None)
        for entry in result.inits
    ]
    traces += [
        _faint(entry, lambda at: at.activation.log10_mean_square, "activations, for comparison", index == 0)
        for index, entry in enumerate(result.inits)
    ]
    traces += _theory(result, lambda at: at.predicted.typical_gradient)
    return _chart(traces, "mean square of gradients")


def grad_to_data(result: StackResult) -> Figure | None:
    """Standard deviation of the weights' gradient over that of the weights: the size of a step, relative."""
    if not any(layer.weight_gradient for entry in result.inits for layer in entry.layers):
        return None
    return _chart([_line(entry, "grad : data", _ratio) for entry in result.inits], "std of gradient ÷ std of weights")


def networks(result: StackResult) -> Figure | None:
    """Many freshly drawn networks, one input through each, as a fan over the predicted band."""
    shown = [entry for entry in result.inits if entry.repeats]
    if not shown:
        return None
    traces = [trace for entry in shown for trace in _band(entry, lambda at: at.predicted.one_input)]
    for entry in shown:
        x: list[int | None] = []
        y: list[float | None] = []
        for sizes in entry.repeats.log10_mean_square if entry.repeats else []:
            x += [*range(1, len(sizes) + 1), None]
            y += [*sizes, None]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": INITIALIZERS[entry.init].label,
                "x": x,
                "y": y,
                "line": {"color": STYLES[entry.init].filled(0.35), "width": 1},
                "hoverinfo": "skip",
            }
        )
    traces += _theory(result, _one_input, "predicted median")
    return _chart(traces, "mean square of one input's preactivations")


def _one_input(layer: StackLayer) -> float | None:
    band = layer.predicted.one_input
    return band.log10_median if band else None


def _ratio(layer: StackLayer) -> float | None:
    found = layer.weight_gradient
    if found is None or found.log10_std is None or not layer.weight_std:
        return None
    return found.log10_std - log10(layer.weight_std)


def _line(entry: StackInit, name: str, quantity: Log10) -> Figure:
    style = STYLES[entry.init]
    values = [quantity(layer) for layer in entry.layers]
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(values) <= MOST_SHAPES else "lines",
        "name": INITIALIZERS[entry.init].label,
        "zorder": DASHES.index(style.dash),
        "x": [layer.layer for layer in entry.layers],
        "y": values,
        "line": {"color": style.color, "dash": style.dash, "width": 2},
        "marker": {"color": style.color, "symbol": style.symbol, "size": 6},
        "text": [power(value) for value in values],
        "hovertemplate": f"layer %{{x}}<br>{name} %{{text}}<extra>%{{fullData.name}}</extra>",
    }


def _faint(entry: StackInit, quantity: Log10, name: str, in_legend: bool) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "legendgroup": name,
        "showlegend": in_legend,
        "x": [layer.layer for layer in entry.layers],
        "y": [quantity(layer) for layer in entry.layers],
        "line": {"color": STYLES[entry.init].filled(0.35), "width": 4},
        "hoverinfo": "skip",
    }


def _theory(result: StackResult, predicted: Log10, name: str = "predicted") -> list[Figure]:
    """One dotted line an init over the measured ones."""
    traces: list[Figure] = []
    for entry in result.inits:
        values = [predicted(layer) for layer in entry.layers]
        if all(value is None for value in values):
            continue
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": name,
                "legendgroup": name,
                "showlegend": not traces,
                "zorder": len(DASHES),
                "x": [layer.layer for layer in entry.layers],
                "y": values,
                "text": [power(value) if value is not None else "" for value in values],
                "line": {"color": PREDICTED, "dash": "dot", "width": 2},
                "hovertemplate": f"{name} %{{text}}<extra>{INITIALIZERS[entry.init].label}</extra>",
            }
        )
    return traces


def _bands(result: StackResult, band: Callable[[StackLayer], Band | None]) -> list[Figure]:
    """Where 95 % of networks lie, for each init that theory can say it of."""
    return [trace for entry in result.inits for trace in _band(entry, band)]


def _band(entry: StackInit, band: Callable[[StackLayer], Band | None]) -> list[Figure]:
    known = [
        (layer.layer, found.log10_low, found.log10_high)
        for layer in entry.layers
        if (found := band(layer)) and found.log10_low is not None and found.log10_high is not None
    ]
    if not known:
        return []
    x = [layer for layer, _, _ in known]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [*x, *x[::-1]],
            "y": [*(high for _, _, high in known), *(low for _, low, _ in reversed(known))],
            "fill": "toself",
            "fillcolor": STYLES[entry.init].filled(0.14),
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]


def _chart(traces: list[Figure], title: str) -> Figure | None:
    values = [y for trace in traces for y in trace["y"] if y is not None]
    if not values:
        return None
    low, high = min([*values, -0.3]), max([*values, 0.3])
    return figure(
        traces,
        height=440,
        xaxis={"title": {"text": "layer"}, "zeroline": False},
        yaxis={"title": {"text": title}, "zeroline": True, **decades(low, high)},
    )
