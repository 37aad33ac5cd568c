"""The std of every initialization is that of its formula, and of torch.nn.init."""

from collections.abc import Callable
from math import sqrt
from typing import Any

import pytest
import torch
from torch import Generator, Tensor
from torch.nn import init as torch_init

from app.lab.initializers import INITIALIZERS, Initializer
from tests.lab.tools import STANDARD_ERRORS, errors_apart, std_error

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
}


def scaled_by(gain: float, fill: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """torch's Kaiming takes a nonlinearity instead of a gain."""
    return lambda w, generator: fill(w, nonlinearity="relu", generator=generator).mul_(gain)


TORCH: dict[str, Callable[..., Any]] = {
    "unscaled": lambda w, generator: torch_init.normal_(w, 0.0, GAIN, generator=generator),
    "1/sqrt(D)": lambda w, generator: torch_init.kaiming_normal_(w, nonlinearity="linear", generator=generator).mul_(
        GAIN
    ),
    "xavier_normal": lambda w, generator: torch_init.xavier_normal_(w, GAIN, generator=generator),
    "xavier_uniform": lambda w, generator: torch_init.xavier_uniform_(w, GAIN, generator=generator),
    "kaiming_normal": scaled_by(GAIN, torch_init.kaiming_normal_),
    "kaiming_uniform": scaled_by(GAIN, torch_init.kaiming_uniform_),
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
