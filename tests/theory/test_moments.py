"""Moments of squares and shifts, against published values and plain sums."""

from math import sqrt

import pytest

from app.lab.draws import DISTRIBUTIONS
from app.theory.moments import Moments

NORMAL = Moments(0, 1, 0)


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [("normal", 2.0), ("uniform", 0.8), ("rademacher", 0.0), ("laplace", 5.0), ("rand", 4 / 45)],
)
def test_variance_of_a_square_is_the_published_one(distribution: str, expected: float) -> None:
    assert DISTRIBUTIONS[distribution].moments.square_variance == pytest.approx(expected)


@pytest.mark.parametrize("shift", [-2.0, 0.0, 0.5, 1000.0])
def test_a_shifted_normals_square_is_noncentral_chi_squared(shift: float) -> None:
    shifted = NORMAL.shifted(shift)
    assert shifted.mean_square == pytest.approx(1 + shift**2)
    assert shifted.square_variance == pytest.approx(2 * (1 + 2 * shift**2), rel=1e-9)


@pytest.mark.parametrize("shift", [-2.0, 0.25, 7.0])
def test_moments_of_a_shifted_coin_are_sums_over_its_two_sides(shift: float) -> None:
    sides = [shift - 1, shift + 1]
    coin = Moments(0, 1, -2).shifted(shift)
    squares = [side**2 for side in sides]
    assert coin.mean == pytest.approx(sum(sides) / 2)
    assert coin.mean_square == pytest.approx(sum(squares) / 2)
    assert coin.square_variance == pytest.approx((squares[0] - squares[1]) ** 2 / 4)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_shift_moves_the_mean_and_nothing_else(distribution: str) -> None:
    declared = DISTRIBUTIONS[distribution].moments
    shifted = declared.shifted(3)
    assert shifted == (declared.mean + 3, declared.variance, declared.excess_kurtosis)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_no_registered_moment_is_impossible(distribution: str) -> None:
    declared = DISTRIBUTIONS[distribution].moments
    assert declared.variance > 0
    assert declared.excess_kurtosis >= -2
    assert sqrt(declared.mean_square) >= abs(declared.mean)
    assert declared.square_variance >= 0
