"""The sweep: cells are computed by whoever runs it, and put together here as they come."""

from collections import defaultdict
from collections.abc import Generator
from contextlib import closing
from typing import Any

from pydantic import TypeAdapter

from ...compute.cells import Compute, Failed, Reading, here
from ...compute.rates import USUAL
from ...results import Step
from ...statistic import Measured
from .plan import Cell, cells
from .result import Axis, Followed, Line, Mark, SweepResult
from .result import Cell as MapCell
from .series import Mean, mean_of, slope_of
from .spec import SweepSpec

_READ = TypeAdapter(dict[str, Measured])

Index = tuple[int, ...]


class Found:
    """What the cells have given so far: at each place and of each series the repeats that are there, or why not."""

    def __init__(self, spec: SweepSpec) -> None:
        self.spec = spec
        self.repeats: dict[str, dict[Index, dict[int, Measured]]] = defaultdict(lambda: defaultdict(dict))
        self.problems: dict[Index, str] = {}
        self.pages: dict[Index, str] = {}

    def add(self, cell: Cell, outcome: bytes | Failed) -> None:
        index = cell.place.where
        if cell.spec and index not in self.pages:
            self.pages[index] = self.spec.cell(cell.place.at).links["page"]
        if isinstance(outcome, Failed):
            self.problems[index] = outcome.reason
            return
        for series, measured in _READ.validate_json(outcome).items():
            self.repeats[series][index][cell.repeat] = measured

    def at(self, series: str | None, index: Index) -> list[Measured]:
        """A series at a place: its repeats so far, in their order and not in that in which they came."""
        there = self.repeats[series].get(index, {}) if series in self.repeats else {}
        return [there[repeat] for repeat in sorted(there)]


def run_sweep(spec: SweepSpec, compute: Compute | None = None) -> Generator[Step[SweepResult]]:
    """Follow a statistic over one or two axes, a coarse grid first; yields after every cell.

    `compute` runs the cells, in whatever order; without it they are run here.
    """
    found, every = Found(spec), list(cells(spec))
    for cell in every:
        if cell.spec is None:
            found.add(cell, Failed(cell.problem or ""))
    runs = [(cell, cell.spec) for cell in every if cell.spec is not None]
    effort = [_effort(spec, run) for _, run in runs]
    done, total = 0, max(sum(effort), 1)
    reading = Reading(f"/{spec.statistic}", lambda result: _READ.dump_json(dict(spec.followed.read(result))))
    yield Step(0, total, lambda: _result(found))
    with closing((compute or here(spec.swept.run))([run for _, run in runs], reading)) as outcomes:
        for number, outcome in outcomes:
            found.add(runs[number][0], outcome)
            done += effort[number]
            yield Step(done, total, lambda: _result(found))


def _effort(spec: SweepSpec, run: Any) -> int:
    """What a cell takes beside others, in millionths of a second of a usual core."""
    return max(1, round(1e6 * spec.swept.cost(run).seconds(1, USUAL)))


def _result(found: Found) -> SweepResult:
    spec, followed = found.spec, found.spec.followed
    return SweepResult(
        experiment=spec.model_dump(),
        links=spec.links,
        repeats=spec.seeds,
        statistic=Followed(
            name=spec.statistic,
            label=followed.label,
            unit=followed.unit,
            log=followed.log,
            by_factors=followed.by_factors,
            level=followed.level,
        ),
        axes=[Axis(**axis._asdict()) for axis in spec.axes],
        marks=_marks(spec),
        series={name: line.label for name, line in spec.swept.lines.items()},
        lines=_lines(found) if spec.y is None else [],
        cells=_map(found) if spec.y is not None else [],
    )


def _marks(spec: SweepSpec) -> list[Mark]:
    x = spec.axes[0]
    if x.choices:
        return []
    low, high = float(x.values[0]), float(x.values[-1])
    marks = spec.swept.marks(spec.cell({}), spec.x)
    return [Mark(label=mark.label, x=mark.value) for mark in marks if low <= mark.value <= high]


def _series(found: Found) -> list[str | None]:
    """Those that were seen; where no cell has a result, those that the spec names, or one without a name."""
    return list(found.repeats) or list(found.spec.compared) or [None]


def _mean(found: Found, series: str | None, index: Index) -> Mean:
    return mean_of(found.at(series, index), found.spec.followed.by_factors)


def _known(found: Found) -> list[Index]:
    """The places of which something is known, in their order along the axes."""
    seen = set(found.problems).union(*(by_place.keys() for by_place in found.repeats.values()))
    return sorted(seen)


def _problem(found: Found, series: str | None, index: Index) -> str | None:
    if index in found.problems:
        return found.problems[index]
    return None if _mean(found, series, index).value is not None else NO_NUMBER


NO_NUMBER = "there is no such number here"


def _lines(found: Found) -> list[Line]:
    x = found.spec.axes[0]
    known = _known(found)
    fitted = x.log and found.spec.followed.log
    lines = []
    for series in _series(found):
        repeats = [found.at(series, index) for index in known]
        means = [mean_of(each, found.spec.followed.by_factors) for each in repeats]
        at = [x.values[index[0]] for index in known]
        lines.append(
            Line(
                init=series or found.spec.of,
                x=at,
                value=[mean.value for mean in means],
                low=[mean.low for mean in means],
                high=[mean.high for mean in means],
                predicted=[mean.predicted for mean in means],
                problem=[_problem(found, series, index) for index in known],
                page=[found.pages.get(index) for index in known],
                slope=slope_of([float(each) for each in at], repeats, found.spec.followed.by_factors)
                if fitted
                else None,
            )
        )
    return lines


def _map(found: Found) -> list[MapCell]:
    x, y = found.spec.axes
    return [
        MapCell(
            x=x.values[index[0]],
            y=y.values[index[1]],
            init=series,
            **_mean(found, series, index)._asdict(),
            problem=_problem(found, series, index),
            page=found.pages.get(index),
        )
        for series in _series(found)
        for index in _known(found)
    ]
