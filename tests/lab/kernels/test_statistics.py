"""What kernels say of float32 numbers is what float64 says of them."""

import numpy as np
import pytest

from app.lab.kernels.statistics import see_stds

ROUNDED = 2.0**-50  # of sums of some thousands of float64


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
@pytest.mark.parametrize("mean", [0.0, 100.0])
def test_stds_are_those_of_float64_where_float32_holds_no_squares(size: float, mean: float) -> None:
    values = ((np.random.default_rng(1).standard_normal((3, 4099)) + mean) * size).astype(np.float32)
    stds = np.empty(3)
    see_stds(values, stds)
    np.testing.assert_allclose(stds, values.astype(np.float64).std(1), rtol=ROUNDED * (1 + mean**2))


def test_a_row_with_a_number_that_is_none_has_no_std_and_the_others_have() -> None:
    values = np.ones((3, 8), np.float32)
    values[1, 3] = np.inf
    stds = np.empty(3)
    see_stds(values, stds)
    assert (stds[0], stds[2]) == (0, 0)
    assert np.isnan(stds[1])
