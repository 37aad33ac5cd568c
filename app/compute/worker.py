"""What a worker of a cluster does: it computes cells as they would be here, to the byte, and stops when told to."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..lab import threads
from ..lab.device import device
from ..lab.kernels import compiling
from .cells import Outcome, Run, as_json, attempted
from .flight import Cancelled
from .key import ENGINE


class Cell(NamedTuple):
    """One cell, as it travels."""

    run: Run
    spec: Any


class OtherVersion(Exception):
    """This worker would compute other numbers than whoever asks."""


def engine_here() -> str:
    """What computes here."""
    return f"{ENGINE} {device()}"


def compute_cells(engine: str, cells: Sequence[Cell], deadline_seconds: float) -> list[Outcome]:
    """What becomes of some cells as JSON, one after the other, on the one thread that a task has.

    Raises OtherVersion where this is not the engine that was asked for, and Cancelled where the task was taken back.
    """
    if engine != engine_here():
        raise OtherVersion(engine_here())
    threads.use_threads(1)
    threads.prepare()
    compiling.prepare()
    with threads.computing(_check_wanted()):
        return [attempted(cell.run, cell.spec, deadline_seconds, as_json) for cell in cells]


def _check_wanted() -> Callable[[], None]:
    """Looks at what this worker has been told of the task: no message has to travel for that."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def check() -> None:
        task = worker.state.tasks.get(key)
        if task is None or task.state not in ("executing", "long-running"):
            raise Cancelled

    return check
