"""One run, on the thread that computes it: it tells its flight how far it is, and ends when that is given up."""

import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, Protocol

from ..lab import threads
from ..results import Result, Step
from .cost import Cost
from .flight import Cancelled, DeadlineExceeded, Pace, Update

PROGRESS_SECONDS = 0.1  # between two words of progress


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
    """What a run is told by its flight, and tells it."""

    running: bool

    @property
    def cancelled(self) -> Flag: ...
    @property
    def publish(self) -> Callable[[Update], None]: ...


def computed(
    flight: Watched,
    run: Callable[[], Generator[Step[Result]]],
    deadline_seconds: float,
    partial_seconds: float,
    others_wait: Callable[[], bool],
) -> Result:
    """The whole Result, of which there are parts meanwhile, every so often: while others wait, none are made.

    Raises Cancelled or DeadlineExceeded between two blocks of work.
    """
    pace, partial = Pace(), None
    began = shown = told = time.monotonic()

    def check() -> None:
        if flight.cancelled.is_set():
            raise Cancelled
        if time.monotonic() - began > deadline_seconds:
            raise DeadlineExceeded

    check()
    flight.running = True
    with threads.computing(check), closing(run()) as steps:
        for step in steps:
            check()
            now = time.monotonic()
            if now - shown > partial_seconds and step.done < step.total and not others_wait():
                partial, shown = step.partial(), now
            if now - told > PROGRESS_SECONDS:
                left = pace.seconds_left(step.done, step.total, now)
                flight.publish(Update(step.done, step.total, partial, seconds_left=left))
                told = now
        return step.partial()
