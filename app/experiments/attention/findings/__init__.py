"""What one layer of attention shows: which keys hold the weight, whether queries are told apart, which scale to use."""

from ....finding import Finding
from ..result import AttentionResult
from ..spec import AttentionSpec
from .gradients import gradient
from .outputs import outputs, similarity
from .scales import compromise, contexts
from .weights import entropy, scores, weights


def attention_findings(result: AttentionResult) -> list[Finding]:
    """Everything worth saying, what matters most first."""
    spec = AttentionSpec.parse(result.experiment)
    return [
        *(weights(spec, entry) for entry in result.scales),
        *(outputs(spec, entry) for entry in result.scales),
        *(finding for entry in result.scales for finding in gradient(entry)),
        *(entropy(spec, entry) for entry in result.scales),
        *(scores(spec, entry) for entry in result.scales),
        *similarity(spec, result.scales[0]),
        compromise(spec, result.scales),
        *contexts(spec),
    ]
