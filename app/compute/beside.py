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
from typing import NamedTuple

from ..results import Result, Step
from ..settings import Settings
from .cells import Job, Outcome, as_json
from .computation import Computation, Runnable, Watched
from .metrics import Metrics
from .process import Died, Left, Process, Work, pickled
from .spread import BATCH_SECONDS, Spread

logger = logging.getLogger("initscope")

PATIENCE_SECONDS = 2 * BATCH_SECONDS  # for cells to be done that a process has begun

Run = Callable[[], Generator[Step[Result]]]


class Rest(NamedTuple):
    """What is left of a run that made way, and the process that has it; None is this one."""

    process: Process | None
    left: Left | Computation


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
        self, flight: Watched, run: Run, deadline_seconds: float, partial_seconds: float, rest: Rest | None = None
    ) -> Result | bytes | Rest:
        """The whole Result of a run, as a `Computation` has it; as JSON from another process. Or its rest, if it made
        way for others, from which it goes on.

        What cannot be pickled is computed here, and so is a run whose process has died.
        """
        if rest is not None:
            with suppress(Died), self._place_of(rest) as process:
                return _gone_on(rest.left, process, flight)
        work = pickled(partial(_run_there, run, deadline_seconds, partial_seconds))
        with self._place(work is not None) as process:
            if process is not None and work is not None:
                with suppress(Died):
                    return _gone_on(work, process, flight)
            return _gone_on(Computation(run, deadline_seconds, partial_seconds), None, flight)

    def could_go_on(self, rest: Rest) -> bool:
        """Whether nothing else is computed where it has to be."""
        with self._changing:
            return not self._here if rest.process is None else rest.process in self._free or not rest.process.alive

    def forget(self, rest: Rest) -> None:
        """Nobody wants it any more."""
        if isinstance(rest.left, Computation):
            rest.left.give_up()
        elif rest.process and isinstance(rest.left, Left):
            rest.process.forget(rest.left)

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
        with self._given_back(process):
            yield process

    @contextmanager
    def _place_of(self, rest: Rest) -> Iterator[Process | None]:
        """Where the rest of a run is, once that is free. Raises Died."""
        process = rest.process
        with self._changing:
            if process is None:
                self._here += 1
            else:
                self._waiting += 1
                self._changing.wait_for(lambda: process in self._free or not process.alive)
                self._waiting -= 1
                if not process.alive:
                    raise Died
                self._free.remove(process)
        with self._given_back(process):
            yield process

    @contextmanager
    def _given_back(self, process: Process | None) -> Iterator[None]:
        try:
            yield
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


def _gone_on(left: bytes | Left | Computation, process: Process | None, flight: Watched) -> Result | bytes | Rest:
    """With what is to be computed there; without a process, here."""
    if process is not None and not isinstance(left, Computation):
        said = process.computed(left, flight)
        return Rest(process, said) if isinstance(said, Left) else said
    assert isinstance(left, Computation)
    result = left.go_on(flight)
    return Rest(None, left) if result is None else result


def _run_there(run: Run, deadline_seconds: float, partial_seconds: float, flight: Watched) -> bytes | Work:
    return _gone_on_there(Computation(run, deadline_seconds, partial_seconds), flight)


def _gone_on_there(computation: Computation, flight: Watched) -> bytes | Work:
    result = computation.go_on(flight)
    return partial(_gone_on_there, computation) if result is None else as_json(result)
