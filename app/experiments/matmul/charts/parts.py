"""What these charts share."""

from itertools import pairwise
from math import exp, pi, sqrt

from ....figures.palette import PREDICTED, Figure
from ....results import Histogram

POINTS = 121  # of a curve


def density_of(histogram: Histogram, count: int) -> tuple[list[float], list[float]]:
    edges = [edge or 0.0 for edge in histogram.edges]
    widths = [right - left for left, right in pairwise(edges)]
    return edges, [n / count / width if width else 0.0 for n, width in zip(histogram.counts, widths, strict=True)]


def normal_curve(points: list[float], mean: float, std: float, name: str) -> Figure:
    offsets = [(point - mean) / std for point in points]
    heights = [exp(-offset * offset / 2) / (std * sqrt(2 * pi)) for offset in offsets]  # ** 2 would raise, not be inf
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": points,
        "y": heights,
        "line": {"color": PREDICTED, "dash": "dot", "width": 2.5},
        "hoverinfo": "skip",
    }


def rule() -> Figure:
    return {"color": PREDICTED, "width": 1.5, "dash": "dash"}


def level(y: float) -> Figure:
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": rule()}


def level_label(y: float, text: str) -> Figure:
    return {"xref": "paper", "x": 1, "y": y, "xanchor": "right", "yanchor": "bottom", "text": text}


def title(text: str) -> Figure:
    """Over the chart, on the left."""
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom"}
    return {**place, "yshift": 2, "text": text}
