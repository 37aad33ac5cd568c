"""Thousands of experiments later the process holds what it held after the first few hundred."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.conftest import serving
from tests.soak.tools import Held, held, some_specs

RUNS = 5000
WARM = 1000  # runs after which everything that is kept is kept
SUFFIXES = ("", "/figures", ".csv", "/stream")
SMALL = ("--port", "0", "--max-seconds", "0.05", "--cache-bytes", str(8 * 2**20))


def begin_every_thread(client: httpx.Client) -> None:
    """Pools begin a thread when there is work for one more: two clients at a time leave none of them out."""
    with ThreadPoolExecutor(2) as two:
        for _ in two.map(lambda seed: client.get(f"/api/stack/figures?depth=4&width=64&seed={seed}"), range(200)):
            pass


def growth(ask: Callable[[httpx.Client, int], None], client: httpx.Client, process: int) -> tuple[Held, Held]:
    """What the process holds after warming up, and in the end."""
    begin_every_thread(client)
    for number in range(WARM):
        ask(client, number)
    warm = held(process)
    for number in range(WARM, RUNS):
        ask(client, number)
    return warm, held(process)


def leaks(warm: Held, last: Held) -> bool:
    print(f"\nwarm {warm}, in the end {last}")
    more = last.memory - warm.memory
    return more > 0.05 * warm.memory or more > 64 * 1024 or last.threads > warm.threads or last.files > warm.files


def test_mixed_runs_leave_nothing_behind() -> None:
    specs, chance = some_specs(7, shrink=0.7), random.Random(7)

    def ask(client: httpx.Client, _: int) -> None:
        spec = next(specs)
        path = f"/api/{spec.name}{chance.choice(SUFFIXES)}?{spec.query}"
        with client.stream("GET", path) as answer:
            assert answer.status_code in (200, 422)
            for _part in answer.iter_raw():
                if chance.random() < 0.05:
                    return  # and is gone

    with serving(*SMALL) as served, httpx.Client(base_url=served.url, timeout=60) as client:
        assert not leaks(*growth(ask, client, served.process_id))


@pytest.mark.parametrize("kept", ["memory"])
def test_a_leak_would_be_seen(kept: str) -> None:
    specs = some_specs(8, shrink=0.5)

    def ask(client: httpx.Client, _: int) -> None:
        spec = next(specs)
        client.get(f"/api/{spec.name}?{spec.query}")

    flags = (*SMALL[:-1], str(10**12))  # a cache that lets nothing go
    with serving(*flags) as served, httpx.Client(base_url=served.url, timeout=60) as client:
        assert leaks(*growth(ask, client, served.process_id)), kept
