"""Theory's contours over a map: one dotted line a value, which says its value where it ends."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from ....figures.palette import Figure, meta

INK = "#111418"
DIGITS = 6  # of a place, beyond which theory's values differ by rounding alone
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
    ends = [
        (end, name)
        for level, name in passed.items()
        if (end := next(_crossings(xs, ys, rows, round(level, DIGITS)), None))
    ]
    return [*lines, *([_names([end for end, _ in ends], [name for _, name in ends], xs)] if ends else [])]


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


def _names(ends: Sequence[tuple[float, float]], names: Sequence[str], xs: Sequence[float]) -> Figure:
    """Beside the lines, on the side where there is room."""
    middle = (xs[0] + xs[-1]) / 2
    return {
        "type": "scatter",
        "mode": "text",
        "x": [x for x, _ in ends],
        "y": [y for _, y in ends],
        "text": [f" {name} " for name in names],
        "textposition": ["middle right" if x < middle else "middle left" for x, _ in ends],
        "textfont": {"size": 12},
        "hoverinfo": "skip",
        "showlegend": False,
        **meta(role="predicted"),
    }
