"""Numbers as a person reads them."""

import pytest

from app.figures.numbers import between, number, off, power, superscript


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "beyond float64"),
        (0.0, "0"),
        (513.92, "513.9"),
        (0.00195, "0.00195"),
        (12345.6, "12,350"),
        (3.1e-9, "3.10 × 10⁻⁹"),
        (-2.5e12, "−2.50 × 10¹²"),
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


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.004, "0"),
        (0.374, "0.37"),
        (-0.5, "−0.50"),
        (0.99861, "0.9986"),
        (0.999999, "nearly 1"),
        (1.0, "1"),
        (-0.99999, "nearly −1"),
    ],
)
def test_a_number_between_minus_one_and_one_is_told_from_its_ends(value: float, text: str) -> None:
    assert between(value) == text


@pytest.mark.parametrize(("deviations", "decimals", "text"), [(0.83, 1, "+0.8"), (-1.256, 2, "−1.26")])
def test_a_number_of_standard_deviations_keeps_its_sign(deviations: float, decimals: int, text: str) -> None:
    assert off(deviations, decimals) == text
