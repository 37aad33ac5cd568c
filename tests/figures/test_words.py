"""Every Result can be put into words, and the words are about that Result."""

import re

import pytest

from app.figures.palette import number, power, superscript
from app.figures.words import words
from app.results import Record
from app.web.assets import Assets
from app.web.pages import explainer, templates
from tests.compute.tools import every_preset, small_result
from tests.figures.tools import edge_result, every_edge

EXPLAIN = explainer(templates(Assets()))


def explained(name: str, result: Record) -> None:
    text = EXPLAIN(name, result).decode()
    measured = re.findall(r'data-measured="([^"]*)"', text)
    assert measured == [entry["init"] for entry in result.model_dump()["inits"]]
    assert not re.search(r"\b(nan|inf|None|True|False)\b", text), text
    assert "<math" in text


@every_preset
def test_a_preset_is_explained_init_by_init(name: str, query: str) -> None:
    explained(name, small_result(name, query))


@every_edge
def test_the_edges_are_explained_too(name: str, query: str) -> None:
    explained(name, edge_result(name, query))


@every_preset
def test_words_have_a_row_for_every_init(name: str, query: str) -> None:
    result = small_result(name, query)
    said = words(name, result)
    assert said["result"] is result
    assert [row.entry.init for row in said["rows"]] == [entry["init"] for entry in result.model_dump()["inits"]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "beyond float64"),
        (0.0, "0"),
        (513.92, "513.9"),
        (0.00195, "0.00195"),
        (12345.6, "12,350"),
        (3.1e-9, "3.10 × 10⁻⁹"),
        (-2.5e12, "-2.50 × 10¹²"),
    ],
)
def test_a_number_reads_as_a_person_writes_it(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("exponent", "text"), [(None, "0"), (0.0, "1"), (2.0, "100"), (400.5, "3.16 × 10⁴⁰⁰"), (-1234.5, "3.16 × 10⁻¹²³⁵")]
)
def test_a_power_of_ten_reads_however_large(exponent: float | None, text: str) -> None:
    assert power(exponent) == text


def test_exponents_are_raised() -> None:
    assert superscript(-1234567890) == "⁻¹²³⁴⁵⁶⁷⁸⁹⁰"
