"""How values of an axis are written."""

import pytest

from app.experiments.sweep.charts.scales import said
from app.experiments.sweep.result import Axis


def axis(*values: float) -> Axis:
    return Axis(name="x", field="gain", label="Gain", unit="", log=False, choices=None, values=list(values))


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ((1.0, 1.33333, 1.66667, 2.0), ["1", "1.33", "1.67", "2"]),
        ((0.1, 0.316228, 1.0), ["0.1", "0.316", "1"]),
        ((1.0, 1.001, 1.002), ["1", "1.001", "1.002"]),
        ((512, 1024, 65536), ["512", "1,024", "65,536"]),
    ],
)
def test_values_have_as_many_digits_as_tell_them_apart(values: tuple[float, ...], written: list[str]) -> None:
    assert [said(axis(*values), value) for value in values] == written
