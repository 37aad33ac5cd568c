"""Runs experiments on threads, one flight per spec: whoever asks for what is already flying joins it.

A flight ends when it is done, when its deadline passes, or when the last one waiting for it has gone.
"""

import asyncio
import hashlib
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from typing import NamedTuple

import torch

from app import __version__
from app.compute.cache import Cache
from app.compute.cost import Budget, check
from app.experiments import EXPERIMENTS
from app.lab import threads
from app.results import Record
from app.settings import Settings
from app.specs import Spec

PROGRESS_SECONDS = 0.05  # between two words of progress
SNAPSHOT_SECONDS = 0.3  # between two partial results


class Busy(Exception):
    """More experiments are waiting than may wait."""


class DeadlineExceeded(Exception):
    """The run took longer than it may. Nothing of it is kept."""


class Cancelled(Exception):
    """Nobody waits for the run any more."""


class Update(NamedTuple):
    """How far a flight is, and the last partial result it left."""

    done: int
    total: int
    partial: Record | None


class Flight:
    """One run of one spec, watched from the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.outcome: asyncio.Future[bytes] = loop.create_future()
        self.watchers = 0
        self.cancelled = threading.Event()
        self.latest = Update(0, 1, None)
        self._loop = loop
        self._changed = asyncio.Event()

    def publish(self, update: Update) -> None:
        """Called from the computing thread."""
        self._loop.call_soon_threadsafe(self._set, update)

    def _set(self, update: Update) -> None:
        self.latest = update
        self.wake()

    def wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def updates(self) -> AsyncIterator[Update]:
        """Every update a watcher is quick enough to see, until the flight has ended."""
        while not self.outcome.done():
            await self._changed.wait()
            yield self.latest


class Runner:
    """Admits, runs, joins and caches."""

    def __init__(self, settings: Settings) -> None:
        threads.use_threads(settings.threads)
        self.cache = Cache(settings.cache_bytes)
        self.budget = Budget(
            seconds=settings.max_seconds,
            memory_bytes=settings.max_memory_bytes,
            result_bytes=settings.max_result_bytes,
            threads=settings.threads,
        )
        self._deadline = settings.deadline_seconds
        self._places = settings.at_once + settings.waiting
        self._flights: dict[str, Flight] = {}
        self._executor = ThreadPoolExecutor(settings.at_once, "experiment", initializer=threads.pin)

    def check(self, spec: Spec) -> None:
        """Raises TooExpensive if the spec is beyond the budget."""
        experiment = EXPERIMENTS[spec.name]
        check(spec, experiment.cost, experiment.sizes, self.budget)

    @asynccontextmanager
    async def join(self, spec: Spec) -> AsyncIterator[Flight]:
        """The flight of a spec, begun if nobody has. The last one to leave cancels it.

        Raises TooExpensive or Busy before anything is computed.
        """
        key = spec_key(spec)
        flight = self._flights.get(key) or self._start(key, spec)
        flight.watchers += 1
        try:
            yield flight
        finally:
            flight.watchers -= 1
            if flight.watchers == 0 and self._flights.get(key) is flight:
                del self._flights[key]
                flight.cancelled.set()

    async def result(self, spec: Spec) -> bytes:
        """The Result as JSON, from the cache or computed."""
        async with self.join(spec) as flight:
            return await asyncio.shield(flight.outcome)

    async def derived(self, spec: Spec, name: str, derive: Callable[[Record], bytes]) -> bytes:
        """A pure function of the Result, cached under its name beside it."""
        key = f"{spec_key(spec)}/{name}"
        if (cached := self.cache.get(key)) is None:
            body = await self.result(spec)
            parse = EXPERIMENTS[spec.name].result.model_validate_json
            cached = await asyncio.to_thread(lambda: derive(parse(body)))
            self.cache.put(key, cached)
        return cached

    def close(self) -> None:
        """Cancel what is running and let the threads end."""
        for flight in self._flights.values():
            flight.cancelled.set()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _start(self, key: str, spec: Spec) -> Flight:
        flight = Flight(asyncio.get_running_loop())
        cached = self.cache.get(key)
        if cached is not None:
            flight.outcome.set_result(cached)
            return flight
        self.check(spec)
        if len(self._flights) >= self._places:
            raise Busy
        self._flights[key] = flight
        running = asyncio.ensure_future(asyncio.wrap_future(self._executor.submit(self._run, spec, flight)))
        running.add_done_callback(lambda done: self._land(key, flight, done))
        return flight

    def _land(self, key: str, flight: Flight, done: "asyncio.Future[bytes]") -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if done.cancelled() or isinstance(done.exception(), Cancelled):
            flight.outcome.cancel()
        elif error := done.exception():
            flight.outcome.set_exception(error)
            flight.outcome.exception()
        else:
            self.cache.put(key, done.result())
            flight.outcome.set_result(done.result())
        flight.wake()

    def _run(self, spec: Spec, flight: Flight) -> bytes:
        began = shown = told = time.monotonic()
        partial: Record | None = None
        with closing(EXPERIMENTS[spec.name].run(spec)) as steps:
            for step in steps:
                now = time.monotonic()
                if flight.cancelled.is_set():
                    raise Cancelled
                if now - began > self._deadline:
                    raise DeadlineExceeded
                if now - shown > SNAPSHOT_SECONDS and step.done < step.total:
                    partial, shown = step.partial(), now
                if now - told > PROGRESS_SECONDS:
                    flight.publish(Update(step.done, step.total, partial))
                    told = now
        result: Record = step.partial()
        return result.model_dump_json().encode()


def spec_key(spec: Spec) -> str:
    """Equal experiments, computed by equal engines, have equal keys."""
    said = f"{__version__} {torch.__version__} {spec.name}?{spec.query}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]
