"""The std of every initialization is that of its formula, and of torch.nn.init."""

from collections.abc import Callable
from math import inf, sqrt
from typing import Any

import pytest
import torch
from torch import Generator, Tensor
from torch.nn import init as torch_init

from app.lab.initializers import INITIALIZERS, Initializer, unit_weights
from tests.lab.tools import STANDARD_ERRORS, drawn, errors_apart, std_error

every_initializer = pytest.mark.parametrize("initializer", INITIALIZERS.values(), ids=list(INITIALIZERS))

FANS = [(1, 1), (512, 500_000), (300, 700), (700, 300)]
GAIN = 5 / 3

CLOSED_FORMS: dict[str, Callable[[int, int], float]] = {
    "unscaled": lambda fan_in, fan_out: 1.0,
    "1/D": lambda fan_in, fan_out: 1 / fan_in,
    "1/sqrt(D)": lambda fan_in, fan_out: fan_in**-0.5,
    "xavier_normal": lambda fan_in, fan_out: (2 / (fan_in + fan_out)) ** 0.5,
    "xavier_uniform": lambda fan_in, fan_out: (2 / (fan_in + fan_out)) ** 0.5,
    "kaiming_normal": lambda fan_in, fan_out: (2 / fan_in) ** 0.5,
    "kaiming_uniform": lambda fan_in, fan_out: (2 / fan_in) ** 0.5,
    "lecun_normal": lambda fan_in, fan_out: fan_in**-0.5,
    "orthogonal": lambda fan_in, fan_out: max(fan_in, fan_out) ** -0.5,
    "trunc_normal": lambda fan_in, fan_out: 0.8796256610342398 * fan_in**-0.5,
    "torch_default": lambda fan_in, fan_out: (3 * fan_in) ** -0.5,
}


def scaled_by(gain: float, fill: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """torch's Kaiming takes a nonlinearity instead of a gain."""
    return lambda w, generator: fill(w, nonlinearity="relu", generator=generator).mul_(gain)


def cut_at_two_std(w: Tensor, generator: Generator) -> Tensor:
    """torch cuts at absolute bounds: two standard deviations have to be asked for."""
    std = GAIN * w.shape[1] ** -0.5
    return torch_init.trunc_normal_(w, 0.0, std, -2 * std, 2 * std, generator=generator)


TORCH: dict[str, Callable[..., Any]] = {
    "unscaled": lambda w, generator: torch_init.normal_(w, 0.0, GAIN, generator=generator),
    "1/sqrt(D)": lambda w, generator: torch_init.kaiming_normal_(w, nonlinearity="linear", generator=generator).mul_(
        GAIN
    ),
    "xavier_normal": lambda w, generator: torch_init.xavier_normal_(w, GAIN, generator=generator),
    "xavier_uniform": lambda w, generator: torch_init.xavier_uniform_(w, GAIN, generator=generator),
    "kaiming_normal": scaled_by(GAIN, torch_init.kaiming_normal_),
    "kaiming_uniform": scaled_by(GAIN, torch_init.kaiming_uniform_),
    "orthogonal": lambda w, generator: torch_init.orthogonal_(w, GAIN, generator=generator),
    "trunc_normal": lambda w, generator: cut_at_two_std(w, generator),
    "torch_default": lambda w, generator: torch_init.kaiming_uniform_(w, a=sqrt(5), generator=generator).mul_(GAIN),
}


@every_initializer
@pytest.mark.parametrize(("fan_in", "fan_out"), FANS)
def test_std_is_the_closed_form(initializer: Initializer, fan_in: int, fan_out: int) -> None:
    expected = CLOSED_FORMS[initializer.name](fan_in, fan_out)
    assert initializer.std(fan_in, fan_out, 1.0) == pytest.approx(expected, rel=1e-15)


@every_initializer
@pytest.mark.parametrize("gain", [0.0, 0.5, sqrt(2), 1000.0])
def test_gain_multiplies_the_std(initializer: Initializer, gain: float) -> None:
    assert initializer.std(30, 70, gain) == pytest.approx(gain * initializer.std(30, 70, 1.0), rel=1e-15)


@pytest.mark.parametrize("name", [name for name in INITIALIZERS if name in TORCH])
@pytest.mark.parametrize(("fan_in", "fan_out"), [(300, 700), (700, 300)])
def test_std_is_that_of_weights_torch_fills(name: str, fan_in: int, fan_out: int) -> None:
    w = torch.empty(fan_in, fan_out)
    TORCH[name](w.T, generator=Generator().manual_seed(1))
    predicted = INITIALIZERS[name].std(fan_in, fan_out, GAIN)
    error = std_error(predicted, w.numel())  # a uniform's is smaller
    assert errors_apart(float(w.double().std()), predicted, error) <= STANDARD_ERRORS


@every_initializer
def test_is_found_under_its_name_with_a_label_and_a_formula(initializer: Initializer) -> None:
    assert INITIALIZERS[initializer.name] is initializer
    assert initializer.label
    assert "gain" in initializer.formula


@every_initializer
@pytest.mark.parametrize(("fan_in", "fan_out"), [(300, 700), (700, 300), (256, 256)])
def test_unit_weights_have_unit_variance_and_mean_zero(initializer: Initializer, fan_in: int, fan_out: int) -> None:
    w = drawn(unit_weights(initializer.family or "normal", fan_in, fan_out, 1, 2)).double()
    assert w.shape == (fan_in, fan_out)
    assert errors_apart(float(w.std()), 1.0, std_error(1.0, w.numel())) <= STANDARD_ERRORS
    assert errors_apart(float(w.mean()), 0.0, w.numel() ** -0.5) <= STANDARD_ERRORS


@every_initializer
def test_support_is_that_of_torch(initializer: Initializer) -> None:
    """Uniform within √3 std, cut at ±2 parent std, or unbounded."""
    w = drawn(unit_weights(initializer.family or "normal", 400, 400, 1, 2))
    edge = {"uniform": sqrt(3), "truncated_normal": 2 / 0.8796256610342398}.get(initializer.family or "normal", inf)
    largest = float(w.abs().max())
    assert largest <= edge * (1 + 1e-6)
    assert largest > min(edge * 0.999, 3.5)


@pytest.mark.parametrize(("fan_in", "fan_out"), [(60, 60), (40, 90), (90, 40)])
def test_orthogonal_weights_have_equal_singular_values(fan_in: int, fan_out: int) -> None:
    gain = INITIALIZERS["orthogonal"].std(fan_in, fan_out, GAIN)
    w = drawn(unit_weights("orthogonal", fan_in, fan_out, 1, 2)).double() * gain
    torch.testing.assert_close(
        torch.linalg.svdvals(w), torch.full((min(fan_in, fan_out),), GAIN).double(), rtol=1e-5, atol=0
    )


@every_initializer
def test_the_fan_mode_is_kaimings_alone(initializer: Initializer) -> None:
    forward, backward = (initializer.scale(300, 700, 1.0, mode) for mode in ("fan_in", "fan_out"))
    if initializer.name.startswith("kaiming"):
        assert backward == initializer.scale(700, 300, 1.0, "fan_in")
        assert backward != forward
    else:
        assert backward == forward


def test_torch_default_is_what_nn_linear_does() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Linear(500, 400)
    entry = INITIALIZERS["torch_default"]
    assert entry.bias_bound is not None
    assert (
        errors_apart(
            float(layer.weight.detach().double().std()), entry.std(500, 400, 1.0), std_error(500**-0.5, 200_000)
        )
        <= 5
    )
    assert float(layer.bias.detach().abs().max()) <= entry.bias_bound(500)
    assert float(layer.bias.detach().abs().max()) > 0.97 * entry.bias_bound(500)
