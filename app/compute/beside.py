"""Which run is computed by another process: an interpreter lets one thread of a process run at a time.

Each run is a pure function of its spec, so it matters to nobody where it is computed: where nothing is being computed
here it is here; else by a process that is free; else here.
"""

import logging
import pickle
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import resource_tracker

from ..lab import threads
from ..results import Result, Step
from ..settings import Settings
from .computation import Runnable, Watched, computed
from .metrics import Metrics
from .process import Died, Process

logger = logging.getLogger("initscope")

Run = Callable[[], Generator[Step[Result]]]


class Beside:
    """So many processes as the settings say, begun in the background, and anew where one has died."""

    def __init__(self, settings: Settings, experiments: Mapping[str, Runnable], metrics: Metrics) -> None:
        self._settings = settings
        self._modules = sorted({experiment.result.__module__ for experiment in experiments.values()})
        self._free: list[Process] = []
        self._here = 0  # runs
        self._changing = threading.Lock()
        self._closing = False
        self._beginning = ThreadPoolExecutor(1, "beside", initializer=_prepare_to_begin)
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
        job = _pickled((run, deadline_seconds, partial_seconds))
        with self._place(job is not None) as process:
            if process is not None and job is not None:
                try:
                    return process.computed(job, flight, others_wait)
                except Died:
                    logger.warning("A process has died in the midst of a run, which is computed here instead.")
                    self._beginning.submit(self._begin_one)
            return computed(flight, run, deadline_seconds, partial_seconds, others_wait)

    @contextmanager
    def _place(self, portable: bool) -> Iterator["Process | None"]:
        """Where a run is computed: None is here."""
        with self._changing:
            process = self._free.pop() if portable and self._here and self._free else None
            self._here += process is None
        try:
            yield process
        finally:
            with self._changing:
                self._here -= process is None
                if process is not None and process.alive:
                    self._free.append(process)

    def _begin_one(self) -> None:
        process = Process(self._settings, self._modules)
        if process.ready(lambda: self._closing):
            with self._changing:
                self._free.append(process)
        else:
            process.end()
            if not self._closing:
                logger.warning("A process that was to compute beside this one could not begin; there will be none.")


def _prepare_to_begin() -> None:
    """What the thread is, the processes it begins will be: nice, and deaf to the interrupt meant for this one."""
    threads.prepare()
    if hasattr(signal, "pthread_sigmask"):
        resource_tracker.ensure_running()  # it would lift the mask
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _pickled(job: object) -> bytes | None:
    try:
        return pickle.dumps(job)
    except (pickle.PicklingError, AttributeError, TypeError):
        return None
