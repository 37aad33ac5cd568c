"""What weights do to the size of what goes through them, and how far a step of an optimizer moves them."""

from ...figures.axes import log_axis, reach
from ...figures.numbers import power
from ...figures.palette import PREDICTED, Figure, meta
from ...figures.panels import Panel, stacked
from ..recording import Layer, Recording
from .lines import GRADIENT, OUTPUT, SHARES, called, empty, layer_axis, line, log_of, placed, seen

TALL = 240  # pixels
USUAL = -3.0
SIGMAS = 2.0


def growth(recording: Recording) -> Figure | None:
    """Where there are layers of weights with a prediction."""
    known = [(n, layer) for n, layer in enumerate(recording.layers, 1) if _predicted(layer) is not None]
    if not known:
        return None
    measured = line(recording, _measured, "measured", OUTPUT) | {"mode": "markers", "zorder": 2}
    given = _marks(known, "predicted from the weights", "line-ew-open", given=True)
    ruled = _marks([(n, layer) for n, layer in known if _by_rule(layer) is not None], "by their rule", "x-thin-open")
    traces = [trace for trace in (given, ruled, measured) if trace["x"]]
    bars = [
        [value + end for end in (-spread, spread)] for value, spread in zip(given["y"], _spreads(known), strict=True)
    ]
    axis = log_axis(*reach([*seen(traces), *bars], whole=True))
    return placed(stacked([Panel("", traces, axis, TALL)], layer_axis(recording), hovermode="closest"))


def updates(recording: Recording) -> Figure | None:
    """Where there was a way back, and a step."""
    step = line(recording, _update_to_data, "update over weights", OUTPUT)
    back = line(recording, _grad_to_data, "gradient over weights", GRADIENT)
    traces = [trace | {"mode": "markers"} for trace in (step, back) if not empty(trace)]
    if not traces:
        return None
    rule = {"type": "line", "xref": "domain", "x0": 0, "x1": 1, "y0": USUAL, "y1": USUAL}
    shapes = [] if empty(step) else [{**rule, "line": {"color": PREDICTED, "width": 1, "dash": "dash"}}]
    values = [value for values in seen(traces) for value in values if value is not None]
    axis = log_axis(min([*values, USUAL]), max([*values, USUAL]))
    return placed(stacked([Panel("", traces, axis, TALL, shapes)], layer_axis(recording), hovermode="closest"))


def _update_to_data(layer: Layer) -> float | None:
    return layer.weights.update_to_data if layer.weights else None


def _grad_to_data(layer: Layer) -> float | None:
    return log_of(layer.weights.grad_to_data) if layer.weights else None


def _measured(layer: Layer) -> float | None:
    return _over_input(layer, log_of(layer.output.mean_square)) if _predicted(layer) is not None else None


def _predicted(layer: Layer) -> float | None:
    return _over_input(layer, layer.expected.given_weights) if layer.role == "weights" else None


def _by_rule(layer: Layer) -> float | None:
    return _over_input(layer, layer.expected.by_rule) if layer.role == "weights" else None


def _over_input(layer: Layer, size: float | None) -> float | None:
    before = log_of(layer.input.mean_square) if layer.input else None
    return None if size is None or before is None else size - before


def _marks(known: list[tuple[int, Layer]], name: str, symbol: str, given: bool = False) -> Figure:
    values = [_predicted(layer) if given else _by_rule(layer) for _, layer in known]
    color = PREDICTED if given else SHARES[1].color
    trace: Figure = {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "zorder": 1,
        "x": [n for n, _ in known],
        "y": values,
        "marker": {"color": color, "symbol": symbol, "size": 10, "line": {"width": 2}},
        "text": [
            f"{called(n, layer)}<br>{name} {power(value)}" for (n, layer), value in zip(known, values, strict=True)
        ],
        "hovertemplate": "%{text}<extra></extra>",
        **meta(role="predicted"),
    }
    if given:
        trace["error_y"] = {"type": "data", "array": _spreads(known), "color": PREDICTED, "thickness": 1.5, "width": 3}
    return trace


def _spreads(known: list[tuple[int, Layer]]) -> list[float]:
    """How far up and down the bars reach."""
    return [SIGMAS * (layer.expected.spread or 0.0) for _, layer in known]
