"""Numbers beyond float32's range are the same numbers after they have been brought near one."""

from math import frexp

import pytest
import torch

from app.lab.scaled import SAFE, Scaled


@pytest.mark.parametrize("power", [-149, -140, -127, -126, -SAFE - 1, -SAFE, 0, SAFE, SAFE + 1, 127])
def test_balanced_numbers_are_the_same_numbers(power: int) -> None:
    """Down to the smallest that float32 holds at all."""
    given = torch.tensor([1.0, -1.0, 0.0], dtype=torch.float64) * 2.0**power
    value, exponent = Scaled(given.float(), 3).balanced(2.0**power)
    assert (value.double() * 2.0 ** (exponent - 3)).tolist() == given.tolist()
    assert abs(frexp(float(value.max()))[1]) <= SAFE
