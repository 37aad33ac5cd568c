"""A Result as a tidy table: one row per series, place in it and quantity, so that pandas.read_csv(url) works."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from ..results import Result

COLUMNS = ("init", "layer", "quantity", "value")
NESTED_BINS = ("histogram",)


def csv_table(result: Result) -> bytes:
    """Every number of a result but its histograms; a number that does not exist is an empty cell.

    A list of records in the result holds its series, a list of records in one of those their places: the first
    field of each says which, and is a column of that name.
    """
    rows = []
    names = list(COLUMNS)
    for series in _lists(result.model_dump()).values():
        for entry in series:
            names[0], label = _first(entry)
            for place in (place for places in _lists(entry).values() for place in places):
                names[1], number = _first(place)
                rows += [(label, number, quantity, value) for quantity, value in _numbers(place)]
            rows += [(label, None, quantity, value) for quantity, value in _numbers(entry)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return out.getvalue().encode()


def _lists(record: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The lists of records among a record's values, which are taken out of it."""
    found = [name for name, value in record.items() if isinstance(value, list) and value and isinstance(value[0], dict)]
    return {name: record.pop(name) for name in found}


def _first(record: dict[str, Any]) -> tuple[str, Any]:
    """A record's first field, which is taken out of it."""
    name = next(iter(record))
    return name, record.pop(name)


def _numbers(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            if name not in NESTED_BINS:
                yield from _numbers(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            yield from _numbers({str(index): item for index, item in enumerate(value)}, f"{prefix}{name}.")
        elif not isinstance(value, str):
            yield f"{prefix}{name}", value
