"""Who may begin an experiment, who has to wait, and what becomes of runs when the server has to go."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from dataclasses import replace

import pytest

from app.compute import aside, computation
from app.compute.flight import Busy, Cancelled, DeadlineExceeded, TooMany
from app.compute.line import Line
from app.compute.runner import Runner
from app.experiments import EXPERIMENTS
from app.lab import threads
from app.results import Record, Step
from app.spec import Spec
from tests.compute.test_runner import a_runner, a_spec, at_last, leave, until
from tests.compute.tools import AT_ONCE, TICK, Puppet, puppet_for, small_result, small_spec

ANY = "matmul"
HOUR = 3600.0


@pytest.fixture
def puppet(monkeypatch: pytest.MonkeyPatch) -> Puppet:
    return puppet_for(ANY, monkeypatch)


def asked(runner: Runner, seed: int, client: str = "") -> "asyncio.Task[bytes]":
    return asyncio.create_task(runner.result(a_spec(seed), client))


def counted(runner: Runner, name: str, **labels: str) -> float:
    """The value of a metric as Prometheus would read it."""
    wanted = "".join(f'{key}="{value}"' for key, value in labels.items())
    pattern = rf"^initscope_{name}(?:{{{wanted}}})? (\S+)$"
    found = re.search(pattern, runner.metrics.text().decode(), re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_a_client_has_only_so_many_in_flight_and_the_others_none_the_less(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner(per_client=2, at_once=8) as runner:
            mine = [asked(runner, seed, "me") for seed in (1, 2)]
            await until(lambda: puppet.began == 2)
            with pytest.raises(TooMany):
                await runner.result(a_spec(3), "me")
            with pytest.raises(TooMany):
                runner.admit(a_spec(3), "me")
            joined, other = asked(runner, 1, "me"), asked(runner, 3, "you")
            await until(lambda: puppet.began == 3)
            await leave(mine[1])
            late = asked(runner, 4, "me")
            await until(lambda: puppet.began == 4)
            puppet.go.set()
            await asyncio.gather(mine[0], joined, other, late)
            assert counted(runner, "rejected_total", reason="client") == 2

    at_last(scenario)


def test_what_a_client_has_cached_does_not_count(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner(per_client=1) as runner:
            puppet.go.set()
            await runner.result(a_spec(1), "me")
            puppet.go.clear()
            running = asked(runner, 2, "me")
            await until(lambda: puppet.began == 2)
            runner.admit(a_spec(1), "me")
            assert await runner.result(a_spec(1), "me")
            puppet.go.set()
            await running

    at_last(scenario)


def test_whoever_would_wait_too_long_is_told_how_long(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner(at_once=1, waiting=1000, wait_seconds=1e-9) as runner:
            running = asked(runner, 1)
            await until(lambda: puppet.began)
            with pytest.raises(Busy) as caught:
                await runner.result(a_spec(2))
            assert caught.value.retry_after >= 1
            puppet.go.set()
            await running
            assert await runner.result(a_spec(2))

    at_last(scenario)


def test_a_free_place_is_taken_whatever_the_others_take(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner(at_once=2, wait_seconds=1e-9) as runner:
            both = [asked(runner, seed) for seed in (1, 2)]
            await until(lambda: puppet.began == 2)
            puppet.go.set()
            await asyncio.gather(*both)

    at_last(scenario)


def test_a_cancelled_run_has_its_place_until_it_has_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, proceed = threading.Event(), threading.Event()

    def deaf(_: Spec) -> Generator[Step[Record]]:
        begun.set()
        assert proceed.wait(AT_ONCE)
        yield Step(1, 1, lambda: small_result(ANY))

    monkeypatch.setitem(EXPERIMENTS, ANY, replace(EXPERIMENTS[ANY], run=deaf))

    async def scenario() -> None:
        with a_runner(at_once=1, waiting=1) as runner:
            gone = asked(runner, 1, "me")
            await until(begun.is_set)
            await leave(gone)
            assert counted(runner, "running") == 1
            waiting = asked(runner, 2, "me")
            await asyncio.sleep(0)
            with pytest.raises(Busy):
                await runner.result(a_spec(3))
            proceed.set()
            assert await waiting
            assert counted(runner, "running") == 0

    at_last(scenario)


def test_parts_of_a_result_are_made_only_while_nobody_waits_for_the_run_to_end(
    puppet: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would wait the longer for it."""
    monkeypatch.setitem(EXPERIMENTS, ANY, replace(EXPERIMENTS[ANY], partial_seconds=0.0))

    async def scenario() -> None:
        with a_runner(at_once=1) as runner:
            running = asked(runner, 1)
            await until(lambda: puppet.parts > 2)
            waiting = asked(runner, 2)
            await until(lambda: counted(runner, "waiting"))
            await asyncio.sleep(2 * TICK)  # the step that was under way
            before = puppet.parts
            await asyncio.sleep(20 * TICK)
            assert puppet.parts == before
            await leave(waiting)
            await until(lambda: puppet.parts > before)
            puppet.go.set()
            await running

    at_last(scenario)


def test_who_waits_for_cells_does_not_wait_for_a_run_beside_them(
    puppet: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = puppet_for("sweep", monkeypatch)
    monkeypatch.setitem(EXPERIMENTS, ANY, replace(EXPERIMENTS[ANY], partial_seconds=0.0))

    async def scenario() -> None:
        with a_runner() as runner:
            sweeps = [asyncio.create_task(runner.result(small_spec("sweep", f"seed={seed}"))) for seed in (1, 2)]
            await until(lambda: cells.began == 1)
            assert counted(runner, "waiting") == 1
            running = asked(runner, 1)
            await until(lambda: puppet.parts > 2)
            for each in (cells, puppet):
                each.go.set()
            await asyncio.gather(running, *sweeps)

    at_last(scenario)


@pytest.fixture
def in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run has had its turn as soon as it has begun, and is not half done before it ends."""
    monkeypatch.setattr(computation, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(computation, "MOST", 1.0)


@pytest.mark.usefixtures("in_turns")
def test_everybody_is_begun_before_anybody_goes_on(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner(at_once=1) as runner:
            running = [asked(runner, seed) for seed in range(4)]
            await until(lambda: puppet.began == 4)
            assert counted(runner, "aside") == 3
            assert counted(runner, "running") == 1
            assert puppet.closed == puppet.finished == 0
            puppet.go.set()
            assert len(await asyncio.gather(*running)) == 4
            assert counted(runner, "aside") == 0

    at_last(scenario)
    assert (puppet.began, puppet.finished) == (4, 4)


@pytest.mark.usefixtures("in_turns")
def test_what_has_made_way_does_not_keep_its_client_from_beginning_another(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner(at_once=1, per_client=1) as runner:
            mine = asked(runner, 1, "me")
            await until(lambda: puppet.began == 1)
            other = asked(runner, 2, "you")
            await until(lambda: puppet.began == 2)
            too = asked(runner, 3, "me")
            await until(lambda: puppet.began == 3)
            puppet.go.set()
            await asyncio.gather(mine, other, too)

    at_last(scenario)


@pytest.mark.usefixtures("in_turns")
def test_nothing_makes_way_where_there_is_no_memory_to_keep_it(puppet: Puppet) -> None:
    async def scenario() -> None:
        memory = EXPERIMENTS[ANY].cost(a_spec()).memory_bytes
        with a_runner(at_once=1, max_memory_bytes=2 * memory + 1) as runner:
            running = [asked(runner, seed) for seed in range(4)]
            await until(lambda: puppet.began == 3)
            await asyncio.sleep(20 * TICK)
            assert puppet.began == 3
            puppet.go.set()
            await asyncio.gather(*running)

    at_last(scenario)


@pytest.mark.usefixtures("in_turns")
def test_whoever_leaves_what_has_made_way_ends_it(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner(at_once=1) as runner:
            gone, running = asked(runner, 1), asked(runner, 2)
            await until(lambda: puppet.began == 2)
            await until(lambda: counted(runner, "aside") == 1)
            await leave(gone)
            await until(lambda: puppet.closed == 1)
            assert counted(runner, "aside") == 0
            assert counted(runner, "ended_total", outcome="cancelled") == 1
            puppet.go.set()
            await running

    at_last(scenario)


@pytest.mark.usefixtures("in_turns")
def test_nothing_makes_way_for_who_could_not_begin_then(puppet: Puppet) -> None:
    """Whose own runs are as many as they may be, in other places."""

    async def scenario() -> None:
        with a_runner(at_once=2, per_client=1) as runner:
            mine, yours = asked(runner, 1, "me"), asked(runner, 2, "you")
            await until(lambda: puppet.began == 2)
            line = runner.turn(a_spec(3), "you")
            assert await anext(line) == 0
            made_way: set[str] = set()
            for _ in range(30):
                await asyncio.sleep(TICK)
                made_way |= {
                    client for flight in runner.admission.aloft if flight.made_way for client in flight.clients
                }
            assert made_way == {"you"}
            puppet.go.set()
            await asyncio.gather(mine, yours)

    at_last(scenario)


@pytest.mark.usefixtures("in_turns")
def test_a_place_that_nobody_takes_is_taken_by_what_made_way(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner(at_once=1, per_client=1) as runner:
            running = asked(runner, 1, "me")
            await until(lambda: puppet.began == 1)
            line = runner.turn(a_spec(2), "me")
            assert await anext(line) == 0  # and they never come
            await until(lambda: counted(runner, "aside") == 1)
            await until(lambda: counted(runner, "running") == 1)
            puppet.go.set()
            await running

    at_last(scenario)


@pytest.mark.usefixtures("in_turns")
def test_what_has_waited_long_comes_before_others(puppet: Puppet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or it might wait for ever: somebody always comes."""
    monkeypatch.setattr(aside, "LATE_SECONDS", 0.0)

    async def scenario() -> None:
        with a_runner(at_once=1) as runner:
            first = asked(runner, 1)
            await until(lambda: puppet.began == 1)
            for seed in range(2, 9):
                asked(runner, seed)
            await until(lambda: puppet.began == 8)
            puppet.go.set()
            await first

    at_last(scenario)


@pytest.mark.usefixtures("in_turns")
def test_draining_ends_what_has_made_way_too(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner(at_once=1) as runner:
            running = [asked(runner, seed) for seed in (1, 2)]
            await until(lambda: counted(runner, "aside") == 1)
            await runner.drain(0.05)
            for one in running:
                with pytest.raises(Busy):
                    await one

    at_last(scenario)
    assert (puppet.finished, puppet.closed) == (0, 2)


def test_those_in_line_look_whether_they_may_go_only_when_something_has_changed() -> None:
    line, looks = Line(longest=2), 0

    def may_go(_: bool) -> bool:
        nonlocal looks
        looks += 1
        return looks > 2

    async def scenario() -> list[int]:
        told = asyncio.create_task(_all(line.turn("me", may_go)))
        await asyncio.sleep(20 * TICK)
        assert looks == 1
        for _ in range(2):
            line.move()
            await asyncio.sleep(TICK)
        return await told

    assert at_last(scenario) == [0]
    assert looks == 3
    assert not line.anyone


async def _all(numbers: AsyncIterator[int]) -> list[int]:
    return [number async for number in numbers]


def test_draining_begins_nothing_and_lets_what_runs_end(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner() as runner:
            running = asked(runner, 1)
            await until(lambda: puppet.began)
            assert await runner.ready()
            going = asyncio.create_task(runner.drain(HOUR))
            await until(lambda: runner.admission.draining)
            assert not await runner.ready()
            with pytest.raises(Busy):
                await runner.result(a_spec(2))
            puppet.go.set()
            await going
            assert await running

    at_last(scenario)
    assert puppet.finished == 1


def test_draining_cancels_what_does_not_end_in_time(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner() as runner:
            running = asked(runner, 1)
            await until(lambda: puppet.began)
            await runner.drain(0.05)
            with pytest.raises(Busy):
                await running

    at_last(scenario)
    assert (puppet.finished, puppet.closed) == (0, 1)


def test_metrics_count_how_runs_ended_and_what_the_cache_knew(puppet: Puppet) -> None:
    async def scenario() -> None:
        with a_runner(at_once=1) as runner:
            running, waiting = asked(runner, 1), asked(runner, 2)
            await until(lambda: puppet.began)
            assert counted(runner, "running") == counted(runner, "waiting") == 1
            assert counted(runner, "waiting_seconds") > 0
            await leave(waiting)
            puppet.go.set()
            await running
            await runner.result(a_spec(1))
            await until(lambda: counted(runner, "ended_total", outcome="cancelled"))
            assert counted(runner, "ended_total", outcome="done") == 1
            assert counted(runner, "cache_total", outcome="hit") == 1
            assert counted(runner, "cache_total", outcome="miss") == 2
            assert counted(runner, "running") == counted(runner, "waiting") == 0

    at_last(scenario)


class Blocks:
    """An experiment of one step, whose blocks go on until somebody stops them between two."""

    def __init__(self) -> None:
        self.handed_out = 0
        self.enough = threading.Event()

    def run(self, _: Spec) -> Generator[Step[Record]]:
        def endless() -> Generator[int]:
            while not self.enough.wait(0.001):
                self.handed_out += 1
                yield self.handed_out

        for _block in threads.in_order(lambda item: item, endless()):
            pass
        yield Step(1, 1, lambda: small_result(ANY))


def blocks_instead(monkeypatch: pytest.MonkeyPatch) -> Blocks:
    blocks = Blocks()
    monkeypatch.setitem(EXPERIMENTS, ANY, replace(EXPERIMENTS[ANY], run=blocks.run))
    return blocks


def ended(blocks: Blocks, scenario: Callable[[], Awaitable[None]]) -> None:
    try:
        at_last(scenario)
    finally:
        blocks.enough.set()


def test_a_run_stops_between_two_blocks_of_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = blocks_instead(monkeypatch)

    async def scenario() -> None:
        with a_runner() as runner:
            running = asked(runner, 1)
            await until(lambda: blocks.handed_out)
            await leave(running)
            await until(lambda: counted(runner, "ended_total", outcome="cancelled"))

    ended(blocks, scenario)


def test_a_deadline_ends_a_run_between_two_blocks_of_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = blocks_instead(monkeypatch)

    async def scenario() -> None:
        with a_runner(deadline_seconds=0.05) as runner:
            with pytest.raises(DeadlineExceeded):
                await runner.result(small_spec(ANY))
            assert counted(runner, "ended_total", outcome="deadline") == 1

    ended(blocks, scenario)


def test_a_check_between_blocks_is_the_threads_own() -> None:
    def stop() -> None:
        raise Cancelled

    def elsewhere() -> list[int]:
        return list(threads.in_order(lambda item: item, range(3)))

    found: list[list[int]] = []
    with threads.computing(stop):
        with pytest.raises(Cancelled):
            elsewhere()
        other = threading.Thread(target=lambda: found.append(elsewhere()))
        other.start()
        other.join(AT_ONCE)
    assert found == [elsewhere()] == [[0, 1, 2]]
