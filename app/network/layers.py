"""The layers of a recording in numbers: each a row of a table, and what each says when it is chosen."""

from collections.abc import Sequence
from html import escape

from ..figures.numbers import number, percent, power
from ..figures.readings import Reading, Readings
from ..lab.initializers import INITIALIZERS
from ..results import Summary
from .charts.lines import log_of
from .recording import Layer, Recording, Weights

HEADS = (
    "Layer",
    "Name",
    "What",
    "Output",
    "Mean square",
    "Predicted",
    "Mean square of gradient",
    "std of weights",
    "Rule",
)
QUANTITIES = ["mean square", "mean", "std", "least", "largest", "exactly zero"]
NOTHING = [Reading("") for _ in QUANTITIES]


def table(recording: Recording) -> str:
    """Every layer in a row, names escaped."""
    head = "".join(f'<th scope="col">{text}</th>' for text in HEADS)
    rows = ("".join(f"<td>{cell}</td>" for cell in _row(at, layer)) for at, layer in enumerate(recording.layers, 1))
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Layers"><table class="layers">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table></div>"
    )


def _row(at: int, layer: Layer) -> Sequence[str]:
    return (
        str(at),
        f"<code>{escape(layer.label)}</code>",
        escape(layer.kind),
        " × ".join(map(str, layer.output_shape)),
        power(log_of(layer.output.mean_square)),
        _predicted(layer),
        power(log_of(layer.gradient.mean_square)) if layer.gradient else "",
        number(layer.weights.std, 3) if layer.weights else "",
        INITIALIZERS[layer.weights.rule].label if layer.weights and layer.weights.rule else "",
    )


def names(recording: Recording) -> list[str]:
    """What each layer is called, and what it is."""
    return [f"{layer.label} ({layer.kind})" for layer in recording.layers]


def readings(recording: Recording) -> Readings:
    """Of each layer what comes out, the gradient there and the weights, as far as it has them."""
    layers = recording.layers
    rows = {
        "output": [_values(layer.output, percent(layer.output.zero), _predicted(layer)) for layer in layers],
        "gradient": [_values(layer.gradient) if layer.gradient else NOTHING for layer in layers],
        "weights": [_drawn(layer.weights) if layer.weights else NOTHING for layer in layers],
    }
    there = {name: row for name, row in rows.items() if any(found is not NOTHING for found in row)}
    return Readings("layer", list(range(1, len(layers) + 1)), QUANTITIES, there)


def _values(found: Summary, zero: str = "", predicted: str = "") -> list[Reading]:
    numbers = (found.mean, found.std, found.min, found.max)
    size = Reading(power(log_of(found.mean_square)), predicted)
    return [size, *(Reading(number(value, 3)) for value in numbers), Reading(zero)]


def _drawn(weights: Weights) -> list[Reading]:
    size, mean, std = (Reading(number(value, 3)) for value in (weights.mean_square, weights.mean, weights.std))
    return [size, mean, std, *NOTHING[3:]]


def _predicted(layer: Layer) -> str:
    expected = layer.expected.given_weights
    return "" if expected is None else power(expected)
