"""Histograms as shapes: each upright and mirrored, side by side along a common axis, in one row an init."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import asinh, floor, log10
from typing import NamedTuple

from ..results import Histogram, Summary
from .axes import linear_axis, power_of_ten, spacing
from .palette import Figure, Style, meta
from .panels import Panel

PANEL = 150  # pixels
MOST_SHAPES = 40  # drawn in one row
MOST_STEPS = 40  # in one side of a shape: each is a few pixels high
THOUSAND = 1000  # parts of the way from one place to the next
DIGITS = 5  # of a shape's largest edge
EXACT = 22  # powers of ten that float64 holds exactly


class Shape(NamedTuple):
    """What lies at one place of a row, and what it says when pointed at."""

    place: int
    summary: Summary
    text: str


class Row(NamedTuple):
    """The shapes of one init."""

    init: str
    label: str
    style: Style
    shapes: Sequence[Shape]


def some_places(places: Sequence[int]) -> list[int]:
    """All of them, or evenly spaced ones up to the last if there are too many to draw; the first too if it fits."""
    last = len(places) - 1
    least = -(-last // (MOST_SHAPES - 1)) or 1
    step = next((step for step in range(least, 2 * least + 1) if last % step == 0), least)
    return list(places[last % step :: step])


def shape_panels(rows: Sequence[Row], height: int = PANEL, common: bool = False) -> list[Panel]:
    """A panel a row, each on its own axis, or all on a `common` one.

    An axis of values that leave ±10 is linear near zero and logarithmic beyond, so that a signal that explodes can be
    drawn beside its own beginning.
    """
    panels = []
    every = [shape.summary for row in rows for shape in row.shapes]
    for row in rows:
        if row.shapes:
            warp, scale = _value_axis(every if common else [shape.summary for shape in row.shapes])
            panels.append(Panel(f"<b>{row.label}</b>", _traces(row, warp), {"zeroline": True, **scale}, height))
    return panels


def _traces(row: Row, warp: Callable[[float], float]) -> list[Figure]:
    """One trace with all the shapes of a row, and one of points that answer the pointer."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    apart = spacing([shape.place for shape in row.shapes])
    for place, found, _ in row.shapes:
        edges, widths = outline(found.histogram, warp)
        middle, half = THOUSAND * place, [round(0.46 * THOUSAND * apart * width) for width in widths]
        right, left = [(middle + w) / THOUSAND for w in half], [(middle - w) / THOUSAND for w in reversed(half)]
        xs += [place, *right, place, *left, place, None]
        ys += [edges[0], *edges, *reversed(edges), None]
    drawn: Figure = {
        "type": "scatter",
        "mode": "lines",
        "x": xs,
        "y": ys,
        "fill": "toself",
        "fillcolor": row.style.filled(0.4),
        "line": {"color": row.style.color, "width": 1, "shape": "vh"},
        "hoverinfo": "skip",
        **meta(row.init),
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
        "showlegend": False,
        **meta(row.init),
    }
    return [drawn, points]


def outline(
    histogram: Histogram, warp: Callable[[float], float] = lambda value: value
) -> tuple[list[float], list[float]]:
    """The edges of a shape's steps, and between each two its relative half-width: the density on the warped axis.

    The tallest bin is held to twice the next, so that a spike at zero leaves the rest its room.
    """
    merged = max(1, -(-len(histogram.counts) // MOST_STEPS))
    counts = [sum(histogram.counts[i : i + merged]) for i in range(0, len(histogram.counts), merged)]
    bounds = [*histogram.edges[:-1:merged], histogram.edges[-1]]
    edges = _rounded([warp(edge) for edge in bounds if edge is not None])
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


def _rounded(edges: list[float]) -> list[float]:
    """To as many digits as can be seen, and as short when written: a whole number over a power of ten."""
    largest = max(map(abs, edges), default=0.0)
    places = DIGITS - 1 - floor(log10(largest)) if largest else 0
    if 0 <= places <= EXACT:
        unit = 10.0**places
        return [round(edge * unit) / unit for edge in edges]
    return [float(f"{edge:.{DIGITS}g}") for edge in edges]


def _value_axis(found: list[Summary]) -> tuple[Callable[[float], float], Figure]:
    """How a value is placed on a row's axis, and the axis's ticks."""
    ends = [summary.histogram.edges for summary in found]
    known = [edge for edges in ends for edge in (edges[0], edges[-1]) if edge is not None]
    low, high = min(known, default=-1.0), max(known, default=1.0)
    if max(abs(low), abs(high)) <= 10:
        margin = 0.05 * (high - low) or 0.1
        return (lambda value: value), linear_axis(min(low, 0.0) - margin, max(high, 0.0) + margin, most=4)
    top = log10(max(abs(low), abs(high)))
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200) if top / s <= 2.5)
    powers = list(range(step, int(top) + 1, step))
    values = [*(-(10.0**p) for p in reversed(powers)), 0.0, *(10.0**p for p in powers)]
    sizes = [power_of_ten(p) for p in powers]
    labels = [*(f"−{size}" for size in reversed(sizes)), "0", *sizes]
    span = [1.06 * _asinh10(min(low, 0.0)), 1.06 * _asinh10(max(high, 0.0))]
    return _asinh10, {"range": span, "tickvals": [_asinh10(value) for value in values], "ticktext": labels}


def _asinh10(value: float) -> float:
    """Linear near zero, log₁₀ beyond a few."""
    return asinh(value / 2) / 2.302585092994046
