"""What became of each network, and what a norm forgives."""

from ....figures.numbers import number
from ....finding import Finding
from ....lab.initializers import INITIALIZERS
from ....lab.norms import NORM_LABELS
from ..result import TrainingInit, TrainingResult
from ..spec import TrainingSpec

ALIKE = 0.02  # of a loss: closer than this to knowing the frequencies alone is no better
FORGIVEN = 0.1  # of a loss, within which networks that began differently end


def label_of(entry: TrainingInit) -> str:
    return INITIALIZERS[entry.init].label


def steps_of(count: int) -> str:
    return "one step" if count == 1 else f"{count:,} steps"


def learning(result: TrainingResult, entry: TrainingInit) -> Finding:
    """The held-out loss after the last step, beside that of knowing the classes' frequencies alone."""
    if entry.ended:
        return _diverged(entry)
    first, last, alone = entry.loss.validation[0], entry.loss.validation[-1], result.frequency_loss
    word, said = _course(last, alone)
    moved = "" if len(entry.loss.validation) == 1 else f", from {number(first)} before the first"
    return Finding(
        about="learning",
        init=entry.init,
        word=word,
        sentence=f"{label_of(entry)} {word}: after {steps_of(entry.loss.step[-1])} the held-out loss is "
        f"{number(last)}{moved}, {said} {number(alone)} of knowing only how frequent each class is.",
        value=last,
        brief=f"loss {number(last, 3)}",
    )


def _course(last: float | None, alone: float) -> tuple[str, str]:
    if last is None or last > alone * (1 + ALIKE):
        return "lags", "still above the"
    return ("learns", "below the") if last < alone * (1 - ALIKE) else ("stalls", "no better than the")


def _diverged(entry: TrainingInit) -> Finding:
    ended = entry.ended
    assert ended
    last = len(entry.layers)
    layer = "the output layer" if ended.layer == last else f"layer {ended.layer}"
    cause = (
        "the update before had made some of its weights no numbers"
        if ended.what == "weights"
        else f"its {ended.what} overflowed"
    )
    return Finding(
        about="learning",
        init=entry.init,
        word="diverges",
        sentence=f"{label_of(entry)} diverges: at step {ended.step:,} its loss is no longer a number. First to go was "
        f"{layer}: {cause}. The others went on without it.",
        value=float(ended.step),
        layer=ended.layer,
        advice="Take a smaller learning rate, a smaller gain, or a norm.",
        brief=f"at step {ended.step:,}",
    )


def norm(spec: TrainingSpec, result: TrainingResult) -> list[Finding]:
    """How far apart networks end that began with weights of different scales."""
    ends = {
        entry.init: entry.loss.validation[-1] for entry in result.inits if not entry.ended and entry.loss.validation
    }
    known = {init: end for init, end in ends.items() if end is not None}
    if spec.norm == "none" or len(known) < 2 or len(known) < len(result.inits):
        return []
    low, high = min(known.values()), max(known.values())
    scales = [entry.weight_std for entry in result.inits]
    forgiven = high - low <= FORGIVEN * low
    name = NORM_LABELS[spec.norm]
    said = (
        f"{name} forgives the scale: the held-out losses end between {number(low)} and {number(high)}, "
        f"{number(high - low, 3)} apart"
        if forgiven
        else f"{name} does not forgive everything: the held-out losses end between {number(low)} and {number(high)}, "
        f"{number(high - low, 3)} apart"
    )
    why = (
        "Forward it divides by whatever scale the hidden weights have; but an update of one size changes large weights "
        "less than small ones, and the output layer has no norm."
    )
    return [
        Finding(
            about="norm",
            word="forgives" if forgiven else "not all",
            sentence=f"{said[0].upper()}{said[1:]}, though the weights of layer 1 began with stds from "
            f"{number(min(scales), 3)} to {number(max(scales), 3)}. {why}",
            value=high - low,
        )
    ]
