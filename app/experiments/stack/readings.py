"""What each layer of a stack says, in words."""

from collections.abc import Callable
from typing import NamedTuple

from ...figures.numbers import number, percent, power
from ...figures.readings import Reading, Readings
from .result import StackLayer, StackResult

Read = Callable[[StackLayer], Reading | None]


class Quantity(NamedTuple):
    """What it is called, and how it is read off a layer; None where it does not exist."""

    name: str
    read: Read


def stack_readings(result: StackResult) -> Readings:
    """Every layer's numbers, as far as this stack has them."""
    layers = [layer for entry in result.inits for layer in entry.layers]
    shown = [quantity for quantity in QUANTITIES if any(quantity.read(layer) for layer in layers)]
    return Readings(
        place="layer",
        numbers=[layer.layer for layer in result.inits[0].layers],
        quantities=[quantity.name for quantity in shown],
        inits={
            entry.init: [[quantity.read(layer) or Reading("") for quantity in shown] for layer in entry.layers]
            for entry in result.inits
        },
    )


def signal_courses(result: StackResult) -> dict[str, list[float | None]]:
    """log₁₀ of the signal's mean square, layer by layer."""
    return {entry.init: [layer.preactivation.log10_mean_square for layer in entry.layers] for entry in result.inits}


def _signal(layer: StackLayer) -> Reading:
    typical = layer.predicted.typical
    return Reading(power(layer.preactivation.log10_mean_square), "" if typical is None else power(typical))


def _gradient(layer: StackLayer) -> Reading | None:
    if layer.gradient is None:
        return None
    typical = layer.predicted.typical_gradient
    return Reading(power(layer.gradient.log10_mean_square), "" if typical is None else power(typical))


def _mean(layer: StackLayer) -> Reading:
    return Reading(number(layer.activation.mean, 2))


def _std(layer: StackLayer) -> Reading:
    return Reading(number(layer.activation.std, 3))


def _cosine(layer: StackLayer) -> Reading | None:
    if layer.cosine.mean is None:
        return None
    return Reading(_rounded(layer.cosine.mean), _rounded(layer.predicted.cosine))


def _ratio(layer: StackLayer) -> Reading | None:
    ratio = layer.weight_gradient.grad_to_data if layer.weight_gradient else None
    return None if ratio is None else Reading(number(ratio, 3))


def _saturated(layer: StackLayer) -> Reading | None:
    here, predicted = layer.activation.saturated, layer.predicted.saturated
    return None if here is None else Reading(percent(here), "" if predicted is None else percent(predicted))


def _zero(layer: StackLayer) -> Reading | None:
    return Reading(percent(layer.activation.zero)) if layer.activation.zero else None


def _dead(layer: StackLayer) -> Reading | None:
    return Reading(percent(layer.activation.dead_units)) if layer.activation.dead_units else None


def _largest(layer: StackLayer) -> Reading | None:
    if layer.jacobian is None:
        return None
    expected = layer.jacobian.predicted.log10_largest
    return Reading(power(layer.jacobian.log10_largest), "" if expected is None else power(expected))


def _smallest(layer: StackLayer) -> Reading | None:
    if layer.jacobian is None:
        return None
    found, expected = layer.jacobian.log10_smallest, layer.jacobian.predicted.log10_smallest
    return Reading("lost" if found is None else power(found), "" if expected is None else power(expected))


def _rounded(value: float | None) -> str:
    return "" if value is None else f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


QUANTITIES = (
    Quantity("mean square of preactivations", _signal),
    Quantity("mean square of the gradient", _gradient),
    Quantity("gradient ÷ weights", _ratio),
    Quantity("mean of activations", _mean),
    Quantity("std of activations", _std),
    Quantity("cosine between inputs", _cosine),
    Quantity("saturated", _saturated),
    Quantity("exactly zero", _zero),
    Quantity("dead units", _dead),
    Quantity("largest singular value", _largest),
    Quantity("smallest singular value", _smallest),
)
