"""A statistic over one axis: one line a series with its errors, theory beside it, and what is worth marking."""

from ....figures.palette import PREDICTED, Figure
from ....figures.panels import Panel, stacked
from ..result import Line, SweepResult
from .colors import label_of, meta_of, style_of
from .scales import along, called, in_words, of_statistic, said, titled, told

TALL = 420  # pixels
WHOLE = "domain"


def lines(result: SweepResult) -> Figure | None:
    """Every series over x; a point is a cell, and leads to it."""
    if not result.lines or not any(value is not None for line in result.lines for value in line.value):
        return None
    (x,) = result.axes
    across, up = along(x), of_statistic(result)
    traces = [trace for index, line in enumerate(result.lines) for trace in _measured(result, line, index)]
    predicted = [_predicted(result, line, index == 0) for index, line in enumerate(result.lines)]
    ends = [value for line in result.lines for values in (line.value, line.low, line.high) for value in values]
    theory = [value for line in result.lines for value in line.predicted]
    axis = across.axis(x.values, titled(x))
    shapes, notes = _marks(result, axis)
    drawn = [*traces, *(trace for trace in predicted if trace)]
    height = {**up.axis([*ends, *theory, *_level(result)], ""), "title": {"text": ""}}
    return stacked([Panel(called(result), drawn, height, TALL, shapes, notes)], axis, meta={"links": True})


def _level(result: SweepResult) -> list[float]:
    return [] if result.statistic.level is None else [result.statistic.level]


def _measured(result: SweepResult, line: Line, index: int) -> list[Figure]:
    """The means with their standard errors, and at the foot what has none."""
    across, up, style = along(result.axes[0]), of_statistic(result), style_of(result, line.init, index)
    there = [at for at, value in enumerate(line.value) if up.place(value) is not None]
    heights = [up.place(line.value[at]) or 0.0 for at in there]
    lows = [up.place(line.low[at]) for at in there]
    highs = [up.place(line.high[at]) for at in there]
    trace: Figure = {
        "type": "scatter",
        "mode": "markers" if across.choices else "lines+markers",
        "x": [across.place(line.x[at]) for at in there],
        "y": heights,
        "line": {"color": style.color, "width": 2, "dash": style.dash},
        "marker": {"color": style.color, "symbol": style.symbol, "size": 8},
        "text": [_text(result, line, at) for at in there],
        "customdata": [line.page[at] for at in there],
        "hovertemplate": "%{text}<extra></extra>",
        "name": label_of(result, line.init),
        **meta_of(result, line.init),
    }
    if any(low is not None for low in lows):
        trace["error_y"] = {
            "type": "data",
            "symmetric": False,
            "array": [0.0 if top is None else top - at for top, at in zip(highs, heights, strict=True)],
            "arrayminus": [0.0 if low is None else at - low for low, at in zip(lows, heights, strict=True)],
            "color": style.color,
            "thickness": 1.5,
            "width": 4,
        }
    return [trace]


def _predicted(result: SweepResult, line: Line, first: bool) -> Figure | None:
    across, up = along(result.axes[0]), of_statistic(result)
    places = [(across.place(at), up.place(value)) for at, value in zip(line.x, line.predicted, strict=True)]
    known = [(at, value) for at, value in places if value is not None]
    if not known:
        return None
    return {
        "type": "scatter",
        "mode": "markers" if across.choices else "lines",
        "x": [at for at, _ in known],
        "y": [value for _, value in known],
        "line": {"color": PREDICTED, "width": 2.5, "dash": "dot"},
        "marker": {"color": PREDICTED, "symbol": "line-ew-open", "size": 16},
        "hoverinfo": "skip",
        "name": "theory",
        "showlegend": first,
        "zorder": -1,
        **meta_of(result, line.init, "predicted"),
    }


def _text(result: SweepResult, line: Line, at: int) -> str:
    (x,) = result.axes
    numbers = told(line.value[at], line.low[at], line.high[at], line.predicted[at], line.problem[at])
    return f"{label_of(result, line.init)} at {in_words(x)} {said(x, line.x[at])}<br>{numbers}"


def _marks(result: SweepResult, axis: Figure) -> tuple[list[Figure], list[Figure]]:
    """Values worth marking across x, their names on steps of their own, and the level that parts two regimes."""
    across, up = along(result.axes[0]), of_statistic(result)
    ink = {"color": PREDICTED, "width": 1}
    shapes, notes = [], []
    for step, mark in enumerate(sorted(result.marks, key=lambda mark: mark.x)):
        at = across.place(mark.x) or 0.0
        shapes.append(
            {"type": "line", "x0": at, "x1": at, "yref": WHOLE, "y0": 0, "y1": 1, "line": ink | {"dash": "dash"}}
        )
        left = at < sum(axis["range"]) / 2  # where there is more room on its right
        side: Figure = {"xanchor": "left", "xshift": 4} if left else {"xanchor": "right", "xshift": -4}
        where = {"x": at, "yref": WHOLE, "y": 0.02 + 0.055 * step, "yanchor": "bottom", **side}
        notes.append({"text": mark.label, **where, "font": {"size": 12, "color": PREDICTED}})
    for level in _level(result):
        y = up.place(level)
        shapes.append({"type": "line", "xref": WHOLE, "x0": 0, "x1": 1, "y0": y, "y1": y, "line": ink})
    return shapes, notes
