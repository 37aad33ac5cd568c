"""Runs experiments on threads, one flight per spec: whoever asks for what is already flying joins it.

A flight ends when it is done, when its deadline passes, or when the last one waiting for it has gone.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any, cast

from ..lab import memory, threads
from ..lab.device import use_device
from ..lab.kernels import compiling
from ..settings import Settings
from ..spec import Spec
from .admission import Admission
from .aside import Aside, Waiting
from .beside import Beside, Rest
from .cache import Cache
from .cells import Cells, as_json
from .cluster import Cluster
from .computation import PROGRESS_SECONDS, Runnable
from .cost import Budget, Cost, TooExpensive, check
from .flight import Busy, Cancelled, DeadlineExceeded, Flight, Update
from .key import spec_key
from .metrics import Metrics
from .rates import USUAL, measured
from .records import Records

FIRST_SECONDS = 0.03  # that those in line have to take a place, before what has made way takes it
COMPILING = "The server has just started and compiles its kernels, once on this machine: some seconds."


class Runner:
    """Admits, runs, joins and caches the experiments it is given, by the names of their specs."""

    def __init__(self, settings: Settings, experiments: Mapping[str, Runnable]) -> None:
        memory.keep_freed()
        memory.keep_few_primitives()
        threads.use_threads(settings.threads)
        use_device(settings.device)
        self.cache = Cache(settings.cache_bytes)
        self.budget = Budget(
            seconds=settings.max_seconds,
            memory_bytes=settings.max_memory_bytes,
            result_bytes=settings.max_result_bytes,
            threads=settings.threads,
            rates=USUAL,
            processes=1 + settings.processes,
        )
        self.metrics = Metrics()
        self.admission = Admission(settings, self.metrics)
        self._closing = False
        self._settings = settings
        self._experiments = experiments
        self.cluster = Cluster(settings.scheduler) if settings.scheduler else None
        self._beside = Beside(settings, experiments, self.metrics)
        self._aside = Aside(self.admission, self._beside)
        workers = self.cluster or self._beside
        self._cells = Cells(experiments, self.cache, lambda: self.budget, settings.deadline_seconds, workers)
        self._records = Records()
        self._flights: dict[str, Flight] = {}  # to be joined
        self._executor = ThreadPoolExecutor(settings.at_once, "experiment", initializer=threads.prepare)
        self._executor_of_cells = ThreadPoolExecutor(1, "cells", initializer=threads.prepare)
        self._preparing = threading.Thread(target=self._prepare, name="compiling", daemon=True)
        self._preparing.start()

    def cached(self, key: str) -> bytes | None:
        """What is kept under a key."""
        content = self.cache.get(key)
        if content is not None:
            self.metrics.cached.labels("hit").inc()
        return content

    def check(self, spec: Spec) -> Cost:
        """What the spec costs. Raises TooExpensive if it is beyond the budget, Away if who would compute it is."""
        experiment = self._experiments[spec.name]
        budget = self.budget
        if experiment.of_cells:
            budget = replace(budget, seconds=self._settings.max_cells_seconds)
            if self.cluster:
                self.cluster.check()
        try:
            return check(spec, experiment.cost, experiment.sizes, budget)
        except TooExpensive:
            self.metrics.rejected.labels("cost").inc()
            raise

    @asynccontextmanager
    async def join(self, spec: Spec, client: str = "") -> AsyncIterator[Flight]:
        """The flight of a spec, begun for this client if nobody has. The last one to leave cancels it.

        A client without a name may have any number in flight.

        Raises TooExpensive, Away, TooMany or Busy before anything is computed.
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
                self._forget(flight)
            self.admission.look_again()

    async def result(self, spec: Spec, client: str = "") -> bytes:
        """The Result as JSON, from the cache or computed."""
        async with self.join(spec, client) as flight:
            return await asyncio.shield(flight.outcome)

    async def derived(
        self, spec: Spec, name: str, derive: Callable[[Any], bytes], client: str = "", result: bytes | None = None
    ) -> bytes:
        """A pure function of the Result, which may be at hand as JSON; cached under its name beside it."""
        key = spec_key(spec)
        if (cached := self.cached(f"{key}{name}")) is None:
            body = result or await self.result(spec, client)
            model = self._experiments[spec.name].result
            cached = await asyncio.to_thread(lambda: derive(self._records.of(key, model, body)))
            self.cache.put(f"{key}{name}", cached)
        return cached

    def admit(self, spec: Spec, client: str) -> None:
        """Raises what `join` would, and begins nothing."""
        if not self._at_hand(spec_key(spec)):
            self.check(spec)
            self.admission.ask(client, self._of_cells(spec))

    def admit_to_line(self, spec: Spec, client: str) -> None:
        """The same for whoever is ready to wait for a place of their own: TooMany only where too many do already."""
        if not self._at_hand(spec_key(spec)):
            self.check(spec)
            self.admission.ask_for_line(client, self._of_cells(spec))

    def turn(self, spec: Spec, client: str) -> AsyncIterator[int]:
        """Waits in line until the client may `join`; yields how many experiments of theirs are ahead."""
        key = spec_key(spec)
        return self.admission.turn(client, lambda: self._at_hand(key), self._of_cells(spec))

    def _of_cells(self, spec: Spec) -> bool:
        return self._experiments[spec.name].of_cells

    def _at_hand(self, key: str) -> bool:
        return key in self._flights or self.cache.has(key)

    async def ready(self) -> bool:
        """Whether kernels are compiled and it is known how fast they are, and a task of no work at all comes back from
        where experiments are computed."""
        if self._preparing.is_alive() or not compiling.ready() or self.admission.draining:
            return False
        return await asyncio.wrap_future(threads.submit(lambda _: True, None))

    def _prepare(self) -> None:
        """Compile, or fetch from disk, what experiments are computed with; then see how fast it is."""
        compiling.prepare(lambda: self._closing)
        if not self._closing:
            self.budget = replace(self.budget, rates=measured())
            self._beside.begin()

    async def drain(self, seconds: float) -> None:
        """Begin nothing any more; cancel what is not done by then."""
        self.admission.drain()
        late = time.monotonic() + seconds
        while self.admission.aloft and time.monotonic() < late:
            await asyncio.sleep(0.02)
        for flight in tuple(self.admission.aloft):
            flight.cancel()
            self._forget(flight)

    def close(self) -> None:
        """Cancel what is running and let the threads end."""
        self._closing = True
        for flight in self.admission.aloft:
            flight.cancel()
        for executor in (self._executor, self._executor_of_cells):
            executor.shutdown(wait=True, cancel_futures=True)
        if self.cluster:
            self.cluster.close()
        self._preparing.join()
        self._beside.close()

    def _start(self, key: str, spec: Spec, client: str) -> Flight:
        loop = asyncio.get_running_loop()
        if (cached := self.cached(key)) is not None:
            flight = Flight(loop)
            flight.outcome.set_result(cached)
            return flight
        self.metrics.cached.labels("miss").inc()
        cost = self.check(spec)
        self.admission.ask(client, self._of_cells(spec))
        flight = Flight(loop, self.budget.time(cost), cost.memory_bytes, self._of_cells(spec))
        flight.others_wait = partial(self.admission.others_wait, flight)
        flight.may_make_way = partial(self.admission.may_make_way, flight)
        self._flights[key] = flight
        self.admission.begin(flight)
        self._compute(key, spec, flight)
        return flight

    def _compute(self, key: str, spec: Spec, flight: Flight, rest: Rest | None = None) -> None:
        executor = self._executor_of_cells if flight.of_cells else self._executor
        flight.work = executor.submit(self._run, key, spec, flight, rest)
        asyncio.wrap_future(flight.work).add_done_callback(lambda done: self._leave(key, spec, flight, rest, done))

    def _leave(
        self, key: str, spec: Spec, flight: Flight, before: Rest | None, done: "asyncio.Future[bytes | Rest]"
    ) -> None:
        """Its place: the flight has made way or landed, or never had one."""
        rest = before if done.cancelled() else None if done.exception() else done.result()
        if isinstance(rest, Rest):
            self._aside.put(Waiting(key, spec, flight, rest))
            if flight.cancelled.is_set():
                self._forget(flight)
            self.admission.look_again()
        else:
            self._land(key, flight, cast("asyncio.Future[bytes]", done))
        asyncio.get_running_loop().call_later(FIRST_SECONDS, self._go_on)

    def _go_on(self) -> None:
        """With what has made way, if it may."""
        for left in self._aside.ready():
            self._compute(*left)

    def _forget(self, flight: Flight) -> None:
        """If it has made way it will not go on."""
        if left := self._aside.forget(flight):
            gone: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            gone.cancel()
            self._land(left.key, flight, gone)

    def _land(self, key: str, flight: Flight, done: "asyncio.Future[bytes]") -> None:
        self.admission.end(flight)
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

    def _deadline_seconds(self, experiment: Runnable) -> float:
        """Of what is made of cells, each of which has its own: as many times what it may cost as of any other."""
        longer = self._settings.max_cells_seconds / self._settings.max_seconds if experiment.of_cells else 1.0
        return self._settings.deadline_seconds * longer

    def _run(self, key: str, spec: Spec, flight: Flight, rest: Rest | None) -> bytes | Rest:
        experiment = self._experiments[spec.name]
        while self._preparing.is_alive() and not flight.cancelled.is_set():
            flight.publish(Update(0, 1, None, COMPILING))
            self._preparing.join(PROGRESS_SECONDS)
        result = self._beside.computed(
            flight,
            # What puts cells together stays here: it is local, and cannot be pickled.
            (lambda: experiment.run(spec, self._cells)) if experiment.of_cells else partial(experiment.run, spec),
            self._deadline_seconds(experiment),
            experiment.partial_seconds,
            rest,
        )
        if isinstance(result, bytes | Rest):
            return result
        self._records.keep(key, result)
        return as_json(result)
