"""What a deep stack shows, init by init, what sets inits apart, and what to use instead."""

from ....finding import Finding
from ..result import StackInit, StackResult
from ..spec import StackSpec
from .comparisons import alike, fans, networks, scale, tied
from .courses import gradient, signal, steps, stream
from .formats import formats
from .inputs import activation, inputs, saturation
from .isometry import isometry
from .recommendation import recommendation


def stack_findings(result: StackResult) -> list[Finding]:
    """Everything worth saying, what matters most first."""
    spec = StackSpec.parse(result.experiment)
    found = [finding for entry in result.inits for finding in _of_init(spec, entry)]
    return [*found, *alike(result), *recommendation(spec)]


def _of_init(spec: StackSpec, entry: StackInit) -> list[Finding]:
    return [
        signal(spec, entry),
        *stream(spec, entry),
        *gradient(spec, entry),
        *steps(spec, entry),
        *inputs(spec, entry),
        *saturation(spec, entry),
        *activation(spec, entry),
        *isometry(spec, entry),
        formats(entry),
        *networks(entry),
        *fans(spec, entry),
        *scale(spec, entry),
        *tied(spec, entry),
    ]
