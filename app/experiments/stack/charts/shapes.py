"""Activations and gradients of a stack as shapes: one histogram a layer, layers left to right, one row an init."""

from collections.abc import Callable

from ....figures.courses import Sizes
from ....figures.numbers import number, percent
from ....figures.palette import STYLES, Figure
from ....figures.panels import Panel, once, stacked
from ....figures.shapes import Row, Shape, shape_panels, some_places
from ....lab.initializers import INITIALIZERS
from ....lab.layers import ActivationSummary
from ....results import Summary
from ..result import StackInit, StackLayer, StackResult
from .growth import gradient_panel, signal_panel
from .layers import layer_axis

Quantity = Callable[[StackLayer], Summary | None]
ROOM = 330  # pixels for all the rows of the picture, as far as they can be read so
LINES = 130


def picture(
    result: StackResult, common: bool = False, linear: bool = False, std: bool = False, whole: bool = False
) -> Figure | None:
    """Every layer's activations as a shape, under them the signal, under it the gradient, over one axis of layers."""
    rows = [_row(entry, lambda layer: layer.activation) for entry in result.inits]
    panels = shape_panels(rows, max(64, min(170, ROOM // len(rows))), common)
    lines = [make(result, Sizes(linear, std, whole), LINES) for make in (signal_panel, gradient_panel)]
    panels += [panel for panel in lines if panel]
    if not panels:
        return None
    traces = once([trace for panel in panels for trace in panel.traces])
    for index, panel in enumerate(panels):
        panels[index] = panel._replace(traces=[traces.pop(0) for _ in panel.traces])
    return _over_layers(result, panels)


def histograms(result: StackResult, common: bool = False) -> Figure | None:
    """Every layer's activations as a shape."""
    return _shapes(result, lambda layer: layer.activation, common)


def gradient_histograms(result: StackResult, common: bool = False) -> Figure | None:
    """Every layer's gradients the same way."""
    return _shapes(result, lambda layer: layer.gradient, common)


def _shapes(result: StackResult, quantity: Quantity, common: bool) -> Figure | None:
    panels = shape_panels([_row(entry, quantity) for entry in result.inits], common=common)
    return _over_layers(result, panels) if panels else None


def _over_layers(result: StackResult, panels: list[Panel]) -> Figure:
    return stacked(panels, layer_axis(result), hovermode="closest", meta={"place": "layer"})


def some_layers(layers: list[StackLayer]) -> list[StackLayer]:
    """As many as can be drawn as a shape of their own."""
    return [layers[index] for index in some_places(range(len(layers)))]


def _row(entry: StackInit, quantity: Quantity) -> Row:
    shapes = [
        Shape(layer.layer, found, _describe(layer.layer, found))
        for layer in some_layers(entry.layers)
        if (found := quantity(layer))
    ]
    return Row(entry.init, INITIALIZERS[entry.init].label, STYLES[entry.init], shapes)


def _describe(layer: int, found: Summary) -> str:
    zero = f"<br>exactly zero {percent(found.zero)}" if isinstance(found, ActivationSummary) else ""
    return (
        f"layer {layer}<br>mean {number(found.mean)}<br>std {number(found.std)}"
        f"<br>min {number(found.min)}, max {number(found.max)}{zero}"
    )
