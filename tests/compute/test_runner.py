"""One flight per spec, joined by whoever asks; it ends with the last who waits, the deadline, or its result."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from app.compute.cost import TooExpensive
from app.compute.flight import Busy, DeadlineExceeded
from app.compute.key import spec_key
from app.compute.runner import Runner
from app.experiments import EXPERIMENTS
from app.lab import threads
from app.settings import Settings
from app.spec import Spec
from tests.compute.tools import (
    AT_ONCE,
    PRESETS,
    TICK,
    Puppet,
    every_experiment,
    puppet_for,
    result_of,
    small_result,
    small_spec,
)

T = TypeVar("T")
MANY = 50
ANY = "matmul"


@pytest.fixture
def puppet(monkeypatch: pytest.MonkeyPatch) -> Puppet:
    return puppet_for(ANY, monkeypatch)


@contextmanager
def a_runner(**settings: float) -> Iterator[Runner]:
    before = threads.thread_count()
    runner = Runner(Settings.model_validate(settings), EXPERIMENTS)
    try:
        yield runner
    finally:
        runner.close()
        threads.use_threads(before)


def at_last(scenario: Callable[[], Awaitable[T]]) -> T:
    async def limited() -> T:
        async with asyncio.timeout(3 * AT_ONCE):
            return await scenario()

    return asyncio.run(limited())


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(AT_ONCE):
        while not condition():
            await asyncio.sleep(TICK / 2)


async def leave(*waiting: "asyncio.Task[bytes]") -> None:
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)


def a_spec(seed: int = 0) -> Spec:
    return small_spec(ANY, f"seed={seed}")


def test_equal_requests_at_the_same_time_share_one_run(puppet: Puppet) -> None:
    async def scenario() -> list[bytes]:
        with a_runner() as runner:
            asked = [asyncio.create_task(runner.result(a_spec())) for _ in range(MANY)]
            await until(lambda: puppet.began)
            puppet.go.set()
            return await asyncio.gather(*asked)

    answers = at_last(scenario)
    assert len(answers) == MANY
    assert len(set(answers)) == 1
    assert puppet.began == 1


def test_different_specs_are_different_runs(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner() as runner:
            puppet.go.set()
            await asyncio.gather(runner.result(a_spec(1)), runner.result(a_spec(2)))

    at_last(scenario)
    assert puppet.began == 2


def test_whoever_asked_first_may_leave_without_stopping_the_others(puppet: Puppet) -> None:
    async def scenario() -> list[bytes]:
        with a_runner() as runner:
            first, *others = [asyncio.create_task(runner.result(a_spec())) for _ in range(3)]
            await until(lambda: puppet.began)
            await leave(first)
            puppet.go.set()
            return await asyncio.gather(*others)

    assert len(set(at_last(scenario))) == 1
    assert (puppet.began, puppet.finished, puppet.closed) == (1, 1, 0)


def test_the_last_one_to_leave_stops_the_run(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner() as runner:
            asked = [asyncio.create_task(runner.result(a_spec())) for _ in range(3)]
            await until(lambda: puppet.began)
            await leave(*asked)
            await until(lambda: puppet.closed)

    at_last(scenario)
    assert (puppet.began, puppet.finished, puppet.closed) == (1, 0, 1)


def test_a_run_everybody_left_is_begun_anew_for_the_next(puppet: Puppet) -> None:
    async def scenario() -> bytes:
        with a_runner() as runner:
            gone = asyncio.create_task(runner.result(a_spec()))
            await until(lambda: puppet.began)
            await leave(gone)
            again = asyncio.create_task(runner.result(a_spec()))
            await until(lambda: puppet.closed)
            puppet.go.set()
            return await again

    assert at_last(scenario)
    assert (puppet.began, puppet.finished) == (2, 1)


def test_a_run_that_has_not_begun_is_never_begun_once_everybody_left(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner(at_once=1) as runner:
            running = asyncio.create_task(runner.result(a_spec(1)))
            await until(lambda: puppet.began)
            waiting = asyncio.create_task(runner.result(a_spec(2)))
            await asyncio.sleep(0)
            await leave(waiting)
            puppet.go.set()
            await running

    at_last(scenario)
    assert puppet.finished == 1


def test_beyond_its_places_it_is_busy_until_one_is_free(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner(at_once=1, waiting=1) as runner:
            running, waiting = (asyncio.create_task(runner.result(a_spec(seed))) for seed in (1, 2))
            await until(lambda: puppet.began)
            with pytest.raises(Busy):
                await runner.result(a_spec(3))
            joined = asyncio.create_task(runner.result(a_spec(1)))
            await asyncio.sleep(0)
            assert not joined.done()
            await leave(waiting)
            late = asyncio.create_task(runner.result(a_spec(3)))
            puppet.go.set()
            await asyncio.gather(running, joined, late)

    at_last(scenario)
    assert puppet.finished == 2


def test_what_is_in_the_cache_is_answered_even_when_busy(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner(at_once=1, waiting=1) as runner:
            puppet.go.set()
            known = await runner.result(a_spec(0))
            puppet.go.clear()
            taken = [asyncio.create_task(runner.result(a_spec(seed))) for seed in (1, 2)]
            await until(lambda: puppet.began == 2)
            assert await runner.result(a_spec(0)) == known
            puppet.go.set()
            await asyncio.gather(*taken)

    at_last(scenario)


def test_a_run_past_its_deadline_is_given_up_and_not_kept(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner(deadline_seconds=0.05) as runner:
            for _ in range(2):
                with pytest.raises(DeadlineExceeded):
                    await runner.result(a_spec())

    at_last(scenario)
    assert (puppet.began, puppet.finished, puppet.closed) == (2, 0, 2)


def test_a_failure_reaches_everybody_and_is_not_kept(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner() as runner:
            asked = [asyncio.create_task(runner.result(a_spec())) for _ in range(3)]
            await until(lambda: puppet.began)
            puppet.failure = ArithmeticError("once")
            puppet.go.set()
            told = await asyncio.gather(*asked, return_exceptions=True)
            assert [type(error) for error in told] == [ArithmeticError] * 3
            puppet.failure = None
            assert await runner.result(a_spec())

    at_last(scenario)
    assert (puppet.began, puppet.finished) == (2, 1)


def test_the_same_again_is_not_computed_again(puppet: Puppet) -> None:
    async def scenario() -> tuple[bytes, bytes]:
        with a_runner() as runner:
            puppet.go.set()
            return await runner.result(a_spec()), await runner.result(a_spec())

    first, second = at_last(scenario)
    assert first == second
    assert puppet.began == 1


def test_without_a_cache_the_same_again_is_computed_again(puppet: Puppet) -> None:
    async def scenario() -> tuple[bytes, bytes]:
        with a_runner(cache_bytes=0) as runner:
            puppet.go.set()
            return await runner.result(a_spec()), await runner.result(a_spec())

    first, second = at_last(scenario)
    assert first == second
    assert puppet.began == 2


def test_what_is_derived_from_a_result_at_hand_computes_nothing_even_without_a_cache(puppet: Puppet) -> None:
    async def scenario() -> bytes:
        with a_runner(cache_bytes=0) as runner:
            puppet.go.set()
            result = await runner.result(a_spec())
            return await runner.derived(a_spec(), "/name", lambda record: type(record).__name__.encode(), "", result)

    assert at_last(scenario) == b"MatmulResult"
    assert puppet.began == 1


def test_what_is_derived_from_a_result_is_derived_once(puppet: Puppet) -> None:
    derived: list[str] = []

    def derive(result: object) -> bytes:
        derived.append(type(result).__name__)
        return b"derived"

    async def scenario() -> list[bytes]:
        with a_runner() as runner:
            puppet.go.set()
            return [await runner.derived(a_spec(), "name", derive) for _ in range(2)]

    assert at_last(scenario) == [b"derived"] * 2
    assert derived == [EXPERIMENTS[ANY].result.__name__]
    assert puppet.began == 1


def test_right_after_a_run_what_is_derived_is_derived_from_its_own_record(puppet: Puppet) -> None:
    derived: list[object] = []

    def derive(result: object) -> bytes:
        derived.append(result)
        return b"derived"

    async def scenario() -> None:
        with a_runner() as runner:
            puppet.go.set()
            await runner.result(a_spec())
            for seed in (0, 1, 2, 0):
                await runner.derived(a_spec(seed), f"after {len(derived)}", derive)

    at_last(scenario)
    own = small_result(ANY)
    assert [result is own for result in derived] == [True, True, True, False]  # the first had to go
    assert derived[-1] == own


@every_experiment
def test_beyond_the_budget_nothing_is_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    puppet = puppet_for(name, monkeypatch)

    async def scenario() -> None:
        with a_runner(max_seconds=1e-9, max_cells_seconds=1e-9) as runner:
            with pytest.raises(TooExpensive):
                runner.check(small_spec(name))
            with pytest.raises(TooExpensive):
                await runner.result(small_spec(name))

    at_last(scenario)
    assert puppet.began == 0


def test_a_watcher_sees_progress_until_the_end(puppet: Puppet) -> None:
    async def scenario() -> list[tuple[int, int]]:
        with a_runner() as runner:
            seen = []
            async with runner.join(a_spec()) as flight:
                async for update in flight.updates():
                    if not update.waits_for:
                        seen.append((update.done, update.total))
                        puppet.go.set()
                await flight.outcome
            return seen

    seen = at_last(scenario)
    assert seen[0] == (1, 2)
    assert seen == sorted(seen)


def test_closing_stops_what_is_running(puppet: Puppet) -> None:
    async def scenario() -> None:
        runner = Runner(Settings(), EXPERIMENTS)
        asked = asyncio.create_task(runner.result(a_spec()))
        await until(lambda: puppet.began)
        runner.close()
        assert puppet.closed == 1
        await leave(asked)

    at_last(scenario)


@every_experiment
def test_a_result_does_not_depend_on_what_else_is_running(name: str) -> None:
    specs = [small_spec(preset, query) for preset, query in PRESETS if preset == name][:8]
    alone = [result_of(spec).model_dump_json().encode() for spec in specs]

    async def scenario() -> list[bytes]:
        with a_runner(at_once=8, waiting=len(specs), threads=3) as runner:
            return await asyncio.gather(*(runner.result(spec) for spec in specs))

    assert at_last(scenario) == alone


@every_experiment
def test_a_key_names_one_experiment_however_it_was_written(name: str) -> None:
    model = EXPERIMENTS[name].spec
    field, default = next((key, f.default) for key, f in model.model_fields.items() if isinstance(f.default, float))
    assert spec_key(model.parse({field: default})) == spec_key(model())
    assert spec_key(model.from_query(f"{field}={default:.3f}")) == spec_key(model())
    keys = {spec_key(small_spec(preset, query)) for preset, query in PRESETS}
    assert len(keys) == len({(preset, small_spec(preset, query).query) for preset, query in PRESETS})
