"""How the cells of a sweep are put together for the threads of a cluster."""

import pytest

from app.compute.cells import Job
from app.compute.cluster import BATCH_SECONDS, LONGEST_SECONDS, SENDING_SECONDS, SENT_SHARE, batches
from app.experiments import EXPERIMENTS
from tests.benchmarks.cells import CELLS, Overhead, simulated


def sent(cells: int, cell_seconds: float, threads: int) -> list[list[Job]]:
    run = EXPERIMENTS["stack"].run
    jobs = (Job(number, run, None, cell_seconds) for number in range(cells))
    return list(batches(jobs, cells * cell_seconds, threads))


@pytest.mark.parametrize("threads", [1, 2, 50, 1000])
@pytest.mark.parametrize(("cells", "cell_seconds"), [(1, 1.0), (96, 0.02), (5000, 0.001), (20000, 0.2), (300, 20.0)])
def test_every_cell_is_sent_once_and_in_its_order(cells: int, cell_seconds: float, threads: int) -> None:
    assert [job.number for batch in sent(cells, cell_seconds, threads) for job in batch] == list(range(cells))


@pytest.mark.parametrize("threads", [1, 2, 50])
def test_of_few_cells_every_thread_has_some(threads: int) -> None:
    assert len(sent(3 * threads, 0.001, threads)) == 3 * threads


@pytest.mark.parametrize("workers", [1, 10, 1000])
def test_little_time_goes_beside_a_million_cells(workers: int) -> None:
    """Sending and beginning a task as fast as was measured; whoever sends serves one worker at a time."""
    cell, beside = 0.18, Overhead(shared=SENDING_SECONDS, own=0.01)
    seconds, _ = simulated(workers, cell, beside)
    assert seconds * workers / (CELLS * cell) - 1 <= SENT_SHARE


@pytest.mark.parametrize("threads", [1, 2, 10])
def test_a_cell_is_soon_back(threads: int) -> None:
    """Of a sweep as long as a page may have; of any within seconds."""
    cell = 0.1
    soon = max(BATCH_SECONDS, SENDING_SECONDS * threads / SENT_SHARE)
    assert max(len(batch) * cell for batch in sent(600, cell, threads)) < soon + 2 * cell
    assert max(len(batch) * cell for batch in sent(10**6, cell, threads)) < LONGEST_SECONDS + 2 * cell
