"""Saturated by many clients, it still answers whoever asks whether it lives, and refuses at once.

The crowd is a process of its own, and so is who takes the time: neither waits for the other.
"""

import asyncio
import multiprocessing
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest

from tests.conftest import Served, serving
from tests.soak.tools import some_specs

SECONDS = 60.0
CLIENTS = 40
COMING = 5.0  # seconds until everyone has come
PAUSE = 0.02  # seconds between two questions


@pytest.fixture
def served() -> Iterator[Served]:
    with serving("--port", "0", "--proxies", "127.0.0.1", processes=None) as running:
        yield running


def crowd(url: str, seconds: float, statuses: "multiprocessing.Queue[Counter[int]]") -> None:
    """Clients by addresses of their own, each of which asks for one experiment after another."""
    seen: Counter[int] = Counter()

    async def ask(number: int, until: float) -> None:
        headers = {"X-Forwarded-For": f"198.51.100.{number}"}
        async with httpx.AsyncClient(base_url=url, timeout=60, headers=headers) as client:
            specs = some_specs(number, shrink=0.9)
            while time.monotonic() < until:
                spec = next(specs)
                answer = await client.get(f"/api/{spec.name}?{spec.query}")
                seen[answer.status_code] += 1
                if answer.status_code != 200:
                    await asyncio.sleep(PAUSE)

    async def everyone() -> None:
        until = time.monotonic() + seconds
        await asyncio.gather(*(ask(number, until) for number in range(CLIENTS)))

    asyncio.run(everyone())
    statuses.put(seen)


def took(
    url: str, path: Callable[[int], str], until: float, counted: set[int], seconds: list[float], others: set[int]
) -> None:
    """Ask for one path after another, and note how long answers of a status that counts took, and which others came."""
    place = urlsplit(url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=60)
    number = 0
    while time.monotonic() < until:
        number += 1
        began = time.perf_counter()
        connection.request("GET", path(number), headers={"X-Forwarded-For": "203.0.113.1"})
        answer = connection.getresponse()
        answer.read()
        if answer.status in counted:
            seconds.append(time.perf_counter() - began)
        else:
            others.add(answer.status)
        time.sleep(PAUSE)
    connection.close()


def told(name: str, seconds: list[float]) -> float:
    ranked = sorted(seconds)
    p99 = ranked[int(0.99 * (len(ranked) - 1))]
    figures = f"median {statistics.median(ranked) * 1e3:.1f}, p99 {p99 * 1e3:.1f}, max {ranked[-1] * 1e3:.1f} ms"
    print(f"\n{name}: {len(ranked)} in all, {figures}")
    return p99


def test_it_answers_while_it_computes_all_it_can(served: Served) -> None:
    apart = multiprocessing.get_context("spawn")
    statuses: multiprocessing.Queue[Counter[int]] = apart.Queue()
    flood = apart.Process(target=crowd, args=(served.url, SECONDS + 2 * COMING, statuses))
    flood.start()
    time.sleep(COMING)
    until = time.monotonic() + SECONDS
    lives: list[float] = []
    refusals: list[float] = []
    unwell: set[int] = set()
    admitted: set[int] = set()
    asking = [
        threading.Thread(target=took, args=(served.url, lambda _: "/livez", until, {200}, lives, unwell)),
        threading.Thread(
            target=took, args=(served.url, lambda n: f"/api/matmul?seed={n}", until, {429, 503}, refusals, admitted)
        ),
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    seen = statuses.get(timeout=120)
    flood.join()
    print(dict(seen))
    live, refusal = told("/livez", lives), told("refusals", refusals)
    assert set(seen) <= {200, 422, 429, 503, 504}
    assert not unwell
    assert admitted <= {200, 504}
    assert len(refusals) > 100
    assert live < 0.025
    assert max(lives) < 0.150
    assert refusal < 0.050
