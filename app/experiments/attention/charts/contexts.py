"""What the number of keys does at each scale: theory over contexts of every length, and the one that was measured."""

from math import log, log10

import numpy as np

from ....figures.axes import linear_axis, log_axis
from ....figures.numbers import number
from ....figures.palette import STYLES, Figure, meta
from ....figures.panels import Panel, once, stacked
from ....theory.softmax import softmax
from ..findings.judged import label_of
from ..result import AttentionResult, AttentionScale
from ..spec import AttentionSpec

MOST = 10**6  # keys
POINTS = 19
TALL = 170  # pixels

READ_CONTEXTS = (
    "Across: the number of keys. Lines: theory for a query of typical length; points: this run. At one scale a longer "
    "context leaves less to each key, and where scores are wide enough to freeze, √(2 ln n) in the end overtakes them."
)


def contexts(result: AttentionResult) -> Figure | None:
    """The heaviest weight, and the entropy as a share of ln n."""
    spec = AttentionSpec.parse(result.experiment)
    if spec.keys < 2:
        return None
    most = max(MOST, spec.keys)
    keys = sorted({round(each) for each in np.geomspace(2, most, POINTS)})
    largest, entropy = [], []
    for entry in result.scales:
        found = [softmax(entry.predicted.query_score_variance, each) for each in keys]
        largest.append(_line(entry, keys, [log10(max(at.largest, 1e-300)) for at in found]))
        entropy.append(_line(entry, keys, [at.entropy / log(each) for at, each in zip(found, keys, strict=True)]))
    largest += [_point(spec, entry, log10(entry.largest.mean)) for entry in result.scales]
    entropy += [_point(spec, entry, entry.entropy.share) for entry in result.scales]
    traces = once([*largest, *entropy])
    panels = [
        Panel("weight of the heaviest key", traces[: len(largest)], log_axis(-log10(most), 0.0), TALL),
        Panel("entropy, as a share of ln n", traces[len(largest) :], linear_axis(-0.06, 1.06), TALL),
    ]
    axis = {"title": {"text": "keys n"}, **log_axis(log10(2), log10(most))}
    return stacked(panels, axis, hovermode="closest")


def _line(entry: AttentionScale, keys: list[int], heights: list[float]) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": label_of(entry),
        "x": [log10(each) for each in keys],
        "y": heights,
        "line": {"color": STYLES[entry.scale].color, "dash": "dot", "width": 2},
        "text": [f"{each:,} keys" for each in keys],
        "hovertemplate": f"%{{text}}<extra>theory, {label_of(entry)}</extra>",
        **meta(entry.scale, "predicted"),
    }


def _point(spec: AttentionSpec, entry: AttentionScale, height: float | None) -> Figure:
    style = STYLES[entry.scale]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label_of(entry),
        "x": [log10(spec.keys)],
        "y": [height],
        "marker": {"color": style.color, "symbol": style.symbol, "size": 13},
        "hovertemplate": f"{spec.keys:,} keys<br>entropy {number(entry.entropy.mean)} nats"
        f"<br>heaviest {number(entry.largest.mean, 3)}<extra>{label_of(entry)}</extra>",
        **meta(entry.scale),
    }
