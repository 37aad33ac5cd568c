"""The scores, and how the softmax shares its weight out among the keys."""

from math import log, sqrt
from typing import Literal

from ....figures.numbers import number, percent
from ....finding import Finding, by_chance, in_spreads
from ..result import AttentionScale
from ..spec import AttentionSpec
from .judged import judgement, label_of, off_by, size_off

EVEN = 1.1  # times Σp² of even weights, e^{σ²} of small scores: up to it they are as good as even

Sharing = Literal["freezes", "weighs", "averages"]


def sharing(entry: AttentionScale) -> Sharing:
    """What the scores' size makes of the softmax: frozen beyond σ_c, a plain average where no weight stands out."""
    variance = entry.predicted.query_score_variance
    if variance <= log(EVEN):
        return "averages"
    return "freezes" if variance > entry.predicted.limit.critical_std**2 else "weighs"


def weights(spec: AttentionSpec, entry: AttentionScale) -> Finding:
    """How few keys hold the weight."""
    seen, predicted = entry.participation, entry.predicted
    word, std = sharing(entry), sqrt(predicted.query_score_variance)
    holds = {
        "freezes": f"beyond √(2 ln n) = {number(predicted.limit.critical_std, 3)}, where the softmax freezes",
        "weighs": f"below √(2 ln n) = {number(predicted.limit.critical_std, 3)}: it weighs many keys",
        "averages": "too little to tell keys apart: it takes a plain average",
    }[word]
    off = in_spreads(seen.mean, predicted.participation, seen.error)
    effective = number(1 / seen.mean, 3)
    return Finding(
        about="weights",
        init=entry.scale,
        word=word,
        sentence=f"{label_of(entry)}: a query's scores have a std of {number(std, 3)}, {holds}. The heaviest of "
        f"{spec.keys:,} keys takes {percent(entry.largest.mean)} of the weight on average, and Σp² is "
        f"{number(seen.mean, 3)}, as if {effective} keys shared it evenly; "
        f"{judgement(seen.mean, predicted.participation, seen.error)}.",
        value=seen.mean,
        predicted=predicted.participation,
        by_chance=by_chance(off),
        brief=f"Σp² {number(seen.mean, 3)}, predicted {number(predicted.participation, 3)}",
    )


def entropy(spec: AttentionSpec, entry: AttentionScale) -> Finding:
    """How evenly, in nats."""
    seen, predicted = entry.entropy, entry.predicted
    share = "" if seen.share is None else f", {percent(seen.share)} of that of even weights"
    limit = "" if spec.causal else f" In the limit of many keys it is {_limit(entry)}."
    return Finding(
        about="entropy",
        init=entry.scale,
        word="even" if seen.share is None or seen.share > 0.98 else "spread" if seen.share > 0.5 else "low",
        sentence=f"{label_of(entry)}: the weights' entropy is {number(seen.mean)} nats{share}; "
        f"{judgement(seen.mean, predicted.entropy, seen.error, 4)}.{limit}",
        value=seen.mean,
        predicted=predicted.entropy,
        by_chance=by_chance(in_spreads(seen.mean, predicted.entropy, seen.error)),
        brief=percent(seen.share) if seen.share is not None else "one key",
    )


def _limit(entry: AttentionScale) -> str:
    predicted = entry.predicted
    if predicted.limit.entropy:
        return f"ln n − σ²/2 = {number(predicted.limit.entropy)}"
    return "no share of ln n any more"


def scores(spec: AttentionSpec, entry: AttentionScale) -> Finding:
    """The scores' variance is that of a sum of D products."""
    seen, predicted = entry.scores.variance, entry.predicted
    off = size_off(seen, predicted.score_variance, predicted.score_variance_std)
    plain = predicted.score_variance == spec.head_dim * entry.factor**2
    sum_of = f"k²D = {number(entry.factor**2, 3)} · {spec.head_dim:,}" if plain else "k² times the products' variance"
    measured = "One score has no variance" if seen is None else f"the scores' variance is {number(seen)}"
    return Finding(
        about="scores",
        init=entry.scale,
        word={"freezes": "wide", "weighs": "moderate", "averages": "narrow"}[sharing(entry)],
        sentence=f"{label_of(entry)}: {measured}; "
        f"{off_by(predicted.score_variance, off, 4)}, as a score is a sum of "
        f"{spec.head_dim:,} products: {sum_of}.",
        value=seen,
        predicted=predicted.score_variance,
        by_chance=by_chance(off),
        brief=f"variance {number(seen)}",
    )
