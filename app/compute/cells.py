"""Cells: the experiments that a larger one is made of. Each is computed once, and kept under its own key."""

import logging
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple, Protocol, TypeVar

from ..lab import threads
from ..results import Record, Result, Step
from ..spec import Spec
from .cache import Cache
from .cost import Budget, Cost
from .flight import DeadlineExceeded
from .key import spec_key

logger = logging.getLogger("initscope")


class Failed(NamedTuple):
    """A cell that has no result, and why."""

    reason: str


class Reading(NamedTuple):
    """What is wanted of each cell's Result: a pure function of it, with the name it is kept under."""

    name: str
    of: Callable[[Any], bytes]


Outcome = bytes | Failed
Compute = Callable[[Sequence[Spec], Reading], Generator[tuple[int, Outcome]]]
Run = Callable[[Any], Generator[Step[Any]]]
T = TypeVar("T")


class Job(NamedTuple):
    """One cell to be computed, or several by one name: its place among those asked for, what `run` makes a Record of,
    and the seconds that is expected to take."""

    number: int
    run: Run
    spec: Any
    seconds: float


class Workers(Protocol):
    """Others that compute: they yield what becomes of each job as JSON, in whatever order, or why there is nothing.

    `seconds` is what all of them are expected to take.
    """

    def compute(
        self, jobs: Iterable[Job], seconds: float, deadline_seconds: float
    ) -> Generator[tuple[Job, Outcome]]: ...


class OfCells(Protocol):
    """What is to be known of an experiment to compute it as a cell."""

    @property
    def result(self) -> type[Result]: ...
    @property
    def run(self) -> Run: ...
    @property
    def cost(self) -> Callable[[Any], Cost]: ...


def whole(run: Run, spec: Any) -> Any:
    """The whole Result of an experiment."""
    with closing(run(spec)) as steps:
        for step in steps:
            last = step
    return last.partial()


def here(run: Run) -> Compute:
    """Computes the cells of one experiment, one after the other, and keeps nothing."""

    def compute(specs: Sequence[Spec], reading: Reading) -> Generator[tuple[int, Outcome]]:
        for number, spec in enumerate(specs):
            yield number, reading.of(whole(run, spec))

    return compute


def as_json(found: Record) -> bytes:
    """A Result as it is kept."""
    return found.model_dump_json().encode()


class Cells:
    """Computes cells: looks each up first, runs what is not there, and keeps it where a single run of it would be."""

    def __init__(
        self,
        experiments: Mapping[str, OfCells],
        cache: Cache,
        budget: Callable[[], Budget],
        deadline_seconds: float,
        workers: Workers,
    ) -> None:
        self._experiments = experiments
        self._cache = cache
        self._budget = budget
        self._deadline_seconds = deadline_seconds
        self._workers = workers

    def __call__(self, specs: Sequence[Spec], reading: Reading) -> Generator[tuple[int, Outcome]]:
        """What is read off each of these cells, in whatever order; those already known first."""
        jobs = []
        for number, spec in enumerate(specs):
            outcome = self._known(spec, reading) or self._refused(spec)
            if outcome is None:
                experiment = self._experiments[spec.name]
                jobs.append(Job(number, experiment.run, spec, self._budget().time(experiment.cost(spec))))
            else:
                yield number, outcome
        seconds = sum(job.seconds for job in jobs)
        with closing(self._workers.compute(jobs, seconds, self._deadline_seconds)) as outcomes:
            for job, outcome in outcomes:
                yield job.number, outcome if isinstance(outcome, Failed) else self._keep(job.spec, outcome, reading)

    def _known(self, spec: Spec, reading: Reading) -> bytes | None:
        key = spec_key(spec)
        read = self._cache.get(f"{key}{reading.name}")
        if read is None and (body := self._cache.get(key)) is not None:
            read = self._keep(spec, body, reading)
        return read

    def _keep(self, spec: Spec, body: bytes, reading: Reading) -> bytes:
        """The Result under its own key, and what is read off it beside that: it stays when the other has to go."""
        key = spec_key(spec)
        read = reading.of(self._experiments[spec.name].result.model_validate_json(body))
        self._cache.put(key, body)
        self._cache.put(f"{key}{reading.name}", read)
        return read

    def _refused(self, spec: Spec) -> Failed | None:
        """Why the cell may not be computed: what it would take is beyond what one run may."""
        budget = self._budget()
        cost = self._experiments[spec.name].cost(spec)
        if budget.holds(cost):
            return None
        took = f"{budget.time(cost):.1f} s of computing and {cost.memory_bytes / 2**20:,.0f} MiB"
        allowed = f"{budget.seconds:g} s and {budget.memory_bytes / 2**20:,.0f} MiB"
        return Failed(f"too expensive: one run would take {took}, of {allowed} allowed")


def in_turn(
    jobs: Iterable[Job],
    seconds: float,  # noqa: ARG001
    deadline_seconds: float,
) -> Generator[tuple[Job, Outcome]]:
    """Here, one after the other: two threads that each compute small cells would mostly wait for the interpreter, and
    a large one shares out its own work."""
    for job in jobs:
        threads.within_block()
        yield job, attempted(job.run, job.spec, deadline_seconds, as_json)


def attempted(run: Run, spec: Any, deadline_seconds: float, read: Callable[[Any], T]) -> T | Failed:
    """What is read off one cell, or why there is nothing: the others stand. Whoever cancels it is told nothing else."""
    late = time.monotonic() + deadline_seconds

    def check() -> None:
        if time.monotonic() > late:
            raise DeadlineExceeded

    try:
        with threads.also_between_blocks(check):
            return read(whole(run, spec))
    except DeadlineExceeded:
        if time.monotonic() <= late:
            raise  # the deadline of all cells together
        return Failed(f"it took longer than the {deadline_seconds:g} s one run may")
    except (ArithmeticError, LookupError, MemoryError, RuntimeError, TypeError, ValueError):
        logger.exception("A cell failed.")
        return Failed("something went wrong with it here")
