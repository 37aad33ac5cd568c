"""Entries follow their distributions, to the ends of their range."""

from collections.abc import Callable
from itertools import product
from math import erf, erfc, exp, log, prod, sqrt

import numpy as np
import pytest

from app.lab.kernels.distributions import DISTRIBUTIONS, Distribution, fill
from app.lab.kernels.rows import count_beyond
from app.lab.kernels.threefry import CHUNK, key_of
from tests.lab.tools import STANDARD_ERRORS, Floats, errors_apart

MANY = 2**22
MOST = 10**9

every_distribution = pytest.mark.parametrize("distribution", DISTRIBUTIONS.values(), ids=list(DISTRIBUTIONS))


def entries(distribution: Distribution, count: int = MANY, first: int = 0, seed: int = 7) -> Floats:
    out = np.empty(count, np.float32)
    fill(distribution.number, key_of(seed), first, out)
    return out.astype(np.float64)


def normal_share(z: float) -> float:
    return (1 + erf(z / sqrt(2))) / 2


CUMULATIVE: dict[str, Callable[[float], float]] = {
    "normal": normal_share,
    "uniform": lambda x: (x / sqrt(3) + 1) / 2,
    "laplace": lambda x: exp(sqrt(2) * x) / 2 if x < 0 else 1 - exp(-sqrt(2) * x) / 2,
    "truncated_normal": lambda x: (normal_share(x * 0.8796256610342398) - normal_share(-2)) / erf(sqrt(2)),
    "rand": lambda x: x,
}


@pytest.mark.parametrize("name", CUMULATIVE)
def test_entries_are_as_often_in_any_interval_as_they_should(name: str) -> None:
    """Chi-square over a thousand intervals of equal share: mean 999, standard deviation √1998."""
    cumulative, values = np.vectorize(CUMULATIVE[name]), entries(DISTRIBUTIONS[name])
    places = np.linspace(values.min(), values.max(), 20_001)
    shares = np.interp(values, places, cumulative(places))
    found = np.bincount((shares * 1000).astype(int).clip(0, 999), minlength=1000)
    chi_square = float(((found - MANY / 1000) ** 2).sum() / (MANY / 1000))
    assert errors_apart(chi_square, 999, sqrt(1998)) <= STANDARD_ERRORS


def test_a_coin_has_two_sides() -> None:
    assert set(entries(DISTRIBUTIONS["rademacher"]).tolist()) == {-1.0, 1.0}


@pytest.mark.parametrize("power", range(1, 9))
def test_normal_numbers_have_the_moments_of_a_normal_to_the_eighth(power: int) -> None:
    def moment(order: int) -> int:
        return 0 if order % 2 else prod(range(1, order, 2))

    values = entries(DISTRIBUTIONS["normal"], 2**24)
    error = sqrt((moment(2 * power) - moment(power) ** 2) / values.size)
    assert errors_apart(float((values**power).mean()), moment(power), error) <= STANDARD_ERRORS


def test_a_thousand_million_normal_numbers_have_the_tails_of_a_normal() -> None:
    edges = [1, 2, 3, 4, 5, 6]
    beyond = dict.fromkeys(edges, 0)
    out = np.empty(CHUNK * 2**12, np.float32)
    parts = -(-MOST // out.size)
    for part in range(parts):
        fill(DISTRIBUTIONS["normal"].number, key_of(11), part * 2**12, out)
        for edge in edges:
            beyond[edge] += count_beyond(out, 0.0, edge)
    for edge, found in beyond.items():
        share = erfc(edge / sqrt(2))
        expected = share * parts * out.size
        assert errors_apart(found, expected, sqrt(expected * (1 - share))) <= STANDARD_ERRORS


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("uniform", -sqrt(3), sqrt(3)), ("truncated_normal", -2 / 0.87962566, 2 / 0.87962566), ("rand", 0.0, 1.0)],
)
def test_bounded_entries_keep_to_their_bounds_and_reach_them(name: str, low: float, high: float) -> None:
    values = entries(DISTRIBUTIONS[name])
    near = (high - low) * 1e-5
    assert low - 1e-6 <= values.min() < low + near
    assert high - near < values.max() <= high + 1e-6


def test_rand_is_never_one() -> None:
    """As torch.rand."""
    assert entries(DISTRIBUTIONS["rand"]).max() < 1


@every_distribution
@pytest.mark.parametrize("lag", [1, CHUNK // 4, CHUNK // 2, CHUNK])
def test_entries_do_not_depend_on_those_before(distribution: Distribution, lag: int) -> None:
    """Nor their squares, nor one with the square of the other: among them those made of the same words."""
    values = entries(distribution)
    powers = [values, values**2] if values.min() != -1.0 else [values]
    for one, other in product(powers, powers):
        correlation = float(np.corrcoef(one[:-lag], other[lag:])[0, 1])
        assert errors_apart(correlation, 0.0, 1 / sqrt(values.size - lag)) <= STANDARD_ERRORS


@every_distribution
@pytest.mark.parametrize("count", [0, 1, 3, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7])
def test_any_number_of_entries_are_the_first_of_more(distribution: Distribution, count: int) -> None:
    assert entries(distribution, count).tolist() == entries(distribution, 4 * CHUNK)[:count].tolist()


@every_distribution
def test_entries_may_be_drawn_from_any_chunk_on(distribution: Distribution) -> None:
    assert entries(distribution, CHUNK, 3).tolist() == entries(distribution, 4 * CHUNK)[3 * CHUNK :].tolist()


def test_the_smallest_chance_is_a_finite_number() -> None:
    """A word of zeros, and one of ones, which no sample here would hold."""
    from app.lab.kernels.distributions import fill_chunk

    for word in (0, 2**32 - 1):
        words, out = np.full(CHUNK, word, np.uint32), np.empty(CHUNK, np.float32)
        for distribution in DISTRIBUTIONS.values():
            fill_chunk(distribution.number, words, out)
            assert np.isfinite(out).all()
            assert np.abs(out).max() < sqrt(2 * log(2) * 33) * 3
