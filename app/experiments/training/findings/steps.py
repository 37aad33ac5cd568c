"""How large the updates are beside the weights, which layers' are too large or too small, and what Adam forgives."""

from math import log10
from statistics import fmean, median

from ....figures.numbers import number
from ....finding import Finding
from ..optimizers import OPTIMIZERS
from ..result import TrainingInit, TrainingLayer
from ..spec import TrainingSpec
from .learning import label_of

AIM, WITHIN = -3.0, 1.0  # log₁₀ of update over data, and decades from it that still do
UNEVEN = 1.5  # decades between layers, from which no learning rate suits all
RULE = "The rule of thumb is 10⁻³"
TOGETHER = "a gain that keeps gradients level, a norm, or Adam brings them together"

ALL = {
    "even": ", and every layer is within a factor of ten of it",
    "too large": ": the weights are torn about",
    "too small": ": most weights hardly move",
}

Levels = dict[int, float]  # log₁₀ of update over data, by layer


def updates(spec: TrainingSpec, entry: TrainingInit) -> list[Finding]:
    """Layer by layer over the second half of the run, beside 10⁻³."""
    levels = {layer.layer: level for layer in entry.layers if (level := _level(layer)) is not None}
    if not levels:
        return []
    typical = median(levels.values())
    least, most = min(levels, key=lambda at: levels[at]), max(levels, key=lambda at: levels[at])
    word = _word(typical, levels)
    which = "layer" if len(levels) == 1 else "median layer"
    ends = f", from {_size(levels[least])} in layer {least} to {_size(levels[most])} in layer {most}"
    return [
        Finding(
            about="updates",
            init=entry.init,
            word=word,
            sentence=f"{label_of(entry)}: over the second half of {'its steps' if entry.ended else 'the run'} a step "
            f"changes the {which} by {_size(typical)} of its weights{ends if len(levels) > 1 else ''}. "
            f"{_beside_the_rule(word, levels)}.",
            value=10**typical,
            layer=max(levels, key=lambda at: abs(levels[at] - AIM)),
            advice=_advice(spec, word, typical, levels),
            brief=f"{_size(typical)} a step",
        )
    ]


def _level(layer: TrainingLayer) -> float | None:
    """The mean log₁₀ of update over data in the second half of the steps that have one."""
    known = [value for value in layer.update_to_data if value is not None]
    return fmean(known[len(known) // 2 :]) if known else None


def _size(log10_value: float) -> str:
    return number(10**log10_value, 2)


def _word(typical: float, levels: Levels) -> str:
    if abs(typical - AIM) > WITHIN:
        return "too large" if typical > AIM else "too small"
    return "uneven" if _far(levels) else "even"


def _far(levels: Levels) -> list[int]:
    """The layers too far from the rule of thumb."""
    return [layer for layer, level in levels.items() if abs(level - AIM) > WITHIN]


def _beside_the_rule(word: str, levels: Levels) -> str:
    if word != "uneven":
        return f"{RULE}{ALL[word]}"
    farthest = max(levels, key=lambda layer: abs(levels[layer] - AIM))
    return f"{RULE}, and layer {farthest} is more than a factor of ten from it"


def _advice(spec: TrainingSpec, word: str, typical: float, levels: Levels) -> str | None:
    if word == "even" or not spec.learning_rate:
        return None
    apart = max(levels.values()) - min(levels.values())
    if _far(levels) == [spec.depth]:
        own = number(spec.learning_rate * 10 ** (typical - levels[spec.depth]), 2)
        return f"A learning rate of its own, about {own}, would bring the output layer to the others."
    if apart > UNEVEN:
        return f"No one learning rate suits layers {number(apart, 2)} decades apart: {TOGETHER}."
    rate = number(spec.learning_rate * 10 ** (AIM - typical), 2)
    return f"A learning rate of about {rate} would bring the median layer to 10⁻³."


def optimizer(spec: TrainingSpec, entry: TrainingInit) -> list[Finding]:
    """What Adam makes of the first gradients, however small they are."""
    gradients = [value for layer in entry.layers if (value := _first(layer.gradient_to_data))]
    changes = [value for layer in entry.layers if (value := _first(layer.update_to_data)) is not None]
    if spec.optimizer != "adam" or not gradients or not changes:
        return []
    gradient, change = median(gradients), 10 ** median(changes)
    far = log10(change) - AIM
    word = "forgives" if abs(far) <= WITHIN else "too large" if far > 0 else "too small"
    return [
        Finding(
            about="optimizer",
            init=entry.init,
            word=word,
            sentence=f"{label_of(entry)}: in the first step the gradient is {number(gradient, 2)} of the weights in "
            f"the median layer, and the update {number(change, 2)}. {OPTIMIZERS[spec.optimizer].label} divides every "
            "gradient by its own size: the first update is the learning rate, whatever the gradient, and only the "
            "weights' scale is left.",
            value=change,
            brief=f"{number(change, 2)} in the first step",
        )
    ]


def _first(values: list[float | None]) -> float | None:
    return values[0] if values else None
