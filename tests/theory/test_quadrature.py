"""Expectations over normal variables come out to many digits, kinks and steep functions included."""

from collections.abc import Callable
from functools import partial
from math import erf, pi, sqrt

import numpy as np
import pytest

from app.theory.quadrature import Array, Function, line_rule, normal_rule, pair_expectation


def relu(z: Array) -> Array:
    return np.maximum(z, 0)


@pytest.mark.parametrize(("power", "moment"), [(0, 1.0), (1, 0.0), (2, 1.0), (4, 3.0), (6, 15.0), (8, 105.0)])
def test_moments_of_the_standard_normal_are_exact(power: int, moment: float) -> None:
    z, weight = normal_rule()
    assert float(weight @ z**power) == pytest.approx(moment, abs=1e-12)


@pytest.mark.parametrize("shift", [-3.0, 0.5, 30.0])
def test_a_shifted_normal_is_one(shift: float) -> None:
    z, weight = line_rule(2.0, (), shift)
    assert float(weight @ (z + shift) ** 2) == pytest.approx(1 + shift**2, rel=1e-12)


@pytest.mark.parametrize("kink", [0.1, 1.0, 2.5])
@pytest.mark.parametrize("rule", [normal_rule, partial(line_rule, 1.0)])
def test_a_kink_costs_no_digits_where_it_is_named(kink: float, rule: Callable[..., tuple[Array, Array]]) -> None:
    z, weight = rule((-kink, kink))
    tail = (1 - erf(kink / sqrt(2))) / 2
    density = np.exp(-(kink**2) / 2) / sqrt(2 * pi)
    clipped_square = float(weight @ np.clip(z, -kink, kink) ** 2)
    assert clipped_square == pytest.approx(1 - 2 * tail - 2 * kink * density + 2 * kink**2 * tail, rel=1e-12)


def test_what_is_kept_of_the_rules_is_bounded_however_many_kinks_are_asked_for() -> None:
    for number in range(200):
        normal_rule((1 + number / 200,))
    kept = normal_rule.cache_info()
    assert kept.maxsize is not None
    assert 0 < kept.currsize <= kept.maxsize < 200


@pytest.mark.parametrize("steepness", [1.0, 1e3, 1e6])
def test_one_rule_resolves_functions_of_any_steepness(steepness: float) -> None:
    z, weight = normal_rule()
    found = float(weight @ (np.vectorize(erf)(steepness * z) * z))
    assert found == pytest.approx(2 * steepness / sqrt(pi * (1 + 2 * steepness**2)), rel=1e-10)


@pytest.mark.parametrize("std", [1e-3, 1.0, 1e3, 1e6])
def test_what_varies_on_the_scale_of_one_is_resolved_beside_any_spread(std: float) -> None:
    z, weight = line_rule(std)
    found = float(weight @ (np.vectorize(erf)(std * z) * z))
    assert found == pytest.approx(2 * std / sqrt(pi * (1 + 2 * std**2)), rel=1e-10)


@pytest.mark.parametrize("correlation", [-1.0, -0.9, -0.3, 0.0, 0.5, 0.95, 0.9999, 1.0])
@pytest.mark.parametrize(
    ("function", "closed"),
    [
        (relu, lambda c: (sqrt(1 - c * c) + c * (pi - np.arccos(c))) / (2 * pi)),
        (np.sign, lambda c: 2 / pi * np.arcsin(c)),
        (lambda z: z, lambda c: c),
        (lambda z: z**2, lambda c: 1 + 2 * c * c),
    ],
)
def test_products_of_correlated_normals(function: Function, closed: Function, correlation: float) -> None:
    found = pair_expectation(function, 1.0, correlation)
    assert found == pytest.approx(float(closed(np.array(correlation))), abs=1e-5)  # as claimed


@pytest.mark.parametrize("correlation", [0.3, 0.99])
def test_a_kink_away_from_zero_costs_a_pair_no_digits(correlation: float) -> None:
    def outside(z: Array) -> Array:  # of the interval between the kinks
        return np.asarray(np.maximum(np.abs(z) - 1, 0))

    named = pair_expectation(outside, 1.0, correlation, (-1.0, 1.0))
    z = np.linspace(-8, 8, 2001)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    rest = sqrt(1 - correlation**2)
    grid = outside(correlation * z[:, None] + rest * z)
    assert named == pytest.approx(float((weight * outside(z)) @ grid @ weight), abs=1e-5)
