"""What all charts over a recording's layers share: one axis of layers, and how a line over them is drawn."""

from collections.abc import Callable, Sequence
from html import escape
from math import log10

from ...figures.axes import axis_key, place_axis, spacing
from ...figures.numbers import power
from ...figures.palette import PREDICTED, Figure, Style, meta
from ...figures.shapes import MOST_SHAPES, some_places
from ..recording import Layer, Recording

OUTPUT = Style("#2b7fd4", "circle", "solid")
GRADIENT = Style("#d9480f", "square", "solid")
ALIKE = Style("#0f9d74", "diamond", "solid")
COLORS = {"output": OUTPUT.color, "gradient": GRADIENT.color}  # of what a chosen layer says
SHARES = (GRADIENT, Style("#b45ad6", "triangle-up", "9px,4px"), Style("#b58100", "cross", "4px,4px"))

Value = Callable[[Layer], float | None]


def layer_axis(recording: Recording) -> Figure:
    """Layers by their number, so that one stands at one place in every chart."""
    numbers = list(range(1, len(recording.layers) + 1))
    return place_axis(numbers, "layer, in order of execution", spacing(some_places(numbers)))


def called(number: int, layer: Layer) -> str:
    """As a hover text names it; names are whoever's, and no markup."""
    return f"{number} · {escape(layer.label)} ({escape(layer.kind)})"


def log_of(value: float | None) -> float | None:
    return log10(value) if value is not None and value > 0 else None


def line(recording: Recording, value: Value, name: str, style: Style, said: Callable[[float], str] = power) -> Figure:
    """A measured number, layer by layer."""
    values = [value(layer) for layer in recording.layers]
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(values) <= MOST_SHAPES else "lines",
        "name": name,
        "x": list(range(1, len(values) + 1)),
        "y": values,
        "line": {"color": style.color, "dash": style.dash, "width": 2},
        "marker": {"color": style.color, "symbol": style.symbol, "size": 6},
        "text": _texts(recording, values, name, said),
        "hovertemplate": "%{text}<extra></extra>",
        **meta(),
    }


def theory(recording: Recording, value: Value, name: str = "predicted") -> Figure:
    """What is predicted of it, where something is: marks, for layers in between have no prediction."""
    known = [(n, layer, found) for n, layer in enumerate(recording.layers, 1) if (found := value(layer)) is not None]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "zorder": 4,
        "x": [n for n, _, _ in known],
        "y": [found for _, _, found in known],
        "marker": {"color": PREDICTED, "symbol": "cross", "size": 8},
        "text": [f"{called(n, layer)}<br>{name} {power(found)}" for n, layer, found in known],
        "hovertemplate": "%{text}<extra></extra>",
        **meta(role="predicted"),
    }


def seen(traces: Sequence[Figure]) -> list[list[float | None]]:
    """The values of some traces, for an axis that holds them."""
    return [trace["y"] for trace in traces]


def empty(trace: Figure) -> bool:
    return all(value is None for value in trace["y"])


def placed(figure: Figure) -> Figure:
    """Charts of one place for each layer say so, that a chosen layer is marked in all of them."""
    figure["layout"]["meta"] = {"place": "layer"}
    assert axis_key("x", 0) in figure["layout"]
    return figure


def _texts(recording: Recording, values: Sequence[float | None], name: str, said: Callable[[float], str]) -> list[str]:
    return [
        f"{called(number, layer)}<br>{name} {'none' if value is None else said(value)}"
        for number, (layer, value) in enumerate(zip(recording.layers, values, strict=True), 1)
    ]
