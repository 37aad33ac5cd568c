"""What each layer of the networks says, in words, and the course of each loss."""

from collections.abc import Callable
from math import log10

from ...figures.numbers import number, percent, power
from ...figures.readings import Reading, Readings
from .result import TrainingLayer, TrainingResult

Read = Callable[[TrainingLayer], Reading | None]


def training_readings(result: TrainingResult) -> Readings:
    """Every layer's numbers, as far as these networks have them."""
    layers = [layer for entry in result.inits for layer in entry.layers]
    shown = {name: read for name, read in QUANTITIES.items() if any(read(layer) for layer in layers)}
    return Readings(
        place="layer",
        numbers=[layer.layer for layer in result.inits[0].layers],
        quantities=list(shown),
        inits={
            entry.init: [[read(layer) or Reading("") for read in shown.values()] for layer in entry.layers]
            for entry in result.inits
        },
    )


def loss_courses(result: TrainingResult) -> dict[str, list[float | None]]:
    """log₁₀ of the held-out loss over the expected one, step by step."""
    expected = result.expected_initial_loss
    return {
        entry.init: [log10(value / expected) if value else None for value in entry.loss.validation]
        for entry in result.inits
    }


def _update(layer: TrainingLayer) -> Reading | None:
    known = [value for value in layer.update_to_data if value is not None]
    return Reading(power(known[-1])) if known else None


def _std(layer: TrainingLayer) -> Reading:
    predicted = layer.predicted.activation_std
    return Reading(number(layer.activation_start.std, 3), "" if predicted is None else number(predicted, 3))


def _std_end(layer: TrainingLayer) -> Reading | None:
    return Reading(number(layer.activation_end.std, 3)) if layer.activation_end else None


def _gradient(layer: TrainingLayer) -> Reading:
    predicted = layer.predicted.gradient_mean_square
    said = "" if predicted is None else power(log10(predicted) if predicted else None)
    return Reading(power(layer.gradient_start.log10_mean_square), said)


def _gradient_end(layer: TrainingLayer) -> Reading | None:
    return Reading(power(layer.gradient_end.log10_mean_square)) if layer.gradient_end else None


def _saturated(layer: TrainingLayer) -> Reading | None:
    here, predicted = layer.activation_start.saturated, layer.predicted.saturated
    return None if here is None else Reading(percent(here), "" if predicted is None else percent(predicted))


def _saturated_end(layer: TrainingLayer) -> Reading | None:
    here = layer.activation_end.saturated if layer.activation_end else None
    return None if here is None else Reading(percent(here))


QUANTITIES: dict[str, Read] = {
    "update ÷ weights, at the end": _update,
    "std of activations, before": _std,
    "std of activations, after": _std_end,
    "mean square of the gradient, before": _gradient,
    "mean square of the gradient, after": _gradient_end,
    "saturated, before": _saturated,
    "saturated, after": _saturated_end,
}
