"""A closed connection frees its place within a tenth of a second, whatever was being computed."""

import re
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.conftest import Served, serving
from tests.soak.tools import some_specs

MANY = 100
WORKING = 0.05  # seconds after which a run is in the midst of it
IN_TIME = 0.1  # seconds
PATIENCE = 30.0  # seconds


@pytest.fixture
def served() -> Iterator[Served]:
    with serving("--port", "0", "--at-once", "1", "--metrics", "true") as running:
        yield running


def test_whoever_closes_the_connection_frees_the_place(served: Served) -> None:
    place = urlsplit(served.url)
    took: list[float] = []
    with httpx.Client(base_url=served.url) as operator:

        def running() -> bool:
            (found,) = re.findall(r"^initscope_running (\S+)", operator.get("/metrics").text, re.MULTILINE)
            return float(found) > 0

        for spec in some_specs(3):
            with socket.create_connection((place.hostname, place.port)) as gone:
                gone.sendall(f"GET /api/{spec.name}?{spec.query} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
                time.sleep(WORKING)
                if not running():
                    continue
            closed = time.perf_counter()
            while running():
                assert time.perf_counter() - closed < PATIENCE
            took.append(time.perf_counter() - closed)
            if len(took) == MANY:
                break
    took.sort()
    spread = {share: f"{took[int(share * (MANY - 1))] * 1e3:.0f} ms" for share in (0.5, 0.9, 0.99, 1)}
    print(f"\nfrom closing to the free place, by quantile: {spread}")
    assert took[-1] < IN_TIME
