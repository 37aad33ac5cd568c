"""The share of saturated activations against a simulation, steep functions and waves included."""

from math import sqrt

import numpy as np
import pytest

from app.lab.activations import ACTIVATIONS, nonlinearity
from app.theory.quadrature import Array
from app.theory.saturation import saturation

DRAWS = 400_000
STANDARD_ERRORS = 5.0
BOUNDED = [name for name, entry in ACTIVATIONS.items() if entry.bounds]


def normals(q: float) -> Array:
    return sqrt(q) * np.random.default_rng(7).standard_normal(DRAWS)


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize(("q", "mean"), [(0.01, 0.0), (1.0, 0.0), (1.0, 2.0), (30.0, -3.0), (92.56**2 * 512, 0.0)])
def test_saturation_is_the_share_near_a_bound(name: str, q: float, mean: float) -> None:
    phi = nonlinearity(name)
    assert phi.bounds is not None
    low, high = phi.bounds
    outer = np.abs(phi.value(normals(q) + mean) - (low + high) / 2) > 0.97 * (high - low) / 2
    error = sqrt(max(outer.mean() * (1 - outer.mean()), 1 / DRAWS) / DRAWS)
    found = saturation(phi, q, mean)
    assert found is not None
    assert abs(found - outer.mean()) <= STANDARD_ERRORS * error


@pytest.mark.parametrize("name", BOUNDED)
def test_without_spread_all_or_nothing_saturates(name: str) -> None:
    phi = nonlinearity(name)
    assert saturation(phi, 0.0) == 0.0
    assert saturation(phi, 0.0, 1.5) == float(abs(phi.value(np.array([1.5]))[0]) > 0.97 and name in ("hardtanh", "sin"))


def test_without_bounds_nothing_saturates() -> None:
    assert saturation(nonlinearity("relu"), 1.0) is None
