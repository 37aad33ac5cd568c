"""Before the first step: the loss, the signal, the gradient and the saturated units, each beside theory."""

from math import hypot, log10

from ....figures.numbers import number, percent, power
from ....finding import Finding, by_chance, course, in_spreads
from ....theory.finite_width import NORMAL_975
from ..result import TrainingInit, TrainingLayer, TrainingResult
from ..spec import TrainingSpec
from .learning import label_of

HONEST = 0.05  # of ln(classes): more than this above it is overconfident
ROUNDED = 1e-6  # of a loss, by float32
LOGIT_STD = 0.25  # at which the loss is above the expected one by 1/32, half the variance
SATURATED, PARTLY = 0.4, 0.05  # shares


def start(spec: TrainingSpec, result: TrainingResult, entry: TrainingInit) -> Finding:
    """The loss before the first step, beside ln(classes) and what theory makes of the logits."""
    expected, output = result.expected_initial_loss, entry.layers[-1]
    measured = entry.loss.validation[0] if entry.loss.validation else None
    std, found = output.activation_start.std, entry.initial_loss
    classes = output.fan_out
    right = measured is not None and measured <= expected * (1 + HONEST)
    at = "is not a number" if measured is None else f"is {number(measured)}"
    close = (
        f"close to ln {classes} = {number(expected)} of one who holds all {classes} classes for equally likely"
        if right
        else f"where ln {classes} = {number(expected)} would be honest: it is sure of what it has not learned"
    )
    return Finding(
        about="start",
        init=entry.init,
        word="right" if right else "overconfident",
        sentence=f"{label_of(entry)}: the loss before the first step {at}, {close}. Its logits have a std of "
        f"{number(std, 3)}.{_theory_of_loss(measured, entry)}",
        value=measured,
        predicted=found.loss if found else None,
        by_chance=by_chance(_off(measured, entry)),
        layer=output.layer,
        advice=None if right else _less_sure(spec, std),
        brief=f"{number(measured, 3)} at the start",
    )


def _theory_of_loss(measured: float | None, entry: TrainingInit) -> str:
    found = entry.initial_loss
    if found is None:
        return ""
    if number(found.low) == number(found.high):
        return f" Theory gives {number(found.loss)}."
    band = (
        f" Theory gives {number(found.loss)}, and 95 % of networks within {number(found.low)} to {number(found.high)}"
    )
    return f"{band}{'.' if by_chance(_off(measured, entry)) is not False else '; chance does not explain this one.'}"


def _off(measured: float | None, entry: TrainingInit) -> float | None:
    """In standard deviations; the band is lopsided where logits are large, so each side has its own."""
    found = entry.initial_loss
    if found is None or measured is None:
        return None
    side = found.high - found.loss if measured > found.loss else found.loss - found.low
    return in_spreads(measured, found.loss, hypot(max(side, 0.0) / NORMAL_975, ROUNDED * found.loss))


def _less_sure(spec: TrainingSpec, std: float | None) -> str | None:
    if not std or not spec.output_gain:
        return None
    return (
        f"A gain of the output layer of {number(spec.output_gain * LOGIT_STD / std, 2)} would bring the logits' std to "
        f"{LOGIT_STD}, and the loss to within 1/32 of the honest one."
    )


def signal(entry: TrainingInit) -> list[Finding]:
    """The last hidden layer's preactivations."""
    hidden = entry.layers[:-1]
    if not hidden:
        return []
    last = hidden[-1]
    measured, predicted = last.preactivation_start.log10_mean_square, last.predicted
    typical = predicted.preactivation_mean_square if predicted.median is None else predicted.median
    off = _off_band(measured, last)
    said = "exactly zero" if measured is None else power(measured)
    return [
        Finding(
            about="signal",
            init=entry.init,
            word="vanishes" if measured is None else course(measured),
            sentence=f"{label_of(entry)}: before the first step the preactivations of layer {last.layer} have a mean "
            f"square of {said}.{_theory(typical)}{_band(last)}{_judged(off)}",
            value=last.preactivation_start.mean_square,
            predicted=typical,
            by_chance=by_chance(off),
            layer=last.layer,
            brief=f"{said} in layer {last.layer}",
        )
    ]


def _off_band(log10_measured: float | None, layer: TrainingLayer) -> float | None:
    found = layer.predicted
    if not found.low or not found.high or not found.median:
        return None
    spread = (log10(found.high) - log10(found.low)) / (2 * NORMAL_975)
    return in_spreads(log10_measured, log10(found.median), spread)


def _theory(value: float | None) -> str:
    return "" if value is None else f" Theory gives {number(value, 3)}"


def _band(layer: TrainingLayer) -> str:
    found = layer.predicted
    if found.low is None or found.high is None:
        return "." if found.preactivation_mean_square is not None else ""
    return f", for one input {number(found.low, 3)} to {number(found.high, 3)} in 95 % of networks."


def _judged(off: float | None) -> str:
    return " This network lies outside by more than chance explains." if by_chance(off) is False else ""


GRADIENT = {
    "vanishes": "vanish: the first layers would hardly learn",
    "fades": "fade on their way back",
    "holds": "keep their size",
    "grows": "grow on their way back",
    "explodes": "explode on their way back",
}


def gradient(entry: TrainingInit) -> list[Finding]:
    """At the first layer's activations, beside the last hidden layer's."""
    hidden = entry.layers[:-1]
    if len(hidden) < 2:
        return []
    first, last = hidden[0], hidden[-1]
    here, there = first.gradient_start.log10_mean_square, last.gradient_start.log10_mean_square
    word = "vanishes" if here is None or there is None else course(here - there)
    return [
        Finding(
            about="gradient",
            init=entry.init,
            word=word,
            sentence=f"{label_of(entry)}: at the start gradients {GRADIENT[word]}. Their mean square is {power(there)} "
            f"at the activations of layer {last.layer} and {power(here)} at those of layer 1."
            f"{_plain_theory(first.predicted.gradient_mean_square)}",
            value=first.gradient_start.mean_square,
            predicted=first.predicted.gradient_mean_square,
            layer=1,
            brief=f"{power(here)} in layer 1",
        )
    ]


def _plain_theory(value: float | None) -> str:
    return "" if value is None else f" Theory gives {number(value, 3)} there."


def saturation(entry: TrainingInit) -> list[Finding]:
    """Of the hidden layer that has most of it at the start."""
    shares = {layer.layer: layer.activation_start.saturated for layer in entry.layers[:-1]}
    known = {layer: share for layer, share in shares.items() if share is not None}
    if not known:
        return []
    worst = entry.layers[max(known, key=lambda layer: known[layer]) - 1]
    share, predicted = known[worst.layer], worst.predicted.saturated
    word = "saturates" if share > SATURATED else "partly" if share > PARTLY else "free"
    theory = "" if predicted is None else f", {percent(predicted)} by theory"
    end = worst.activation_end.saturated if worst.activation_end else None
    after = "" if end is None else f", and {percent(end)} after the last step"
    return [
        Finding(
            about="saturation",
            init=entry.init,
            word=word,
            sentence=f"{label_of(entry)}: before the first step {percent(share)} of layer {worst.layer}'s activations "
            f"are saturated{theory}{after}: {SATURATION[word]}.",
            value=share,
            predicted=predicted,
            layer=worst.layer,
            brief=percent(share),
        )
    ]


SATURATION = {
    "saturates": "where the slope is next to nothing, a gradient does not pass",
    "partly": "these pass next to no gradient",
    "free": "gradients pass",
}
