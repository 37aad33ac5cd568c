"""Networks that learn, in words: the page's heading, and what its explanation is written from."""

from typing import Any, NamedTuple

from ...finding import Finding
from ...lab.activations import ACTIVATIONS
from ...lab.norms import NORM_LABELS
from .data import DATASETS
from .findings.learning import label_of, steps_of
from .result import TrainingInit, TrainingResult
from .spec import TrainingSpec


def training_heading(spec: TrainingSpec) -> str:
    """The question, of these networks."""
    return f"How does initialization change what {networks_in_words(spec)} learn in {steps_of(spec.steps)}?"


def networks_in_words(spec: TrainingSpec) -> str:
    """6 tanh layers of 100, and what is special about them."""
    name = "linear" if spec.activation == "linear" else ACTIVATIONS[spec.activation].label
    count = (
        "one layer"
        if spec.depth == 1
        else f"{spec.depth:,} {'residual ' * spec.residual}{name} layers of {spec.width:,}"
    )
    return f"{count}{f' with {NORM_LABELS[spec.norm]}' if spec.norm != 'none' else ''}"


class Row(NamedTuple):
    """One line of the table: a network, and what is said of it."""

    entry: TrainingInit
    label: str
    findings: dict[str, Finding]


def training_words(result: TrainingResult, found: list[Finding]) -> dict[str, Any]:
    """The table of a run, and what its derivation is about."""
    spec = TrainingSpec.parse(result.experiment)
    return {
        "spec": spec,
        "source": DATASETS[spec.data],
        "rows": [_row(entry, found) for entry in result.inits],
    }


def _row(entry: TrainingInit, found: list[Finding]) -> Row:
    own = {finding.about: finding for finding in reversed(found) if finding.init == entry.init}
    return Row(entry, label_of(entry), own)
