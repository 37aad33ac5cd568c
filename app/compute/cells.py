"""Cells: the experiments that a larger one is made of. Each is computed once, and kept under its own key."""

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, NamedTuple

from ..lab.threads import in_order
from ..results import Result, Step
from ..spec import Spec


class Failed(NamedTuple):
    """A cell that has no result, and why."""

    reason: str


class Reading(NamedTuple):
    """What is wanted of each cell's Result: a pure function of it, with the name it is kept under."""

    name: str
    of: Callable[[Any], bytes]


Outcome = bytes | Failed
Compute = Callable[[Sequence[Spec], Reading], Iterator[tuple[int, Outcome]]]
Run = Callable[[Any], Generator[Step[Result]]]


def whole(run: Run, spec: Spec) -> Result:
    """The whole Result of an experiment."""
    for step in run(spec):
        last = step
    return last.partial()


def here(run: Run) -> Compute:
    """Computes the cells of one experiment on the threads of this process, and keeps nothing."""

    def compute(specs: Sequence[Spec], reading: Reading) -> Iterator[tuple[int, Outcome]]:
        yield from enumerate(in_order(lambda spec: reading.of(whole(run, spec)), specs))

    return compute
