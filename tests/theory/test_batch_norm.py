"""Batch norm at the size of its batch, against published constants and simulated networks."""

from math import exp, inf, log, pi, sqrt

import numpy as np
import pytest

from app.lab.activations import nonlinearity
from app.theory import batch_norm
from app.theory.layer import LayerShape
from app.theory.propagation import LayerField, Norm, propagate
from app.theory.quadrature import Array, Function
from tests.theory.autograd import Averages, simulate, standard_error
from tests.theory.integrator import integral

STANDARD_ERRORS = 5.0
EPS = 1e-5
WIDTH = 256


def fields(
    name: str, depth: int, gain: float, batch: int, branch: float | None = None, bias_std: float = 0.0, eps: float = EPS
) -> list[LayerField]:
    layers = [LayerShape(WIDTH, WIDTH, gain**2 / WIDTH, bias_std**2)] * depth
    return propagate(nonlinearity(name), layers, 1.0, 0.0, Norm(False, True, eps), branch, batch)


def test_large_batches_give_the_published_limits_of_relu() -> None:
    """Yang et al. 2019, "A Mean Field Theory of Batch Normalization": cosine 1/π, gradients grow by π/(π - 1)."""
    found = fields("relu", 6, 1.0, 65536, eps=0.0)
    assert found[-1].cosine == pytest.approx(1 / pi, rel=1e-4)
    sizes = [at.log_gradient for at in found if at.log_gradient is not None]
    assert exp(sizes[1] - sizes[2]) == pytest.approx(pi / (pi - 1), rel=1e-4)


def test_two_inputs_are_plus_and_minus_one() -> None:
    found = fields("hardtanh", 1, 1.0, 2, eps=0.0)[0]
    assert found.log_activation == pytest.approx(0.0, abs=1e-9)
    assert found.cosine == pytest.approx(-1.0)
    assert found.saturated == pytest.approx(1.0)


@pytest.mark.parametrize(("batch", "square"), [(2, 0.580), (4, 0.458), (8, 0.420), (16, 0.406)])
def test_fewer_inputs_make_tanh_larger(batch: int, square: float) -> None:
    found = fields("tanh", 1, 1.0, batch, eps=0.0)[0].log_activation
    assert found is not None
    assert exp(found) == pytest.approx(square, abs=1e-3)


@pytest.mark.parametrize("batch", [3, 4, 7, 40])
@pytest.mark.parametrize("name", ["hardtanh", "gelu", "sin"])
def test_averages_are_those_over_random_directions(name: str, batch: int) -> None:
    phi, draws = nonlinearity(name), 100_000
    z = np.random.default_rng(3).standard_normal((draws, batch))
    z -= z.mean(axis=1, keepdims=True)
    u = z / np.sqrt((z**2).mean(axis=1, keepdims=True))
    h, slope = phi.value(u), phi.slope(u)
    found = batch_norm._sphere(phi, 1.0, batch)

    def assert_mean(predicted: float, sample: Array) -> None:
        assert abs(predicted - sample.mean()) <= STANDARD_ERRORS * sample.std() / sqrt(draws) + 1e-5

    assert_mean(found.mean, h[:, 0])
    assert_mean(found.square, h[:, 0] ** 2)
    assert_mean(found.pair, h[:, 0] * h[:, 1])
    assert_mean(found.slope_square, slope[:, 0] ** 2)
    assert_mean(found.slope_pair, slope[:, 0] * slope[:, 1])
    assert_mean(found.along_square, (slope * u)[:, 0] ** 2)
    assert_mean(found.along_pair, (slope * u)[:, 0] * (slope * u)[:, 1])
    if phi.bounds:
        assert_mean(found.saturated, (np.abs(h[:, 0]) > 0.97).astype(float))


@pytest.mark.parametrize("batch", [2, 3, 6, 256])
@pytest.mark.parametrize("variance", [1e-9, 1e-5, 1e-3, 10.0])
def test_a_units_variance_is_chi_square(batch: int, variance: float) -> None:
    """By another integrator, over the root of it, whose density is r^(B-2)·exp(-r²/2)."""
    breaks = np.concatenate([[0.0], 10.0 ** np.arange(-8, 1.5, 0.1)])

    def average(function: Function) -> float:
        def weigh(r: Array) -> Array:
            log_density = (batch - 2) * np.log(r / sqrt(batch - 1)) - (r**2 - (batch - 1)) / 2
            return np.exp(log_density)

        total = integral(weigh, breaks, 200)
        return float(integral(lambda r: weigh(r) * function(r**2 * variance / batch), breaks, 200) / total)

    found = batch_norm.spread(log(variance), EPS, batch)
    assert exp(found.log_variance) == pytest.approx(average(lambda v: v / (v + EPS)), rel=1e-6)
    assert exp(found.log_inverse) == pytest.approx(average(lambda v: 1 / (v + EPS)), rel=1e-6)
    assert exp(found.log_along) == pytest.approx(average(lambda v: EPS**2 / (v + EPS) ** 3), rel=1e-6)


CASES = [
    ("relu", 1.0, 64, None, 0.0),
    ("relu", 1.0, 8, None, 0.5),
    ("tanh", 2.0, 8, None, 0.0),
    ("gelu", 1.0, 16, None, 0.0),
    ("sigmoid", 1 / sqrt(WIDTH), 64, None, 0.0),
    ("sigmoid", 0.3 / sqrt(WIDTH), 8, None, 0.0),
    ("sin", 1.0, 10, None, 0.0),
    ("relu", 1.0, 64, 1.0, 0.0),
    ("relu", 1.0, 10, 1.0, 0.5),
    ("tanh", 1.5, 32, 0.5, 0.5),
]


@pytest.mark.parametrize(("name", "gain", "batch", "branch", "bias_std"), CASES)
def test_signals_cosines_and_gradients_are_those_of_simulated_networks(
    name: str, gain: float, batch: int, branch: float | None, bias_std: float
) -> None:
    depth = 4
    measured = simulate(name, WIDTH, depth, gain, 24, branch=branch, bias_std=bias_std, batch=batch, batch_norm=True)
    found = fields(name, depth, gain, batch, branch, bias_std)
    predicted = Averages(
        *(
            np.array([value if value is None or of == "cosine" else exp(value) for value in column], float)
            for of, column in (
                ("", [at.log_preactivation for at in found]),
                ("", [at.log_activation for at in found]),
                ("cosine", [at.cosine for at in found]),
                ("", [at.log_gradient for at in found]),
            )
        )
    )
    for ours, theirs in zip(predicted, measured, strict=True):
        # Networks of finite width differ from infinite ones by depth/width.
        tolerance = STANDARD_ERRORS * standard_error(theirs) + np.abs(ours) * depth / WIDTH
        assert (np.abs(ours - theirs.mean(axis=0)) <= tolerance).all()


def test_eps_keeps_what_is_small_small() -> None:
    """A signal far below eps is divided by √eps, whatever the depth of float64."""
    layers = [LayerShape.of(16, 16, 1e-170, 0.0)] * 3
    found = propagate(nonlinearity("gelu"), layers, 1.0, 0.0, Norm(False, True, EPS), None, 9)
    assert found[0].log_preactivation == pytest.approx(log(16 * 8 / 9) + 2 * log(1e-170) - log(EPS), abs=1e-9)
    first, later = found[0].log_preactivation, found[1].log_preactivation
    assert first is not None
    assert later is not None
    assert -inf < later < first
