"""What becomes of the gradient on its way back, and how far matrices differ in the steps they would take."""

from math import log10

from ....figures.numbers import number, power
from ....finding import Finding, course
from .. import strays
from ..inits import GROUP_LABELS
from ..mixing import critical_variance
from ..result import TransformerInit
from ..spec import TransformerSpec
from .words import blocks_of, judged, label_of

ROUNDING = 1e-5  # of the largest step: what is smaller may be float32's rounding
EVEN = 10.0  # times between the largest and the smallest step
FAR = 0.5  # decades from a prediction, from which the word is the measurement's

GRADIENT = {
    "vanishes": "vanish: the first blocks would hardly learn",
    "fades": "shrink on their way back",
    "holds": "keep their size",
    "grows": "grow on their way back",
    "explodes": "explode: a step that suits the last block would destroy the first",
}


def gradient(spec: TransformerSpec, entry: TransformerInit) -> list[Finding]:
    """The gradient at the input beside the last block's, which has a mean square of one."""
    found = entry.input_gradient
    if found is None or found.log10_mean_square is None or found.nonfinite:
        return []
    measured, predicted = found.log10_mean_square, None
    if entry.predicted_input_gradient:
        predicted = log10(entry.predicted_input_gradient)
    stray = strays.input_gradient(entry)
    typical = predicted if predicted is not None and abs(predicted - measured) < FAR else measured
    word = course(typical)
    theory = judged(stray, lambda size: number(size, 3))
    said = (
        f"{label_of(entry)}: gradients {GRADIENT[word]}. Their mean square is 1 at the last block and "
        f"{power(measured)} at the input, {blocks_of(spec)} before."
    )
    return [
        Finding(
            about="gradient",
            init=entry.init,
            word=word,
            sentence=" ".join(filter(None, (said, _because(spec, entry, word), theory))),
            value=found.mean_square,
            predicted=entry.predicted_input_gradient,
            by_chance=stray.by_chance,
            layer=1,
            brief=f"gradient {power(measured)} at the input"
            + ("" if predicted is None else f", predicted {power(predicted)}"),
        )
    ]


def _because(spec: TransformerSpec, entry: TransformerInit, word: str) -> str:
    variance = max(block.predicted.score_variance or 0.0 for block in entry.blocks)
    if word == "explodes" and variance > critical_variance(spec.tokens):
        return f"They come back through scores, and what is left of them there is multiplied by {number(variance, 3)}."
    if spec.norm == "post" and word in ("fades", "vanishes"):
        return (
            "Every norm after a branch divides the gradient by what the branch has added to the stream, and what comes "
            "back through the branch is less."
        )
    if spec.norm == "pre" and word in ("grows", "explodes"):
        return "Pre-norm divides by the stream's size, which is least at the input: there branches count most."
    return ""


def steps(entry: TransformerInit) -> list[Finding]:
    """The gradients of the matrices over their weights, the largest beside the smallest."""
    ratios = {
        (block.block, group): found.grad_to_data
        for block in entry.blocks
        for group, found in (block.weight_gradients or {}).items()
        if found.grad_to_data is not None
    }
    if not ratios or not max(ratios.values()):
        return []
    most, least = (choose(ratios, key=lambda at: ratios[at]) for choose in (max, min))
    lost = sum(ratio < ROUNDING * ratios[most] for ratio in ratios.values())
    said = f"{label_of(entry)}: beside its weights, the gradient is largest for {_named(*most)}"
    if lost:
        value, word, brief = float(lost), "uneven", f"{lost} of {len(ratios)} matrices hardly learn"
        said += (
            f"; for {lost:,} of {len(ratios):,} matrices it is less than 1/{1 / ROUNDING:,.0f} of that, which float32 "
            "hardly tells from nothing."
        )
    else:
        value = ratios[most] / ratios[least]
        word, brief = "even" if value < EVEN else "uneven", f"{number(value, 3)} times apart"
        said += f", and smallest for {_named(*least)}: {number(value, 3)} times apart, under one learning rate."
    return [Finding(about="steps", init=entry.init, word=word, sentence=said, value=value, layer=most[0], brief=brief)]


def _named(block: int, group: str) -> str:
    return f"the {GROUP_LABELS[group]} matrix of block {block}"
