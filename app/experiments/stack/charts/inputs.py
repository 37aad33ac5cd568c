"""What becomes of the inputs: whether they stay apart, which units saturate or die, how each unit varies."""

from collections.abc import Callable
from itertools import pairwise
from math import ceil, log10, sqrt

from ....figures.axes import linear_axis
from ....figures.numbers import number
from ....figures.palette import STYLES, Figure, meta
from ....figures.panels import Panel, once, stacked
from ....lab.initializers import INITIALIZERS
from ....results import Histogram
from ..result import StackInit, StackLayer, StackResult
from .layers import layer_axis, line, theory
from .shapes import some_layers

Share = Callable[[StackLayer], float | None]
TALL = 170  # pixels
PERCENT: Figure = {"range": [-0.04, 1.06], "tickvals": [0, 0.5, 1], "ticktext": ["0 %", "50 %", "100 %"]}


def collapse(result: StackResult) -> Figure | None:
    """The cosine between inputs, and the share of the variance that tells inputs apart, per layer.

    Where the cosine reaches one and the share zero, every input has become the same vector, which a variance pooled
    over units and inputs hides. A single input has neither.
    """
    if result.experiment["batch"] == 1:
        return None
    cosines = [line(entry, *_texts(entry, lambda at: at.cosine.mean)) for entry in result.inits]
    cosines += [
        theory(entry, *_texts(entry, lambda at: at.predicted.cosine))
        for entry in result.inits
        if any(at.predicted.cosine is not None for at in entry.layers)
    ]
    lowest = min([0.0, *(value for trace in cosines for value in trace["y"] if value is not None)])
    shares = [line(entry, *_texts(entry, _apart)) for entry in result.inits]
    traces = once([*cosines, *shares])
    panels = [
        Panel("cosine between two inputs", traces[: len(cosines)], linear_axis(lowest - 0.06, 1.06), TALL),
        Panel("share of the variance between inputs", traces[len(cosines) :], PERCENT, TALL),
    ]
    return stacked(panels, layer_axis(result), hovermode="closest", meta={"place": "layer"})


def shares(result: StackResult) -> Figure | None:
    """Share of activations that are saturated, that are zero, and of units dead on the whole batch.

    What is zero in every layer under every init is left out, unless all are.
    """
    quantities: list[tuple[str, Share]] = [
        ("saturated activations", lambda layer: layer.activation.saturated),
        ("activations that are exactly zero", lambda layer: layer.activation.zero),
        ("units dead on the whole batch", lambda layer: layer.activation.dead_units),
    ]
    telling = [(name, share) for name, share in quantities if _ever(result, share)]
    panels = []
    for name, share in telling or quantities[1:2]:
        traces = [line(entry, *_texts(entry, share)) for entry in result.inits]
        if name.startswith("saturated"):
            traces += [theory(entry, *_texts(entry, lambda at: at.predicted.saturated)) for entry in result.inits]
        panels.append(Panel(name, once(traces), PERCENT, TALL))
    return stacked(panels, layer_axis(result), hovermode="closest", meta={"place": "layer"})


def unit_variance(result: StackResult) -> Figure | None:
    """The histogram, over units, of each unit's variance across the batch; one layer of them is shown.

    Layers differ by decades, so each has axes of its own, which its trace carries.
    """
    if result.experiment["batch"] == 1:
        return None
    shown = some_layers(result.inits[0].layers)
    panels, across = [], []
    for entry in result.inits:
        traces = [
            _steps(entry, at.layer, at.unit_variance.histogram, at.layer == shown[-1].layer)
            for at in some_layers(entry.layers)
            if at.unit_variance
        ]
        axes = traces[-1]["meta"]
        panels.append(Panel(f"<b>{INITIALIZERS[entry.init].label}</b>", traces, axes["yaxis"], 110))
        across.append(axes["xaxis"])
    across[-1] = {**across[-1], "title": {"text": "variance of a unit across the batch"}}
    return stacked(panels, across, showlegend=False)


def _steps(entry: StackInit, layer: int, histogram: Histogram, visible: bool) -> Figure:
    """A histogram with as many bins as so few units can fill."""
    units = sum(histogram.counts)
    merged = max(1, ceil(len(histogram.counts) / max(8, 2 * sqrt(units))))
    counts = [sum(histogram.counts[i : i + merged]) for i in range(0, len(histogram.counts), merged)]
    edges = [*histogram.edges[:-1:merged], histogram.edges[-1]]
    style = STYLES[entry.init]
    known = [edge for edge in edges if edge is not None] or [0.0]  # no float64 holds the rest
    own = {
        "xaxis": linear_axis(known[0], known[-1], 6) | {"showgrid": False},
        "yaxis": linear_axis(0, 1.08 * max(1, *counts), 3) | {"showgrid": False},
    }
    return {
        "type": "scatter",
        "name": INITIALIZERS[entry.init].label,
        "mode": "lines",
        "x": edges,
        "y": [*counts, 0],
        "text": [
            f"{number(a)} … {number(b)}: {count} units" for (a, b), count in zip(pairwise(edges), counts, strict=True)
        ],
        "line": {"shape": "hv", "color": style.color, "width": 1},
        "fill": "tozeroy",
        "fillcolor": style.filled(0.5),
        "visible": visible,
        "hovertemplate": "%{text}<extra></extra>",
        "meta": meta(entry.init, place=layer)["meta"] | own,
    }


def _texts(entry: StackInit, quantity: Share) -> tuple[list[float | None], list[str]]:
    values = [quantity(layer) for layer in entry.layers]
    return values, [number(value, 3) if value is not None else "" for value in values]


def _ever(result: StackResult, share: Share) -> bool:
    return any(share(layer) for entry in result.inits for layer in entry.layers)


def _apart(layer: StackLayer) -> float | None:
    """How much of a layer's variance is between inputs, the rest being between units."""
    across, over = layer.unit_variance, layer.preactivation.log10_variance
    if across is None or not across.mean or over is None:
        return None
    return float(min(1.0, 10.0 ** (log10(across.mean) - over)))
