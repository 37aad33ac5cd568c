"""Each cell is computed once and kept where a single run of it is; one that fails leaves the others alone."""

import asyncio
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from app.compute.cost import TooExpensive
from app.compute.key import spec_key
from app.experiments import EXPERIMENTS
from app.experiments.experiment import by_name
from app.experiments.sweep import sweep_of
from app.experiments.sweep.result import SweepResult
from app.lab import threads
from app.results import Result, Step
from app.spec import Spec
from tests.compute.test_runner import a_runner, at_last, leave, until
from tests.compute.tools import TICK, result_of

SWEPT = "matmul"
FEW = "x=fan_in&x_from=4&x_to=16&x_steps=4&fan_out=60&bins=4&repeats=1&init=unscaled"
MANY = "x=fan_in&x_from=64&x_to=128&x_steps=30&fan_out=60000&bins=4&repeats=4&init=unscaled"


def asked(query: str) -> Spec:
    found: Spec = EXPERIMENTS["sweep"].spec.from_query(query)
    return found


def cells(query: str) -> list[Spec]:
    result = result_of(asked(query))
    assert isinstance(result, SweepResult)
    return [EXPERIMENTS[SWEPT].spec.from_query((page or "").partition("?")[2]) for page in result.lines[0].page]


class Counted:
    """Runs the real experiment, and counts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.specs: list[Spec] = []
        self._run = EXPERIMENTS[SWEPT].run
        monkeypatch.setitem(EXPERIMENTS, SWEPT, replace(EXPERIMENTS[SWEPT], run=self.run))

    def run(self, spec: Any) -> Generator[Step[Result]]:
        self.specs.append(spec)
        yield from self._run(spec)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


def test_a_cell_is_a_single_run_of_it_to_the_byte(counted: Counted) -> None:
    every = cells(FEW)

    async def scenario() -> list[bytes]:
        with a_runner() as runner:
            await runner.result(asked(FEW))
            return [await runner.result(spec) for spec in every]

    assert at_last(scenario) == [result_of(spec).model_dump_json().encode() for spec in every]
    assert len(counted.specs) == len(every) + len(every)  # in the sweep, and here


def test_a_single_run_is_a_cell_that_is_not_computed_again(counted: Counted) -> None:
    every = cells(FEW)

    async def scenario() -> bytes:
        with a_runner() as runner:
            await runner.result(every[1])
            return await runner.result(asked(FEW))

    assert at_last(scenario) == result_of(asked(FEW)).model_dump_json().encode()
    assert sorted(spec.query for spec in counted.specs) == sorted(spec.query for spec in every)


def test_another_statistic_of_the_same_cells_computes_none(counted: Counted) -> None:
    async def scenario() -> None:
        with a_runner() as runner:
            await runner.result(asked(FEW))
            await runner.result(asked(f"{FEW}&statistic=z"))

    at_last(scenario)
    assert len(counted.specs) == 4


def test_whoever_comes_back_finds_every_cell_that_was_done(counted: Counted) -> None:
    async def scenario() -> int:
        with a_runner() as runner:
            gone = asyncio.create_task(runner.result(asked(MANY)))
            await until(lambda: len(counted.specs) > 10)
            await leave(gone)
            await until(lambda: not runner.admission.aloft)
            kept = [spec for spec in counted.specs if runner.cache.has(spec_key(spec))]
            counted.specs.clear()
            await runner.result(asked(MANY))
            assert not {spec.query for spec in kept} & {spec.query for spec in counted.specs}
            return len(kept)

    assert at_last(scenario) >= 5


def test_what_is_read_off_a_cell_outlives_its_result(counted: Counted) -> None:
    """In a cache that holds few Results, but all that is read off them."""
    bodies = sum(len(result_of(spec).model_dump_json()) for spec in cells(FEW))

    async def scenario() -> None:
        with a_runner(cache_bytes=bodies // 2) as runner:
            await runner.result(asked(FEW))
            counted.specs.clear()
            runner.cache._entries.pop(spec_key(asked(FEW)))
            await runner.result(asked(FEW))

    at_last(scenario)
    assert len(counted.specs) < 4


def test_a_cell_beyond_what_one_run_may_take_is_marked_and_the_others_stand() -> None:
    query = "x=fan_out&x_from=1000&x_to=4000000&x_steps=2&bins=4&repeats=1&init=unscaled"
    one = EXPERIMENTS[SWEPT].cost(EXPERIMENTS[SWEPT].spec.from_query("fan_out=4000000"))

    async def scenario() -> bytes:
        with a_runner() as runner:
            runner.budget = replace(runner.budget, seconds=runner.budget.time(one) / 2)
            return await runner.result(asked(query))

    (line,) = SweepResult.model_validate_json(at_last(scenario)).lines
    assert [value is not None for value in line.value] == [True, False]
    assert line.problem[0] is None
    assert "too expensive" in (line.problem[1] or "")


def test_a_cell_past_its_deadline_is_marked_and_the_others_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    real = EXPERIMENTS[SWEPT].run

    def sleepy(spec: Any) -> Generator[Step[Result]]:
        while spec.fan_in == 4:
            threads.within_block()
        yield from real(spec)

    experiments = by_name(replace(EXPERIMENTS[SWEPT], run=sleepy))
    monkeypatch.setitem(EXPERIMENTS, SWEPT, experiments[SWEPT])
    monkeypatch.setitem(EXPERIMENTS, "sweep", sweep_of(experiments))

    async def scenario() -> bytes:
        with a_runner(deadline_seconds=50 * TICK) as runner:
            return await runner.result(asked(FEW))

    (line,) = SweepResult.model_validate_json(at_last(scenario)).lines
    assert "longer than" in (line.problem[0] or "")
    assert all(value is not None for value in line.value[1:])


@pytest.mark.filterwarnings("ignore")
def test_a_cell_in_which_something_goes_wrong_is_marked_and_the_others_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    real = EXPERIMENTS[SWEPT].run

    def faulty(spec: Any) -> Generator[Step[Result]]:
        if spec.fan_in == 4:
            raise ZeroDivisionError
        yield from real(spec)

    monkeypatch.setitem(EXPERIMENTS, SWEPT, replace(EXPERIMENTS[SWEPT], run=faulty))

    async def scenario() -> bytes:
        with a_runner() as runner:
            return await runner.result(asked(FEW))

    (line,) = SweepResult.model_validate_json(at_last(scenario)).lines
    assert "went wrong" in (line.problem[0] or "")
    assert all(value is not None for value in line.value[1:])


def test_cells_together_have_a_budget_of_their_own_and_a_refusal_says_what_fits() -> None:
    with a_runner(max_seconds=100, max_cells_seconds=0.5) as runner, pytest.raises(TooExpensive) as caught:
        runner.check(asked("x=gain&x_steps=60&repeats=200"))
    assert caught.value.limit["seconds"] == 0.5
    assert caught.value.fits.keys() <= {"x_steps", "repeats"}
    for size, most in caught.value.fits.items():
        assert (
            runner.budget.time(
                runner._experiments["sweep"].cost(
                    asked("x=gain&x_steps=60&repeats=200").model_copy(update={size: most})
                )
            )
            <= 0.5
        )
