"""All that a scale decides, against the size it gives the scores: measured points on theory's curves."""

from collections.abc import Iterable, Sequence
from math import log, log10
from typing import NamedTuple

from ....figures.axes import linear_axis, log_axis
from ....figures.numbers import number
from ....figures.palette import PREDICTED, STYLES, Figure, meta
from ....figures.panels import Panel, once, stacked
from ....theory.attention import Attended, attended, output_cosine
from ....theory.softmax import random_energies
from ..findings.judged import label_of
from ..result import AttentionResult, AttentionScale
from ..spec import AttentionSpec
from ..theory import scores_of

POINTS = 25  # of a curve
LEAST, MOST = 0.1, 10.0  # standard deviations of scores that are shown at least
TALL = 170  # pixels
TINY = 1e-12  # of the scores, what keys that are all alike still differ by

READ_FREEZING = (
    "Across: the std of a query's scores, what a scale decides. Points: measured; dotted: theory for this many keys; "
    "thin: its limit of many keys, in which the softmax freezes at √(2 ln n), dashed. Far left of it attention is a "
    "plain average, right of it one key takes it all."
)
READ_OUTPUTS = (
    "Above, the outputs' variance over the values'; below, the cosine between the outputs of two queries. Where the "
    "cosine reaches 1 every query gets the same answer."
)
READ_GRADIENT = (
    "What comes back of a gradient of mean square 1 at the outputs: above to the scores of one query, all keys "
    "together and over D; below to the queries, k² times as much."
)


class _Curve(NamedTuple):
    """Theory at places x = log₁₀ of the scores' standard deviation; nothing where queries see different keys."""

    x: list[float]
    found: list[Attended]


def freezing(result: AttentionResult) -> Figure | None:
    """Entropy as a share of ln n, and Σp²."""
    spec, shown = AttentionSpec.parse(result.experiment), _shown(result)
    if not shown or spec.keys < 2:
        return None
    curve, even = _curve(spec, shown), log(spec.keys)
    x = sorted([*curve.x, log10(2 * even) / 2])  # with the kink itself
    limits = [random_energies(10 ** (2 * at), spec.keys) for at in x]
    share = [
        _line(x, [max(at.entropy, 0.0) / even for at in limits], limit=True),
        _line(curve.x, [at.entropy / even for at in curve.found]),
        *(_points(entry, entry.entropy.share) for entry in shown),
    ]
    square = [
        _line(x, [at.participation for at in limits], limit=True),
        _line(curve.x, [at.participation for at in curve.found]),
        *(_points(entry, entry.participation.mean) for entry in shown),
    ]
    axis = linear_axis(-0.06, 1.06)
    named = {"entropy, as a share of ln n": share, "Σp²: 1 where one key has all the weight": square}
    return _over_stds(spec, curve, [Panel(name, traces, axis, TALL) for name, traces in named.items()])


def outputs(result: AttentionResult) -> Figure | None:
    """The outputs' variance and the cosine between them."""
    spec, shown = AttentionSpec.parse(result.experiment), _shown(result)
    if not shown or spec.causal:
        return None
    curve = _curve(spec, shown)
    spread = scores_of(spec, 1.0).spread
    own = max(1 - spec.similarity, TINY)
    cosines = [output_cosine(10 ** (2 * x) / own, spec.keys, spec.similarity, spread) for x in curve.x]
    ratio = [
        _line(curve.x, [_log(at.output_variance) for at in curve.found]),
        *(_points(entry, _log(entry.output.ratio)) for entry in shown),
    ]
    cosine = [_line(curve.x, cosines), *(_points(entry, entry.output.cosine) for entry in shown)]
    panels = [Panel("variance of the outputs, over the values'", ratio, _log_axis(ratio), TALL)]
    if spec.queries > 1:
        axis = linear_axis(-0.06, 1.06)
        panels.append(Panel("cosine between the outputs of two queries", cosine, axis, TALL))
    return _over_stds(spec, curve, panels)


def gradient(result: AttentionResult) -> Figure | None:
    """What comes back to the scores of a query, and to the query."""
    spec = AttentionSpec.parse(result.experiment)
    shown = [(entry, entry.gradient) for entry in _shown(result) if entry.gradient]
    if not shown:
        return None
    curve, scores = _curve(spec, [entry for entry, _ in shown]), scores_of(spec, 1.0)
    # The same factor k² on the gradient as on the scores' variance, and the values' on both.
    per_variance = spec.head_dim * scores.entry.variance**2 / scores.variance
    rows = [at.score_gradient for at in curve.found]
    queries = [per_variance * 10 ** (2 * x) * row for x, row in zip(curve.x, rows, strict=bool(rows))]
    at_scores = [_line(curve.x, map(_log, rows)), *(_points(entry, _log(back.row.mean)) for entry, back in shown)]
    at_queries = [_line(curve.x, map(_log, queries)), *(_points(entry, _log(back.queries)) for entry, back in shown)]
    named = {"sum of squares at a query's scores, over D": at_scores, "mean square at the queries": at_queries}
    return _over_stds(spec, curve, [Panel(name, traces, _log_axis(traces), TALL) for name, traces in named.items()])


def _shown(result: AttentionResult) -> list[AttentionScale]:
    """Those that have a place on an axis of logarithms."""
    return [entry for entry in result.scales if entry.predicted.query_score_variance > 0]


def _place(entry: AttentionScale) -> float:
    return log10(entry.predicted.query_score_variance) / 2


def _curve(spec: AttentionSpec, shown: Sequence[AttentionScale]) -> _Curve:
    places = [_place(entry) for entry in shown]
    low, high = min([log10(LEAST), *places]) - 0.2, max([log10(MOST), *places]) + 0.2
    x = [low + (high - low) * i / (POINTS - 1) for i in range(POINTS)]
    if spec.causal:
        return _Curve(x, [])
    spread, own = scores_of(spec, 1.0).spread, max(1 - spec.similarity, TINY)
    return _Curve(x, [attended(10 ** (2 * at) / own, spec.keys, spec.similarity, spread) for at in x])


def _line(x: Sequence[float], y: Iterable[float | None], limit: bool = False) -> Figure:
    heights = list(y)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "limit of many keys" if limit else "predicted",
        "x": x[: len(heights)],
        "y": heights,
        "line": {"color": PREDICTED, "width": 1} if limit else {"color": PREDICTED, "dash": "dot", "width": 2.5},
        "hoverinfo": "skip",
        **meta(role="predicted"),
    }


def _points(entry: AttentionScale, value: float | None) -> Figure:
    style = STYLES[entry.scale]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label_of(entry),
        "x": [_place(entry)],
        "y": [value],
        "marker": {"color": style.color, "symbol": style.symbol, "size": 13},
        "hovertemplate": f"scores of std {number(10 ** _place(entry), 3)}<extra>{label_of(entry)}</extra>",
        **meta(entry.scale),
    }


def _over_stds(spec: AttentionSpec, curve: _Curve, panels: Sequence[Panel]) -> Figure:
    """Over one axis of standard deviations, with σ_c marked; each name once in the legend."""
    traces = iter(once([trace for panel in panels for trace in panel.traces]))
    marked = [
        panel._replace(
            traces=[next(traces) for _ in panel.traces], shapes=_critical(spec), annotations=_critical_said(spec)
        )
        for panel in panels
    ]
    axis = {"title": {"text": "std of a query's scores"}, **log_axis(curve.x[0], curve.x[-1])}
    return stacked(marked, axis, hovermode="closest")


def _critical(spec: AttentionSpec) -> list[Figure]:
    if spec.keys < 2:
        return []
    place = log10(2 * log(spec.keys)) / 2
    rule = {"color": PREDICTED, "width": 1.5, "dash": "dash"}
    return [{"type": "line", "x0": place, "x1": place, "yref": "domain", "y0": 0, "y1": 1, "line": rule}]


def _critical_said(spec: AttentionSpec) -> list[Figure]:
    if spec.keys < 2:
        return []
    place = log10(2 * log(spec.keys)) / 2
    return [
        {"x": place, "yref": "domain", "y": 1, "xanchor": "right", "yanchor": "top", "xshift": -4, "text": "freezes"}
    ]


def _log(value: float) -> float | None:
    return log10(value) if value > 0 else None


def _log_axis(traces: Sequence[Figure]) -> Figure:
    known = [y for trace in traces for y in trace["y"] if y is not None]
    return log_axis(min(known, default=-1.0), max(known, default=0.0))
