"""Saturated by many clients, it still answers whoever asks whether it lives, and refuses at once."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx
import pytest

from tests.conftest import Served, serving
from tests.soak.tools import some_specs

SECONDS = 60.0
CLIENTS = 40
PAUSE = 0.02  # seconds between two questions


@pytest.fixture
def served() -> Iterator[Served]:
    with serving("--port", "0", "--proxies", "127.0.0.1", "--metrics", "true") as running:
        yield running


async def taken(work: Callable[[], Awaitable[httpx.Response]]) -> tuple[float, int]:
    began = time.perf_counter()
    answer = await work()
    return time.perf_counter() - began, answer.status_code


async def flood(url: str, number: int, until: float) -> AsyncIterator[tuple[float, int]]:
    """One client, by an address of its own, that asks for one experiment after another."""
    headers = {"X-Forwarded-For": f"198.51.100.{number}"}
    async with httpx.AsyncClient(base_url=url, timeout=60, headers=headers) as client:
        specs = some_specs(number, shrink=0.9)
        while time.monotonic() < until:
            spec = next(specs)
            yield await taken(lambda spec=spec: client.get(f"/api/{spec.name}?{spec.query}"))  # type: ignore[misc]


def told(name: str, seconds: list[float]) -> float:
    ranked = sorted(seconds)
    p99 = ranked[int(0.99 * (len(ranked) - 1))]
    figures = f"median {statistics.median(ranked) * 1e3:.1f}, p99 {p99 * 1e3:.1f}, max {ranked[-1] * 1e3:.1f} ms"
    print(f"\n{name}: {len(ranked)} in all, {figures}")
    return p99


def test_it_answers_while_it_computes_all_it_can(served: Served) -> None:
    statuses: Counter[int] = Counter()
    refused: list[float] = []
    lives: list[float] = []

    async def ask(number: int, until: float) -> None:
        async for seconds, status in flood(served.url, number, until):
            statuses[status] += 1
            if status in (429, 503):
                refused.append(seconds)
                await asyncio.sleep(PAUSE)

    async def watch(until: float) -> None:
        async with httpx.AsyncClient(base_url=served.url, timeout=60) as client:
            while time.monotonic() < until:
                seconds, status = await taken(lambda: client.get("/livez"))
                assert status == 200
                lives.append(seconds)
                await asyncio.sleep(PAUSE)

    async def scenario() -> None:
        until = time.monotonic() + SECONDS
        await asyncio.gather(watch(until), *(ask(number, until) for number in range(CLIENTS)))

    asyncio.run(scenario())
    print(dict(statuses))
    live, refusal = told("/livez", lives), told("refusals", refused)
    assert set(statuses) <= {200, 422, 429, 503, 504}
    assert live < 0.025
    assert max(lives) < 0.150
    assert refusal < 0.050
