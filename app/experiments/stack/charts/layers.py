"""What all charts over layers share: the same axis under each, and one line an init."""

from collections.abc import Callable, Sequence

from ....figures.axes import place_axis, spacing
from ....figures.courses import Course, Edge, measured, predicted
from ....figures.palette import LINES, Figure
from ....figures.shapes import some_places
from ..result import Band, StackInit, StackLayer, StackResult

Log10 = Callable[[StackLayer], float | None]


def layer_axis(result: StackResult) -> Figure:
    """The axis of layers, so that one layer stands at one place in every chart."""
    layers = [layer.layer for layer in result.inits[0].layers]
    return place_axis(layers, "layer", spacing(some_places(layers)))


def course_of(entry: StackInit) -> Course:
    """The layers that one init passes."""
    return Course(entry.init, LINES[entry.init], "layer", [layer.layer for layer in entry.layers])


def edges_of(entry: StackInit, quantity: Callable[[StackLayer], Band | None]) -> list[Edge]:
    """A band's, layer by layer, where there is one."""
    found = [(layer.layer, band) for layer in entry.layers if (band := quantity(layer))]
    return [
        Edge(layer, band.log10_low, band.log10_high)
        for layer, band in found
        if band.log10_low is not None and band.log10_high is not None
    ]


def line(entry: StackInit, values: Sequence[float | None], text: Sequence[str], name: str = "") -> Figure:
    """The measured numbers of one init, layer by layer."""
    return measured(course_of(entry), values, text, name)


def theory(entry: StackInit, values: Sequence[float | None], text: Sequence[str], name: str = "predicted") -> Figure:
    """What is predicted of one init, dotted over the measured."""
    return predicted(course_of(entry), values, text, name)
