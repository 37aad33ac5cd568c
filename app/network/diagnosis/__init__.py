"""What a recording says: the first guilty layer, its cost over the depth, and the line of PyTorch that mends it."""

from ...figures.numbers import power
from ..chains import Chain, chains
from ..recording import Recording
from .formats import faint, overflowing
from .item import Diagnosis
from .signal import gradient, signal
from .states import alike, dead, ended, nonfinite, outputs, saturated, steps

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
        wrong += [*alike(found), *dead(recording), *overflowing(recording)]
    wrong += [*outputs(recording), *steps(recording)]
    return wrong or [_healthy(recording, found)]


def _nothing(recording: Recording) -> Diagnosis:
    said = "Nothing was recorded: no module of the model was called within the block."
    if recording.failed:
        said = f"Nothing was recorded: {recording.failed} came before any layer was through."
    return Diagnosis(about="run", word="empty", sentence=said)


def _healthy(recording: Recording, found: list[Chain]) -> Diagnosis:
    """The furthest that signal and gradient stray, over any chain."""
    judged = [chain for chain in found if not chain.branch]
    signals = [chain.total for chain in judged if chain.growths]
    gradients = [total for chain in judged if (total := chain.gradient_total) is not None]
    said = [f"in {len(recording.layers)} layers nothing overflows, saturates or dies"]
    if signals:
        longest = max(len(chain.links) for chain in judged)
        said.append(
            f"over chains of up to {longest} layers of weights the signal's mean square is multiplied by "
            f"{power(max(signals, key=abs))} at most"
        )
    elif found:
        said.append("norms and joints leave no chain of layers over which a signal could grow")
    if gradients:
        said.append(f"the gradient's sum of squares by {power(max(gradients, key=abs))} on its way back")
    if lost := faint(recording):
        said.append(lost)
    return Diagnosis(
        about="run", word="healthy", sentence=f"Healthy: {'; '.join(said)}.", value=max(signals, key=abs, default=None)
    )
