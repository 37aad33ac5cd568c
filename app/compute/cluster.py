"""Cells computed by an existing Dask cluster: each is a pure function of its spec, so it matters to nobody where.

Whoever runs another version of this package is asked for nothing. Where the scheduler is away, nothing begins; as soon
as it is back, work goes on.
"""

import logging
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from ..lab.device import device
from ..lab.threads import within_block
from .cells import Failed, Job, Outcome
from .key import ENGINE
from .worker import Cell, compute_cells, engine_here

logger = logging.getLogger("initscope")

BATCH_SECONDS = 0.2  # of computing that one task should take at least, so that its overhead is a few per cent of it
SENDING_SECONDS = 0.0025  # a task takes of whoever sends it: so many threads may have to wait for one another
SENT_SHARE = 0.05  # of a task's computing, which sending those of all threads may take
NEWS = 200  # tasks after which all is done, so that whoever watches sees it come
LONGEST_SECONDS = 10.0  # of a task that could be shorter: what a worker's death costs
AHEAD = 3  # tasks for every thread of a worker, so that none waits for the next, and few have to be taken back
RETRIES = 3  # of a task whose worker has died
LOOK_SECONDS = 0.1  # between two looks at whether anybody still waits
CONNECT_SECONDS = 3
AGAIN_SECONDS = 1.0  # between two tries to find the scheduler


class Away(Exception):
    """The scheduler, or every worker that could compute, is away."""


class Cluster:
    """The workers of one scheduler; it is looked for again and again, as long as this lives."""

    def __init__(self, address: str) -> None:
        """Raises ImportError where distributed is not installed."""
        import distributed

        self.address = address
        self._connect: Any = distributed.Client
        self._client: Any = None
        self._engines: dict[str, str] = {}  # of every worker that was asked, by address
        self._closing = threading.Event()
        self._watching = threading.Thread(target=self._watch, name="cluster", daemon=True)
        self._watching.start()

    @property
    def up(self) -> bool:
        """Whether the scheduler answers."""
        client = self._client
        return client is not None and client.status == "running"

    def check(self) -> None:
        """Raises Away if the scheduler does not answer."""
        if not self.up:
            raise Away(f"the scheduler at {self.address} does not answer")

    def close(self) -> None:
        """Leave the cluster as it is."""
        self._closing.set()
        self._watching.join()
        self._leave()

    def compute(self, jobs: Iterable[Job], seconds: float, deadline_seconds: float) -> Generator[tuple[Job, Outcome]]:
        """What becomes of each job, as it comes. Closing the iterator takes back what is queued and stops what runs.

        Raises Away when the scheduler or the last worker goes.
        """
        if not seconds:
            return
        self.check()
        client, workers = self._client, self._workers()
        threads_there = sum(workers.values())
        left = batches(jobs, seconds, threads_there)
        arrived: SimpleQueue[Any] = SimpleQueue()
        flying: dict[Any, list[Job]] = {}

        def send() -> None:
            while len(flying) < AHEAD * threads_there and (batch := next(left, None)):
                cells = [Cell(job.run, job.spec) for job in batch]
                future = client.submit(
                    compute_cells,
                    _engine(),
                    cells,
                    deadline_seconds,
                    pure=False,
                    retries=RETRIES,
                    workers=list(workers),
                    allow_other_workers=False,
                )
                flying[future] = batch
                future.add_done_callback(arrived.put)

        try:
            send()
            while flying:
                within_block()
                try:
                    future = arrived.get(timeout=LOOK_SECONDS)
                except Empty:
                    self._check_workers(workers)
                    continue
                yield from self._landed(future, flying.pop(future))
                send()
        finally:
            if flying:
                with suppress(Exception):  # whoever is away cannot be told
                    client.cancel(list(flying), force=True)

    def _landed(self, future: Any, batch: list[Job]) -> Iterator[tuple[Job, Outcome]]:
        """The outcomes of a task that has ended."""
        if future.status == "finished":
            try:
                outcomes = future.result(timeout=CONNECT_SECONDS)
            except Exception as error:
                raise Away(f"the scheduler at {self.address} went while results were on their way") from error
            yield from zip(batch, outcomes, strict=True)
        elif future.status == "error":
            reason = type(future.exception()).__name__
            logger.warning("A task failed on the cluster: %s", reason)
            yield from ((job, Failed(f"the cluster gave it up: {reason}")) for job in batch)
        else:
            raise Away(f"the scheduler at {self.address} went in the midst of it")

    def _workers(self) -> dict[str, int]:
        """The threads of every worker of this very version, by its address. Raises Away where there is none."""
        there = self._threads()
        asked = [address for address in there if address not in self._engines]
        if asked:
            with suppress(OSError, TimeoutError):
                answers = self._client.run(engine_here, workers=asked, on_error="return")
                self._engines.update({address: str(answer) for address, answer in answers.items()})
        alike = {address: count for address, count in there.items() if self._engines.get(address) == _engine()}
        if others := there.keys() - alike.keys():
            logger.warning("%d workers run another version, and are not used.", len(others))
        if not alike:
            raise Away(f"no worker of the scheduler at {self.address} runs this version: {ENGINE}")
        return alike

    def _threads(self) -> dict[str, int]:
        """Of every worker, by its address. Raises Away."""
        try:
            return dict(self._client.nthreads())
        except (AttributeError, OSError, TimeoutError, ValueError) as error:
            raise Away(f"the scheduler at {self.address} does not answer") from error

    def _check_workers(self, workers: dict[str, int]) -> None:
        self.check()
        if not workers.keys() & self._threads().keys():
            raise Away(f"every worker of the scheduler at {self.address} has gone")

    def _watch(self) -> None:
        while not self._closing.is_set():
            if not self.up:
                self._leave()
                with suppress(OSError, TimeoutError, ValueError):
                    self._client = self._connect(
                        self.address, timeout=CONNECT_SECONDS, set_as_default=False, heartbeat_interval="1s"
                    )
                    self._engines.clear()
                    logger.info("The scheduler answers.")
            self._closing.wait(AGAIN_SECONDS)

    def _leave(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                client.close(timeout=CONNECT_SECONDS)


def _engine() -> str:
    return f"{ENGINE} {device()}"


def batches(jobs: Iterable[Job], seconds: float, threads_there: int) -> Iterator[list[Job]]:
    """Jobs sent together, in their order: enough to be worth a task, few enough that all threads have some.

    `seconds` is what all jobs take. Many threads get many jobs at once, so that none waits for whoever sends them; a
    share of what is left, so that all end together (Polychronopoulos and Kuck 1987, "Guided self-scheduling").
    """
    in_turn = SENDING_SECONDS * threads_there
    seen = min(LONGEST_SECONDS, seconds / (NEWS * threads_there))
    most = max(BATCH_SECONDS, seen, in_turn / SENT_SHARE)
    least = min(max(BATCH_SECONDS, in_turn), seconds / (AHEAD * threads_there))
    batch: list[Job] = []
    taken = 0.0
    for job in jobs:
        batch.append(job)
        taken += job.seconds
        if taken >= max(least, min(most, seconds / (AHEAD * threads_there))):
            yield batch
            seconds -= taken
            batch, taken = [], 0.0
    if batch:
        yield batch
