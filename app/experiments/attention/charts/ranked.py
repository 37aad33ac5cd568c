"""The sorted weights: how a query's attention falls off from its first key to its last."""

from math import log10

from ....figures.axes import log_axis
from ....figures.numbers import number
from ....figures.palette import PREDICTED, STYLES, Figure, figure, meta
from ....figures.panels import title
from ..findings.judged import label_of
from ..result import AttentionResult, AttentionScale

LOWEST = -9.0  # decades: where a weight has long been nothing


def ranked(result: AttentionResult) -> Figure | None:
    """log₁₀ of the typical weight at each rank, measured and predicted."""
    shown = [entry for entry in result.scales if len(entry.ranks) > 1]
    if not shown:
        return None
    last = log10(shown[0].ranks[-1].rank)
    lowest = min(at.log10_weight for entry in shown for at in entry.ranks)
    return figure(
        [*(_line(entry) for entry in shown), *(_predicted(entry, entry is shown[0]) for entry in shown)],
        height=340,
        hovermode="closest",
        xaxis={"title": {"text": "rank of the key"}, **log_axis(0, last)},
        yaxis=log_axis(max(lowest, LOWEST), 0),
        shapes=[
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": -last,
                "y1": -last,
                "line": {"color": PREDICTED, "width": 1.5, "dash": "dash"},
            }
        ],
        annotations=[
            {"xref": "paper", "x": 0, "y": -last, "xanchor": "left", "yanchor": "top", "text": "even weights"},
            title("weight"),
        ],
    )


def _line(entry: AttentionScale) -> Figure:
    style = STYLES[entry.scale]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": label_of(entry),
        "x": [log10(at.rank) for at in entry.ranks],
        "y": [at.log10_weight for at in entry.ranks],
        "text": [
            f"key {at.rank:,} of its query: weight {number(10**at.log10_weight, 3)}"
            if at.log10_weight > -300
            else f"key {at.rank:,} of its query: nothing"
            for at in entry.ranks
        ],
        "line": {"color": style.color, "width": 2},
        "marker": {"color": style.color, "symbol": style.symbol, "size": 6},
        "hovertemplate": "%{text}<extra>%{fullData.name}</extra>",
        **meta(entry.scale),
    }


def _predicted(entry: AttentionScale, first: bool) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "predicted",
        "legendgroup": "predicted",
        "showlegend": first,
        "x": [log10(at.rank) for at in entry.ranks],
        "y": [at.predicted for at in entry.ranks],
        "line": {"color": PREDICTED, "dash": "dot", "width": 2},
        "hoverinfo": "skip",
        **meta(entry.scale, "predicted"),
    }
