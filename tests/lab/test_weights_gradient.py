"""How large a weights' gradient is does not depend on whether it is formed."""

from math import sqrt

import pytest
import torch
from torch import Tensor

from app.lab.weights_gradient import CANCELLED, ROWS_BLOCK, WeightsGradient

EPS = 2.0**-24
FEW, MANY = ROWS_BLOCK, 8 * ROWS_BLOCK
FAN_IN, FAN_OUT = 3 * ROWS_BLOCK, 4 * ROWS_BLOCK


def exact(inner: Tensor, delta: Tensor) -> float:
    return float((inner.double().T @ delta.double()).std())


def found(inner: Tensor, delta: Tensor) -> float:
    gradient = WeightsGradient(inner, delta)
    return gradient.std([part() for part in gradient.parts()])


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("rows", [1, 2, FEW, FEW + 1, 2 * FEW, MANY])
@pytest.mark.parametrize("mean", [0.0, 1.0])
def test_it_is_that_of_the_product(rows: int, mean: float) -> None:
    inner, delta = normal(1, rows, FAN_IN) + mean, normal(2, rows, FAN_OUT)
    rounding = EPS * sqrt(FAN_IN * FAN_OUT) / CANCELLED
    assert found(inner, delta) == pytest.approx(exact(inner, delta), rel=rounding)


def test_of_few_rows_the_product_is_not_formed() -> None:
    few, many = (WeightsGradient(normal(1, rows, FAN_IN), normal(2, rows, FAN_OUT)) for rows in (FEW, MANY))
    assert len(few.parts()) == 1
    assert len(many.parts()) > 1
    entries = [sum(part().square for part in gradient.parts()) for gradient in (few, many)]
    sizes = [sum(part().size for part in gradient.parts()) for gradient in (few, many)]
    assert entries[0] < sizes[0]  # pairs have signs
    assert entries[1] == sizes[1]  # and squares none


def test_what_nearly_cancels_keeps_its_digits() -> None:
    """Inputs that are all alike, and gradients that add up to nothing, as behind a batch norm."""
    inner = normal(1, 1, FAN_IN) + 1e-4 * normal(2, FEW, FAN_IN)
    delta = normal(3, FEW, FAN_OUT)
    delta -= delta.mean(0)
    assert found(inner, delta) == pytest.approx(exact(inner, delta), rel=1e-3)


@pytest.mark.parametrize("size", [0.0, 2.0**-80])
def test_gradients_whose_squares_are_no_numbers_are_measured_all_the_same(size: float) -> None:
    inner, delta = normal(1, FEW, FAN_IN), size * normal(2, FEW, FAN_OUT)
    assert found(inner, delta) == pytest.approx(exact(inner, delta), rel=EPS * sqrt(FAN_IN * FAN_OUT))


@pytest.mark.parametrize("rows", [FEW, 3 * FEW])
def test_the_order_of_parts_does_not_matter_but_for_rounding(rows: int) -> None:
    gradient = WeightsGradient(normal(1, rows, FAN_IN), normal(2, rows, FAN_OUT))
    done = [part() for part in gradient.parts()]
    assert gradient.std(reversed(done)) == pytest.approx(gradient.std(done), rel=1e-12)
