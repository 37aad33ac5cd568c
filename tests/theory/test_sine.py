"""The sine of a normal variable against plain averages over its values."""

from math import sqrt

import numpy as np
import pytest

from app.theory import sine
from tests.theory.integrator import expectation

variances = pytest.mark.parametrize("q", [0.01, 1.0, 20.0, 24.9, 25.1, 3000.0])


def points(q: float) -> int:
    return 4000 + int(400 * sqrt(q))


@variances
@pytest.mark.parametrize("mean", [0.0, 0.7, -20.0])
def test_shifted_moments_and_the_share_near_a_crest(q: float, mean: float) -> None:
    found = sine.shifted(q, mean)
    first = expectation(lambda u: np.sin(u + mean), sqrt(q), points=points(q))
    second = expectation(lambda u: np.sin(u + mean) ** 2, sqrt(q), points=points(q))
    assert found == pytest.approx((first, second), abs=1e-9)
    z = (np.arange(200_000) + 0.5) / 200_000 * 20 - 10
    weight = np.exp(-(z**2) / 2)
    share = weight[np.abs(np.sin(sqrt(q) * z + mean)) > 0.97].sum() / weight.sum()
    # A step of the grid may lie on either side of each edge.
    assert sine.share_above(0.97, q, mean) == pytest.approx(share, abs=1e-3)


@variances
@pytest.mark.parametrize("correlation", [-1.0, -0.4, 0.0, 0.9])
def test_pairs_are_those_of_cosines_of_sum_and_difference(q: float, correlation: float) -> None:
    """2·sin u·sin v = cos(u - v) - cos(u + v), and u ∓ v are normal of variance 2q(1 ∓ c)."""

    def cosine(variance: float) -> float:
        return expectation(np.cos, sqrt(variance), points=points(variance)) if variance else 1.0

    difference, total = cosine(2 * q * (1 - correlation)), cosine(2 * q * (1 + correlation))
    assert sine.pair(q, correlation) == pytest.approx((difference - total) / 2, abs=1e-9)
    assert sine.slope_pair(q, correlation) == pytest.approx((difference + total) / 2, abs=1e-9)


def test_small_variances_keep_their_digits() -> None:
    """Of sin u = u - u³/6 + …: E[sin⁴ u] = 3q² - 10q³ + …"""
    for q in (1e-3, 1e-6, 1e-12):
        _, square, fourth, *_ = sine.moments(q)
        assert square == pytest.approx(q - q**2, rel=2 * q**2 + 1e-15)
        assert fourth == pytest.approx(3 * q**2 - 10 * q**3, rel=20 * q**2 + 1e-14)
        assert sine.pair(q, 0.5) == pytest.approx(q / 2, rel=2 * q)
