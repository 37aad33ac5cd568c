"""Kernels that see tokens, beside what torch makes of the same."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from app.lab.kernels.tokens import normalize, see_sequences, see_weights
from tests.lab.tools import EPS32, EPS64

EPS = 1e-5
NORMAL = torch.Generator().manual_seed(4)


@pytest.mark.parametrize("width", [1, 7, 256])
@pytest.mark.parametrize("centres", [True, False])
def test_rows_are_normalized_as_torch_does(width: int, centres: bool) -> None:
    x = torch.randn(9, width, generator=NORMAL).mul_(3).add_(2)
    x[3] = 0
    found, factors = torch.empty_like(x), torch.empty(9, 1)
    normalize(x.numpy(), centres, EPS, found.numpy(), factors.numpy())
    exact = x.double()
    if centres:
        exact = exact - exact.mean(1, keepdim=True)
    factor = (exact.square().mean(1, keepdim=True) + EPS).rsqrt()
    rounded = 8 * EPS32 * float(x.abs().max() * factor.max())
    torch.testing.assert_close(factors.double(), factor, rtol=8 * EPS32, atol=0)
    torch.testing.assert_close(found.double(), exact * factor, rtol=0, atol=rounded)
    torchs = F.layer_norm(x, (width,), eps=EPS) if centres else F.rms_norm(x, (width,), eps=EPS)
    torch.testing.assert_close(found, torchs, rtol=0, atol=2 * rounded)


@pytest.mark.parametrize("spread", [0.0, 1.0, 30.0])
def test_weights_that_sum_to_one_are_seen(spread: float) -> None:
    """Those of keys behind a mask, which are zero, and of one key that holds all, too."""
    scores = spread * torch.randn(5, 37, generator=NORMAL)
    scores[1, 4:] = -torch.inf
    scores[2, 1:] = -torch.inf
    weights, seen = torch.softmax(scores, 1), np.empty((3, 5))
    see_weights(weights.numpy(), seen)
    p = weights.double()
    entropies, squares, largest = torch.special.entr(p).sum(1), p.square().sum(1), p.amax(1)
    assert seen[0] == pytest.approx(entropies.numpy(), rel=37 * EPS32, abs=37 * EPS32)
    assert seen[1] == pytest.approx(squares.numpy(), rel=37 * EPS32)
    assert (seen[2] == largest.numpy()).all()


def test_directions_are_summed_by_sequence_and_a_row_of_zeros_has_none() -> None:
    rows, sums = torch.randn(6, 20, generator=NORMAL), np.zeros((2, 20))
    rows[4] = 0
    see_sequences(rows.numpy(), 3, sums)
    expected = F.normalize(rows.double(), dim=1).view(2, 3, 20).sum(1)
    assert sums == pytest.approx(expected.numpy(), abs=8 * EPS64)


def test_a_row_that_is_not_finite_has_no_direction_and_it_shows() -> None:
    rows, sums = torch.ones(2, 4), np.zeros((1, 4))
    rows[1, 2] = torch.inf
    see_sequences(rows.numpy(), 2, sums)
    assert np.isnan(sums).any()
