"""A Result as a tidy table: one row per init, layer and quantity, so that pandas.read_csv(url) works."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from app.results import Record

COLUMNS = ("init", "layer", "quantity", "value")
NESTED_BINS = ("histogram",)


def csv_table(result: Record) -> bytes:
    """Every number of a result but its histograms; a number that does not exist is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in result.model_dump()["inits"]:
        init = entry.pop("init")
        for layer in entry.pop("layers", []):
            number = layer.pop("layer")
            writer.writerows((init, number, quantity, value) for quantity, value in _numbers(layer))
        writer.writerows((init, None, quantity, value) for quantity, value in _numbers(entry))
    return out.getvalue().encode()


def _numbers(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            if name not in NESTED_BINS:
                yield from _numbers(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            yield from _numbers({str(index): item for index, item in enumerate(value)}, f"{prefix}{name}.")
        elif not isinstance(value, str):
            yield f"{prefix}{name}", value
