"""What a layer should give, beside what it gives: within the spread said, over freshly drawn weights."""

from collections.abc import Callable
from math import log10, sqrt

import pytest
import torch
from torch import Tensor, nn

from app.network.recording import Layer
from tests.network.models import recorded

LAYERS: list[tuple[Callable[[], nn.Module], tuple[int, ...]]] = [
    (lambda: nn.Linear(100, 200), (64, 100)),
    (lambda: nn.Linear(100, 200, bias=False), (8, 9, 100)),
    (lambda: nn.Conv2d(8, 64, 3, padding=1), (8, 8, 9, 9)),
    (lambda: nn.ConvTranspose2d(8, 64, 4, stride=2, padding=1), (8, 8, 9, 9)),
]


def z_scores(make: Callable[[], nn.Module], x: Tensor, rule: bool = False) -> list[float]:
    """How many of the spreads said lie between measured and predicted, for fresh weights each time."""
    found = []
    for _ in range(30):
        layer: Layer = recorded(nn.Sequential(make()), x).layers[0]
        predicted = layer.expected.by_rule if rule else layer.expected.given_weights
        assert predicted is not None
        assert layer.output.mean_square is not None
        assert layer.expected.spread is not None
        found.append((log10(layer.output.mean_square) - predicted) / layer.expected.spread)
    return found


@pytest.mark.parametrize(("make", "shape"), LAYERS)
def test_weights_of_their_own_size_and_random_otherwise_give_what_is_predicted(
    make: Callable[[], nn.Module], shape: tuple[int, ...]
) -> None:
    """The spread is one at most: of 30 the mean is within four of its standard errors of zero, none is beyond four."""
    torch.manual_seed(0)
    found = z_scores(make, torch.randn(shape))
    assert abs(sum(found) / len(found)) < 4 / sqrt(len(found))
    assert max(map(abs, found)) < 4


def test_the_spread_is_reached_where_all_inputs_are_one() -> None:
    torch.manual_seed(0)
    found = z_scores(lambda: nn.Linear(100, 200, bias=False), torch.randn(1, 100).expand(64, 100))
    variance = sum(z * z for z in found) / len(found)
    # Uniform weights of 100 inputs: nearly normal sums. A variance over 30 scatters by √(2/30).
    assert abs(variance - 1) < 4 * sqrt(2 / len(found))


def test_the_rule_predicts_what_its_draws_give() -> None:
    torch.manual_seed(0)
    found = z_scores(lambda: nn.Linear(100, 200), torch.randn(64, 100), rule=True)
    assert abs(sum(found) / len(found)) < 4 / sqrt(len(found))


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.GELU, nn.SiLU, nn.Sigmoid, nn.SELU, nn.Hardtanh])
@pytest.mark.parametrize("mean", [0.0, 0.8])
def test_an_activation_of_normal_preactivations_gives_the_integral(activation: type[nn.Module], mean: float) -> None:
    torch.manual_seed(0)
    layer = recorded(nn.Sequential(activation()), (torch.randn(200, 500) + mean).requires_grad_()).layers[0]
    assert layer.expected.given_weights is not None
    assert layer.output.mean_square is not None
    # 100,000 values of a kurtosis below ten: 4 standard errors of their mean square are within 4 %.
    assert layer.output.mean_square == pytest.approx(10**layer.expected.given_weights, rel=0.04)


def test_where_theory_says_nothing_nothing_is_predicted() -> None:
    layer = recorded(nn.Sequential(nn.LayerNorm(8)), torch.randn(4, 8)).layers[0]
    assert layer.expected.given_weights is layer.expected.by_rule is layer.expected.spread is None
