"""One matmul in words: what the page says of a run, with the run's own numbers."""

from dataclasses import dataclass
from itertools import combinations
from math import isclose
from typing import Any

from ...lab.initializers import INITIALIZERS
from ...results import CHANCE
from .result import MatmulInit, MatmulResult


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
