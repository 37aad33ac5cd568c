"""What a recording says: the first guilty layer, what it costs over the depth, and the line of PyTorch that mends it."""

from ...figures.numbers import power
from ..chains import Chain, chains
from ..recording import Recording
from .item import Diagnosis
from .signal import gradient, signal
from .states import alike, dead, ended, formats, nonfinite, outputs, saturated, steps

__all__ = ["Diagnosis", "diagnose"]


def diagnose(recording: Recording) -> list[Diagnosis]:
    """Whatever is wrong, the gravest first; of a network with which nothing is, that, in one sentence."""
    if not recording.layers:
        return [_nothing(recording)]
    found = chains(recording)
    wrong = [*ended(recording), *nonfinite(recording)]
    if not wrong:
        of_scale = [*saturated(recording, found), *signal(found)]
        wrong += of_scale or gradient(found)
        wrong += alike(found) or dead(recording)
    wrong += [*outputs(recording, found), *formats(recording), *steps(recording)]
    return wrong or [_healthy(recording, found)]


def _nothing(recording: Recording) -> Diagnosis:
    said = "Nothing was recorded: no module of the model was called within the block."
    if recording.failed:
        said = f"Nothing was recorded: {recording.failed} came before any layer was through."
    return Diagnosis(about="run", word="empty", sentence=said)


def _healthy(recording: Recording, found: list[Chain]) -> Diagnosis:
    """The furthest that signal and gradient stray, over any chain."""
    weights = sum(len(chain.links) for chain in found)
    said = f"Healthy: no number overflows, saturates or dies in {len(recording.layers)} layers"
    strays = [chain.total for chain in found if chain.growths and not chain.branch]
    back = [chain.gradient_total for chain in found if chain.gradient_total is not None]
    furthest = max(strays, key=abs, default=None)
    if furthest is not None:
        said += f", the signal is multiplied by {power(furthest)} at most over any chain of its {weights} layers of weights"
    elif weights:
        said += ", and norms or joints between its layers of weights leave no chain over which a signal could grow"
    if back:
        said += f", and the gradient's energy by {power(max(back, key=abs))} on its way back"
    return Diagnosis(about="run", word="healthy", sentence=f"{said}.", value=furthest)
