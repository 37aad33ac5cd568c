"""A matmul as a picture: the outputs of every init on one axis of sizes."""

from itertools import pairwise
from math import exp, log, log10, pi, sqrt
from typing import TYPE_CHECKING

from ...figures.axes import decades
from ...figures.palette import PREDICTED, STYLES
from .result import MatmulInit, MatmulResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TAIL = 1.6  # decades below a standard deviation where there is little left to see
BINS, PARTS = 80, 64  # of the axis; of a bin of the histogram, taken as even


def matmul_picture(result: MatmulResult, axes: "Axes") -> None:
    """How large the outputs are, |z| on a log axis: a scale moves the hill and leaves its shape."""
    shown = [entry for entry in result.inits if entry.measured.std]
    ends = [log10(entry.measured.std or 1) for entry in shown] or [0.0]
    low, high = min([*ends, 0.0]) - TAIL, max([*ends, 0.0]) + 0.9
    axes.axvline(0, color=PREDICTED, linewidth=1.5, linestyle="--")
    for entry in shown:
        style, (x, y) = STYLES[entry.init], _densities(entry, low, high)
        axes.stairs(y, x, fill=True, color=style.color, alpha=0.5)
        points = [low + (high - low) * i / 400 for i in range(401)]
        if not entry.predicted.mean_given_input and entry.predicted.variance_given_input:
            std = sqrt(entry.predicted.variance_given_input)
            axes.plot(points, [_normal(10**p / std) for p in points], color=PREDICTED, linewidth=2, linestyle=":")
    ticks = decades(low, high)
    axes.set_xticks(ticks["tickvals"], ticks["ticktext"])
    axes.set_xlim(low, high)
    axes.set_ylim(0, None)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_title("how large the outputs are", loc="left", size=14, color=axes.xaxis.label.get_color())
    axes.set_xlabel("|z|, dashed: 1")


def _densities(entry: MatmulInit, low: float, high: float) -> tuple[list[float], list[float]]:
    """Edges of bins of log₁₀|z| from low to high, and the density in each, both signs taken together."""
    histogram = entry.measured.histogram
    edges = [edge or 0.0 for edge in histogram.edges]
    shares = [0.0] * BINS
    for (left, right), count in zip(pairwise(edges), histogram.counts, strict=True):
        for part in range(PARTS):
            size = log10(abs(left + (right - left) * (part + 0.5) / PARTS) or 1e-300)
            if low <= size < high:
                shares[int((size - low) / (high - low) * BINS)] += count / PARTS / entry.measured.count
    span = (high - low) / BINS
    return [low + span * place for place in range(BINS + 1)], [share / span for share in shares]


def _normal(size: float) -> float:
    """Density of log₁₀|z| where |z| is so many standard deviations, z normal of mean 0."""
    return 2 * exp(-size * size / 2) / sqrt(2 * pi) * size * log(10)
