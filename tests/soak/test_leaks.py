"""Thousands of experiments later a server holds what it held after the first few thousand."""

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from statistics import fmean

import httpx

from app.spec import Spec
from tests.conftest import serving
from tests.soak.tools import Held, held, some_specs

RUNS = 20_000
WARM = 5_000  # runs after which everything that is kept is kept
EVERY = 500  # runs between two looks
FLAT = 0.02  # of what is held
SUFFIXES = ("", "/figures", ".csv", "/stream")
SMALL = ("--port", "0", "--max-seconds", "0.05", "--per-client", "9", "--cache-bytes", str(8 * 2**20))


def begin_every_thread(client: httpx.Client) -> None:
    """Pools begin a thread when there is work for one more: two clients at a time leave none of them out."""
    with ThreadPoolExecutor(2) as two:
        for _ in two.map(lambda seed: client.get(f"/api/stack/figures?depth=4&width=64&seed={seed}"), range(200)):
            pass


def course(
    ask: Callable[[httpx.Client, Spec], None], specs: Iterator[Spec], flags: Sequence[str], runs: int
) -> list[Held]:
    """What a server and whoever computes beside it hold after every so many runs, asked for by two at a time."""
    found = []
    with (
        serving(*flags, processes=1) as served,
        httpx.Client(base_url=served.url, timeout=600) as client,
        ThreadPoolExecutor(2) as two,
    ):
        begin_every_thread(client)
        for done in range(EVERY, runs + 1, EVERY):
            for _ in two.map(lambda spec: ask(client, spec), islice(specs, EVERY)):
                pass
            found.append(held(served.process_id, *served.children()))
            print(f"{done:6} runs, {found[-1]}", flush=True)
    return found


def leaks(found: list[Held]) -> bool:
    """Whether more is held in the last quarter than in the one after warming up."""
    warm = found[WARM // EVERY :]
    early, late = warm[: len(warm) // 3], warm[-len(warm) // 3 :]
    grown = fmean(each.memory for each in late) / fmean(each.memory for each in early) - 1
    print(f"grown by {grown:.2%}")
    opened = any(late_most > early_most for late_most, early_most in zip(_most(late), _most(early), strict=True))
    return grown > FLAT or opened


def _most(found: list[Held]) -> tuple[int, int]:
    """The most threads and files, one of which a request may hold at the very moment it is looked at."""
    return max(each.threads for each in found), max(each.files for each in found)


def test_mixed_runs_leave_nothing_behind() -> None:
    chance = random.Random(7)

    def ask(client: httpx.Client, spec: Spec) -> None:
        path = f"/api/{spec.name}{chance.choice(SUFFIXES)}?{spec.query}"
        with client.stream("GET", path) as answer:
            assert answer.status_code in (200, 422)
            for _part in answer.iter_raw():
                if chance.random() < 0.05:
                    return  # and is gone

    assert not leaks(course(ask, some_specs(7, shrink=0.7), SMALL, RUNS))


def test_a_leak_would_be_seen() -> None:
    def ask(client: httpx.Client, spec: Spec) -> None:
        client.get(f"/api/{spec.name}?{spec.query}")

    keeps_all = (*SMALL[:-1], str(10**12))  # a cache that lets nothing go
    assert leaks(course(ask, some_specs(8, shrink=0.5), keeps_all, WARM + 6 * EVERY))
