"""Thirty people behind one address: each waits in line, is told so, and sees a result; nobody sees an error."""

import asyncio

import httpx
import pytest

from app.compute import computation
from app.compute.computation import MADE_WAY
from app.main import create_app
from app.settings import Settings
from tests.compute.tools import AT_ONCE, puppet_for, until
from tests.web.tools import Event, a_small, address, events, serving_here

CLASS = 30


async def followed(client: httpx.AsyncClient, path: str) -> list[Event]:
    """A stream as the page follows it: back again when it is told when."""
    while True:
        answer = await client.get(path)
        if "retry-after" not in answer.headers:
            assert answer.status_code == 200
            return events(answer.text)
        await asyncio.sleep(float(answer.headers["retry-after"]))


@pytest.mark.parametrize("longest", [40, 3])
def test_a_class_behind_one_address_is_served_one_after_the_other(longest: int) -> None:
    async def all_of_them(base: str) -> list[list[Event]]:
        async with httpx.AsyncClient(base_url=base, timeout=60, limits=httpx.Limits(max_connections=CLASS)) as client:
            paths = [address(a_small("stack", f"seed={seed}"), "/look") for seed in range(CLASS)]
            return await asyncio.gather(*(followed(client, path) for path in paths))

    with serving_here(create_app(Settings(in_line=longest))) as client:
        seen = asyncio.run(all_of_them(str(client.base_url)))
    assert [[event.kind for event in one][-1] for one in seen] == ["done"] * CLASS
    assert not [event for one in seen for event in one if event.kind == "problem"]
    assert len({next(event.data for event in one if event.kind == "figures") for one in seen}) == CLASS


def test_who_waits_is_told_how_many_are_ahead_and_goes_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    puppet = puppet_for("stack", monkeypatch)

    async def scenario(base: str) -> list[list[Event]]:
        async with httpx.AsyncClient(base_url=base, timeout=3 * AT_ONCE) as client:
            asked = []
            for seed in range(4):
                asked.append(asyncio.create_task(client.get(address(a_small("stack", f"seed={seed}"), "/look"))))
                await asyncio.sleep(0.2)
            puppet.go.set()
            return [events((await one).text) for one in asked]

    with serving_here(create_app(Settings(per_client=1))) as client:
        seen = asyncio.run(scenario(str(client.base_url)))
    ahead = [[event.json["ahead"] for event in one if event.kind == "waiting"] for one in seen]
    assert [one[:1] for one in ahead] == [[], [0], [1], [2]]
    assert all(one == sorted(one, reverse=True) for one in ahead)


def test_whoever_goes_leaves_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    puppet = puppet_for("stack", monkeypatch)
    with serving_here(create_app(Settings(per_client=1, in_line=1))) as client:
        path = [address(a_small("stack", f"seed={seed}"), "/look") for seed in range(3)]
        with client.stream("GET", path[0]):
            until(lambda: puppet.began == 1)
            with client.stream("GET", path[1]) as waiting:
                lines = waiting.iter_lines()
                assert "event: waiting" in lines
                assert client.get(path[2]).status_code == 429
            until(lambda: client.head(path[2]).status_code == 200)
        puppet.go.set()


def test_who_has_seen_first_charts_is_told_that_others_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computation, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(computation, "MOST", 1.0)
    puppet = puppet_for("stack", monkeypatch)

    async def scenario(base: str) -> list[Event]:
        async with httpx.AsyncClient(base_url=base, timeout=3 * AT_ONCE) as client:
            first, second = (
                asyncio.create_task(client.get(address(a_small("stack", f"seed={seed}"), "/look"))) for seed in range(2)
            )
            while puppet.began < 2:
                await asyncio.sleep(0.01)
            puppet.go.set()
            return [event for one in (first, second) for event in events((await one).text)]

    with serving_here(create_app(Settings(at_once=1))) as client:
        seen = asyncio.run(scenario(str(client.base_url)))
    kinds = [event.kind for event in seen]
    told = next(at for at, event in enumerate(seen) if event.kind == "waiting" and event.json["said"] == MADE_WAY)
    assert kinds[told + 1] == "figures"
    assert kinds.count("done") == 2
    assert kinds.count("figures") >= 3
    assert "problem" not in kinds
