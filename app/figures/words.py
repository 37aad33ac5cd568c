"""Results in words: what the page says of a run, with the run's own numbers. Pure functions of a Result."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from math import isclose, log10
from typing import Any

from app.figures.palette import power
from app.lab.activations import ACTIVATIONS
from app.lab.initializers import INITIALIZERS
from app.lab.predictions import nonlinearity
from app.results import MatmulInit, MatmulResult, Record, StackInit, StackResult
from app.theory.finite_width import NORMAL_975
from app.theory.gains import Gains, Growth, gains, growth

CHANCE = 3.0  # standard deviations that chance explains without a second look
HOLDS = 0.05  # decades of variance per layer within which a signal counts as held
COLLAPSED = 0.95


@dataclass(frozen=True)
class MatmulRow:
    """One line of the table: the two errors of one init, each in its own standard deviations."""

    entry: MatmulInit
    label: str
    input_z: float | None
    columns_z: float | None
    mean_z: float | None

    @property
    def by_chance(self) -> bool:
        return self.columns_z is None or abs(self.columns_z) <= CHANCE


def matmul_words(result: MatmulResult) -> dict[str, Any]:
    """The table of a matmul run, and what is worth saying about its inits."""
    return {"rows": [_matmul_row(entry) for entry in result.inits], "notes": _matmul_notes(result)}


def _matmul_row(entry: MatmulInit) -> MatmulRow:
    predicted, measured = entry.predicted, entry.measured
    count = measured.count - measured.nonfinite
    mean_error = (predicted.variance_given_input / count) ** 0.5 if count else 0.0
    return MatmulRow(
        entry=entry,
        label=INITIALIZERS[entry.init].label,
        input_z=_z(entry.input.square, entry.input.square_mean, entry.input.square_std),
        columns_z=_z(measured.variance, predicted.variance_given_input, predicted.variance_given_input_std),
        mean_z=_z(measured.mean, predicted.mean_given_input, mean_error),
    )


def _z(value: float | None, expected: float, spread: float) -> float | None:
    return (value - expected) / spread if value is not None and spread > 0 else None


def _matmul_notes(result: MatmulResult) -> list[str]:
    spec = result.experiment
    notes = [
        f"{INITIALIZERS[a.init].label} and {INITIALIZERS[b.init].label} coincide here: at this shape both give weights "
        f"a standard deviation of {a.weight_std:.4g}."
        for a, b in combinations(result.inits, 2)
        if isclose(a.weight_std, b.weight_std, rel_tol=1e-9)
    ]
    if spec["fan_out"] > 4 * spec["fan_in"]:
        notes += [_xavier_note(entry, spec) for entry in result.inits if entry.init.startswith("xavier")]
    if spec["draws"] == "fresh" and len(result.inits) > 1:
        squares = ", ".join(f"{entry.input.square:.1f}" for entry in result.inits)
        notes.append(
            f"Each line drew its own x, so ‖x‖² is {squares}: that is why the variances do not agree among "
            "themselves, as the question's own 513.95, 0.0020 and 1.02 do not."
        )
    return notes


def _xavier_note(entry: MatmulInit, spec: dict[str, Any]) -> str:
    return (
        f"{INITIALIZERS[entry.init].label} looks like a mistake here, and is not: it weighs fan_out = "
        f"{spec['fan_out']:,} as much as fan_in = {spec['fan_in']:,}, to be fair to the backward pass of a layer. "
        f"These {spec['fan_out']:,} columns are a sample, not a layer, so the variance comes out at "
        f"{entry.predicted.variance:.2g}."
    )


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
    return {"rows": rows, "notes": notes, "advice": gain_advice(activation, result.experiment["depth"])}


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


WORDS: dict[str, Callable[[Any], dict[str, Any]]] = {"matmul": matmul_words, "stack": stack_words}


def words(experiment: str, result: Record) -> dict[str, Any]:
    """What to say of a Result."""
    return {"result": result, **WORDS[experiment](result)}
