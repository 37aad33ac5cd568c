"""The loss that a classifier begins with."""

from math import log, sqrt

import pytest
import torch

from app.theory.cross_entropy import initial_loss


@pytest.mark.parametrize("classes", [2, 27, 1000])
def test_logits_of_zero_give_the_even_guess(classes: int) -> None:
    assert initial_loss(classes, 0.0) == pytest.approx(log(classes), abs=1e-6)


@pytest.mark.parametrize(("classes", "std"), [(2, 0.5), (2, 20.0), (27, 1.0), (27, 4.0), (1000, 3.0)])
def test_it_is_the_mean_over_many_draws(classes: int, std: float) -> None:
    torch.manual_seed(0)
    drawn = torch.logsumexp(torch.randn(20_000, classes, dtype=torch.float64) * std, 1)
    error = drawn.std().item() / sqrt(len(drawn))
    assert initial_loss(classes, std) == pytest.approx(drawn.mean().item(), abs=4 * error)


def test_few_small_logits_add_half_their_variance() -> None:
    """To second order in the std: ln C + s²/2 · (1 - 1/C)."""
    assert initial_loss(10, 0.05) - log(10) == pytest.approx(0.05**2 / 2 * (1 - 1 / 10), rel=1e-2)
