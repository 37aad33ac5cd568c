"""Quantities of every layer, step after step: a panel an init, a line a layer, the deeper the stronger."""

from collections.abc import Callable
from math import log10

from ....figures.axes import linear_axis, log_axis
from ....figures.numbers import percent, power
from ....figures.palette import PREDICTED, STYLES, Figure, meta
from ....figures.panels import Panel, stacked
from ....lab.initializers import INITIALIZERS
from ..result import TrainingInit, TrainingLayer, TrainingResult

TALL = 140  # pixels
RULE = -3.0  # log₁₀ of update over data that practitioners aim at
FARTHEST = 7.0  # decades below the highest line
FAINTEST = 0.3  # of the first layer's line
Series = Callable[[TrainingLayer], list[float | None]]


def updates(result: TrainingResult) -> Figure | None:
    """log₁₀ of update over data, and the line at −3."""
    return _logarithms(result, lambda layer: layer.update_to_data, "std of update ÷ std of weights", RULE)


def gradient_to_data(result: TrainingResult) -> Figure | None:
    """Gradient over data: what update over data is made of, for plain SGD but for the learning rate."""
    return _logarithms(result, lambda layer: _logs(layer.gradient_to_data), "std of gradient ÷ std of weights")


def gradients(result: TrainingResult) -> Figure | None:
    """The std of the gradient at each layer's activations."""
    return _logarithms(result, lambda layer: _logs(layer.gradient_std), "std of the gradient")


def activations(result: TrainingResult) -> Figure | None:
    """The std of each layer's activations."""
    return _logarithms(result, lambda layer: _logs(layer.activation_std), "std of the activations")


def saturation(result: TrainingResult) -> Figure | None:
    """The share of each layer's activations that are saturated."""
    shown = [(entry, _lines(entry, result.steps, lambda layer: layer.saturated, percent)) for entry in result.inits]
    axis = linear_axis(0.0, 1.0, most=2) | {"range": [-0.03, 1.05], "ticktext": ["0", "50 %", "100 %"]}
    return _stacked(result, [(entry, lines) for entry, lines in shown if lines], axis, "saturated", None)


def _logs(values: list[float | None]) -> list[float | None]:
    return [log10(value) if value else None for value in values]


def _logarithms(result: TrainingResult, series: Series, name: str, rule: float | None = None) -> Figure | None:
    shown = [(entry, _lines(entry, result.steps, series, power)) for entry in result.inits]
    shown = [(entry, lines) for entry, lines in shown if lines]
    values = [value for _, lines in shown for line in lines for value in line["y"] if value is not None]
    if not values:
        return None
    ends = [*values, *([] if rule is None else [rule - 0.5, rule + 0.5])]
    return _stacked(result, shown, log_axis(max(min(ends), max(ends) - FARTHEST), max(ends)), name, rule)


def _lines(entry: TrainingInit, steps: list[int], series: Series, said: Callable[[float | None], str]) -> list[Figure]:
    """One a layer, of those that have any such number."""
    known = [(layer, series(layer)) for layer in entry.layers]
    return [
        _line(entry, layer, steps, values, said)
        for layer, values in known
        if any(value is not None for value in values)
    ]


def _line(
    entry: TrainingInit,
    layer: TrainingLayer,
    steps: list[int],
    values: list[float | None],
    said: Callable[[float | None], str],
) -> Figure:
    depth = len(entry.layers)
    strength = FAINTEST + (1 - FAINTEST) * (layer.layer - 1) / max(depth - 1, 1)
    name = "output layer" if layer.layer == depth else f"layer {layer.layer}"
    return {
        "type": "scatter",
        "mode": "lines" if len(steps) > 1 else "lines+markers",
        "name": name,
        "showlegend": False,
        "x": steps,
        "y": [None if value is None else round(value, 4) for value in values],
        "text": ["" if value is None else said(value) for value in values],
        "line": {"color": STYLES[entry.init].filled(round(strength, 2)), "width": 1.6},
        "hovertemplate": f"step %{{x}}<br>{name}: %{{text}}<extra>{INITIALIZERS[entry.init].label}</extra>",
        **meta(entry.init),
    }


def _stacked(
    result: TrainingResult,
    shown: list[tuple[TrainingInit, list[Figure]]],
    axis: Figure,
    name: str,
    rule: float | None,
) -> Figure | None:
    if not shown:
        return None
    panels = []
    for entry, lines in shown:
        title = f"<b>{INITIALIZERS[entry.init].label}</b> {name}"
        rules = [] if rule is None else [_rule(rule)]
        panels.append(Panel(title, lines, axis | {"zeroline": False}, TALL, rules))
    return stacked(panels, step_axis(result), hovermode="closest", showlegend=False)


def _rule(at: float) -> Figure:
    return {
        "type": "line",
        "xref": "domain",
        "x0": 0,
        "x1": 1,
        "y0": at,
        "y1": at,
        "line": {"color": PREDICTED, "width": 1.5, "dash": "dash"},
    }


def step_axis(result: TrainingResult) -> Figure:
    """From the first step to after the last."""
    steps = result.experiment["steps"]
    return linear_axis(0, steps) | {
        "range": [-0.01 * steps, 1.01 * steps],
        "title": {"text": "step"},
        "showgrid": False,
        "zeroline": False,
    }
