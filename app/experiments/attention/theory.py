"""What one layer of attention should do, from its spec alone."""

from collections.abc import Sequence
from math import log, sqrt
from statistics import NormalDist, fmean
from typing import NamedTuple

import numpy as np

from ...lab.draws import DISTRIBUTIONS
from ...theory.attention import FEWEST_DIMENSIONS, Attended, attended, output_cosine, squared_lengths
from ...theory.moments import Moments
from ...theory.softmax import random_energies, softmax
from .result import AttentionPredicted, Limit, Output
from .spec import AttentionSpec

LEVELS = 12  # numbers of visible keys that causal queries are worked out for
TINIEST = 1e-290  # as good as nothing
FEWEST = 32  # queries and keys from which chance is told
ROUNDING = 1e-6  # of float32, in a cosine
MOST_DECIDED = 0.5  # share of queries with a weight above 0.97

ASSUMES = [
    "Given a query, the scores of independent keys are normal, of variance k²‖q‖²Var(key); what the keys share adds "
    "the same to all of them, which the softmax ignores. From there on the averages are exact integrals, for this "
    "number of keys, over the lengths of the queries.",
    "The limit of many keys is the Random Energy Model (Derrida 1981; Giorlandino and Goldt 2025).",
    "The outputs' cosine: a key longer than others has the larger mean weight, right to order 1/D. The gradient at the "
    "queries: to leading order in 1/D.",
]


class Scores(NamedTuple):
    """What theory needs to know of a scale's scores.

    `variance` is among the keys of one query, what they share included, on average over queries; `spread` is
    Var(‖q‖²)/E[‖q‖²]²; `entry` are the moments of an entry of a query, a key or a value.
    """

    entry: Moments
    variance: float
    spread: float


def scores_of(spec: AttentionSpec, factor: float) -> Scores:
    """Of a scale's factor k."""
    entry = DISTRIBUTIONS[spec.input].moments.shifted(spec.input_mean)
    square = spec.head_dim * entry.mean_square
    spread = max(0.0, entry.square_variance) / spec.head_dim / entry.mean_square**2
    return Scores(entry, factor**2 * entry.variance * square, spread)


def by_query(spec: AttentionSpec, factor: float) -> list[Attended]:
    """What is predicted of every query, as far as the queries differ: causal ones see different numbers of keys.

    Between some of these numbers the entropy is linear in their logarithm, all else a power of them.
    """
    scores = scores_of(spec, factor)

    def at(keys: int) -> Attended:
        return attended(scores.variance, keys, spec.similarity, scores.spread)

    if not spec.causal:
        return [at(spec.keys)]
    visible = [spec.visible(query) for query in range(spec.queries)]
    levels = np.unique(np.geomspace(visible[0], visible[-1], min(LEVELS, len(visible))).round().astype(int))
    entropies, *others = np.array([at(keys) for keys in levels.tolist()]).T
    place, places = np.log(visible), np.log(levels)
    powers = [np.exp(np.interp(place, places, np.log(np.maximum(values, TINIEST)))) for values in others]
    kept = [np.where(values > TINIEST, values, 0.0).tolist() for values in powers]
    return [Attended(*values) for values in zip(np.interp(place, places, entropies).tolist(), *kept, strict=True)]


def comparable(spec: AttentionSpec, concentrated: float) -> bool:
    """Whether it is known how far chance parts what is measured from its prediction.

    So it is for normal entries without a mean, in dimensions enough for queries to go their own ways, for queries and
    keys enough and not all alike, unless most queries are as good as decided and a few carry every mean.
    """
    normal = spec.input == "normal" and not spec.input_mean and spec.similarity < 1
    enough = spec.head_dim >= FEWEST_DIMENSIONS and min(spec.queries, spec.keys) >= FEWEST
    return normal and enough and concentrated < MOST_DECIDED


def predict(spec: AttentionSpec, factor: float) -> AttentionPredicted:
    """Everything that is predicted of a scale."""
    scores = scores_of(spec, factor)
    entry, own = scores.entry, 1 - spec.similarity
    found = _on_average(by_query(spec, factor))
    visible = fmean(spec.visible(query) for query in range(spec.queries))
    told = not (spec.causal or entry.mean or spec.queries == 1)
    cosine = output_cosine(scores.variance, spec.keys, spec.similarity, scores.spread) if told else None
    known = comparable(spec, found.concentrated)
    limit = random_energies(scores.variance * own, spec.keys)
    per_row = spec.head_dim * entry.variance * found.score_gradient
    return AttentionPredicted(
        score_variance=factor**2 * spec.head_dim * (entry.mean_square**2 - entry.mean**4),
        score_variance_std=_score_variance_std(spec, entry, factor),
        query_score_variance=scores.variance * own,
        entropy=found.entropy,
        participation=found.participation,
        participation_std=found.participation_std,
        largest=found.largest,
        concentrated=found.concentrated,
        output_ratio=found.output_variance,
        output_ratio_std=_output_ratio_std(spec, scores, found, cosine) if known else None,
        output_cosine=cosine,
        output_cosine_std=_output_cosine_std(spec, cosine) if known and cosine is not None else None,
        row_gradient=found.score_gradient,
        score_gradient=per_row / visible,
        query_gradient=factor**2 * entry.variance * own * per_row,
        limit=Limit(**limit._asdict()),
    )


def _on_average(queries: Sequence[Attended]) -> Attended:
    """Over the queries, with the spread of Σp² from one of them to another."""
    mean = Attended(*map(fmean, zip(*queries, strict=True)))
    square = fmean(query.participation_std**2 + query.participation**2 for query in queries)
    return mean._replace(participation_std=sqrt(max(0.0, square - mean.participation**2)))


def _score_variance_std(spec: AttentionSpec, entry: Moments, factor: float) -> float | None:
    """Of the mean square of all scores, tr(QᵀQ KᵀK)/mn: of two independent sample covariances about the identity.

    None where entries have a mean, or queries see different keys.
    """
    if entry.mean or spec.causal:
        return None
    dimension, fourth, rho = spec.head_dim, entry.square_variance / entry.mean_square**2, spec.similarity
    of_queries, of_keys = 1 / spec.queries, rho**2 + (1 - rho) ** 2 / spec.keys
    across = of_keys + 2 * rho * (1 - rho) / spec.keys
    traces = fourth * (of_queries + of_keys) + 4 * rho * (1 - rho) / spec.keys
    both = 2 * (dimension + 1) * of_queries * across
    return factor**2 * entry.mean_square**2 * sqrt(dimension * (traces + both) / spec.repeats)


def _output_ratio_std(spec: AttentionSpec, scores: Scores, found: Attended, cosine: float | None) -> float:
    """Outputs are normal over the values, and alike by the queries' common weights: D draws of them, no more.

    Where their cosine is not predicted they are taken for all alike, which is the widest.
    """
    rho, own, ratio = spec.similarity, 1 - spec.similarity, found.output_variance
    common = (ratio if cosine is None else cosine * ratio) - rho  # (1 − ρ)·E[Σpp′]
    fourth = max(2.0, scores.entry.square_variance / max(scores.entry.variance, 1e-300) ** 2)
    kept = own * found.participation
    # Of two frozen queries few have anything in common, and those all: E[(Σpp′)²] is far from the mean's square.
    alike = common**2 + found.participation * kept * max(common, 0.0) + kept**2 / spec.queries
    shares = (rho * (1 - ratio)) ** 2 + 2 * rho * common + alike
    of_values = fourth * max(0.0, shares) / spec.head_dim
    return sqrt((of_values + (own * found.participation_std) ** 2 / spec.queries) / spec.repeats)


def _output_cosine_std(spec: AttentionSpec, cosine: float) -> float:
    """Of m outputs' mean against their differences, each of D normal entries: a ratio of two chi-squares."""
    m = spec.queries
    share = (1 + (m - 1) * cosine) / m  # of the outputs' square that is their mean's
    return m / (m - 1) * share * (1 - share) * _odds_std(spec) + ROUNDING


def _odds_std(spec: AttentionSpec) -> float:
    return sqrt(2 / spec.head_dim * (1 + 1 / (spec.queries - 1)) / spec.repeats)


def cosine_off(spec: AttentionSpec, output: Output, predicted: AttentionPredicted) -> float | None:
    """How many standard deviations the outputs' cosine is off, counted on the logarithm of its odds: of what the
    outputs share to what sets them apart, which is nearly normal."""
    if output.cosine is None or predicted.output_cosine is None or predicted.output_cosine_std is None:
        return None
    measured, expected = (
        log((1 + (spec.queries - 1) * max(cosine, 0.0) + ROUNDING) / (1 - min(cosine, 1.0) + ROUNDING))
        for cosine in (output.cosine, predicted.output_cosine)
    )
    return (measured - expected) / _odds_std(spec)


def ranks(spec: AttentionSpec) -> list[int]:
    """Ranks of keys that are looked at, about ten a decade; none where queries see different keys."""
    return [] if spec.causal else sorted({round(rank) for rank in np.geomspace(1, spec.keys, 10 * len(f"{spec.keys}"))})


def typical_weights(spec: AttentionSpec, factor: float, at: Sequence[int]) -> list[float]:
    """E[ln p] of the keys of these ranks.

    The mean order statistic of normal scores (Blom 1958, "Statistical Estimates and Transformed Beta-Variables") less
    E[ln Z], which is the entropy and E[Σps] = σ²(1 − E[Σp²]).
    """
    scores = scores_of(spec, factor)
    places = [NormalDist().inv_cdf((spec.keys - rank + 0.625) / (spec.keys + 0.25)) for rank in at]
    found = np.zeros(len(at))
    for length, share in zip(*squared_lengths(scores.spread), strict=True):
        variance = scores.variance * (1 - spec.similarity) * length
        mean = softmax(variance, spec.keys)
        log_z = mean.entropy + variance * (1 - mean.participation)
        found += share * (sqrt(variance) * np.array(places) - log_z)
    return [float(each) for each in found]
