"""Quantities that grow or shrink by factors, layer after layer: one line an init, theory beside it."""

from collections.abc import Callable
from math import log10

from ....figures.palette import Figure
from ....figures.panels import Panel, once, stacked
from ..result import Band, StackLayer, StackResult
from .layers import Log10, Sizes, layer_axis

TALL = 300  # pixels


def variance(result: StackResult, linear: bool = False, std: bool = False, whole: bool = False) -> Figure | None:
    """Mean square of the preactivations over the batch: measured, predicted, and where 95 % of networks lie."""
    return _chart(result, signal_panel(result, Sizes(linear, std, whole), TALL))


def gradient(result: StackResult, linear: bool = False, std: bool = False, whole: bool = False) -> Figure | None:
    """Mean square of the gradient at each layer's activations, beside theory; one at the last layer."""
    return _chart(result, gradient_panel(result, Sizes(linear, std, whole), TALL))


def grad_to_data(result: StackResult, linear: bool = False, whole: bool = False) -> Figure | None:
    """Standard deviation of the weights' gradient over that of the weights: the size of a step, relative."""
    sizes = Sizes(linear, False, whole)
    traces = [sizes.measured(entry, _ratio) for entry in result.inits]
    return _chart(
        result, None if sizes.empty else Panel("std of gradient ÷ std of weights", traces, sizes.axis(), TALL)
    )


def networks(result: StackResult, linear: bool = False, std: bool = False, whole: bool = False) -> Figure | None:
    """Many freshly drawn networks, one input through each, as a fan over the predicted band."""
    sizes, shown = Sizes(linear, std, whole), [entry for entry in result.inits if entry.repeats]
    traces = [trace for entry in shown for trace in sizes.band(entry, lambda at: at.predicted.one_input)]
    traces += [sizes.thin(entry, entry.repeats.log10_mean_square) for entry in shown if entry.repeats]
    traces += [trace for entry in shown for trace in sizes.predicted(entry, _one_input, "predicted median")]
    panel = None if sizes.empty else Panel(f"{sizes.name} of one input's preactivations", traces, sizes.axis(), TALL)
    return _chart(result, panel)


def signal_panel(result: StackResult, sizes: Sizes, height: int) -> Panel | None:
    """The signal on its way forward."""
    return _sizes_panel(
        result,
        sizes,
        f"{sizes.name} of preactivations",
        lambda at: at.preactivation.log10_mean_square,
        lambda at: at.predicted.typical,
        lambda at: at.predicted.band,
        height,
    )


def gradient_panel(result: StackResult, sizes: Sizes, height: int) -> Panel | None:
    """The gradient on its way back; None where none was sent."""
    return _sizes_panel(
        result,
        sizes,
        f"{sizes.name} of gradients",
        lambda at: at.gradient.log10_mean_square if at.gradient else None,
        lambda at: at.predicted.typical_gradient if at.gradient else None,
        lambda at: at.predicted.gradient_band if at.gradient else None,
        height,
    )


def _sizes_panel(
    result: StackResult,
    sizes: Sizes,
    title: str,
    measured: Log10,
    predicted: Log10,
    band: Callable[[StackLayer], Band | None],
    height: int,
) -> Panel | None:
    traces = [trace for entry in result.inits for trace in sizes.band(entry, band)]
    traces += [sizes.measured(entry, measured) for entry in result.inits]
    traces += [trace for entry in result.inits for trace in sizes.predicted(entry, predicted)]
    return None if sizes.empty else Panel(title, traces, sizes.axis(), height)


def _chart(result: StackResult, panel: Panel | None) -> Figure | None:
    if panel is None:
        return None
    panel = panel._replace(traces=once(panel.traces))
    return stacked([panel], layer_axis(result), hovermode="closest", meta={"place": "layer"})


def _one_input(layer: StackLayer) -> float | None:
    band = layer.predicted.one_input
    return band.log10_median if band else None


def _ratio(layer: StackLayer) -> float | None:
    found = layer.weight_gradient
    if found is None or found.log10_std is None or not layer.weight_std:
        return None
    return found.log10_std - log10(layer.weight_std)
