"""A sweep as a tidy table: one row a series and place, with the axes as columns of their own names."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from .result import SweepResult

NUMBERS = ("value", "low", "high", "predicted", "problem", "page")


def sweep_table(result: SweepResult) -> bytes:
    """Columns: init, the field along x, that along y if there is one, value, low, high, predicted, problem, page."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["init", *(axis.field for axis in result.axes), *NUMBERS])
    writer.writerows(_rows(result))
    return out.getvalue().encode()


def _rows(result: SweepResult) -> Iterator[list[Any]]:
    for line in result.lines:
        columns = [getattr(line, name) for name in ("x", *NUMBERS)]
        yield from ([line.init, *row] for row in zip(*columns, strict=True))
    for cell in result.cells:
        yield [cell.init, cell.x, cell.y, *(getattr(cell, name) for name in NUMBERS)]
