"""Histograms as shapes: each upright and mirrored, side by side along a common axis, in one row an init."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import asinh, log10
from typing import NamedTuple

from ..results import Histogram, Summary
from .axes import axis, axis_key, panel_title, panels
from .numbers import superscript
from .palette import Figure, Style, figure

PANEL = 190  # pixels
MOST_SHAPES = 40  # drawn in one row
MOST_STEPS = 40  # in one side of a shape: each is a few pixels high


class Shape(NamedTuple):
    """What lies at one place of a row, and what it says when pointed at."""

    place: int
    summary: Summary
    text: str


class Row(NamedTuple):
    """The shapes of one init."""

    label: str
    style: Style
    shapes: Sequence[Shape]


def some_places(places: Sequence[int]) -> list[int]:
    """All of them, or evenly spaced ones up to the last if there are too many to draw; the first too if it fits."""
    last = len(places) - 1
    least = -(-last // (MOST_SHAPES - 1)) or 1
    step = next((step for step in range(least, 2 * least + 1) if last % step == 0), least)
    return list(places[last % step :: step])


def shape_rows(rows: Sequence[Row], title: str) -> Figure | None:
    """Rows of shapes over one axis of places, called `title`; None without any.

    A row whose values leave ±10 has an axis that is linear near zero and logarithmic beyond, so that a signal that
    explodes can be drawn beside its own beginning.
    """
    traces: list[Figure] = []
    layout: Figure = {"showlegend": False, "annotations": [], "hovermode": "closest"}
    rows = [row for row in rows if row.shapes]
    if not rows:
        return None
    domains = panels(len(rows), gap=0.24 / len(rows))
    for index, (row, domain) in enumerate(zip(rows, domains, strict=True)):
        x, y = axis("x", index), axis("y", index)
        places = [shape.place for shape in row.shapes]
        margin = 0.6 * _spacing(places)
        warp, ticks = _value_axis([shape.summary for shape in row.shapes])
        traces += [trace | {"xaxis": x, "yaxis": y} for trace in _traces(row, warp)]
        layout[axis_key("x", index)] = {
            "anchor": y,
            "range": [places[0] - margin, places[-1] + margin],
            "matches": None if index == 0 else "x",
            "showticklabels": index == len(rows) - 1,
            "showgrid": False,
            "zeroline": False,
        }
        layout[axis_key("y", index)] = {"anchor": x, "domain": domain, "zeroline": True, **ticks}
        layout["annotations"].append(panel_title(f"<b>{row.label}</b>", index))
    layout[axis_key("x", len(rows) - 1)]["title"] = {"text": title}
    return figure(traces, height=80 + PANEL * len(rows), **layout)


def _traces(row: Row, warp: Callable[[float], float]) -> list[Figure]:
    """One trace with all the shapes of a row, and one of points that answer the pointer."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    spacing = _spacing([shape.place for shape in row.shapes])
    for place, found, _ in row.shapes:
        edges, widths = _outline(found.histogram, warp)
        half = [0.46 * spacing * width for width in widths]
        right, left = (round(place + w, 3) for w in half), (round(place - w, 3) for w in reversed(half))
        xs += [place, *right, place, *left, place, None]
        ys += [edges[0], *edges, *reversed(edges), None]
    outline: Figure = {
        "type": "scatter",
        "mode": "lines",
        "x": xs,
        "y": ys,
        "fill": "toself",
        "fillcolor": row.style.filled(0.4),
        "line": {"color": row.style.color, "width": 1, "shape": "vh"},
        "hoverinfo": "skip",
    }
    points: Figure = {
        "type": "scatter",
        "mode": "markers",
        "x": [shape.place for shape in row.shapes],
        "y": [warp(shape.summary.mean or 0.0) for shape in row.shapes],
        "marker": {"color": row.style.color, "size": 4},
        "text": [shape.text for shape in row.shapes],
        "hovertemplate": "%{text}<extra></extra>",
        "name": row.label,
    }
    return [outline, points]


def _spacing(places: list[int]) -> float:
    return (places[-1] - places[0]) / max(len(places) - 1, 1) or 1.0


def _outline(histogram: Histogram, warp: Callable[[float], float]) -> tuple[list[float], list[float]]:
    """The edges of a shape's steps, and between each two its relative half-width: the density on the warped axis.

    The tallest bin is held to twice the next, so that a spike at zero leaves the rest its room.
    """
    merged = max(1, -(-len(histogram.counts) // MOST_STEPS))
    counts = [sum(histogram.counts[i : i + merged]) for i in range(0, len(histogram.counts), merged)]
    bounds = [*histogram.edges[:-1:merged], histogram.edges[-1]]
    edges = [float(f"{warp(edge):.5g}") for edge in bounds if edge is not None]
    if len(edges) < 2:
        return [0.0, 0.0], [0.3]
    span = edges[-1] - edges[0]  # a density per span, not per one, stays finite however small the numbers are
    density = [
        count * (span / (top - bottom)) if top > bottom else 0.0
        for count, (bottom, top) in zip(counts, pairwise(edges), strict=False)
    ]
    ranked = sorted(density)
    ceiling = min(ranked[-1], 2 * ranked[-2]) if len(ranked) > 1 and ranked[-2] > 0 else ranked[-1]
    widths = [min(value / ceiling, 1.0) if ceiling else 0.0 for value in density]
    return edges, widths


def _value_axis(found: list[Summary]) -> tuple[Callable[[float], float], Figure]:
    """How a value is placed on a row's axis, and the axis's ticks."""
    ends = [summary.histogram.edges for summary in found]
    known = [edge for edges in ends for edge in (edges[0], edges[-1]) if edge is not None]
    largest = max((abs(edge) for edge in known), default=1.0)
    if largest <= 10:
        return (lambda value: value), {"nticks": 5, "tickformat": "~g"}
    top = log10(largest)
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200) if top / s <= 2.5)
    powers = list(range(step, int(top) + 1, step))
    values = [*(-(10.0**p) for p in reversed(powers)), 0.0, *(10.0**p for p in powers)]
    sizes = [f"10{superscript(p)}" for p in powers]
    labels = [*(f"−{size}" for size in reversed(sizes)), "0", *sizes]
    return _asinh10, {"tickvals": [_asinh10(value) for value in values], "ticktext": labels}


def _asinh10(value: float) -> float:
    """Linear near zero, log₁₀ beyond a few."""
    return asinh(value / 2) / 2.302585092994046
