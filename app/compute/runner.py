"""Runs experiments on threads, one flight per spec: whoever asks for what is already flying joins it.

A flight ends when it is done, when its deadline passes, or when the last one waiting for it has gone.
"""

import asyncio
import hashlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from typing import Any, Protocol

import numba
import numpy as np
import torch

from .. import __version__
from ..lab import memory, threads
from ..lab.device import device, use_device
from ..lab.kernels import compiling
from ..results import Result, Step
from ..settings import Settings
from ..spec import Spec
from .admission import Admission
from .cache import Cache
from .cost import Budget, Cost, TooExpensive, check
from .flight import Busy, Cancelled, DeadlineExceeded, Flight, Update
from .metrics import Metrics
from .rates import USUAL, measured

# The same one, the same bytes.
ENGINE = f"initscope {__version__} torch {torch.__version__} numpy {np.__version__} numba {numba.__version__}"
PROGRESS_SECONDS = 0.05  # between two words of progress
COMPILING = "The server has just started and compiles its kernels, once on this machine: some seconds."


class Runnable(Protocol):
    """What is to be known of an experiment to run it."""

    @property
    def result(self) -> type[Result]: ...
    @property
    def run(self) -> Callable[[Any], Generator[Step[Result]]]: ...
    @property
    def cost(self) -> Callable[[Any], Cost]: ...
    @property
    def sizes(self) -> tuple[str, ...]: ...
    @property
    def partial_seconds(self) -> float: ...


class Runner:
    """Admits, runs, joins and caches the experiments it is given, by the names of their specs."""

    def __init__(self, settings: Settings, experiments: Mapping[str, Runnable]) -> None:
        memory.keep_freed()
        threads.use_threads(settings.threads)
        use_device(settings.device)
        self.cache = Cache(settings.cache_bytes)
        self.budget = Budget(
            seconds=settings.max_seconds,
            memory_bytes=settings.max_memory_bytes,
            result_bytes=settings.max_result_bytes,
            threads=settings.threads,
            rates=USUAL,
        )
        self.metrics = Metrics()
        self.admission = Admission(settings, self.metrics)
        self._closing = False
        self._deadline_seconds = settings.deadline_seconds
        self._experiments = experiments
        self._flights: dict[str, Flight] = {}  # to be joined
        self._executor = ThreadPoolExecutor(settings.at_once, "experiment", initializer=threads.prepare)
        self._preparing = threading.Thread(target=self._prepare, name="compiling", daemon=True)
        self._preparing.start()

    def cached(self, key: str) -> bytes | None:
        """What is kept under a key."""
        content = self.cache.get(key)
        if content is not None:
            self.metrics.cached.labels("hit").inc()
        return content

    def check(self, spec: Spec) -> Cost:
        """What the spec costs. Raises TooExpensive if it is beyond the budget."""
        experiment = self._experiments[spec.name]
        try:
            return check(spec, experiment.cost, experiment.sizes, self.budget)
        except TooExpensive:
            self.metrics.rejected.labels("cost").inc()
            raise

    @asynccontextmanager
    async def join(self, spec: Spec, client: str = "") -> AsyncIterator[Flight]:
        """The flight of a spec, begun for this client if nobody has. The last one to leave cancels it.

        A client without a name may have any number in flight.

        Raises TooExpensive, TooMany or Busy before anything is computed.
        """
        key = spec_key(spec)
        flight = self._flights.get(key) or self._start(key, spec, client)
        flight.clients[client] += 1
        try:
            yield flight
        finally:
            flight.clients[client] -= 1
            if not flight.clients.total() and self._flights.get(key) is flight:
                del self._flights[key]
                flight.cancel()

    async def result(self, spec: Spec, client: str = "") -> bytes:
        """The Result as JSON, from the cache or computed."""
        async with self.join(spec, client) as flight:
            return await asyncio.shield(flight.outcome)

    async def derived(
        self, spec: Spec, name: str, derive: Callable[[Any], bytes], client: str = "", result: bytes | None = None
    ) -> bytes:
        """A pure function of the Result, which may be at hand as JSON; cached under its name beside it."""
        key = f"{spec_key(spec)}{name}"
        if (cached := self.cached(key)) is None:
            body = result or await self.result(spec, client)
            parse = self._experiments[spec.name].result.model_validate_json
            cached = await asyncio.to_thread(lambda: derive(parse(body)))
            self.cache.put(key, cached)
        return cached

    def admit(self, spec: Spec, client: str) -> None:
        """Raises what `join` would, TooExpensive, TooMany or Busy, and begins nothing."""
        if not self._at_hand(spec):
            self.check(spec)
            self.admission.ask(client)

    def admit_to_line(self, spec: Spec, client: str) -> None:
        """The same for whoever is ready to wait for a place of their own: TooMany only where too many do already."""
        if not self._at_hand(spec):
            self.check(spec)
            self.admission.ask_for_line(client)

    def turn(self, spec: Spec, client: str) -> AsyncIterator[int]:
        """Waits in line until the client may `join`; yields how many experiments of theirs are ahead."""
        return self.admission.turn(client, lambda: self._at_hand(spec))

    def _at_hand(self, spec: Spec) -> bool:
        key = spec_key(spec)
        return key in self._flights or self.cache.has(key)

    async def ready(self) -> bool:
        """Whether kernels are compiled, and a task of no work at all comes back from where experiments are computed."""
        if not compiling.ready() or self.admission.draining:
            return False
        return await asyncio.wrap_future(threads.submit(lambda _: True, None))

    def _prepare(self) -> None:
        """Compile, or fetch from disk, what experiments are computed with; then see how fast it is."""
        compiling.prepare(lambda: self._closing)
        if not self._closing:
            self.budget = replace(self.budget, rates=measured())

    async def drain(self, seconds: float) -> None:
        """Begin nothing any more; cancel what is not done by then."""
        self.admission.draining = True
        late = time.monotonic() + seconds
        while self.admission.aloft and time.monotonic() < late:
            await asyncio.sleep(0.02)
        for flight in self.admission.aloft:
            flight.cancel()

    def close(self) -> None:
        """Cancel what is running and let the threads end."""
        self._closing = True
        for flight in self.admission.aloft:
            flight.cancel()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._preparing.join()

    def _start(self, key: str, spec: Spec, client: str) -> Flight:
        loop = asyncio.get_running_loop()
        if (cached := self.cached(key)) is not None:
            flight = Flight(loop)
            flight.outcome.set_result(cached)
            return flight
        self.metrics.cached.labels("miss").inc()
        cost = self.check(spec)
        self.admission.ask(client)
        flight = Flight(loop, self.budget.time(cost))
        self._flights[key] = flight
        self.admission.aloft.add(flight)
        flight.work = self._executor.submit(self._run, spec, flight)
        asyncio.wrap_future(flight.work).add_done_callback(lambda done: self._land(key, flight, done))
        return flight

    def _land(self, key: str, flight: Flight, done: "asyncio.Future[bytes]") -> None:
        self.admission.aloft.discard(flight)
        if self._flights.get(key) is flight:
            del self._flights[key]
        if done.cancelled() or isinstance(done.exception(), Cancelled):
            outcome = "cancelled"
            if self.admission.draining and flight.clients.total():
                flight.outcome.set_exception(Busy(1))
                flight.outcome.exception()
            else:
                flight.outcome.cancel()
        elif error := done.exception():
            outcome = "deadline" if isinstance(error, DeadlineExceeded) else "failed"
            flight.outcome.set_exception(error)
            flight.outcome.exception()
        else:
            outcome = "done"
            self.cache.put(key, done.result())
            flight.outcome.set_result(done.result())
        self.metrics.ended.labels(outcome).inc()
        flight.wake()

    def _run(self, spec: Spec, flight: Flight) -> bytes:
        experiment = self._experiments[spec.name]
        began = shown = told = time.monotonic()
        partial: Result | None = None

        def check() -> None:
            if flight.cancelled.is_set():
                raise Cancelled
            if time.monotonic() - began > self._deadline_seconds:
                raise DeadlineExceeded

        while self._preparing.is_alive():
            flight.publish(Update(0, 1, None, COMPILING))
            self._preparing.join(PROGRESS_SECONDS)
            began = time.monotonic()
            check()
        check()
        flight.running = True
        threads.between_blocks(check)
        try:
            with closing(experiment.run(spec)) as steps:
                for step in steps:
                    check()
                    now = time.monotonic()
                    if now - shown > experiment.partial_seconds and step.done < step.total:
                        partial, shown = step.partial(), now
                    if now - told > PROGRESS_SECONDS:
                        flight.publish(Update(step.done, step.total, partial))
                        told = now
            result = step.partial()
            return result.model_dump_json().encode()
        finally:
            threads.between_blocks(None)


def spec_key(spec: Spec) -> str:
    """Equal experiments, computed by equal engines, have equal keys."""
    said = f"{ENGINE} {device()} {spec.name}?{spec.query}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]
