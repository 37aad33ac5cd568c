"""A server that has never run on this machine answers at once, compiles beside that, and then computes."""

import json
import time
from pathlib import Path

import httpx

from tests.compute.tools import until
from tests.conftest import serving
from tests.web.tools import a_small, address

COMPILED = 120  # seconds, on a machine that is busy with other tests


def test_while_it_compiles_pages_are_answered_and_a_run_says_what_it_waits_for(tmp_path: Path) -> None:
    with (
        serving("--port", "0", environment={"XDG_CACHE_HOME": str(tmp_path)}, ready=False) as served,
        httpx.Client(base_url=served.url, timeout=COMPILED) as client,
    ):
        ready = client.get("/readyz")
        assert (ready.status_code, ready.text) == (503, "compiling\n")
        assert client.get("/livez").status_code == 200
        assert client.get("/matmul").status_code == 200
        waited, last = [], ""
        with client.stream("GET", address(a_small("matmul"), "/stream")) as stream:
            for line in stream.iter_lines():
                kind, _, data = line.partition(": ")
                last = data if kind == "event" else last
                if last == "waiting" and kind == "data":
                    waited.append(json.loads(data)["said"])
        assert any("compiles" in said for said in waited)
        assert last == "result"
        until(lambda: client.get("/readyz").status_code == 200)


def test_from_the_second_start_on_it_is_ready_at_once() -> None:
    with serving("--port", "0", ready=False) as served, httpx.Client(base_url=served.url) as client:
        until(lambda: client.get("/readyz").status_code == 200)
        began = time.monotonic()
        assert client.get(address(a_small("stack"))).status_code == 200
        assert time.monotonic() - began < COMPILED
