"""How long a class of thirty behind one address waits, everyone with a seed of their own: until the last of them sees
charts, which may still be filling, and until the last is done.

The server has been up for some seconds, as whoever teaches has looked at it before.
"""

import asyncio
import time
from statistics import median

import httpx
import pytest

from app.settings import Settings
from tests.compute.test_beside import ready
from tests.compute.tools import every_experiment
from tests.conftest import serving
from tests.web.test_line import CLASS

BESIDE = min(Settings().at_once, Settings().threads) - 1  # processes, by default
LONGEST = 10.0  # seconds until everybody sees their charts


@every_experiment
def test_a_class_sees_its_charts_in_time(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    async def charts_after(client: httpx.AsyncClient, seed: int) -> tuple[float, float]:
        """Seconds until the first and the last charts begin to arrive: drawing them is the work of other machines."""
        began = time.monotonic()
        charts, last = list[float](), ""
        while not last:
            async with client.stream("GET", f"/api/{name}/look?seed={seed}") as answer:
                wait = float(answer.headers.get("retry-after", 0))
                async for line in answer.aiter_lines():
                    if line == "event: figures":
                        charts.append(time.monotonic() - began)
                    if line.startswith("event: ") and not wait:
                        last = line
            await asyncio.sleep(wait)
        assert last == "event: done"
        return charts[0], charts[-1]

    async def all_of_them(base: str) -> tuple[tuple[float, float], list[tuple[float, float]]]:
        """What one waits who comes alone, and what each of the class waits."""
        limits = httpx.Limits(max_connections=CLASS + 1)
        async with httpx.AsyncClient(base_url=base, timeout=120, limits=limits) as client:
            while ready((await client.get("/metrics")).text) < BESIDE:
                await asyncio.sleep(0.5)
            alone = await charts_after(client, CLASS + 1)
            return alone, await asyncio.gather(*(charts_after(client, seed) for seed in range(1, CLASS + 1)))

    with serving("--port", "0", "--metrics", "true", processes=None) as served:
        alone, waited = asyncio.run(all_of_them(served.url))
    first, last = zip(*waited, strict=True)
    with capsys.disabled():
        print(
            f"\n{name}: one after {alone[0]:.2f} s, done after {alone[1]:.2f} s; "
            f"half of the class after {median(first):.1f} s, done after {median(last):.1f} s; "
            f"all after {max(first):.1f} s, done after {max(last):.1f} s"
        )
    assert max(first) <= LONGEST
