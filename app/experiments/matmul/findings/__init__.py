"""What one matmul shows: each scale's variance, why it is not exactly what one expects, and the scale to use."""

from ....finding import Finding
from ..result import MatmulResult
from ..spec import MatmulSpec
from .variance import difference, mean, repeats, signal
from .weights import alike, fresh, recommendation, sample, scale, transposed, weighs_fan_out


def matmul_findings(result: MatmulResult) -> list[Finding]:
    """Everything worth saying, what matters most first."""
    spec = MatmulSpec.parse(result.experiment)
    return [
        *(signal(spec, entry) for entry in result.inits),
        *(mean(entry) for entry in result.inits),
        *(scale(spec, entry) for entry in result.inits),
        *difference(spec, result.inits[0]),
        *repeats(spec, result.inits[0]),
        *alike(result.inits),
        *fresh(spec, result.inits),
        *(sample(spec, entry) for entry in result.inits if weighs_fan_out(spec, entry)),
        *transposed(spec, result.inits),
        recommendation(spec, result.inits[0]),
    ]
