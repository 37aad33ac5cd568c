"""What is computed by other processes: an interpreter lets one thread of a process run at a time.

Each run is a pure function of its spec, so it matters to nobody where it is computed: where nothing is being computed
here it is here; else by a process that is free; else here. So are cells, here and in all that are free.
"""

import logging
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import resource_tracker

from ..results import Result, Step
from ..settings import Settings
from .cells import Job, Outcome, as_json
from .computation import Runnable, Watched, computed
from .metrics import Metrics
from .process import Died, Process, pickled
from .spread import BATCH_SECONDS, Spread

logger = logging.getLogger("initscope")

PATIENCE_SECONDS = 2 * BATCH_SECONDS  # for cells to be done that a process has begun

Run = Callable[[], Generator[Step[Result]]]


class Beside:
    """So many processes as the settings say, begun in the background, and anew where one has died."""

    def __init__(self, settings: Settings, experiments: Mapping[str, Runnable], metrics: Metrics) -> None:
        self._settings = settings
        self._modules = sorted({experiment.result.__module__ for experiment in experiments.values()})
        self._free: list[Process] = []
        self._here = 0  # runs
        self._waiting = 0  # runs, for a process
        self._at_cells = 0  # processes
        self._changing = threading.Condition()
        self._closing = False
        self._beginning = ThreadPoolExecutor(1, "beside", initializer=_mask_interrupts)
        metrics.gauge("processes", "Processes ready to compute beside this one.", lambda: len(self._free))

    def begin(self) -> None:
        """Begin all of them; it takes some seconds, of other threads."""
        for _ in range(self._settings.processes):
            self._beginning.submit(self._begin_one)

    def close(self) -> None:
        """End them, once no run is left."""
        self._closing = True
        self._beginning.shutdown(wait=True, cancel_futures=True)
        for process in self._free:
            process.end()

    def computed(
        self,
        flight: Watched,
        run: Run,
        deadline_seconds: float,
        partial_seconds: float,
        others_wait: Callable[[], bool],
    ) -> Result | bytes:
        """The whole Result of a run, as `computation.computed` has it; as JSON from another process.

        What cannot be pickled is computed here, and so is a run whose process has died.
        """
        work = pickled(partial(_run_there, run, deadline_seconds, partial_seconds))
        with self._place(work is not None) as process:
            if process is not None and work is not None:
                with suppress(Died):
                    return process.computed(work, flight, others_wait)
            return computed(flight, run, deadline_seconds, partial_seconds, others_wait)

    def compute(
        self,
        jobs: Iterable[Job],
        seconds: float,  # noqa: ARG002
        deadline_seconds: float,
    ) -> Generator[tuple[Job, Outcome]]:
        """What becomes of each cell, as it comes, here and in whatever processes no run wants."""
        yield from Spread(jobs, deadline_seconds, self._lent).outcomes(self._settings.processes)

    @contextmanager
    def _place(self, portable: bool) -> Iterator[Process | None]:
        """Where a run is computed; None is here."""
        with self._changing:
            process = self._awaited() if portable and self._here else None
            self._here += process is None
        try:
            yield process
        finally:
            with self._changing:
                self._here -= process is None
                self._give_back(process)

    def _awaited(self) -> Process | None:
        """One that is free, or will be as soon as it has done its cells."""
        self._waiting += 1
        self._changing.wait_for(lambda: self._free or not self._at_cells, PATIENCE_SECONDS)
        self._waiting -= 1
        return self._free.pop() if self._free else None

    @contextmanager
    def _lent(self) -> Iterator[Process | None]:
        """One for some cells, if it is free and no run waits for it."""
        with self._changing:
            process = self._free.pop() if self._free and not self._waiting else None
            self._at_cells += process is not None
        try:
            yield process
        finally:
            with self._changing:
                self._at_cells -= process is not None
                self._give_back(process)

    def _give_back(self, process: Process | None) -> None:
        if process is not None and process.alive:
            self._free.append(process)
        elif process is not None:
            logger.warning("A process has died in the midst of its work, which is done here instead.")
            self._beginning.submit(self._begin_one)
        self._changing.notify_all()

    def _begin_one(self) -> None:
        process = Process(self._settings, self._modules)
        if process.ready(lambda: self._closing):
            with self._changing:
                self._free.append(process)
        else:
            process.end()
            if not self._closing:
                logger.warning("A process that was to compute beside this one could not begin; there will be none.")


def _mask_interrupts() -> None:
    """What a thread is deaf to, the processes it begins are: an interrupt in a terminal is meant for this one."""
    if hasattr(signal, "pthread_sigmask"):
        resource_tracker.ensure_running()  # it would lift the mask
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _run_there(
    run: Run, deadline_seconds: float, partial_seconds: float, flight: Watched, others_wait: Callable[[], bool]
) -> bytes:
    return as_json(computed(flight, run, deadline_seconds, partial_seconds, others_wait))
