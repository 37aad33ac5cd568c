"""What single layers are in: overflown, saturated, dead, blind to their input, too sure, moved too far."""

from collections.abc import Sequence
from math import log

from ...figures.numbers import between, number, percent, power
from ...theory.cross_entropy import initial_loss
from ...theory.orthant import all_negative
from ..chains import Chain, Link
from ..recording import Layer, Recording
from .item import Diagnosis, named
from .mending import path
from .signal import mended

SATURATED = 0.5  # share of an activation's values
DEAD = 0.25  # share of units
ALIKE, APART = 0.99, 0.9  # cosines between samples, of which nothing is left and of which something was there
EVEN = 1.0  # nats that a loss may begin above the even guess
SMALL = 0.1  # std of logits that begin there, to a hundredth
MOST_CLASSES, MOST_STD = 10**6, 1e12  # beyond, nobody asks for a loss
USUAL = -3.0  # log10 of an update over the weights, as is often aimed at
FAR = 1.5  # decades from there


def ended(recording: Recording) -> list[Diagnosis]:
    """An exception ended the run."""
    if recording.failed is None:
        return []
    last = recording.layers[-1]
    said = f"{recording.failed} ended the run after {named(last)}, the last of {len(recording.layers)} layers seen."
    return [Diagnosis(about="run", word="failed", sentence=said, layer=len(recording.layers))]


def nonfinite(recording: Recording) -> list[Diagnosis]:
    """The first layer with a number that is none."""
    for at, layer in enumerate(recording.layers, 1):
        if layer.output.nonfinite > 0:
            clean = layer.input is None or layer.input.nonfinite == 0
            said = (
                f"{named(layer)} is the first with numbers that are not finite: {layer.output.nonfinite:,} of "
                f"{layer.output.count:,}, {'of an input that has none' if clean else 'and its input has some already'}."
            )
            return [
                Diagnosis(about="run", word="overflows", sentence=said, value=float(layer.output.nonfinite), layer=at)
            ]
    return []


def saturated(recording: Recording, found: Sequence[Chain]) -> list[Diagnosis]:
    """The first activation of which most is at its bounds, and the layer that feeds it."""
    held = [(at, layer) for at, layer in enumerate(recording.layers, 1) if (layer.output.saturated or 0.0) > SATURATED]
    if not held:
        return []
    at, layer = held[0]
    share = layer.output.saturated
    said = f"{named(layer)} saturates: {percent(share)} of its outputs are at a bound"
    if len(held) > 1:
        said += f", as in {len(held) - 1} more"
    said += ", where its slope is nearly zero and gradients do not come through."
    feeding = _feeding(layer, found)
    mending = mended(feeding[0].links, feeding[1]) if feeding else {}
    return [Diagnosis(about="saturation", word="saturates", sentence=said, value=share, layer=at, **mending)]


def _feeding(layer: Layer, found: Sequence[Chain]) -> tuple[Chain, Link] | None:
    every = ((chain, link) for chain in found for link in chain.links)
    return next(((chain, link) for chain, link in every if link.activated is layer), None)


def dead(recording: Recording) -> list[Diagnosis]:
    """The first activation with far more units that no sample wakes than samples that are alike account for."""
    for at, layer in enumerate(recording.layers, 1):
        cosine = layer.input_cosine
        if layer.role != "activation" or len(layer.output_shape) < 2 or cosine is None:
            continue
        samples, share = layer.output_shape[0], layer.output.dead_units
        chance = all_negative(samples, cosine)
        if share > chance + DEAD:
            said = (
                f"{named(layer)} has {percent(share)} of its units zero for all {samples} samples, and nothing comes "
                f"back through them; samples as alike as these (mean cosine {between(cosine)}) account for "
                f"{percent(chance)} at most, assuming preactivations of mean zero."
            )
            advice = "Biases that are too negative do this, as a step of too large a learning rate leaves them."
            return [
                Diagnosis(
                    about="dead", word="dies", sentence=said, value=share, predicted=chance, layer=at, advice=advice
                )
            ]
    return []


def alike(found: Sequence[Chain]) -> list[Diagnosis]:
    """Chains at whose end different samples look the same."""
    wrong = []
    for chain in found:
        known = [(link, link.layer.input_cosine) for link in chain.links if link.layer.input_cosine is not None]
        if len(known) < 2 or known[0][1] > APART or known[-1][1] < ALIKE:
            continue
        link, cosine = next(each for each in known if each[1] >= ALIKE)
        said = (
            f"Before {named(link.layer)} different samples look alike: the mean cosine between them is "
            f"{between(cosine)}, and it was {between(known[0][1])} before `{known[0][0].layer.name}`. What comes after "
            "hardly sees which sample it is."
        )
        advice = "Depth does that, not the scale alone: a norm, a residual connection, or fewer layers keep them apart."
        wrong.append(
            Diagnosis(about="cosine", word="forgets", sentence=said, value=cosine, layer=link.number, advice=advice)
        )
    return wrong


def outputs(recording: Recording) -> list[Diagnosis]:
    """Logits that are too sure of themselves: were they a classifier's, how far above ln C its loss would begin."""
    last = recording.layers[-1]
    if last.role != "weights" or last.weights is None or len(last.output_shape) < 2:
        return []
    classes, std = last.weights.shape[0], last.output.std
    if not 1 < classes <= MOST_CLASSES or not std or not 0 < std < MOST_STD:
        return []
    even, begins = log(classes), initial_loss(classes, std)
    if begins - even <= EVEN:
        return []
    said = (
        f"{named(last)} gives {classes} numbers a sample with a std of {number(std, 3)}. If they are logits, the loss "
        f"begins near {number(begins, 3)} instead of ln {classes} = {number(even, 3)}, assuming independent normal "
        "logits that know nothing of the labels: the first steps only make them smaller."
    )
    return [
        Diagnosis(
            about="output",
            word="overconfident",
            sentence=said,
            value=begins,
            predicted=even,
            layer=len(recording.layers),
            advice="A last layer of smaller weights begins at the even guess:",
            code=f"with torch.no_grad(): {path(last.name)}.weight.mul_({SMALL / std:.2g})",
        )
    ]


def steps(recording: Recording) -> list[Diagnosis]:
    """The layer whose update is furthest from a thousandth of its weights."""
    known = [
        (abs(layer.weights.update_to_data - USUAL), at, layer, layer.weights.update_to_data)
        for at, layer in enumerate(recording.layers, 1)
        if layer.weights and layer.weights.update_to_data is not None
    ]
    if not known:
        return []
    distance, at, layer, found = max(known, key=lambda each: each[0])
    if distance <= FAR:
        return []
    large = found > USUAL
    said = (
        f"{recording.optimizer} changed the weights of {named(layer)} by {power(found)} of their own "
        f"std in one step, furthest of all layers from the thousandth that is often aimed at."
    )
    advice = (
        f"A {'smaller' if large else 'larger'} learning rate, or share of it for this layer, would bring it there; "
        "a first step alone says little of a schedule that warms up."
    )
    return [
        Diagnosis(
            about="update",
            word="large" if large else "small",
            sentence=said,
            value=found,
            predicted=USUAL,
            layer=at,
            advice=advice,
        )
    ]
