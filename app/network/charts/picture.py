"""Every layer's outputs as a shape, under them their size and the gradient's, over one axis of layers."""

from ...figures.axes import log_axis, reach
from ...figures.numbers import number, percent
from ...figures.palette import Figure
from ...figures.panels import Panel, stacked
from ...figures.shapes import Row, Shape, shape_panels, some_places
from ..recording import Layer, Recording
from .lines import GRADIENT, OUTPUT, called, empty, layer_axis, line, log_of, placed, seen, theory

TALL, LINES = 170, 150  # pixels


def picture(recording: Recording) -> Figure | None:
    """None of no layers."""
    if not recording.layers:
        return None
    places = some_places(range(1, len(recording.layers) + 1))
    shapes = [_shape(place, recording.layers[place - 1]) for place in places]
    panels = shape_panels([Row("", "outputs", OUTPUT, shapes)], TALL)
    size = line(recording, lambda layer: log_of(layer.output.mean_square), "mean square", OUTPUT)
    predicted = theory(recording, lambda layer: layer.expected.given_weights)
    panels.append(_panel("mean square of the outputs", [size, predicted] if predicted["x"] else [size]))
    gradient = line(recording, _gradient, "gradient", GRADIENT)
    if not empty(gradient):
        panels.append(_panel("mean square of the gradient there", [gradient]))
    return placed(stacked(panels, layer_axis(recording), hovermode="closest"))


def _gradient(layer: Layer) -> float | None:
    return log_of(layer.gradient.mean_square) if layer.gradient else None


def _shape(place: int, layer: Layer) -> Shape:
    found = layer.output
    text = (
        f"{called(place, layer)}<br>mean {number(found.mean)}<br>std {number(found.std)}"
        f"<br>min {number(found.min)}, max {number(found.max)}<br>exactly zero {percent(found.zero)}"
    )
    return Shape(place, found, text)


def _panel(title: str, traces: list[Figure]) -> Panel:
    return Panel(f"<b>{title}</b>", traces, log_axis(*reach(seen(traces), whole=True)), LINES)
