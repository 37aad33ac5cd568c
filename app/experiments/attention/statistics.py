"""What of a layer of attention can be followed while one of its fields runs, and the laws that show."""

from collections.abc import Callable
from math import sqrt

from ...statistic import Mark, Measured, Statistic
from ...theory.softmax import random_energies
from ..experiment import Preset
from .result import AttentionResult, AttentionScale
from .spec import SCALES, AttentionSpec
from .theory import scores_of

Read = Callable[[AttentionResult], dict[str, Measured]]


def _of_scales(measured: Callable[[AttentionScale], Measured]) -> Read:
    return lambda result: {entry.scale: measured(entry) for entry in result.scales}


def _entropy(result: AttentionResult) -> dict[str, Measured]:
    """As a share of that of even weights, ln n where every query sees n keys."""
    spec = AttentionSpec.parse(result.experiment)
    even = spec.even_entropy(spec.queries)
    return {entry.scale: _share(entry, even) for entry in result.scales}


def _share(entry: AttentionScale, even: float) -> Measured:
    seen = entry.entropy
    if not even:
        return Measured(None)
    return Measured(seen.share, entry.predicted.entropy / even, None if seen.error is None else seen.error / even)


def _gradient(entry: AttentionScale) -> Measured:
    seen = entry.gradient
    return Measured(seen.queries if seen else None, entry.predicted.query_gradient)


def _row_gradient(entry: AttentionScale) -> Measured:
    row = entry.gradient.row if entry.gradient else None
    return Measured(row.mean if row else None, entry.predicted.row_gradient, row.error if row else None)


BACKWARD = ("backward",)
STATISTICS = {
    "participation": Statistic(
        "participation Σp²",
        _of_scales(lambda at: Measured(at.participation.mean, at.predicted.participation, at.participation.error)),
        help="One over Σp² is how many keys hold the weight.",
        log=True,
        printed=2,
    ),
    "entropy": Statistic("entropy of the weights", _entropy, unit="share of that of even weights"),
    "largest": Statistic(
        "largest weight of a query",
        _of_scales(lambda at: Measured(at.largest.mean, at.predicted.largest, at.largest.error)),
        printed=3,
    ),
    "concentrated": Statistic(
        "share of queries with a weight above 0.97",
        _of_scales(lambda at: Measured(at.largest.concentrated, at.predicted.concentrated)),
        short="queries with one key alone",
    ),
    "score_variance": Statistic(
        "variance of the scores",
        _of_scales(
            lambda at: Measured(at.scores.variance, at.predicted.score_variance, at.predicted.score_variance_std)
        ),
        log=True,
        printed=0,
    ),
    "output_variance": Statistic(
        "variance of the outputs",
        _of_scales(lambda at: Measured(at.output.ratio, at.predicted.output_ratio, at.predicted.output_ratio_std)),
        unit="of the values'",
        log=True,
    ),
    "cosine": Statistic(
        "cosine between the outputs of two queries",
        _of_scales(lambda at: Measured(at.output.cosine, at.predicted.output_cosine, at.predicted.output_cosine_std)),
        printed=4,
        short="cosine between outputs",
    ),
    "gradient": Statistic(
        "mean square of the gradient at the queries",
        _of_scales(_gradient),
        log=True,
        needs=BACKWARD,
        printed=5,
        short="gradient at the queries",
    ),
    "row_gradient": Statistic(
        "sum of squares of the gradient at a query's scores, over D",
        _of_scales(_row_gradient),
        log=True,
        needs=BACKWARD,
        short="gradient at a query's scores",
    ),
}


def marks(spec: AttentionSpec, field: str) -> list[Mark]:
    """The gain at which the softmax freezes, scale by scale: there a query's scores have a std of √(2 ln n)."""
    if field != "gain" or spec.keys < 2:
        return []
    critical, own = random_energies(0.0, spec.keys).critical_std, 1 - spec.similarity
    ungained = spec.model_copy(update={"gain": 1.0})
    stds = {scale: sqrt(scores_of(spec, ungained.factor(scale)).variance * own) for scale in spec.scale}
    return [Mark(f"{SCALES[scale].label} freezes", critical / std) for scale, std in stds.items() if std]


LAWS = (
    Preset(
        "Few keys hold the weight: Σp² against the context",
        "of=attention&x=keys&x_from=16&x_to=4096&x_steps=5&backward=false&bins=4&queries=64&repeats=4",
    ),
    Preset(
        "Σp² against the head's dimension",
        "of=attention&x=head_dim&x_from=4&x_to=1024&x_steps=5&backward=false&bins=4&keys=256&queries=64&repeats=4",
    ),
    Preset(
        "Variance of the scores against D",
        "of=attention&x=head_dim&x_from=4&x_to=1024&x_steps=5&statistic=score_variance"
        "&backward=false&bins=4&keys=128&queries=64&repeats=6",
    ),
    Preset(
        "Entropy against gain: where the softmax freezes",
        "of=attention&x=gain&x_from=0.1&x_to=10&x_steps=9&statistic=entropy&scale=1/sqrt(D)"
        "&backward=false&bins=4&queries=64&repeats=2",
    ),
    Preset(
        "Frozen or free: gain against keys",
        "of=attention&x=gain&x_from=0.1&x_to=10&x_steps=9&y=keys&y_from=16&y_to=4096&y_steps=5"
        "&statistic=entropy&scale=1/sqrt(D)&backward=false&bins=4&queries=64&repeats=1",
    ),
)
