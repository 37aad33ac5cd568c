"""What networks that learn show: who learns, where the loss begins, how large the steps are, and what is forgiven."""

from ....finding import Finding
from ..result import TrainingInit, TrainingResult
from ..spec import TrainingSpec
from .beginning import gradient, saturation, signal, start
from .learning import learning, norm
from .steps import optimizer, updates


def training_findings(result: TrainingResult) -> list[Finding]:
    """Everything worth saying, what matters most first."""
    spec = TrainingSpec.parse(result.experiment)
    found = [finding for entry in result.inits for finding in _of_init(spec, result, entry)]
    return [*found, *norm(spec, result)]


def _of_init(spec: TrainingSpec, result: TrainingResult, entry: TrainingInit) -> list[Finding]:
    return [
        learning(result, entry),
        start(spec, result, entry),
        *updates(spec, entry),
        *signal(entry),
        *gradient(entry),
        *saturation(entry),
        *optimizer(spec, entry),
    ]
