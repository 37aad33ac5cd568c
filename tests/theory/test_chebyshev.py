"""Between Chebyshev's nodes a smooth function is known to rounding, and is worked out once a panel."""

from math import cos, exp, floor, log, pi

import numpy as np
import pytest

from app.lab.activations import ACTIVATIONS, nonlinearity
from app.theory.chebyshev import NODES, interpolated
from app.theory.meanfield import moments, ratios
from app.theory.quadrature import Array


def bell(centre: float, x: float) -> Array:
    return np.array([1 / (1 + exp(x - centre)), cos(x)])


@pytest.mark.parametrize("x", [-7.3, -1.0, -1e-9, 0.0, 0.25, (1 - cos(pi / 2 / NODES)) / 2, 40.999])
def test_a_smooth_function_is_known_to_rounding_on_and_off_the_nodes(x: float) -> None:
    assert interpolated(bell, 4)(0.5, x) == pytest.approx(bell(0.5, x), rel=1e-13, abs=1e-13)


def test_a_panel_is_worked_out_once_for_each_of_what_it_is_of() -> None:
    asked: list[tuple[str, int]] = []

    def of(name: str, x: float) -> Array:
        asked.append((name, floor(x)))
        return np.array([x])

    at = interpolated(of, 4)
    for name, x in (("a", 0.2), ("a", 0.9), ("b", 0.2), ("a", 1.2), ("a", 0.5)):
        at(name, x)
    assert asked == [*[("a", 0)] * NODES, *[("b", 0)] * NODES, *[("a", 1)] * NODES]


@pytest.mark.parametrize("name", list(ACTIVATIONS))
@pytest.mark.parametrize("q", [3e-15, 0.02, 1.3, 700.0])
def test_what_a_layer_makes_of_a_variance_is_what_quadrature_says(name: str, q: float) -> None:
    found, known = ratios(nonlinearity(name), log(q)), moments(nonlinearity(name), q)
    assert found.log_square == pytest.approx(log(known.square), abs=1e-12)
    assert found.fourth == pytest.approx(known.fourth / known.square**2, rel=1e-12)
    assert found.log_slope_square == pytest.approx(log(known.slope_square), abs=1e-12)
    assert found.exponent == pytest.approx(q * known.growth / known.square, abs=1e-12)
