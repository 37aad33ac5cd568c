"""The Q of a QR factorization, to rounding whatever the columns, and it can be stopped on the way."""

import pytest
import torch
from torch import Tensor

from app.lab.orthonormal import PANEL, orthonormal
from tests.lab.tools import EPS32, stopped

SHAPES = [(1, 1), (5, 3), (PANEL, PANEL), (PANEL + 1, PANEL + 1), (300, 200), (3 * PANEL, 3 * PANEL - 1)]


def random_columns(rows: int, columns: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(1), dtype=dtype)


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_it_is_the_factorization_whose_r_has_a_positive_diagonal(rows: int, columns: int) -> None:
    given = random_columns(rows, columns, torch.float64)
    q, r = torch.linalg.qr(given)
    torch.testing.assert_close(orthonormal(given), q * r.diagonal().sign(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("spread", [1.0, 1e-3])
@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_columns_are_orthonormal_to_rounding_even_if_those_given_are_nearly_alike(
    rows: int, columns: int, spread: float
) -> None:
    q = orthonormal(random_columns(rows, columns) * spread + random_columns(rows, 1)).double()
    error = (q.T @ q - torch.eye(columns, dtype=torch.float64)).abs().max()
    assert float(error) < EPS32 * max(rows, 16) ** 0.5  # a sum of so many roundings


def test_it_stops_between_two_panels() -> None:
    with stopped(after=2):  # both passes over the first
        orthonormal(random_columns(2 * PANEL, 2 * PANEL))
