"""One matmul in words: the page's heading, and what its explanation is written from."""

from typing import Any, NamedTuple

from ...figures.numbers import number
from ...finding import Finding, by_chance, in_spreads
from .findings.drawn import input_moments, label_of, weight_moments
from .findings.variance import columns_off
from .result import MatmulInit, MatmulResult
from .spec import MatmulSpec


def matmul_heading(spec: MatmulSpec) -> str:
    """The question, with the variance that an unscaled w gives."""
    return f"Why is the variance of x @ w about {number(_unscaled(spec), 3)}, and which scale makes it 1?"


def _unscaled(spec: MatmulSpec) -> float:
    return spec.fan_in * input_moments(spec).mean_square * weight_moments(spec, spec.init[0]).variance


class Row(NamedTuple):
    """One line of the table: the two errors of one init, each in its own standard deviations."""

    entry: MatmulInit
    label: str
    input_off: float | None
    columns_off: float | None

    @property
    def by_chance(self) -> bool:
        return by_chance(self.columns_off) is not False


def matmul_words(result: MatmulResult, _: list[Finding]) -> dict[str, Any]:
    """The table of a matmul run, and the moments its derivation is about."""
    spec, first = MatmulSpec.parse(result.experiment), result.inits[0]
    return {
        "spec": spec,
        "rows": [_row(entry) for entry in result.inits],
        "first": first,
        "x": input_moments(spec),
        "w": weight_moments(spec, first.init),
    }


def _row(entry: MatmulInit) -> Row:
    square = entry.input
    return Row(
        entry, label_of(entry), in_spreads(square.square, square.square_mean, square.square_std), columns_off(entry)
    )
