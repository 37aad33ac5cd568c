"""One run of one spec, watched by whoever asked for it, and the ways it may not come to an end."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from math import ceil
from typing import Any, NamedTuple

from ..results import Result

PACE_SECONDS = 1.0  # before a pace is one


class Busy(Exception):
    """More experiments are waiting than may wait, or for longer: `retry_after` seconds may help."""

    def __init__(self, retry_after: float) -> None:
        self.retry_after = max(1, ceil(retry_after))


class TooMany(Exception):
    """The client has as many experiments in flight as one client may have."""

    def __init__(self, allowed: int) -> None:
        self.allowed = allowed


class DeadlineExceeded(Exception):
    """The run took longer than it may. Nothing of it is kept."""


class Cancelled(Exception):
    """Nobody waits for the run any more."""


class Update(NamedTuple):
    """How far a flight is, the last partial result it left, what it waits for, if it has not begun, and once that can
    be said the seconds it still needs."""

    done: int
    total: int
    partial: Result | None
    waits_for: str | None = None
    seconds_left: float | None = None


class Pace:
    """How fast a run goes on, from the first word of it; what was at hand before it began does not count."""

    def __init__(self) -> None:
        self._first: tuple[int, float] | None = None

    def seconds_left(self, done: int, total: int, now: float) -> float | None:
        """At the pace so far; None before that can be told."""
        if self._first is None:
            self._first = done, now
        began, since = self._first
        if now - since < PACE_SECONDS or done <= began:
            return None
        return (now - since) * (total - done) / (done - began)


class Flight:
    """One run of one spec, watched from the event loop."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, seconds: float = 0.0, memory_bytes: int = 0, of_cells: bool = False
    ) -> None:
        self.outcome: asyncio.Future[bytes] = loop.create_future()
        self.seconds = seconds  # it is expected to take
        self.memory_bytes = memory_bytes  # the same
        self.of_cells = of_cells
        self.made_way = 0.0  # when, while it waits to go on
        self.others_wait: Callable[[], bool] = lambda: False
        self.may_make_way: Callable[[], bool] = lambda: False
        self.born = time.monotonic()
        self.running = False
        self.clients: Counter[str] = Counter()
        self.cancelled = threading.Event()
        self.work: Future[Any] | None = None
        self.latest = Update(0, 1, None)
        self._loop = loop
        self._changed = asyncio.Event()

    def cancel(self) -> None:
        """Take it from the queue; if it has left that, the computing thread looks at `cancelled` between blocks."""
        self.cancelled.set()
        if self.work:
            self.work.cancel()

    def publish(self, update: Update) -> None:
        """Called from the computing thread."""
        self._loop.call_soon_threadsafe(self._set, update)

    def _set(self, update: Update) -> None:
        self.latest = update
        self.wake()

    def wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    @property
    def remaining(self) -> float:
        """Seconds of computing it is expected to take from now on."""
        if self.cancelled.is_set():
            return 0.0
        return self.seconds * (1 - self.latest.done / max(self.latest.total, 1))

    async def updates(self) -> AsyncIterator[Update]:
        """Every update a watcher is quick enough to see, until the flight has ended."""
        while not self.outcome.done():
            await self._changed.wait()
            yield self.latest
