"""Expectations over normal variables come out to many digits, kinks and steep functions included."""

from math import erf, pi, sqrt

import numpy as np
import pytest

from app.theory.quadrature import Array, Function, normal_rule, pair_expectation


def relu(z: Array) -> Array:
    return np.maximum(z, 0)


def step(z: Array) -> Array:
    return np.sign(z)


@pytest.mark.parametrize(("power", "moment"), [(0, 1.0), (1, 0.0), (2, 1.0), (4, 3.0), (6, 15.0), (8, 105.0)])
def test_moments_of_the_standard_normal_are_exact(power: int, moment: float) -> None:
    z, weight = normal_rule()
    assert float(weight @ z**power) == pytest.approx(moment, abs=1e-12)


@pytest.mark.parametrize("kink", [0.1, 1.0, 2.5])
def test_a_kink_costs_no_digits_where_it_is_named(kink: float) -> None:
    z, weight = normal_rule((-kink, kink))
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
def test_steep_functions_are_resolved(steepness: float) -> None:
    z, weight = normal_rule()
    expected = steepness * sqrt(2 / pi) / sqrt(1 + 2 * steepness**2) * sqrt(2)
    slope = np.vectorize(lambda x: erf(steepness * x) * x)(z)
    assert float(weight @ slope) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("correlation", [-0.9, -0.3, 0.0, 0.5, 0.95, 1.0])
@pytest.mark.parametrize(
    ("function", "closed"),
    [
        (relu, lambda c: (sqrt(1 - c * c) + c * (pi - np.arccos(c))) / (2 * pi)),
        (lambda z: z, lambda c: c),
        (lambda z: z**2, lambda c: 1 + 2 * c * c),
    ],
)
def test_products_of_correlated_normals(function: Function, closed: Function, correlation: float) -> None:
    found = pair_expectation(function, 1.0, correlation)
    assert found == pytest.approx(float(closed(np.array(correlation))), abs=2e-3)
