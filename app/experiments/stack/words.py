"""A deep stack in words: what the page says of a run, with the run's own numbers."""

from dataclasses import dataclass
from itertools import combinations
from math import log10
from typing import Any

from ...figures.numbers import power
from ...lab.activations import ACTIVATIONS, nonlinearity
from ...lab.initializers import INITIALIZERS
from ...results import CHANCE
from ...theory.finite_width import NORMAL_975
from ...theory.gains import Gains, Growth, gains, growth
from .result import StackInit, StackResult

HOLDS = 0.05  # decades of variance per layer within which a signal counts as held
COLLAPSED = 0.95


@dataclass(frozen=True)
class StackRow:
    """One init's way through the stack, in a word and in numbers."""

    entry: StackInit
    label: str
    verdict: str
    explanation: str
    z: float | None

    @property
    def by_chance(self) -> bool:
        return self.z is None or abs(self.z) <= CHANCE

    @property
    def reason(self) -> str:
        """What a difference beyond chance is most likely due to."""
        narrow = len(self.entry.layers) / min(layer.fan_out for layer in self.entry.layers)
        if narrow > 0.2:
            return f"finite width: at a depth/width of {narrow:.2g} the leading order in 1/width is not enough."
        return "one seed in hundreds lies this far out: try another, and if it stays, the assumptions below fail."


def stack_words(result: StackResult) -> dict[str, Any]:
    """The table of a stack run, and which inits coincide."""
    rows = [_stack_row(entry) for entry in result.inits]
    notes = [
        f"{INITIALIZERS[a.init].label} and {INITIALIZERS[b.init].label} coincide: in this stack every layer gives both "
        "the same scale, and they share their draws."
        for a, b in combinations(result.inits, 2)
        if all(abs(p.weight_std - q.weight_std) <= 1e-9 * p.weight_std for p, q in zip(a.layers, b.layers, strict=True))
    ]
    activation = result.experiment["activation"]
    return {
        "rows": rows,
        "notes": notes,
        "advice": gain_advice(activation, result.experiment["depth"]),
        "activation": ACTIVATIONS[activation].label,
    }


def _band_z(entry: StackInit) -> float | None:
    """Where the last layer's variance lies in its 95 % band, in standard deviations of its logarithm."""
    last = entry.layers[-1]
    low, median, high = last.predicted.low, last.predicted.median, last.predicted.high
    measured = last.preactivation.log10_mean_square
    if measured is None or not low or not median or not high or high <= low:
        return None
    return (measured - log10(median)) / ((log10(high) - log10(low)) / (2 * NORMAL_975))


@dataclass(frozen=True)
class Advice:
    """The gain that keeps an activation's variance, PyTorch's own, and what each does; `code` applies the first."""

    gains: Gains
    torch_gain: float | None
    code: str
    sentences: list[str]


def gain_advice(activation: str, depth: int) -> Advice:
    """Which gain to use for an activation, never without its stability."""
    entry, phi = ACTIVATIONS[activation], nonlinearity(activation)
    found = gains(phi)
    said = _stability(entry.label, found, depth)
    if found.gradient_factor is not None and abs(found.gradient_factor - 1) > 0.005:
        verb = "grow" if found.gradient_factor > 1 else "shrink"
        factor = found.gradient_factor if found.gradient_factor > 1 else 1 / found.gradient_factor
        said.append(f"Under it gradients {verb} by a factor of {factor:.3f} a layer, {factor**depth:.3g} over {depth}.")
    if found.critical is None:
        said.append("No gain without biases has a stable fixed point at which gradients keep their size.")
    elif found.variance_preserving and abs(found.critical / found.variance_preserving - 1) > 1e-3:
        said.append(f"Gradients keep their size at {found.critical:.4g}, the critical gain, where the signal fades.")
    if entry.gain is None:
        said.append("torch.nn.init.calculate_gain knows none for it.")
    elif found.variance_preserving and abs(entry.gain / found.variance_preserving - 1) < 1e-4:
        said.append(f"torch.nn.init.calculate_gain says the same, {entry.gain:.4g}.")
    else:
        said.append(_torch_gain(entry.gain, growth(phi, entry.gain)))
    gain = found.variance_preserving or 1.0
    return Advice(
        found, entry.gain, f"torch.nn.init.normal_(layer.weight, std={gain:.4f} / layer.in_features**0.5)", said
    )


def _stability(label: str, found: Gains, depth: int) -> list[str]:
    if found.variance_preserving is None or found.slope is None:
        return [f"No gain keeps the variance of {label}."]
    kept = f"A gain of {found.variance_preserving:.4f} keeps a preactivation variance of 1 for {label}"
    if found.stable and found.slope < 1 - 1e-6:
        return [f"{kept}, and stably: a deviation shrinks to {found.slope:.2f} of itself in each layer."]
    if found.stable:
        return [f"{kept}, marginally: a deviation is neither corrected nor enlarged."]
    return [
        f"{kept}, but unstably: a deviation grows by a factor of {found.slope:.3f} a layer, {found.slope**depth:.3g} "
        f"over {depth}. It fails with depth: add a bias, a norm or residual connections rather than trust it."
    ]


def _torch_gain(gain: float, at: Growth) -> str:
    said = f"torch.nn.init.calculate_gain says {gain:.4g}: "
    if at.fixed_point is not None:
        grows = f"grow by {at.gradient:.3f}" if at.gradient > 1 else f"shrink to {at.gradient:.3f} of themselves"
        return f"{said}the variance settles at {at.fixed_point:.3g}, and gradients {grows} a layer."
    return f"{said}the variance changes by a factor of {at.forward:.3g} a layer."


def _stack_row(entry: StackInit) -> StackRow:
    last, middle = entry.layers[-1], entry.layers[(len(entry.layers) - 1) // 2]
    start, halfway, end = (at.preactivation.log10_variance for at in (entry.layers[0], middle, last))
    saturated, cosine = last.activation.saturated, last.cosine.mean
    if start is None or halfway is None or end is None:
        verdict, said = "dies", "every preactivation of the last layer is the same number."
    elif saturated is not None and saturated > 0.5:
        verdict = "saturates"
        said = f"{saturated:.0%} of the last layer's activations sit at a bound, where gradients are near zero."
    else:
        # The second half tells a constant factor per layer from a start that settles down.
        rate = (end - halfway) / max(last.layer - middle.layer, 1)
        verdict, said = _course(end - start, rate)
    if cosine is not None and cosine > COLLAPSED:
        said += (
            f" But its inputs now look alike: the mean cosine between them is {cosine:.4f} in the last layer, and the "
            "pooled variance does not show it."
        )
    return StackRow(entry, INITIALIZERS[entry.init].label, verdict, said, _band_z(entry))


def _course(total: float, rate: float) -> tuple[str, str]:
    """What a variance does, from its change over the stack and its late rate, both in decades."""
    if rate > HOLDS:
        return "explodes", f"the variance grows by a factor of {power(rate)} a layer."
    if rate < -HOLDS:
        return "vanishes", f"the variance shrinks by a factor of {power(-rate)} a layer."
    change = f"{'fell' if total < 0 else 'grew'} by a factor of {power(abs(total))}"
    if abs(total) > 0.5:
        return "fades" if total < 0 else "grows", f"the variance {change} over the stack, ever more slowly."
    if abs(total) < 0.02:
        return "holds", "the variance of the last layer is that of the first."
    return "holds", f"the variance {change} over the whole stack."
