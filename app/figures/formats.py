"""Magnitudes against number formats: what float16 and its kin could hold of what lies at each place."""

from collections.abc import Sequence
from math import log2, log10
from typing import NamedTuple

from ..lab.formats import FORMATS, Magnitudes
from .axes import decades
from .courses import Course
from .numbers import percent
from .palette import PREDICTED, Figure, meta
from .panels import Panel, once

TALL = 230  # pixels
SHOWN = 60.0  # decades: no format here reaches further
LABEL = 15  # pixels that a label needs
SAME = 0.1  # decades, within which two ends are one


class End(NamedTuple):
    """Where formats end: log₁₀ of their largest or smallest number, and their names."""

    place: float
    which: str
    names: list[str]


Ribbon = tuple[Course, Sequence[Magnitudes | None]]


def format_panel(title: str, ribbons: Sequence[Ribbon]) -> Panel:
    """The 1 % to 99 % of each init's magnitudes, place by place, and where each format ends."""
    traces = [trace for ribbon in ribbons for trace in _ribbon(*ribbon)]
    low, high = _view(ribbons)
    lines, labels = _ends(low, high)
    axis = {"range": [low, high], **decades(low, high), "zeroline": False}
    return Panel(f"<b>{title}</b>", once(traces), axis, TALL, lines, labels)


def _ribbon(course: Course, magnitudes: Sequence[Magnitudes | None]) -> list[Figure]:
    pairs = zip(course.places, magnitudes, strict=True)
    known = [(place, found) for place, found in pairs if found and found.log2_median is not None]
    x = [place for place, _ in known]
    low = [(found.log2_low or 0.0) * log10(2) for _, found in known]
    high = [(found.log2_high or 0.0) * log10(2) for _, found in known]
    median = [(found.log2_median or 0.0) * log10(2) for _, found in known]
    style = course.line.style
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [*x, *x[::-1]],
            "y": [*high, *low[::-1]],
            "fill": "toself",
            "fillcolor": style.filled(0.22),
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
            **meta(course.init),
        },
        {
            "type": "scatter",
            "mode": "lines",
            "name": course.line.label,
            "legendgroup": course.init,
            "x": x,
            "y": median,
            "text": [_losses(f"{course.place} {place}", found) for place, found in known],
            "line": {"color": style.color, "dash": style.dash, "width": 2},
            "hovertemplate": "%{text}<extra>%{fullData.name}</extra>",
            **meta(course.init),
        },
    ]


def _losses(place: str, found: Magnitudes) -> str:
    lines = [
        f"{name}: {percent(share.underflow)} to zero, {percent(share.overflow)} overflow"
        for name, share in found.formats.items()
    ]
    return "<br>".join([place, *lines])


def _ends(low: float, high: float) -> tuple[list[Figure], list[Figure]]:
    """A dashed line at the largest and at the smallest number of every format, where there is room for its name."""
    apart = LABEL * (high - low) / TALL
    shown: list[End] = []
    for name, entry in FORMATS.items():
        for which, value in (("largest", entry.largest), ("smallest", entry.smallest)):
            place = log2(value) * log10(2)
            near = next((end for end in shown if abs(end.place - place) < apart), None)
            if near and near.which == which and abs(near.place - place) < SAME:
                near.names.append(name)
            elif near is None and low < place < high:
                shown.append(End(place, which, [name]))
    lines: list[Figure] = [
        {"type": "line", "xref": "domain", "x0": 0, "x1": 1, "y0": end.place, "y1": end.place, "line": _rule()}
        for end in shown
    ]
    labels: list[Figure] = [
        {
            "xref": "domain",
            "x": 1,
            "xanchor": "right",
            "y": end.place,
            "yanchor": "top" if end.which == "smallest" and end.place - apart > low else "bottom",
            "text": f"{end.which} {', '.join(end.names)}",
            "font": {"size": 11, "color": PREDICTED},
        }
        for end in shown
    ]
    return lines, labels


def _rule() -> Figure:
    return {"color": PREDICTED, "width": 1, "dash": "dash"}


def _view(ribbons: Sequence[Ribbon]) -> tuple[float, float]:
    """From the lowest to the highest magnitude, and at least float16's range; no further than float32's by far."""
    ends = [
        edge * log10(2)
        for _, magnitudes in ribbons
        for found in magnitudes
        if found
        for edge in (found.log2_low, found.log2_high)
        if edge is not None
    ]
    return max(min([-9.0, *ends]), -SHOWN), min(max([6.5, *ends]), SHOWN)
