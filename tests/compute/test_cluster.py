"""Cells on a Dask cluster: the bytes they have here, whatever becomes of workers and scheduler; and who is refused."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from distributed import Client
from pydantic import ValidationError

from app.compute.cluster import Away
from app.compute.flight import Flight
from app.compute.runner import Runner
from app.experiments import EXPERIMENTS
from app.lab import threads
from app.main import create_app
from app.settings import Settings
from app.spec import Spec
from tests.compute.clusters import Loopback, another_version, ended, loopback
from tests.compute.tools import result_of, until
from tests.conftest import TO_STOP
from tests.web.tools import serving_here

T = TypeVar("T")
SWEEP = "sweep"
FEW = "of=stack&x=gain&x_from=0.5&x_to=2&x_steps=6&depth=6&width=32&batch=8&bins=4&init=1/sqrt(D)&repeats=3"
LONG = "x=fan_in&x_from=64&x_to=128&x_steps=6&fan_out=3000000&repeats=2&init=unscaled"  # a second or so a cell
HEAVY = "x=gain&x_from=1&x_to=2&x_steps=2&fan_in=1000&fan_out=15000000&repeats=1&init=unscaled"  # 15 s a cell, or more


def asked(query: str) -> Spec:
    found: Spec = EXPERIMENTS[SWEEP].spec.from_query(query)
    return found


def here(query: str) -> bytes:
    return result_of(asked(query)).model_dump_json().encode()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Loopback]:
    with loopback() as there:
        there.schedule()
        for _ in range(2):
            there.work()
        there.wait_for(2)
        yield there


@contextmanager
def a_runner(address: str) -> Iterator[Runner]:
    before = threads.thread_count()
    runner = Runner(Settings(scheduler=address, cache_bytes=0), EXPERIMENTS)
    try:
        yield runner
    finally:
        runner.close()
        threads.use_threads(before)


def at_last(scenario: Callable[[], Awaitable[T]]) -> T:
    async def limited() -> T:
        async with asyncio.timeout(4 * TO_STOP):
            return await scenario()

    return asyncio.run(limited())


def connected(runner: Runner) -> Runner:
    assert runner.cluster is not None
    there = runner.cluster
    until(lambda: there.up, TO_STOP)
    return runner


async def under_way(flight: Flight) -> None:
    """Until the first cells are there."""
    async for update in flight.updates():
        if update.done > 0:
            return


def test_every_byte_is_as_computed_here(cluster: Loopback) -> None:
    with a_runner(cluster.address) as runner:
        there = at_last(lambda: connected(runner).result(asked(FEW)))
    assert there == here(FEW)


def test_a_worker_killed_in_the_midst_of_it_costs_no_cell(cluster: Loopback) -> None:
    lost = cluster.work()
    cluster.wait_for(3)

    async def scenario() -> bytes:
        with a_runner(cluster.address) as runner:
            async with connected(runner).join(asked(LONG)) as flight:
                await under_way(flight)
                await asyncio.to_thread(ended, lost)
                return await asyncio.shield(flight.outcome)

    there = at_last(scenario)
    cluster.wait_for(2)
    assert there == here(LONG)


def test_whoever_cancels_frees_the_workers_long_before_their_cells_are_done(cluster: Loopback) -> None:
    async def scenario() -> None:
        with a_runner(cluster.address) as runner:
            async with connected(runner).join(asked(HEAVY)):
                await asyncio.to_thread(until, lambda: processing(cluster) > 0, TO_STOP)
            await asyncio.to_thread(until, lambda: processing(cluster) == 0)
            assert await runner.result(asked(FEW)) == here(FEW)

    at_last(scenario)


def processing(cluster: Loopback) -> int:
    """Tasks that are with a worker."""
    with Client(cluster.address, set_as_default=False) as client:
        return sum(map(len, client.processing().values()))


def test_a_worker_of_another_version_computes_nothing(
    cluster: Loopback, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = cluster.work(another_version(tmp_path))
    cluster.wait_for(3)
    with caplog.at_level(logging.WARNING, "initscope"), a_runner(cluster.address) as runner:
        there = at_last(lambda: connected(runner).result(asked(FEW)))
    ended(other)
    cluster.wait_for(2)
    assert there == here(FEW)
    assert "1 workers run another version" in caplog.text


def test_where_all_workers_are_of_another_version_nothing_is_computed(tmp_path: Path) -> None:
    with loopback() as strangers:
        strangers.schedule()
        strangers.work(another_version(tmp_path))
        strangers.wait_for(1)
        with a_runner(strangers.address) as runner, pytest.raises(Away, match="runs this version"):
            at_last(lambda: connected(runner).result(asked(FEW)))


def test_a_scheduler_that_is_away_is_said_and_comes_back_by_itself() -> None:
    with loopback() as there, serving_here(create_app(Settings(scheduler=there.address, cache_bytes=0))) as client:
        refused = client.get(f"/api/{SWEEP}?{FEW}")
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert refused.json()["type"].endswith("#away")
        assert there.address in refused.json()["detail"]
        assert client.get("/readyz").text == "scheduler away\n"
        assert client.get("/api/stack?depth=2&width=8&batch=2").status_code == 200

        scheduler = there.schedule()
        there.work()
        there.wait_for(1)
        until(lambda: client.get("/readyz").status_code == 200, TO_STOP)
        assert client.get(f"/api/{SWEEP}?{FEW}", timeout=TO_STOP).content == here(FEW)

        with client.stream("GET", f"/api/{SWEEP}/stream?{LONG}", timeout=TO_STOP) as stream:
            lines = stream.iter_lines()
            assert any(_has_begun(line) for line in lines)
            ended(scheduler)
            said = [line for line in lines if line.startswith("data: ")][-1]
        assert json.loads(said.removeprefix("data: "))["status"] == 503
        assert client.get("/readyz").text == "scheduler away\n"
        assert client.get("/api/stack?depth=2&width=8&batch=2&seed=1").status_code == 200

        there.schedule()
        there.work()
        there.wait_for(1)
        until(lambda: client.get("/readyz").status_code == 200, TO_STOP)
        assert client.get(f"/api/{SWEEP}?{FEW}&seed=2", timeout=TO_STOP).content == here(f"{FEW}&seed=2")


def _has_begun(line: str) -> bool:
    return line.startswith("data: {") and json.loads(line.removeprefix("data: ")).get("done", 0) > 0


@pytest.mark.parametrize("address", ["10.0.0.7:8786", "http://10.0.0.7:8786", "tcp://10.0.0.7"])
def test_what_is_no_address_of_a_scheduler_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        Settings(scheduler=address)
