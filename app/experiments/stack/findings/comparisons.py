"""One init against another, one network against many, and what is special about some specs."""

from itertools import combinations
from math import sqrt
from statistics import stdev

from ....figures.numbers import number, power
from ....finding import Finding, by_chance, in_spreads
from ....lab.draws import TRUNCATED_STD
from ....lab.initializers import INITIALIZERS
from ....theory.finite_width import NORMAL_975
from ..result import StackInit, StackResult
from ..spec import StackSpec
from .sizes import gradient_size, label_of

FEWEST = 5  # networks whose spread is worth a word


def alike(result: StackResult) -> list[Finding]:
    """Inits whose weights have the same standard deviation in every layer."""
    return [_alike(a, b) for a, b in combinations(result.inits, 2) if _same_scales(a, b)]


def _same_scales(a: StackInit, b: StackInit) -> bool:
    return all(abs(p.weight_std - q.weight_std) <= 1e-9 * p.weight_std for p, q in zip(a.layers, b.layers, strict=True))


def _alike(a: StackInit, b: StackInit) -> Finding:
    measured, other = (entry.layers[-1].preactivation.log10_mean_square for entry in (b, a))
    if a.layers[-1].preactivation == b.layers[-1].preactivation:
        word = "same"
        said = f"and the same draws, so every number is the same: {power(measured)} in the last layer."
    else:
        word = "same scale"
        drawn = " and ".join((INITIALIZERS[entry.init].family or "normal").replace("_", " ") for entry in (a, b))
        said = f"but draw them differently ({drawn}): {power(other)} and {power(measured)} in the last layer."
    return Finding(
        about="alike",
        init=b.init,
        word=word,
        sentence=f"{label_of(a)} and {label_of(b)} give every layer's weights the same standard deviation, {said}",
        value=b.layers[-1].preactivation.mean_square,
        predicted=a.layers[-1].preactivation.mean_square if word == "same" else None,
        layer=b.layers[-1].layer,
    )


def networks(entry: StackInit) -> list[Finding]:
    """How far networks of one spec differ, one input through each."""
    last = [sizes[-1] for sizes in entry.repeats.log10_mean_square] if entry.repeats else []
    known = [size for size in last if size is not None]
    if len(known) < FEWEST:
        return []
    spread, band = stdev(known), entry.layers[-1].predicted.one_input
    expected = None
    if band is not None and band.log10_high is not None and band.log10_low is not None:
        expected = (band.log10_high - band.log10_low) / (2 * NORMAL_975)
    theory = f" Theory says {number(expected, 3)}." if expected is not None else ""
    lost = len(last) - len(known)
    dead = f" In {lost:,} of them the input was lost altogether." if lost else ""
    ratio = sum(1 / layer.fan_out for layer in entry.layers)
    return [
        Finding(
            about="networks",
            init=entry.init,
            word="scattered" if spread > 0.5 else "alike",
            sentence=f"{label_of(entry)}: over {len(last):,} networks log₁₀ of one input's mean square in the "
            "last layer has a "
            f"standard deviation of {number(spread, 3)}, a factor of {power(spread)} either way, at a depth/width of "
            f"{number(ratio, 2)}.{theory}{dead}",
            value=spread,
            predicted=expected,
            by_chance=by_chance(in_spreads(spread, expected, expected and expected / sqrt(2 * (len(known) - 1)))),
            layer=entry.layers[-1].layer,
        )
    ]


def fans(spec: StackSpec, entry: StackInit) -> list[Finding]:
    """What fan_in or fan_out decides where widths differ: a factor of n_L/n₀ in all, however deep."""
    widths, size = spec.layer_widths, gradient_size(entry)
    if len(set(widths)) == 1 or size is None or size.measured is None:
        return []
    mismatch = widths[-1] / widths[0]
    return [
        Finding(
            about="fans",
            init=entry.init,
            word=spec.fan_mode if INITIALIZERS[entry.init].either_fan else "fan_in",
            sentence=f"{label_of(entry)}: dividing by fan_in or by fan_out differs by n_L/n₀ = "
            f"{number(mismatch, 3)} over the "
            f"whole stack, whatever its depth; gradients came to {power(size.measured)} at layer 1.",
            value=entry.layers[0].gradient.mean_square if entry.layers[0].gradient else None,
            predicted=entry.layers[0].predicted.gradient_mean_square,
            layer=1,
        )
    ]


def scale(spec: StackSpec, entry: StackInit) -> list[Finding]:
    """Where an init's scale is not what its name suggests."""
    first = entry.layers[0]
    variance = first.weight_std**2
    if variance == 0:
        return []
    if entry.init == "torch_default":
        he = 2 * spec.gain**2 / first.fan_in
        said = (
            f"nn.Linear's default, kaiming_uniform(a=√5), is uniform within 1/√fan_in: a weight variance of "
            f"{number(variance)}, 1/(3·fan_in), where He's would be {number(he / variance, 3)} times larger."
        )
    elif entry.init == "trunc_normal":
        he = spec.gain**2 / first.fan_in
        said = (
            f"A normal cut at ±2 standard deviations keeps {TRUNCATED_STD:.4f} of its standard deviation: a "
            "weight variance "
            f"of {number(variance)} where {number(he)} was meant. Keras corrects for it, as LeCun normal does here; "
            "torch.nn.init.trunc_normal_ cuts at an absolute ±2 instead, which at this scale cuts nothing."
        )
    else:
        return []
    return [
        Finding(about="scale", init=entry.init, word="smaller", sentence=said, value=variance, predicted=he, layer=1)
    ]


def tied(spec: StackSpec, entry: StackInit) -> list[Finding]:
    """One matrix in every layer."""
    if not spec.tied or spec.depth == 1:
        return []
    last = entry.layers[-1]
    measured, predicted = last.preactivation.log10_mean_square, last.predicted.log10_preactivation_variance
    against = "" if predicted is None else f", where fresh weights in every layer would give {power(predicted)}"
    return [
        Finding(
            about="tied",
            init=entry.init,
            word="tied",
            sentence=f"{label_of(entry)}: one matrix in all {spec.depth:,} layers came to "
            f"{power(measured)}{against}. It is a "
            "power iteration, one draw of luck raised to the depth: no test of a scale.",
            value=last.preactivation.mean_square,
            predicted=last.predicted.preactivation_variance,
            layer=last.layer,
        )
    ]
