"""One run, on the threads that compute it: it tells its flight how far it is, ends when that is given up, and makes way
where others would wait long for their first charts."""

import time
from collections.abc import Callable, Generator
from typing import Any, Protocol

from ..lab import threads
from ..results import Result, Step
from .cost import Cost
from .flight import Cancelled, DeadlineExceeded, Pace, Update

PROGRESS_SECONDS = 0.1  # between two words of progress
TURN_SECONDS = 0.3  # of computing that every run has, before it makes way
MOST = 0.5  # of a run: what is further is brought to its end
MADE_WAY = "So far: others come first, who have seen nothing yet."


class Runnable(Protocol):
    """What is to be known of an experiment to run it."""

    @property
    def result(self) -> type[Result]: ...
    @property
    def run(self) -> Callable[..., Generator[Step[Result]]]: ...
    @property
    def of_cells(self) -> bool: ...
    @property
    def cost(self) -> Callable[[Any], Cost]: ...
    @property
    def sizes(self) -> tuple[str, ...]: ...
    @property
    def partial_seconds(self) -> float: ...


class Flag(Protocol):
    def is_set(self) -> bool: ...


class Watched(Protocol):
    """What a run is told by its flight, and tells it.

    `others_wait`: whether somebody waits for it to end, or to make way; `may_make_way`: whether they would begin then,
    and it could go on later.
    """

    running: bool

    @property
    def cancelled(self) -> Flag: ...
    @property
    def others_wait(self) -> Callable[[], bool]: ...
    @property
    def may_make_way(self) -> Callable[[], bool]: ...
    @property
    def publish(self) -> Callable[[Update], None]: ...


class Computation:
    """A run that may be left between two steps; any thread may go on with it."""

    def __init__(
        self, run: Callable[[], Generator[Step[Result]]], deadline_seconds: float, partial_seconds: float
    ) -> None:
        self._steps = run()
        self._deadline_seconds = deadline_seconds
        self._partial_seconds = partial_seconds
        self._flight: Watched | None = None  # while it is being computed
        self._spent = 0.0  # seconds of computing, before it last went on
        self._began = 0.0

    def go_on(self, flight: Watched) -> Result | None:
        """The whole Result, of which there are parts meanwhile, every so often: while others wait, none are made.

        None if the run has made way for them; a part has been made then. Raises Cancelled or DeadlineExceeded between
        two blocks of work.
        """
        self._flight, self._began = flight, time.monotonic()
        try:
            self._check()
            flight.running = True
            with threads.computing(self._check):
                return self._computed(flight)
        except BaseException:
            self._steps.close()
            raise
        finally:
            self._spent += time.monotonic() - self._began
            self._flight = None

    def give_up(self) -> None:
        """It will not go on."""
        self._steps.close()

    def _computed(self, flight: Watched) -> Result | None:
        pace, partial = Pace(), None
        shown = told = self._began
        for step in self._steps:
            self._check()
            now, others_wait = time.monotonic(), flight.others_wait()
            if others_wait and now - self._began > TURN_SECONDS and step.done < MOST * step.total:
                if flight.may_make_way():
                    flight.publish(Update(step.done, step.total, step.partial(), MADE_WAY))
                    return None
            elif now - shown > self._partial_seconds and step.done < step.total and not others_wait:
                partial, shown = step.partial(), now
            if now - told > PROGRESS_SECONDS:
                left = pace.seconds_left(step.done, step.total, now)
                flight.publish(Update(step.done, step.total, partial, seconds_left=left))
                told = now
        return step.partial()

    def _check(self) -> None:
        """Blocks of work that other threads still do when the run is left are told nothing."""
        if self._flight is None:
            return
        if self._flight.cancelled.is_set():
            raise Cancelled
        if self._spent + time.monotonic() - self._began > self._deadline_seconds:
            raise DeadlineExceeded
