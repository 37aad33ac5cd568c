"""What a transformer shows, init by init."""

from ....finding import Finding
from ..result import TransformerInit, TransformerResult
from ..spec import TransformerSpec
from .formats import formats
from .gradients import gradient, steps
from .stream import branches, idle, stream
from .tokens import attention, tokens


def transformer_findings(result: TransformerResult) -> list[Finding]:
    """Everything worth saying, what matters most first."""
    spec = TransformerSpec.parse(result.experiment)
    return [finding for entry in result.inits for finding in _of_init(spec, entry)]


# What stands first, whatever else there is to say.
URGENT = (
    ("stream", "overflows"),
    ("attention", "frozen"),
    ("tokens", "collapses"),
    ("gradient", "explodes"),
    ("gradient", "vanishes"),
    ("idle", "idle"),
)


def _of_init(spec: TransformerSpec, entry: TransformerInit) -> list[Finding]:
    found = [
        stream(spec, entry),
        *branches(spec, entry),
        *idle(entry),
        *tokens(spec, entry),
        *attention(spec, entry),
        *gradient(spec, entry),
        *steps(entry),
        formats(entry),
    ]
    return sorted(found, key=lambda finding: _urgency(spec, finding))


def _urgency(spec: TransformerSpec, finding: Finding) -> int:
    """The less the more urgent; the stream, which post-norm sets, says nothing there."""
    said = (finding.about, finding.word)
    if said in URGENT:
        return URGENT.index(said)
    return len(URGENT) + (spec.norm == "post" and finding.about != "gradient")
