"""Results in words: what the page says of a run, with the run's own numbers. Pure functions of a Result."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from app.lab.initializers import INITIALIZERS
from app.results import MatmulInit, MatmulResult, Record, StackInit, StackResult

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
        if a.weight_std == b.weight_std or abs(a.weight_std / b.weight_std - 1) < 1e-9
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


def stack_words(result: StackResult) -> dict[str, Any]:
    """The table of a stack run, and which inits coincide."""
    rows = [_stack_row(entry) for entry in result.inits]
    notes = [
        f"{INITIALIZERS[a.init].label} and {INITIALIZERS[b.init].label} coincide: in this stack every layer gives both "
        "the same scale, and they share their draws."
        for a, b in combinations(result.inits, 2)
        if all(abs(p.weight_std - q.weight_std) <= 1e-9 * p.weight_std for p, q in zip(a.layers, b.layers, strict=True))
    ]
    return {"rows": rows, "notes": notes}


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
    return StackRow(entry, INITIALIZERS[entry.init].label, verdict, said)


def _course(total: float, rate: float) -> tuple[str, str]:
    """What a variance does, from its change over the stack and its late rate, both in decades."""
    if rate > HOLDS:
        return "explodes", f"the variance grows by a factor of {10**rate:.3g} a layer."
    if rate < -HOLDS:
        return "vanishes", f"the variance shrinks by a factor of {10**-rate:.3g} a layer."
    change = f"{'fell' if total < 0 else 'grew'} by a factor of {10 ** abs(total):.3g}"
    if abs(total) > 0.5:
        return "fades" if total < 0 else "grows", f"the variance {change} over the stack, ever more slowly."
    return "holds", f"the variance {change} over the whole stack."


WORDS: dict[str, Callable[[Any], dict[str, Any]]] = {"matmul": matmul_words, "stack": stack_words}


def words(experiment: str, result: Record) -> dict[str, Any]:
    """What to say of a Result."""
    return {"result": result, **WORDS[experiment](result)}
