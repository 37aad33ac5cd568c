"""Cells are computed here one after the other, and some at a time in every process that no run wants."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import pytest

from app.compute import cells, spread
from app.compute.beside import Beside
from app.compute.cells import Failed, Job, Outcome, Run, as_json
from app.experiments import EXPERIMENTS, MEASURED
from app.spec import Spec
from tests.compute.runs import ends_only_here, fails
from tests.compute.test_beside import LONG, TO_BEGIN, begun, computed, computing_here, last_of, processes
from tests.compute.tools import result_of, small_spec, until
from tests.toy.run import run_toy
from tests.toy.spec import ToySpec

SOME, MANY = 40, 10**5
SECONDS = 0.01  # a job is said to take
A_WHILE = 10**6  # throws, or so


@pytest.fixture(scope="module")
def one() -> Iterator[Beside]:
    """One process."""
    with processes(1) as beside:
        yield beside


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[Spec]:
    """What is computed by this process."""
    specs: list[Spec] = []
    attempted = cells.attempted

    def noted(run: Run, spec: Spec, *others: object) -> object:
        specs.append(spec)
        return attempted(run, spec, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(spread, "attempted", noted)
    return specs


def jobs(run: Run = run_toy, count: int = SOME, throws: int = 1000) -> list[Job]:
    return [Job(number, run, ToySpec(seed=number % 1000, throws=throws), SECONDS) for number in range(count)]


def outcomes(beside: Beside, given: list[Job]) -> dict[int, Outcome]:
    found = list(beside.compute(given, SECONDS * len(given), LONG))
    assert len(found) == len(given)
    return {job.number: outcome for job, outcome in found}


def expected(given: list[Job]) -> dict[int, Outcome]:
    return {job.number: as_json(last_of(job.run(job.spec))) for job in given}


def test_both_compute_them_and_to_the_byte_what_a_single_run_gives(one: Beside, here: list[Spec]) -> None:
    given = jobs(throws=A_WHILE)
    assert outcomes(one, given) == expected(given)
    assert 0 < len(here) < SOME


@pytest.mark.parametrize("name", MEASURED)
def test_every_experiment_may_be_a_cell_there(one: Beside, name: str) -> None:
    given = [
        Job(seed, EXPERIMENTS[name].run, small_spec(name).model_copy(update={"seed": seed}), SECONDS)
        for seed in range(6)
    ]
    assert outcomes(one, given) == {job.number: as_json(result_of(job.spec)) for job in given}


def test_without_a_process_all_are_computed_here_in_their_order(here: list[Spec]) -> None:
    with processes(0) as none:
        given = jobs()
        assert [job.number for job, _ in none.compute(given, 1.0, LONG)] == list(range(SOME))
    assert len(here) == SOME


def test_what_another_process_cannot_be_asked_for_is_computed_here(one: Beside, here: list[Spec]) -> None:
    given = jobs(lambda spec: run_toy(spec))
    assert outcomes(one, given) == expected(given)
    assert len(here) == SOME


def test_one_that_fails_there_leaves_the_others_alone(one: Beside) -> None:
    given = [replace_run(job, fails) if job.number % 2 else job for job in jobs()]
    found = outcomes(one, given)
    assert all(isinstance(found[number], Failed) == bool(number % 2) for number in found)


def replace_run(job: Job, run: Run) -> Job:
    return job._replace(run=run)


def test_a_process_that_dies_costs_time_and_no_cell() -> None:
    others = begun()
    with processes(1) as beside:
        (process,) = begun() - others
        given = jobs(throws=A_WHILE)
        threading.Timer(0.05, os.kill, (process, signal.SIGKILL)).start()
        assert outcomes(beside, given) == expected(given)
        until(lambda: begun() - others - {process}, TO_BEGIN)


def test_closing_stops_the_process_too(one: Beside) -> None:
    with closing(one.compute(jobs(ends_only_here, MANY), 1.0, LONG)) as outcome:
        next(outcome)
    with computing_here(one):  # so that a run asks for the process, which is free
        assert isinstance(computed(one, partial(run_toy, ToySpec())), bytes)


def test_a_run_does_not_wait_until_all_cells_are_done(one: Beside) -> None:
    with closing(one.compute(jobs(count=MANY), 1.0, LONG)) as outcome, computing_here(one):
        next(outcome)
        assert isinstance(computed(one, partial(run_toy, ToySpec())), bytes)
