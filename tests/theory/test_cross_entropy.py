"""The loss of an untrained network: closed forms where there are any, else networks drawn by torch."""

from math import inf, log, pi, sqrt

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from app.theory.cross_entropy import FAR, initial_loss, untrained

SEVEN_DIGITS = 1e-6
STANDARD_ERRORS = 4.0


def even(classes: int) -> tuple[float, ...]:
    return (1 / classes,) * classes


@pytest.mark.parametrize("classes", [2, 10, 27])
def test_logits_that_are_all_alike_cost_the_log_of_the_number_of_classes(classes: int) -> None:
    found = untrained(even(classes), -inf)
    assert found.loss == pytest.approx(log(classes), rel=SEVEN_DIGITS)
    assert (found.low, found.high) == pytest.approx((log(classes),) * 2)
    assert found.gradient_square == pytest.approx((1 - 1 / classes) / classes, rel=SEVEN_DIGITS)


@pytest.mark.parametrize("classes", [2, 10, 27])
def test_small_logits_cost_half_their_variance_more(classes: int) -> None:
    variance = 1e-2
    expected = log(classes) + variance / 2 * (1 - 1 / classes)
    assert untrained(even(classes), log(variance)).loss == pytest.approx(expected, abs=variance**2)


@pytest.mark.parametrize("variance", [0.1, 1.0, 30.0, 1e4])
def test_two_classes_cost_the_mean_softplus_of_their_difference(variance: float) -> None:
    nodes, weights = np.polynomial.legendre.leggauss(2000)
    z = 10 * nodes
    density = np.exp(-(z**2) / 2) / sqrt(2 * pi)
    expected = 10 * float(weights @ (density * np.logaddexp(0.0, sqrt(2 * variance) * z)))
    assert untrained(even(2), log(variance)).loss == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("std", [FAR * 1.001, 1e9, 1e100])
def test_huge_logits_cost_as_much_as_the_largest_of_them(std: float) -> None:
    assert untrained(even(2), 2 * log(std)).loss == pytest.approx(std / sqrt(pi), rel=1e-3)


@pytest.mark.parametrize(("classes", "std"), [(2, 0.5), (2, 20.0), (27, 1.0), (27, 4.0), (1000, 3.0)])
def test_the_initial_loss_is_the_mean_over_many_draws(classes: int, std: float) -> None:
    chance = torch.Generator().manual_seed(0)
    drawn = torch.logsumexp(torch.randn(20_000, classes, generator=chance, dtype=torch.float64) * std, 1)
    error = float(drawn.std()) / sqrt(len(drawn))
    assert initial_loss(classes, std) == pytest.approx(float(drawn.mean()), abs=STANDARD_ERRORS * error)


@pytest.mark.parametrize("variance", [0.3, 3.0, 100.0])
def test_loss_and_gradient_are_those_of_networks_drawn_by_chance(variance: float) -> None:
    logits = variance**0.5 * torch.randn(40_000, 27, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    logits.requires_grad_()
    losses = F.cross_entropy(logits, torch.arange(40_000) % 27, reduction="none")
    (gradient,) = torch.autograd.grad(losses.sum(), logits)
    squares = gradient.square().mean(1)
    found = untrained(even(27), log(variance))
    for values, expected in ((losses.detach(), found.loss), (squares, found.gradient_square)):
        error = float(values.std()) / sqrt(len(values))
        assert abs(float(values.mean()) - expected) <= STANDARD_ERRORS * error


@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_between_low_and_high_lie_95_percent_of_networks(spread: float) -> None:
    """Of the widest kind: examples of one class share their logits, those of two classes nothing."""
    chance, frequencies, count = torch.Generator().manual_seed(2), (0.5, 0.3, 0.2), 4000
    sizes = (2.0 * (spread * torch.randn(count, 1, 1, generator=chance)).exp()).sqrt()
    log_shares = (sizes * torch.randn(count, 3, 3, generator=chance)).log_softmax(2)
    losses = -(torch.diagonal(log_shares, dim1=1, dim2=2) @ torch.tensor(frequencies))
    found = untrained(frequencies, log(2.0), spread)
    inside = float(((losses > found.low) & (losses < found.high)).float().mean())
    # The band rests on 1,000 networks itself, so that its share of all is known to ±√(0.05·0.95/1000).
    error = sqrt(0.05 * 0.95 * (1 / count + 1 / 1000))
    assert abs(inside - 0.95) <= STANDARD_ERRORS * error
