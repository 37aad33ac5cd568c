"""The gradient in streams without a norm: conserved where it must be, and as large as in simulated networks."""

from math import exp, log, sqrt

import numpy as np
import pytest

from app.lab.activations import nonlinearity
from app.theory.gradients import Gradient, Stream, through_stream, tilted
from app.theory.layer import LayerShape
from app.theory.meanfield import moments, ratios
from app.theory.propagation import propagate
from app.theory.quadrature import Array
from tests.theory.autograd import simulate, standard_error
from tests.theory.integrator import expectation

STANDARD_ERRORS = 5.0


def predicted(name: str, width: int, depth: int, gain: float, branch: float, bias_std: float, mean: float) -> Array:
    layers = [LayerShape(width, width, gain**2 / width, bias_std**2)] * depth
    fields = propagate(nonlinearity(name), layers, 1 + mean**2, mean, None, branch)
    return np.array([exp(at.log_gradient) for at in fields if at.log_gradient is not None])


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "linear"])
def test_the_sum_of_activations_times_gradients_is_the_same_in_every_layer_of_a_homogeneous_stream(name: str) -> None:
    """E[(h·g)²]/n², which is p·X·(1/n + (1, E[ĥ])·K·(1, E[ĥ])ᵀ)."""
    phi, width, gain, branch = nonlinearity(name), 10_000, 1.7, 0.8
    square, mean = 1.0, 0.3
    streams, means, squares = [], [mean], [square]
    for _ in range(10):
        q = gain**2 * square
        at = ratios(phi, log(q))
        through = branch * sqrt(exp(at.log_square))
        total = square + through**2 + 2 * sqrt(square) * through * mean * at.mean
        old, new = sqrt(square / total), through / sqrt(total)
        streams.append((Stream(old, new, mean, at.mean, 1.0, (branch * gain) ** 2, width), log(q)))
        square, mean = total, old * mean + new * at.mean
        means.append(mean)
        squares.append(square)

    def conserved(gradient: Gradient, layer: int) -> float:
        activation, both, ones = gradient.along
        inner = activation + 2 * both * means[layer] + ones * means[layer] ** 2
        return squares[layer] * exp(gradient.log_square) * (1 / width + inner)

    gradient = Gradient()
    first = conserved(gradient, 10)
    for layer, (stream, log_q) in reversed(list(enumerate(streams))):
        gradient = through_stream(phi, log_q, stream, gradient)
        assert conserved(gradient, layer) == pytest.approx(first, rel=10 / width)


@pytest.mark.parametrize("name", ["relu", "gelu", "tanh", "sin", "hardtanh", "softplus"])
@pytest.mark.parametrize("q", [0.01, 2.0, 100.0])
def test_tilted_moments_are_those_of_another_integrator(name: str, q: float) -> None:
    phi, std = nonlinearity(name), sqrt(q)
    size = sqrt(moments(phi, q).square)
    found = tilted(phi, log(q))
    value, slope, points = phi.value, phi.slope, 20_000
    for predicted, expected in (
        (found.slope, expectation(lambda u: u / std * slope(u), std, phi.kinks, points)),
        (found.slope_value, expectation(lambda u: u / std * slope(u) * value(u) / size, std, phi.kinks, points)),
        (found.slope_square, expectation(lambda u: (u / std * slope(u)) ** 2, std, phi.kinks, points)),
        (found.value, expectation(lambda u: slope(u) ** 2 * value(u) / size, std, phi.kinks, points)),
        (found.value_square, expectation(lambda u: (slope(u) * value(u) / size) ** 2, std, phi.kinks, points)),
    ):
        assert predicted == pytest.approx(expected, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "gain", "branch", "bias_std", "mean"),
    [
        ("relu", sqrt(2), 1.0, 0.0, 0.0),
        ("relu", sqrt(2), 1.0, 0.5, 1.0),
        ("leaky_relu", sqrt(2), 1.0, 0.0, 0.0),
        ("gelu", sqrt(2), 1.0, 0.0, 0.0),
        ("silu", 1.5, 1.0, 0.0, 0.0),
        ("mish", 1.0, 0.5, 0.0, 0.0),
        ("softplus", 1.0, 1.0, 0.0, 0.0),
        ("elu", 1.0, 1.0, 0.0, 0.0),
        ("selu", 1.0, 1.0, 0.3, 0.0),
        ("sigmoid", 4.0, 1.0, 0.0, 0.5),
        ("linear", 1.0, 1.0, 0.0, 0.0),
        ("tanh", 1.5, 1.0, 0.5, 0.0),
        ("hardtanh", 1.0, 1.0, 0.0, 0.0),
        ("erf", 1.0, 1.0, 0.0, 0.0),
        ("sin", 1.0, 0.5, 0.0, 0.0),
    ],
)
def test_gradients_of_a_stream_are_those_of_simulated_networks(
    name: str, gain: float, branch: float, bias_std: float, mean: float
) -> None:
    width, depth = 128, 12
    of = simulate(name, width, depth, gain, 30, branch=branch, bias_std=bias_std, input_mean=mean).gradient
    measured = of.mean(axis=0)
    # Beside what is carried along, networks differ from infinite width by depth/width.
    tolerance = STANDARD_ERRORS * standard_error(of) + measured * np.arange(depth - 1, -1, -1) / width
    tolerance[-1] = STANDARD_ERRORS * sqrt(2 / (30 * 8 * width))
    assert (np.abs(predicted(name, width, depth, gain, branch, bias_std, mean) - measured) <= tolerance).all()


@pytest.mark.parametrize("width", [64, 256])
def test_what_is_carried_along_the_activation_fades_with_width_and_not_with_depth(width: int) -> None:
    """Without it a ReLU stream under He's gain doubles its gradient a layer."""
    excess = predicted("relu", width, 12, sqrt(2), 1.0, 0.0, 0.0) / 2.0 ** np.arange(11, -1, -1) - 1
    wide = predicted("relu", 16 * width, 12, sqrt(2), 1.0, 0.0, 0.0) / 2.0 ** np.arange(11, -1, -1) - 1
    assert excess[0] > 100 / width
    assert wide == pytest.approx(excess / 16, rel=0.1, abs=1e-12)
