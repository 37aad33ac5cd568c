"""Magnitudes of a stack's signal and gradient against number formats."""

from collections.abc import Callable

from ....figures.formats import format_panel
from ....figures.palette import Figure
from ....figures.panels import stacked
from ....lab.formats import Magnitudes
from ..result import StackLayer, StackResult
from .layers import course_of, layer_axis

Quantity = Callable[[StackLayer], Magnitudes | None]


def format_chart(result: StackResult) -> Figure | None:
    """The 1 % to 99 % of magnitudes per layer, forward and back, and where each format ends."""
    quantities: list[tuple[str, Quantity]] = [("activations", lambda layer: layer.activation_magnitudes)]
    if any(layer.gradient_magnitudes for entry in result.inits for layer in entry.layers):
        quantities.append(("gradients", lambda layer: layer.gradient_magnitudes))
    panels = [
        format_panel(name, [(course_of(entry), [quantity(layer) for layer in entry.layers]) for entry in result.inits])
        for name, quantity in quantities
    ]
    return stacked(panels, layer_axis(result), hovermode="closest", meta={"place": "layer"})
