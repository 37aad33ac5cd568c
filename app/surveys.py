"""A sweep of any size: what its cells give is written to a file as it comes, and none of it is kept in memory.

A job is a stretch of cells, in the order of their numbers: the last axis runs fastest, and repeats within it. It goes
out as a query and two numbers, and comes back as rows of the table.
"""

import csv
import io
import json
import logging
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from itertools import islice
from math import prod
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from .compute.cells import Failed, Job, attempted, in_turn
from .compute.cluster import CONNECT_SECONDS, Cluster
from .compute.key import ENGINE
from .compute.rates import USUAL
from .experiments import EXPERIMENTS
from .fields import SpecError
from .lab import threads
from .lab.kernels import compiling
from .results import Record, Step
from .statistic import Measured

STRETCH_SECONDS = 0.1  # of computing in a job: soon done, and worth a look at the file
MOST_CELLS = 256  # in a job
DEADLINE_SECONDS = 3600.0  # of a job
PATIENCE_SECONDS = 10 * CONNECT_SECONDS
WHOLE = b"#\n"  # after what was written at once: rows that nothing follows are not all there
OF_CELLS = next(experiment for experiment in EXPERIMENTS.values() if experiment.of_cells)

logger = logging.getLogger("initscope")


class Survey(NamedTuple):
    """The query of a sweep, and how many values each of its axes has instead of those a page may show."""

    query: str
    x_steps: int | None
    y_steps: int | None


class Stretch(NamedTuple):
    """Some cells of a survey, from one number to before another."""

    survey: Survey
    start: int
    stop: int


class Rows(Record):
    """What some cells gave, as lines of the table."""

    text: str


class Grid:
    """The cells of a survey, by their numbers."""

    def __init__(self, survey: Survey) -> None:
        steps = {"x_steps": survey.x_steps, "y_steps": survey.y_steps}
        given = {name: count for name, count in steps.items() if count is not None}
        self.spec = OF_CELLS.spec.from_query(survey.query).model_copy(update=given)
        self.axes = self.spec.axes
        self.swept = self.spec.swept
        self.columns = ["cell", "init", *(axis.field for axis in self.axes), "repeat", *Measured._fields, "problem"]

    def __len__(self) -> int:
        return prod(len(axis.values) for axis in self.axes) * int(self.spec.seeds)

    def at(self, number: int) -> tuple[dict[str, Any], int]:
        """The fields that run, with their values in this cell, and which repeat it is."""
        place, repeat = divmod(number, self.spec.seeds)
        values = []
        for axis in reversed(self.axes):
            place, index = divmod(place, len(axis.values))
            values.append((axis.field, axis.values[index]))
        return dict(reversed(values)), repeat

    def seconds(self, number: int) -> float:
        """What a cell will take on one thread of a usual core; one that cannot be is counted as if it could."""
        one = self.spec.cell({}).model_copy(update=self.at(number)[0])
        return float(self.swept.cost(one).seconds(1, USUAL))

    def rows(self, number: int) -> Iterator[list[Any]]:
        """Of each series in this cell, or one that says why there is none."""
        at, repeat = self.at(number)
        where = [*at.values(), repeat]
        nothing = [None] * len(Measured._fields)
        try:
            cell = self.spec.cell(at, repeat)
        except SpecError as error:
            yield [number, None, *where, *nothing, "; ".join(f"{field} {said}" for field, said in error.errors)]
            return
        found = attempted(self.swept.run, cell, DEADLINE_SECONDS, self.spec.followed.read)
        if isinstance(found, Failed):
            yield [number, None, *where, *nothing, found.reason]
        else:
            yield from ([number, series, *where, *measured, None] for series, measured in found.items())


grid = lru_cache(maxsize=4)(Grid)


def run_stretch(stretch: Stretch) -> Generator[Step[Rows]]:
    """Compute the cells of a stretch, one after the other."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for number in range(stretch.start, stretch.stop):
        writer.writerows(grid(stretch.survey).rows(number))
        yield Step(number + 1 - stretch.start, stretch.stop - stretch.start, lambda: Rows(text=out.getvalue()))


def survey(
    path: str | PathLike[str],
    *,
    scheduler: str | None = None,
    x_steps: int | None = None,
    y_steps: int | None = None,
    **fields: Any,
) -> int:
    """Compute a sweep, its fields named as in the API, and append every cell to a CSV file as it comes.

    Cells come in any order and each says its number; those that are in the file already are not computed again, so a
    survey that was broken off is taken up by the same call. `scheduler` is the address of a Dask cluster; without one
    this process computes. `pandas.read_csv(path, comment="#")` reads it.

    Returns how many cells are missing still: those that a cluster gave up, which another call tries again.

    Raises SpecError, which names each field that is wrong and what it takes; ValueError if the file holds another
    survey, or one of another version; Away if the scheduler or its last worker goes.
    """
    for name, count in (("x_steps", x_steps), ("y_steps", y_steps)):
        if count is not None and count < 2:
            raise SpecError([(name, "must be at least 2")])
    asked = Survey(OF_CELLS.spec.parse(fields).query, x_steps, y_steps)
    cells = grid(asked)
    if y_steps is not None and len(cells.axes) < 2:
        raise SpecError([("y_steps", "needs y, the field that runs along it")])
    file = Path(path)
    done = _begun(file, asked)
    compiling.prepare()
    with threads.torch_kept(), _workers(scheduler) as compute, file.open("a", newline="") as out:
        seconds = sum(job.seconds for job in _jobs(asked, done))
        with closing(compute(_jobs(asked, done), seconds, DEADLINE_SECONDS)) as outcomes:
            for job, outcome in outcomes:
                if isinstance(outcome, Failed):
                    logger.warning("Cells %d to %d: %s.", job.spec.start, job.spec.stop - 1, outcome.reason)
                    continue
                out.write(Rows.model_validate_json(outcome).text + WHOLE.decode())
                out.flush()
                done[job.spec.start : job.spec.stop] = b"\1" * (job.spec.stop - job.spec.start)
    return done.count(0)


def _jobs(asked: Survey, done: bytes | bytearray) -> Iterator[Job]:
    """What is missing, in stretches of about as much work as one another."""
    cells, begun = grid(asked), bytes(done)
    start = begun.find(0)
    while start >= 0:
        one = cells.seconds(start)
        most = start + max(1, min(MOST_CELLS, int(STRETCH_SECONDS / one)))
        known = begun.find(1, start, most)
        stop = min(most, len(begun)) if known < 0 else known
        yield Job(start, run_stretch, Stretch(asked, start, stop), one * (stop - start))
        start = begun.find(0, stop)


def _begun(file: Path, asked: Survey) -> bytearray:
    """Which cells are in the file; it is made where there is none, and what was half written is cut off."""
    cells = grid(asked)
    done = bytearray(len(cells))
    first = f"# {json.dumps({'engine': ENGINE, **asked._asdict()})}\n"
    head = f"{first}{','.join(cells.columns)}\n".encode()
    if not file.exists() or not file.stat().st_size:
        file.write_bytes(head)
        return done
    with file.open("rb+") as found:
        if b"".join(islice(found, 2)) != head:
            raise ValueError(f"{file} holds another survey, or one of another version: give another file")
        at = kept = len(head)
        numbers: set[bytes] = set()
        for line in found:
            at += len(line)
            if line != WHOLE:
                numbers.add(line.partition(b",")[0])
                continue
            for number in numbers:
                done[int(number)] = 1
            numbers, kept = set(), at
        found.truncate(kept)
    return done


@contextmanager
def _workers(scheduler: str | None) -> Iterator[Any]:
    if scheduler is None:
        yield in_turn
        return
    cluster = Cluster(scheduler)
    try:
        late = time.monotonic() + PATIENCE_SECONDS
        while not cluster.up and time.monotonic() < late:
            time.sleep(0.05)
        yield cluster.compute
    finally:
        cluster.close()
