"""Equally correlated normal variables that are all negative."""

from math import asin, pi

import pytest

from app.theory.orthant import all_negative


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.9, 0.999, 1.0])
def test_one_is_negative_half_of_the_time(correlation: float) -> None:
    assert all_negative(1, correlation) == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.9, 0.999])
def test_two_and_three_as_in_closed_form(correlation: float) -> None:
    """Sheppard 1899; of three, by symmetry, from the three pairs."""
    assert all_negative(2, correlation) == pytest.approx(1 / 4 + asin(correlation) / (2 * pi), abs=1e-6)
    assert all_negative(3, correlation) == pytest.approx(1 / 8 + 3 * asin(correlation) / (4 * pi), abs=1e-6)


def test_independent_ones_are_as_coins_and_equal_ones_as_one() -> None:
    assert all_negative(10, 0.0) == pytest.approx(2.0**-10, rel=1e-9)
    assert all_negative(1000, 1.0) == 0.5
    assert all_negative(1000, -0.2) == all_negative(1000, 0.0)
