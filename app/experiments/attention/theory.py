"""What one layer of attention should do, from its spec alone."""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from ...lab.draws import DISTRIBUTIONS
from ...theory.attention import Attended, attended, output_cosine, squared_lengths
from ...theory.moments import Moments
from ...theory.softmax import random_energies, softmax
from .result import AttentionPredicted, Limit
from .spec import AttentionSpec

LEVELS = 10  # numbers of visible keys that an average over causal queries is taken from

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


def predict(spec: AttentionSpec, factor: float) -> AttentionPredicted:
    """Everything that is predicted of a scale."""
    scores = scores_of(spec, factor)
    entry, own = scores.entry, 1 - spec.similarity
    found, visible = _on_average(spec, scores)
    cosine = None if spec.causal else output_cosine(scores.variance, spec.keys, spec.similarity, scores.spread)
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
        output_ratio_std=_output_ratio_std(spec, scores, found, cosine),
        output_cosine=cosine if spec.queries > 1 else None,
        output_cosine_std=_output_cosine_std(spec, cosine) if spec.queries > 1 else None,
        row_gradient=found.score_gradient,
        score_gradient=per_row / visible,
        query_gradient=factor**2 * entry.variance * own * per_row,
        limit=Limit(**limit._asdict()),
    )


def _on_average(spec: AttentionSpec, scores: Scores) -> tuple[Attended, float]:
    """Over the queries, which see different numbers of keys if they are causal; and that number's mean."""
    visible = np.array([spec.visible(query) for query in range(spec.queries if spec.causal else 1)])
    levels = np.unique(np.geomspace(visible[0], visible[-1], min(LEVELS, len(visible))).round().astype(int))
    near = [np.interp(np.log(visible), np.log(levels), hat) for hat in np.eye(len(levels))]
    shares = np.mean(near, axis=1)
    each = np.array([attended(scores.variance, keys, spec.similarity, scores.spread) for keys in levels.tolist()])
    mean = Attended(*(shares @ each).tolist())
    squares = float(shares @ np.array([at[1] ** 2 + at[2] ** 2 for at in each]))
    within = sqrt(max(0.0, squares - mean.participation**2))
    return mean._replace(participation_std=within), float(visible.mean())


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
    shares = (rho * (1 - ratio)) ** 2 + 2 * rho * common + common**2 + (own * found.participation) ** 2 / spec.queries
    of_values = fourth * max(0.0, shares) / spec.head_dim
    return sqrt((of_values + (own * found.participation_std) ** 2 / spec.queries) / spec.repeats)


def _output_cosine_std(spec: AttentionSpec, cosine: float | None) -> float | None:
    """Of m outputs' mean against their differences, each of D normal entries: a ratio of two chi-squares."""
    if cosine is None:
        return None
    m = spec.queries
    share = (1 + (m - 1) * cosine) / m  # of the outputs' square that is their mean's
    return m / (m - 1) * share * (1 - share) * sqrt(2 / spec.head_dim * (1 + 1 / (m - 1)) / spec.repeats)


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
