"""The histogram of all weights, over their logarithm."""

from itertools import pairwise

from ....figures.axes import log_axis
from ....figures.numbers import number, power
from ....figures.palette import STYLES, Figure, figure, meta
from ..findings.judged import label_of
from ..result import AttentionResult, AttentionScale


def weights(result: AttentionResult) -> Figure | None:
    """One outline a scale."""
    ends = [edge for entry in result.scales for edge in entry.weights.histogram.edges if edge is not None]
    return figure(
        [_outline(entry) for entry in result.scales],
        height=300,
        hovermode="closest",
        xaxis={"title": {"text": "weight p"}, **log_axis(min(ends), max(*ends, 0.0))},
        yaxis={"showticklabels": False, "rangemode": "tozero"},
    )


def _outline(entry: AttentionScale) -> Figure:
    style, histogram, count = STYLES[entry.scale], entry.weights.histogram, entry.weights.count
    edges = [edge or 0.0 for edge in histogram.edges]
    tallest = max(histogram.counts) or 1
    return {
        "type": "scatter",
        "mode": "lines",
        "name": label_of(entry),
        "x": edges,
        "y": [*(each / tallest for each in histogram.counts), 0.0],
        "text": [
            *(
                f"{power(low)} … {power(high)}: {number(each / count, 2)} of the weights"
                for (low, high), each in zip(pairwise(edges), histogram.counts, strict=True)
            ),
            "",
        ],
        "line": {"shape": "hv", "color": style.color, "width": 1},
        "fill": "tozeroy",
        "fillcolor": style.filled(0.4),
        "hovertemplate": "%{text}<extra>%{fullData.name}</extra>",
        **meta(entry.scale),
    }
