"""The scores: a bell for each scale."""

from math import sqrt

from ....figures.bells import Bell, bells
from ....figures.numbers import number
from ....figures.palette import Figure
from ....lab.draws import DISTRIBUTIONS
from ..findings.judged import label_of
from ..result import AttentionResult, AttentionScale
from ..spec import AttentionSpec


def scores(result: AttentionResult, own: bool = False, log: bool = False, count: bool = False) -> Figure | None:
    """The scores of all queries and keys under each scale."""
    spec = AttentionSpec.parse(result.experiment)
    return bells([_bell(spec, entry) for entry in result.scales], "score s", own, log, count)


def _bell(spec: AttentionSpec, entry: AttentionScale) -> Bell:
    measured, variance = entry.scores, entry.predicted.score_variance
    mean = DISTRIBUTIONS[spec.input].moments.mean + spec.input_mean
    return Bell(
        entry.scale,
        label_of(entry),
        f"variance {number(measured.variance, 3)}, k = {number(entry.factor, 3)}",
        measured.histogram,
        measured.count,
        measured.std,
        (entry.factor * spec.head_dim * mean**2, sqrt(variance)) if variance > 0 else None,
    )
