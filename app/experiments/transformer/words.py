"""A transformer in words: the page's heading, and what its explanation is written from."""

from typing import Any, NamedTuple

from ...figures.numbers import number
from ...finding import Finding
from ...lab.activations import ACTIVATIONS
from .findings.words import blocks_of, label_of
from .inits import GROUP_LABELS, INITS, Recipe
from .mixing import critical_variance
from .result import TransformerBlock, TransformerInit, TransformerResult
from .spec import NORM_KINDS, TransformerSpec
from .strays import Stray, entropy, input_gradient, stream, token_cosine

PLACES = {"pre": "pre-norm", "post": "post-norm", "none": "no norm"}


def transformer_heading(spec: TransformerSpec) -> str:
    """The question, of this stack."""
    return f"What becomes of tokens in {blocks_of(spec)} of a transformer with {PLACES[spec.norm]}?"


class Row(NamedTuple):
    """One line of the table: an init's words, the last block they rest on, and how far its numbers are off."""

    entry: TransformerInit
    recipe: Recipe
    label: str
    findings: dict[str, Finding]
    last: TransformerBlock
    strays: dict[str, Stray]


def transformer_words(result: TransformerResult, found: list[Finding]) -> dict[str, Any]:
    """The table of a run, and what its derivation is about."""
    spec = TransformerSpec.parse(result.experiment)
    return {
        "spec": spec,
        "rows": [_row(entry, found) for entry in result.inits],
        "activation": ACTIVATIONS[spec.activation].label,
        "norm": NORM_KINDS[spec.norm_kind],
        "branch": None if spec.branch_scale == 1 else number(spec.branch_scale, 3),
        "groups": GROUP_LABELS,
        "critical": critical_variance(spec.tokens),
    }


def _row(entry: TransformerInit, found: list[Finding]) -> Row:
    own = {finding.about: finding for finding in found if finding.init == entry.init}
    last = entry.blocks[-1]
    strays = {
        "stream": stream(last),
        "token_cosine": token_cosine(last),
        "entropy": entropy(last),
        "gradient": input_gradient(entry),
    }
    return Row(entry, INITS[entry.init], label_of(entry), own, last, strays)
