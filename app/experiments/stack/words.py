"""A deep stack in words: the page's heading, and what its explanation is written from."""

from typing import Any, NamedTuple

from ...figures.numbers import number
from ...finding import Finding, by_chance
from ...lab.activations import ACTIVATIONS
from ...lab.norms import NORM_LABELS
from .findings.sizes import Size, gradient_size, label_of, signal_size, stream_size
from .result import StackInit, StackResult
from .spec import StackSpec


def stack_heading(spec: StackSpec) -> str:
    """The question, of this stack."""
    return f"What becomes of the signal after {stack_in_words(spec)}?"


def stack_in_words(spec: StackSpec) -> str:
    """30 tanh layers of 512, and what is special about them."""
    name = "" if spec.activation == "linear" else f"{ACTIVATIONS[spec.activation].label} "
    kind = f"{'residual ' if spec.residual else ''}{name or 'linear '}layer{'' if spec.depth == 1 else 's'}"
    count = "one" if spec.depth == 1 else f"{spec.depth:,}"
    widths = spec.layer_widths
    size = f"of {widths[0]:,}" if len(set(widths)) == 1 else f"from {widths[0]:,} to {widths[-1]:,} units"
    norm = f" with {NORM_LABELS[spec.norm]}" if spec.norm != "none" else ""
    return f"{count} {kind} {size}{norm}"


class Row(NamedTuple):
    """One line of the table: an init's words, and the sizes they rest on."""

    entry: StackInit
    label: str
    findings: dict[str, Finding]
    signal: Size
    stream: Size
    gradient: Size | None

    @property
    def by_chance(self) -> bool:
        return by_chance(self.signal.off) is not False


def stack_words(result: StackResult, found: list[Finding]) -> dict[str, Any]:
    """The table of a stack run, and what its derivation is about."""
    spec = StackSpec.parse(result.experiment)
    return {
        "spec": spec,
        "rows": [_row(spec, entry, found) for entry in result.inits],
        "activation": ACTIVATIONS[spec.activation].label,
        "norm": NORM_LABELS[spec.norm],
        "branch": number(spec.branch_scale) if spec.residual else None,
        "biased": bool(spec.bias_std) or any(entry.init == "torch_default" for entry in result.inits),
        "square": len(set(spec.layer_widths)) == 1,
    }


def _row(spec: StackSpec, entry: StackInit, found: list[Finding]) -> Row:
    own = {finding.about: finding for finding in reversed(found) if finding.init == entry.init}
    return Row(entry, label_of(entry), own, signal_size(spec, entry), stream_size(spec, entry), gradient_size(entry))
