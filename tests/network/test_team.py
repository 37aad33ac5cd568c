"""torch's own threads, lent: every piece is done once, by as many threads as torch has, and what goes wrong is told."""

import threading
from collections.abc import Iterator
from functools import partial

import pytest
import torch

from app.lab.threads import torch_kept
from app.network import team


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    with torch_kept():
        torch.set_num_threads(3)
        yield


@pytest.mark.parametrize("pieces", [1, 3, 8])
def test_every_piece_is_done_once(pieces: int) -> None:
    done: list[int] = []
    team.each([partial(done.append, number) for number in range(pieces)])
    assert sorted(done) == list(range(pieces))


@pytest.mark.skipif(team._OPENMP is None, reason="torch computes with another OpenMP than GNU's")
def test_pieces_run_at_once() -> None:
    assert team.size() == 3
    met = threading.Barrier(3)
    team.each([partial(met.wait, 60)] * 3)


def test_what_a_piece_raises_is_raised_where_it_was_handed_out() -> None:
    def fails() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        team.each([fails, fails])


def test_torch_keeps_its_threads_and_its_bits() -> None:
    torch.manual_seed(0)
    x, w = torch.randn(300, 500), torch.randn(500, 400)
    before = x @ w
    team.each([int] * 5)
    assert torch.get_num_threads() == 3
    assert torch.equal(x @ w, before)
