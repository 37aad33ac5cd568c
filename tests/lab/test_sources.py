"""Uniform and normal numbers are what they are called, to the ends of their range."""

from collections.abc import Callable
from itertools import product
from math import erf, erfc, log, sqrt

import numpy as np
import pytest
import torch
from torch import Tensor

from app.lab.device import CPU
from app.lab.sources import AT_ONCE, Source, source
from tests.lab.tools import STANDARD_ERRORS, Floats, errors_apart

MANY = 2**22

Draw = Callable[[Source, Tensor], Tensor]
DRAWS: dict[str, Draw] = {
    "uniform": lambda numbers, out: numbers.uniform(out, -0.5, 1.5),
    "normal": lambda numbers, out: numbers.normal(out),
}
every_draw = pytest.mark.parametrize("draw", DRAWS.values(), ids=list(DRAWS))


def sample(draw: Draw, count: int = MANY, *key: int) -> Floats:
    return draw(source(7, *key, device=CPU), torch.empty(count)).double().numpy()


def furthest_from(cumulative: Callable[[float], float], values: Floats) -> float:
    """Kolmogorov's distance between a sample and a distribution, looked at in a thousand places."""
    ordered, places = np.sort(values), range(0, len(values), len(values) // 1000)
    return max(abs(cumulative(float(ordered[place])) - (place + 0.5) / len(values)) for place in places)


# Kolmogorov's distribution: P(√n · distance > c) < 2 exp(-2c²), here one in two million.
FURTHEST = sqrt(log(2 * 2e6) / 2 / MANY)


def test_normal_numbers_follow_the_normal_distribution() -> None:
    assert furthest_from(lambda z: (1 + erf(z / sqrt(2))) / 2, sample(DRAWS["normal"])) < FURTHEST


def test_uniform_numbers_are_spread_evenly() -> None:
    assert furthest_from(lambda u: (u + 0.5) / 2, sample(DRAWS["uniform"])) < FURTHEST


@pytest.mark.parametrize("edge", [3.0, 4.0, 4.5])
def test_normal_tails_hold_as_much_as_they_should(edge: float) -> None:
    share = erfc(edge / sqrt(2))
    beyond = float((np.abs(sample(DRAWS["normal"])) > edge).mean())
    assert errors_apart(beyond, share, sqrt(share / MANY)) <= STANDARD_ERRORS


def test_uniform_numbers_keep_to_their_bounds() -> None:
    values = sample(DRAWS["uniform"])
    assert -0.5 <= values.min() < -0.499999
    assert 1.499999 < values.max() < 1.5


def assert_uncorrelated(first: Floats, second: Floats) -> None:
    """Nor their squares, nor one with the square of the other."""
    for one, other in product((first, first**2), (second, second**2)):
        correlation = float(np.corrcoef(one, other)[0, 1])
        assert errors_apart(correlation, 0.0, 1 / sqrt(len(one))) <= STANDARD_ERRORS


@every_draw
@pytest.mark.parametrize("lag", [1, 2, 64, MANY // 2])
def test_numbers_do_not_depend_on_those_before(draw: Draw, lag: int) -> None:
    values = sample(draw)
    assert_uncorrelated(values[:-lag], values[lag:])


@every_draw
@pytest.mark.parametrize(("count", "sources"), [(16, 8192), (AT_ONCE, 4)])
def test_the_two_numbers_made_from_the_same_pair_are_independent(draw: Draw, count: int, sources: int) -> None:
    halves = [sample(draw, count, index).reshape(2, count // 2) for index in range(sources)]
    assert_uncorrelated(*np.concatenate(halves, axis=1))


@every_draw
@pytest.mark.parametrize("count", [0, 1, 2, 3, 15, AT_ONCE - 1, AT_ONCE + 1])
def test_any_number_of_them_is_filled(draw: Draw, count: int) -> None:
    out = torch.full((count,), torch.nan)
    assert draw(source(0, device=CPU), out) is out
    assert bool(torch.isfinite(out).all())
    assert len(set(out.tolist())) > 0.9 * count - 1


@every_draw
def test_a_source_goes_on_where_it_stopped(draw: Draw) -> None:
    numbers = source(3, device=CPU)
    assert not torch.equal(draw(numbers, torch.empty(64)), draw(numbers, torch.empty(64)))
