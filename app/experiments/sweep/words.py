"""A sweep in words: the page's heading, and what its explanation is written from."""

from typing import Any

from ...finding import Finding
from .charts.colors import label_of
from .charts.scales import in_words, said, told
from .result import SweepResult
from .spec import SweepSpec

MOST_ROWS = 200  # of the table of cells


def sweep_heading(spec: SweepSpec) -> str:
    """The question, of this sweep."""
    fields = " and ".join(in_words(axis) for axis in spec.axes)
    return f"How does the {spec.followed.label} go with {fields}?"


def sweep_words(result: SweepResult, _: list[Finding]) -> dict[str, Any]:
    """Every cell, its numbers and its link."""
    rows = [
        (label_of(result, line.init), [said(result.axes[0], at)], told(*numbers), page)
        for line in result.lines
        for at, page, *numbers in zip(
            line.x, line.page, line.value, line.low, line.high, line.predicted, line.problem, strict=True
        )
    ]
    rows += [
        (
            label_of(result, cell.init),
            [said(result.axes[0], cell.x), said(result.axes[1], cell.y)],
            told(cell.value, cell.low, cell.high, cell.predicted, cell.problem),
            cell.page,
        )
        for cell in result.cells
    ]
    return {
        "axes": result.axes,
        "statistic": result.statistic,
        "cells": rows[:MOST_ROWS],
        "left": len(rows[MOST_ROWS:]),
    }
