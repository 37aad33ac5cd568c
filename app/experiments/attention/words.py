"""One layer of attention in words: the page's heading, and what its explanation is written from."""

from math import log, sqrt
from typing import Any, NamedTuple

from ...finding import Finding, by_chance, in_spreads
from .findings.judged import label_of
from .result import AttentionResult, AttentionScale
from .spec import AttentionSpec
from .theory import cosine_off, scores_of


def attention_heading(spec: AttentionSpec) -> str:
    """The question, of this layer."""
    return f"Why is attention's score divided by √{spec.head_dim:,}, with {spec.keys:,} keys to choose from?"


class Row(NamedTuple):
    """One line of the table: a scale, and how far its numbers are from the prediction, in standard errors."""

    entry: AttentionScale
    label: str
    entropy_off: float | None
    participation_off: float | None
    cosine_off: float | None

    @property
    def by_chance(self) -> bool:
        offs = (self.entropy_off, self.participation_off, self.cosine_off)
        return all(by_chance(off) is not False for off in offs)


def attention_words(result: AttentionResult, _: list[Finding]) -> dict[str, Any]:
    """The table of a run, and the numbers its derivation is about."""
    spec = AttentionSpec.parse(result.experiment)
    scores = scores_of(spec, 1.0)
    return {
        "spec": spec,
        "rows": [_row(spec, entry) for entry in result.scales],
        "first": result.scales[0],
        "entry": scores.entry,
        "even": log(spec.keys),
        "critical": sqrt(2 * log(spec.keys)),
        "theory": result.theory,
    }


def _row(spec: AttentionSpec, entry: AttentionScale) -> Row:
    predicted = entry.predicted
    return Row(
        entry,
        label_of(entry),
        in_spreads(entry.entropy.mean, predicted.entropy, entry.entropy.error),
        in_spreads(entry.participation.mean, predicted.participation, entry.participation.error),
        cosine_off(spec, entry.output, predicted),
    )
