"""Every activation is torch's, and what the registry says of it is true."""

from collections.abc import Callable
from math import erf, exp, log, pi, sin, sqrt, tanh

import pytest
import torch
from torch import Tensor
from torch.nn.init import calculate_gain

from app.lab.activations import ACTIVATIONS, CLAMP, Activation
from tests.lab.tools import EPS32, EPS64

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=list(ACTIVATIONS))

ALPHA, LAMBDA = 1.6732632423543772, 1.0507009873554805  # Klambauer et al. 2017, eq. 14

FORMULAS: dict[str, Callable[[float], float]] = {
    "linear": lambda u: u,
    "tanh": tanh,
    "sigmoid": lambda u: 1 / (1 + exp(-u)),
    "relu": lambda u: max(u, 0.0),
    "leaky_relu": lambda u: max(u, 0.01 * u),
    "elu": lambda u: u if u > 0 else exp(u) - 1,
    "selu": lambda u: LAMBDA * (u if u > 0 else ALPHA * (exp(u) - 1)),
    "gelu": lambda u: u * (1 + erf(u / sqrt(2))) / 2,
    "silu": lambda u: u / (1 + exp(-u)),
    "softplus": lambda u: log(1 + exp(u)),
    "hardtanh": lambda u: min(max(u, -1.0), 1.0),
    "mish": lambda u: u * tanh(log(1 + exp(u))),
    "erf": erf,
    "sin": sin,
}


def near_zero() -> Tensor:
    return torch.linspace(-6, 6, 4801, dtype=torch.float64)


def far_and_wide() -> Tensor:
    """Both signs of 2^-30 … 2^30, and a full turn of anything periodic."""
    powers = torch.exp2(torch.linspace(-30, 30, 601, dtype=torch.float64))
    return torch.cat([-powers, torch.linspace(-pi, pi, 20_001, dtype=torch.float64), powers])


def torch_gain(name: str) -> float | None:
    try:
        return calculate_gain(name)  # type: ignore[arg-type]  # names it does not know are the question
    except ValueError:
        return None


@every_activation
def test_computes_its_formula(activation: Activation) -> None:
    u = near_zero()
    expected = torch.tensor([FORMULAS[activation.name](value) for value in u.tolist()], dtype=torch.float64)
    # A few roundings of numbers no larger than 1 + |u|.
    assert bool(((activation.function(u) - expected).abs() <= 8 * EPS64 * (1 + u.abs())).all())


@every_activation
def test_keeps_the_precision_it_is_given(activation: Activation) -> None:
    for dtype in (torch.float32, torch.float64):
        assert activation.function(near_zero().to(dtype)).dtype == dtype


@every_activation
def test_leaves_its_argument_as_it_was(activation: Activation) -> None:
    u = near_zero()
    activation.function(u)
    assert torch.equal(u, near_zero())


@every_activation
def test_is_found_under_its_name(activation: Activation) -> None:
    assert ACTIVATIONS[activation.name] is activation
    assert activation.label


@every_activation
def test_value_at_zero_is_the_function_at_zero(activation: Activation) -> None:
    assert activation.at_zero == pytest.approx(FORMULAS[activation.name](0.0), abs=EPS32)


@every_activation
def test_bounds_are_never_passed_and_are_approached_if_there_are_any(activation: Activation) -> None:
    h = activation.function(far_and_wide())
    lowest, highest = float(h.min()), float(h.max())
    if activation.bounds is None:
        assert max(-lowest, highest) > 2**20
    else:
        low, high = activation.bounds
        assert low <= lowest <= low + 1e-6
        assert high - 1e-6 <= highest <= high


@every_activation
def test_is_marked_homogeneous_exactly_if_positive_factors_pass_through_it(activation: Activation) -> None:
    u = near_zero()
    passes = all(
        torch.allclose(activation.function(c * u), c * activation.function(u), rtol=4 * EPS64, atol=0)
        for c in (0.01, 0.3, 7.0, 1000.0)
    )
    assert activation.homogeneous == passes


@every_activation
def test_gain_is_what_torch_recommends(activation: Activation) -> None:
    assert activation.gain == torch_gain(activation.name)


@every_activation
@pytest.mark.parametrize("exponent", [-100, -70, -CLAMP - 1, -CLAMP, -3, 0, 3, CLAMP, CLAMP + 1, 70, 100])
def test_a_power_of_two_split_around_it_gives_the_same_value(activation: Activation, exponent: int) -> None:
    if activation.name == "sin" and exponent > CLAMP:
        pytest.skip("sin has no limit far out: its phase there is as good as any other")
    u = torch.linspace(-3, 3, 601, dtype=torch.float64)
    u = u[u.abs() > 0.01]
    inner, outer = activation.split(exponent)
    whole = activation.function(u * 2.0**exponent)
    split = activation.function(u * 2.0**inner) * 2.0**outer
    assert float((split - whole).abs().max()) <= EPS32 * float(whole.abs().max())


@every_activation
@pytest.mark.parametrize("exponent", [-5000, -100, -CLAMP, 0, CLAMP, 100, 5000])
def test_the_part_of_a_split_inside_stays_within_the_clamp(activation: Activation, exponent: int) -> None:
    inner, outer = activation.split(exponent)
    assert abs(inner) <= CLAMP
    assert outer in (0, exponent - inner)


@every_activation
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_fast_way_agrees_with_torch_to_a_few_roundings(activation: Activation, dtype: torch.dtype) -> None:
    u = far_and_wide().to(dtype)
    h, expected = activation(u), activation.function(u)
    assert h.dtype == dtype
    assert bool(((h - expected).abs() <= 4 * torch.finfo(dtype).eps * expected.abs()).all())


@every_activation
def test_the_slope_is_that_of_autograd(activation: Activation) -> None:
    u = near_zero()
    at = near_zero().requires_grad_()
    (expected,) = torch.autograd.grad(activation.function(at).sum(), at)
    h, slope = activation.with_slope(u)
    assert torch.allclose(h, activation.function(u), rtol=4 * EPS64, atol=0)
    assert torch.allclose(slope, expected, rtol=0, atol=4 * EPS64)
    assert torch.equal(u, near_zero())
