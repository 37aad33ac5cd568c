"""What a link to a page shows of itself, in a chat or a list of results; nothing is computed for it."""

from typing import Any, NamedTuple

from pydantic import TypeAdapter

from ..compute.key import spec_key
from ..compute.runner import Runner
from ..experiments.experiment import Experiment, Experiments
from ..finding import Finding, verdicts
from ..spec import Spec

SAID = 300  # characters that a preview has room for
EVERYWHERE = (
    "How the scale of random weights carries a signal through a matmul and a deep stack: measured, beside theory."
)
_FINDINGS = TypeAdapter(list[Finding])


class Preview(NamedTuple):
    """A page's own `address`, what it says, and its `picture`; addresses are relative to the application."""

    address: str
    description: str
    picture: str


def preview_of(experiment: Experiment[Any, Any], spec: Spec, runner: Runner) -> Preview:
    """Of a run: its verdicts if it is known already, else what it asks."""
    known = runner.cache.get(f"{spec_key(spec)}/findings")
    found = verdicts(_FINDINGS.validate_json(known)) if known else []
    first_sentences = " ".join(f"{finding.sentence.partition('. ')[0].removesuffix('.')}." for finding in found)
    return Preview(
        spec.links["page"], _short(first_sentences or f"{experiment.heading(spec)} {EVERYWHERE}"), spec.api(".png")
    )


def preview_of_page(path: str, experiments: Experiments) -> Preview:
    """Of any other page: what this is about, and the picture of the first experiment."""
    first = next(iter(experiments.values()))
    return Preview(path, EVERYWHERE, first.spec().api(".png"))


def _short(text: str) -> str:
    return text if len(text) <= SAID else f"{text[: SAID - 1]}…"
