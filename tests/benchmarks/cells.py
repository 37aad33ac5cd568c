"""What a cell costs here and on a cluster, what a second worker brings, and how far that reaches: by measurement, then
by simulation. python -m tests.benchmarks.cells, on a machine with nothing else to do.
"""

import asyncio
import heapq
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from app.compute.cells import Job, as_json, attempted
from app.compute.cluster import BATCH_SECONDS, Cluster, batches
from app.compute.runner import Runner
from app.experiments import EXPERIMENTS
from app.lab import threads
from app.lab.kernels import compiling
from app.settings import Settings
from app.spec import Spec
from tests.compute.clusters import loopback
from tests.compute.tools import until

EMPTY = "fan_in=1&fan_out=1&bins=4&init=unscaled"
CELL = "depth=20&width=128&batch=32&bins=4&init=1/sqrt(D)"  # one of the growth against gain
MAP = f"of=stack&x=gain&x_from=0.5&x_to=3&x_steps=12&y=bias_std&y_steps=8&statistic=growth&repeats=1&{CELL}"
SHORT = f"x=fan_in&x_from=2&x_to=4&x_steps=2&repeats=1&{EMPTY.partition('&')[2]}"
HEAVY = "x=gain&x_from=1&x_to=2&x_steps=2&fan_in=1000&fan_out=15000000&repeats=1&init=unscaled"  # many seconds a cell
DEADLINE = 60.0
TRIES = 4
TASKS = 300
CELLS = 10**6
WORKERS = (1, 10, 1000)


class Overhead(NamedTuple):
    """Seconds a task takes beside its cells: of the scheduler and whoever sends it, one task after the other, and from
    one task of a worker to its next."""

    shared: float
    own: float


def timed(spec: Spec) -> float:
    began = time.perf_counter()
    attempted(EXPERIMENTS[spec.name].run, spec, DEADLINE, as_json)
    return time.perf_counter() - began


def here(name: str, query: str) -> float:
    """Seconds of a cell on one thread, each with another seed; the median of some."""
    threads.use_threads(1)
    model = EXPERIMENTS[name].spec
    return statistics.median(timed(model.from_query(f"{query}&seed={seed}")) for seed in range(1, 4 * TRIES))


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    with loopback() as there:
        there.schedule()
        for _ in range(workers):
            there.work()
        there.wait_for(workers)
        yield there.address


def connected(address: str) -> Cluster:
    found = Cluster(address)
    until(lambda: found.up, DEADLINE)
    return found


def overhead(address: str, empty: float) -> float:
    """Seconds of a task of one empty cell, many of them in flight, beside the cell itself."""
    model, run = EXPERIMENTS["matmul"].spec, EXPERIMENTS["matmul"].run
    there = connected(address)

    def seconds(first: int) -> float:
        jobs = [Job(n, run, model.from_query(f"{EMPTY}&seed={first + n}"), BATCH_SECONDS) for n in range(TASKS)]
        began = time.perf_counter()
        assert len(list(there.compute(jobs, TASKS * BATCH_SECONDS, DEADLINE))) == TASKS
        return (time.perf_counter() - began) / TASKS - empty

    try:
        return statistics.median(seconds(1000 * tries) for tries in range(TRIES))
    finally:
        there.close()


def swept(address: str) -> float:
    """Seconds of a map, each time with another seed."""
    model = EXPERIMENTS["sweep"].spec
    with_cluster = Settings(scheduler=address, cache_bytes=0)
    runner = Runner(with_cluster, EXPERIMENTS)

    async def once(seed: int) -> float:
        began = time.perf_counter()
        await runner.result(model.from_query(f"{MAP}&seed={seed}"))
        return time.perf_counter() - began

    async def all_of_them() -> list[float]:
        return [await once(1000 * seed) for seed in range(TRIES)]

    try:
        assert runner.cluster is not None
        until(lambda: bool(runner.cluster and runner.cluster.up), DEADLINE)
        return statistics.median(asyncio.run(all_of_them())[1:])  # the first one imports and compiles
    finally:
        runner.close()


def freed(address: str) -> float:
    """Seconds from a cancel, in the midst of a long cell, until the one worker has done a short one instead."""
    model = EXPERIMENTS["sweep"].spec
    runner = Runner(Settings(scheduler=address, cache_bytes=0), EXPERIMENTS)

    async def once(seed: int) -> float:
        async with runner.join(model.from_query(f"{HEAVY}&seed={seed}")):
            await asyncio.sleep(2)
        began = time.perf_counter()
        await runner.result(model.from_query(f"{SHORT}&seed={seed}"))
        return time.perf_counter() - began

    async def some_times() -> list[float]:
        return [await once(1000 * seed) for seed in range(TRIES)]

    try:
        until(lambda: bool(runner.cluster and runner.cluster.up), DEADLINE)
        return max(asyncio.run(some_times()))
    finally:
        runner.close()


def simulated(workers: int, cell: float, beside: Overhead) -> tuple[float, int]:
    """Seconds for all cells, and tasks: whoever sends these serves one worker at a time, which computes its batch."""
    free = [0.0] * workers
    sent, tasks = 0.0, 0
    jobs = (Job(number, EXPERIMENTS["stack"].run, None, cell) for number in range(CELLS))
    for batch in batches(jobs, CELLS * cell, workers):
        tasks += 1
        sent = max(sent, heapq.heappop(free)) + beside.shared
        heapq.heappush(free, sent + beside.own + len(batch) * cell)
    return max(free), tasks


def main() -> None:
    compiling.prepare()
    empty, cell = here("matmul", EMPTY), here("stack", CELL)
    with cluster(1) as address:
        one, alone, free = overhead(address, empty), swept(address), freed(address)
    with cluster(2) as address:
        two, together = overhead(address, empty), swept(address)
    beside = Overhead(shared=two / 2, own=max(one - two / 2, 0.0))
    print(f"an empty cell here {empty * 1e3:.2f} ms, as a task on one worker {(one + empty) * 1e3:.2f} ms")
    print(f"a map of 96 cells on one worker {alone:.2f} s, on two {together:.2f} s: {alone / together:.2f} times")
    print(f"at most {free:.2f} s after a cancel a worker has computed a short cell instead of a long one")
    print(
        f"a task takes {beside.shared * 1e3:.2f} ms of whoever sends it, a worker {beside.own * 1e3:.2f} ms beside it"
    )
    print(f"a cell of it {cell * 1e3:.1f} ms on one thread")
    for workers in WORKERS:
        seconds, tasks = simulated(workers, cell, beside)
        share = seconds * workers / (CELLS * cell) - 1
        print(
            f"{CELLS:,} cells on {workers:,} workers, {tasks:,} tasks: {seconds:,.0f} s, {share:.1%} beside the cells"
        )


if __name__ == "__main__":
    main()
