"""What a module is to theory: products that are summed, and the rule its weights look drawn by."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from app.network.measure import Powers
from app.network.modules import Fans, activation_of, fans_of, role_of, rule_of

CONVOLUTIONS: list[tuple[nn.Module, tuple[int, ...]]] = [
    (nn.Conv2d(3, 8, 3, padding=1), (3, 7, 7)),
    (nn.Conv2d(3, 8, 5, stride=2), (3, 11, 9)),
    (nn.Conv2d(6, 8, 3, padding=2, dilation=2, groups=2), (6, 9, 9)),
    (nn.Conv2d(4, 4, 4, padding="same"), (4, 6, 6)),
    (nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"), (4, 6, 6)),
    (nn.Conv1d(2, 3, 7, padding=3, stride=3), (2, 20)),
    (nn.Conv3d(2, 3, 3, padding=1), (2, 4, 5, 6)),
    (nn.ConvTranspose2d(6, 4, 4, stride=2, padding=1), (6, 5, 5)),
    (nn.ConvTranspose1d(4, 6, 5, stride=3, output_padding=1, groups=2), (4, 9)),
]


@pytest.mark.parametrize(("module", "shape"), CONVOLUTIONS, ids=lambda value: str(value)[:40])
def test_taps_are_the_products_that_are_summed_into_an_output(module: Any, shape: tuple[int, ...]) -> None:
    """Of ones times ones every output is their number."""
    nn.init.ones_(module.weight)
    nn.init.zeros_(module.bias)
    with torch.no_grad():
        out = module(torch.ones(1, *shape))
    fans = fans_of(module, module.weight, (1, *shape), out.shape)
    assert fans.taps == pytest.approx(out.mean().item(), rel=1e-5)


@pytest.mark.parametrize("module", [nn.Linear(7, 3), nn.Conv2d(3, 8, 5), nn.ConvTranspose2d(3, 8, 5)])
def test_fans_are_torchs(module: Any) -> None:
    fans = fans_of(module, module.weight, None, ())
    assert fans[:2] == torch.nn.init._calculate_fan_in_and_fan_out(module.weight)


RULES: list[tuple[Callable[[Tensor], Any], tuple[str, str] | None]] = [
    (lambda w: nn.init.kaiming_normal_(w), ("kaiming_normal", "fan_in")),
    (lambda w: nn.init.kaiming_normal_(w, mode="fan_out"), ("kaiming_normal", "fan_out")),
    (lambda w: nn.init.kaiming_uniform_(w), ("kaiming_uniform", "fan_in")),
    (lambda w: nn.init.xavier_normal_(w), ("xavier_normal", "fan_in")),
    (lambda w: nn.init.xavier_uniform_(w), ("xavier_uniform", "fan_in")),
    (lambda w: nn.init.kaiming_uniform_(w, a=5**0.5), ("torch_default", "fan_in")),
    (lambda w: nn.init.normal_(w), ("unscaled", "fan_in")),
    (lambda w: nn.init.normal_(w, std=1 / 400), ("1/D", "fan_in")),
    (lambda w: nn.init.normal_(w, std=1 / 20), ("1/sqrt(D)", "fan_in")),
    (lambda w: nn.init.trunc_normal_(w, std=1 / 20, a=-0.1, b=0.1), ("trunc_normal", "fan_in")),
    (lambda w: nn.init.normal_(w, std=0.02), None),
    (lambda w: nn.init.constant_(w, 0.05), None),
    (lambda w: nn.init.zeros_(w), None),
]


@pytest.mark.parametrize(("init", "named"), RULES)
def test_weights_are_named_by_the_rule_they_were_drawn_by(
    init: Callable[[Tensor], Any], named: tuple[str, str] | None
) -> None:
    torch.manual_seed(0)
    weight = torch.empty(300, 400)
    init(weight)
    found = rule_of(Powers(weight).moments, weight.numel(), Fans(400, 300, 400))
    assert (found and tuple(found)) == named


def test_an_activation_of_other_parameters_is_none_that_theory_knows() -> None:
    assert activation_of(nn.LeakyReLU()) == "leaky_relu"
    assert activation_of(nn.LeakyReLU(0.2)) is None
    assert activation_of(nn.Identity()) is None
    assert [role_of(m) for m in (nn.Linear(1, 1), nn.BatchNorm1d(1), nn.ReLU(), nn.Dropout())] == [
        *("weights", "norm", "activation", "other")
    ]
