"""Between the places of the grid averages are those that are integrated one by one."""

import numpy as np
import pytest

from app.theory.softmax import softmax
from app.theory.softmax_grid import softmaxes


@pytest.mark.parametrize("keys", [1, 2, 5, 48, 100])
def test_averages_are_those_of_a_single_softmax(keys: int) -> None:
    variances = np.array([0.0, 0.013, 0.9, 7.7, 130.0])
    found = softmaxes(variances, np.full(len(variances), float(keys)))
    for at, variance in enumerate(variances.tolist()):
        exact = softmax(variance, keys)
        assert found.entropy[at] == pytest.approx(exact.entropy, rel=1e-4, abs=1e-9)
        assert found.participation[at] == pytest.approx(exact.participation, rel=1e-4)
        assert found.cube[at] == pytest.approx(exact.cube, rel=2e-4)
        square = found.participation[at] ** 2 * (1 + found.uneven[at])
        assert square == pytest.approx(exact.participation_square, rel=2e-4)


def test_numbers_of_keys_need_not_be_whole_nor_alike() -> None:
    keys = np.array([1.0, 2.0, 7.0, 40.0, 41.5, 43.0])
    found = softmaxes(np.full(len(keys), 2.3), keys)
    for at, whole in ((0, 1), (1, 2), (2, 7), (3, 40), (5, 43)):
        assert found.entropy[at] == pytest.approx(softmax(2.3, whole).entropy, rel=1e-3, abs=1e-9)
        assert found.participation[at] == pytest.approx(softmax(2.3, whole).participation, rel=1e-3)
    assert found.entropy[3] < found.entropy[4] < found.entropy[5]
