"""How long a class of thirty behind one address waits, everyone with a seed of their own."""

import asyncio
import time

import httpx
import pytest

from tests.compute.tools import every_experiment
from tests.conftest import serving
from tests.web.test_line import CLASS, followed

LONGEST = 10.0  # seconds until everybody sees their charts


@every_experiment
def test_a_class_sees_its_charts_in_time(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    async def charts_after(client: httpx.AsyncClient, seed: int) -> float:
        began = time.monotonic()
        seen = await followed(client, f"/api/{name}/look?seed={seed}")
        assert seen[-1].kind == "done"
        return time.monotonic() - began

    async def all_of_them(base: str) -> list[float]:
        limits = httpx.Limits(max_connections=CLASS + 1)
        async with httpx.AsyncClient(base_url=base, timeout=120, limits=limits) as client:
            while (await client.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.5)
            return await asyncio.gather(*(charts_after(client, seed) for seed in range(1, CLASS + 1)))

    with serving("--port", "0", processes=None) as served:
        waited = sorted(asyncio.run(all_of_them(served.url)))
    with capsys.disabled():
        print(f"\n{name}: half of the class after {waited[CLASS // 2]:.1f} s, all after {waited[-1]:.1f} s")
    assert waited[-1] <= LONGEST
