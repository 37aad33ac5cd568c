"""Theory's contours over a map: one dotted line a value, which says its value at one of its ends."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from ....figures.palette import Figure, meta

INK = "#111418"
DIGITS = 6  # of a place, beyond which theory's values differ by rounding alone
APART = 0.12  # of the axis, by which names over neighbouring lines have to lie apart to be read on a phone
LEAST = 0.01  # of the scale of colours, by which theory has to vary to have contours

Rows = Sequence[Sequence[float | None]]


def contours(
    xs: Sequence[float], ys: Sequence[float], predicted: Rows, levels: Mapping[float, str], span: float
) -> list[Figure]:
    """A line for each level that theory passes, and their names; none over a map on which it hardly varies.

    `predicted` has a row for each of the ys; `levels` are places on the statistic's scale, each with its name; `span`
    is how far the scale of colours goes.
    """
    rows = [[None if value is None else round(value, DIGITS) for value in row] for row in predicted]
    known = [value for row in rows for value in row if value is not None]
    if min(len(xs), len(ys)) < 2 or not known or max(known) - min(known) < LEAST * span:
        return []
    passed = {level: name for level, name in levels.items() if min(known) < round(level, DIGITS) < max(known)}
    lines = [_line(xs, ys, rows, round(level, DIGITS)) for level in passed]
    crossings = {name: list(_crossings(xs, ys, rows, round(level, DIGITS))) for level, name in passed.items()}
    there = {name: found for name, found in crossings.items() if found}
    return [*lines, *([_names(there, APART * (xs[-1] - xs[0]))] if there else [])]


def _line(xs: Sequence[float], ys: Sequence[float], rows: Rows, level: float) -> Figure:
    return {
        "type": "contour",
        "x": list(xs),
        "y": list(ys),
        "z": rows,
        "contours": {"start": level, "end": level, "size": 1, "coloring": "none"},
        "line": {"color": INK, "width": 2.5, "dash": "dot", "smoothing": 0.6},
        "hoverinfo": "skip",
        "showscale": False,
        "showlegend": False,
        **meta(role="predicted"),
    }


def _crossings(xs: Sequence[float], ys: Sequence[float], rows: Rows, level: float) -> Iterator[tuple[float, float]]:
    """Where the line passes between two neighbours of a row, from the highest row down."""
    for y, row in reversed(list(zip(ys, rows, strict=True))):
        for (left, one), (right, other) in pairwise(zip(xs, row, strict=True)):
            if one is not None and other is not None and (one < level) != (other < level):
                yield left + (right - left) * (level - one) / (other - one), y


def _names(crossings: Mapping[str, Sequence[tuple[float, float]]], apart: float) -> Figure:
    """Over the upper ends of the lines; of neighbours nearer than this every other one's under its lower end."""
    low = [False]
    for (before, *_), (here, *_) in pairwise(crossings.values()):
        low.append(not low[-1] and abs(here[0] - before[0]) < apart)
    ends = [places[-1] if under else places[0] for places, under in zip(crossings.values(), low, strict=True)]
    return {
        "type": "scatter",
        "mode": "text",
        "x": [x for x, _ in ends],
        "y": [y for _, y in ends],
        "text": list(crossings),
        "textposition": ["bottom center" if under else "top center" for under in low],
        "textfont": {"size": 12, "color": INK},
        "cliponaxis": False,
        "hoverinfo": "skip",
        "showlegend": False,
        **meta(role="predicted"),
    }
