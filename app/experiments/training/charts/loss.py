"""The loss, step after step, beside what it must be at the start."""

from math import log10

from ....figures.axes import log_axis
from ....figures.numbers import number
from ....figures.palette import PREDICTED, STYLES, Figure, meta
from ....figures.panels import Panel, stacked
from ....lab.initializers import INITIALIZERS
from ..result import TrainingInit, TrainingResult
from .steps import step_axis

TALL = 300  # pixels
HIGHEST = 1.6  # decades above the expected loss, beyond which a line may leave the chart
ROUND = 4  # digits of a logarithm


def loss(result: TrainingResult) -> Figure | None:
    """Held-out loss strong and training loss faint, dotted the uniform guess, and at step 0 what theory says."""
    levels = (
        (f"ln {classes_of(result)}: all alike", result.expected_initial_loss),
        ("frequencies alone", result.frequency_loss),
    )
    traces = [trace for entry in result.inits for trace in _lines(entry)]
    traces += [trace for entry in result.inits for trace in _predicted(entry)]
    known = [y for trace in traces for y in trace["y"] if y is not None]
    low, high = min([*known, *(log10(value) for _, value in levels)]), log10(result.expected_initial_loss)
    high = min(max([*known, high]), high + HIGHEST)
    rules = [_rule(log10(value)) for _, value in levels]
    notes = [_note(name, log10(value), above=not place) for place, (name, value) in enumerate(levels)]
    panel = Panel("cross-entropy, nats", traces, log_axis(low, high) | {"zeroline": False}, TALL, rules, notes)
    return stacked([panel], step_axis(result), hovermode="closest")


def classes_of(result: TrainingResult) -> int:
    """How many there are to tell apart."""
    return result.inits[0].layers[-1].fan_out


def _lines(entry: TrainingInit) -> list[Figure]:
    style, label = STYLES[entry.init], INITIALIZERS[entry.init].label
    shared = {"type": "scatter", "x": entry.loss.step, **meta(entry.init)}
    return [
        {
            **shared,
            "mode": "lines",
            "name": f"{label}, training",
            "showlegend": False,
            "y": _logs(entry.loss.train),
            "line": {"color": style.filled(0.35), "width": 1.5},
            "hoverinfo": "skip",
        },
        {
            **shared,
            "mode": "lines",
            "name": label,
            "y": _logs(entry.loss.validation),
            "text": [number(value) for value in entry.loss.validation],
            "line": {"color": style.color, "dash": style.dash, "width": 2.5},
            "hovertemplate": "step %{x}<br>held out: %{text}<extra>%{fullData.name}</extra>",
        },
    ]


def _predicted(entry: TrainingInit) -> list[Figure]:
    """Where 95 % of networks begin, as an upright line at step 0."""
    found = entry.initial_loss
    if found is None:
        return []
    band = f"{number(found.low)} to {number(found.high)}"
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "predicted at step 0",
            "legendgroup": "predicted",
            "x": [0, 0, 0],
            "y": _logs([found.low, found.loss, found.high]),
            "line": {"color": PREDICTED, "width": 4},
            "hovertemplate": f"predicted {number(found.loss)}, 95 % of networks {band}"
            f"<extra>{INITIALIZERS[entry.init].label}</extra>",
            **meta(entry.init, "predicted"),
        }
    ]


def _logs(values: list[float] | list[float | None]) -> list[float | None]:
    return [None if value is None or value <= 0 else round(log10(value), ROUND) for value in values]


def _rule(at: float) -> Figure:
    line = {"color": PREDICTED, "width": 1.5, "dash": "dot"}
    return {"type": "line", "xref": "domain", "x0": 0, "x1": 1, "y0": at, "y1": at, "line": line}


def _note(text: str, at: float, above: bool) -> Figure:
    place = {"xref": "domain", "x": 1, "xanchor": "right", "y": at, "yanchor": "bottom" if above else "top"}
    return {"text": text, "font": {"size": 11, "color": PREDICTED}, **place}
