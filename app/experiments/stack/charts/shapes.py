"""Activations and gradients of a stack as shapes: one histogram a layer, layers left to right, one row an init."""

from collections.abc import Callable

from ....figures.axes import panel_title
from ....figures.numbers import number
from ....figures.palette import STYLES, Figure
from ....figures.shapes import Row, Shape, shape_rows, some_places
from ....lab.initializers import INITIALIZERS
from ....lab.layers import ActivationSummary
from ....results import Summary
from ..result import StackInit, StackLayer, StackResult

Quantity = Callable[[StackLayer], Summary | None]


def histograms(result: StackResult) -> Figure | None:
    """Every layer's activations as a shape."""
    return shape_rows([_row(entry, lambda layer: layer.activation) for entry in result.inits], "layer")


def gradient_histograms(result: StackResult) -> Figure | None:
    """Every layer's gradients the same way."""
    return shape_rows([_row(entry, lambda layer: layer.gradient) for entry in result.inits], "layer")


def some_layers(layers: list[StackLayer]) -> list[StackLayer]:
    """As many as can be drawn as a shape of their own."""
    return [layers[index] for index in some_places(range(len(layers)))]


def init_title(entry: StackInit, index: int) -> Figure:
    return panel_title(f"<b>{INITIALIZERS[entry.init].label}</b>", index)


def _row(entry: StackInit, quantity: Quantity) -> Row:
    shapes = [
        Shape(layer.layer, found, _describe(layer.layer, found))
        for layer in some_layers(entry.layers)
        if (found := quantity(layer))
    ]
    return Row(INITIALIZERS[entry.init].label, STYLES[entry.init], shapes)


def _describe(layer: int, found: Summary) -> str:
    zero = f"<br>exactly zero {found.zero:.1%}" if isinstance(found, ActivationSummary) else ""
    return (
        f"layer {layer}<br>mean {number(found.mean)}<br>std {number(found.std)}"
        f"<br>min {number(found.min)}, max {number(found.max)}{zero}"
    )
