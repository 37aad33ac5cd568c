"""Cells spread over this process and those beside it, each of which takes some at a time."""

import logging
import pickle
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from queue import Empty, SimpleQueue

from ..lab import threads
from .cells import Job, Outcome, as_json, attempted
from .computation import Watched
from .flight import Cancelled, Update
from .process import Died, Process, pickled
from .worker import Cell

logger = logging.getLogger("initscope")

BATCH_SECONDS = 0.05  # of computing that a process is sent at once: long beside a message, soon over for who waits
LOOK_SECONDS = 0.02  # between two looks for a process, or for what one has done


class Errand:
    """What cells are told in place of a flight: only whether somebody waits for them."""

    def __init__(self) -> None:
        self.running = False
        self.cancelled = threading.Event()

    def others_wait(self) -> bool:
        return False

    def may_make_way(self) -> bool:
        return False

    def publish(self, update: Update) -> None:
        """They have nothing to say before they are done."""


class Spread:
    """Some cells, taken in their order by whoever has time."""

    def __init__(
        self,
        jobs: Iterable[Job],
        deadline_seconds: float,
        lent: Callable[[], AbstractContextManager[Process | None]],
    ) -> None:
        self._left = deque(jobs)
        self._taking = threading.Lock()
        self._arrived: SimpleQueue[tuple[Job, Outcome]] = SimpleQueue()
        self._deadline_seconds = deadline_seconds
        self._lent = lent
        self._errand = Errand()

    def outcomes(self, processes: int) -> Generator[tuple[Job, Outcome]]:
        """What becomes of each, as it comes: of one after the other here, and of others in at most so many processes.

        Closing the iterator stops them all.
        """
        count = min(processes, len(self._left) - 1)
        feeders = [threading.Thread(target=self._feed, name="cells") for _ in range(count)]
        for feeder in feeders:
            feeder.start()
        try:
            while self._left or not self._arrived.empty() or any(feeder.is_alive() for feeder in feeders):
                threads.within_block()
                if job := self._next():
                    yield job, attempted(job.run, job.spec, self._deadline_seconds, as_json)
                while not self._arrived.empty():
                    yield self._arrived.get()
                if not self._left:
                    with suppress(Empty):
                        yield self._arrived.get(timeout=LOOK_SECONDS)
        finally:
            self._errand.cancelled.set()
            for feeder in feeders:
                feeder.join()

    def _feed(self) -> None:
        """Have a process compute some, again and again, while one is lent."""
        while self._left and not self._errand.cancelled.is_set():
            with self._lent() as process:
                if process is None:
                    self._errand.cancelled.wait(LOOK_SECONDS)
                elif not self._sent(self._batch(), process):
                    return

    def _sent(self, batch: list[Job], process: Process) -> bool:
        """Whether the process computed these; else they are left for others."""
        work = pickled(partial(_attempted_there, [Cell(job.run, job.spec) for job in batch], self._deadline_seconds))
        if work is not None:
            try:
                said = process.computed(work, self._errand)
                assert isinstance(said, bytes)
                outcomes = pickle.loads(said)
            except Exception as error:
                if not isinstance(error, Cancelled | Died):
                    logger.exception("Another process could not compute cells.")
            else:
                for each in zip(batch, outcomes, strict=True):
                    self._arrived.put(each)
                return True
        with self._taking:
            self._left.extendleft(reversed(batch))
        return False

    def _next(self) -> Job | None:
        with self._taking:
            return self._left.popleft() if self._left else None

    def _batch(self) -> list[Job]:
        """The next ones, as many as are worth a message."""
        batch: list[Job] = []
        with self._taking:
            while self._left and sum(job.seconds for job in batch) < BATCH_SECONDS:
                batch.append(self._left.popleft())
        return batch


def _attempted_there(
    cells: Sequence[Cell],
    deadline_seconds: float,
    errand: Watched,
) -> bytes:
    """What becomes of some cells, where there is a process to compute them."""

    def check() -> None:
        if errand.cancelled.is_set():
            raise Cancelled

    with threads.computing(check):
        return pickle.dumps([attempted(cell.run, cell.spec, deadline_seconds, as_json) for cell in cells])
