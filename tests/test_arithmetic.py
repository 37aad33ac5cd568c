"""Numbers mean what people mean by them, and nothing else is computed."""

from math import pi, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.arithmetic import evaluated


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5/3", 5 / 3),
        ("sqrt(2)", sqrt(2)),
        ("√2", sqrt(2)),
        ("1/√512", 1 / sqrt(512)),
        ("√(2/512)", sqrt(2 / 512)),
        (".5", 0.5),
        ("1.", 1.0),
        ("1,024", 1024.0),
        ("1,000,000/2", 500_000.0),
        ("1e3", 1000.0),
        ("2^9", 512.0),
        ("2**-1", 0.5),
        (" 3 + 4 ", 7.0),
        ("−1", -1.0),
        ("+1", 1.0),
        ("007", None),
        ("2·sqrt(pi)", 2 * sqrt(pi)),
    ],
)
def test_arithmetic_is_done(text: str, value: float | None) -> None:
    assert evaluated(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "five",
            "--1",
            "1\n",
            "1/0",
            "sqrt(-1)",
            "(-1)^.5",
            "9^9^9",
            "1e999",
            "1,02",
            "1,0240",
            "(1",
            "1 2",
            "0x10",
            "1_000",
        ),
        *("1//2", "2 if 1 else 3", "sqrt", "sqrt()", "sqrt(1,2)", "pi()", "e", "nan", "().__class__", "٧", "(" * 61),
    ],
)
def test_what_is_no_number_has_no_value(text: str) -> None:
    assert evaluated(text) is None


@given(st.text(alphabet="0123456789.,+-*/^()√ sqrtpie", max_size=70))
def test_any_text_has_a_finite_value_or_none(text: str) -> None:
    found = evaluated(text)
    assert found is None or abs(found) < float("inf")
