"""The seed experiment, a gigabyte of weights, is run in a little of it."""

import re
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import serving
from tests.web.test_problems import BEYOND

MOST = 100 * 2**20

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")


def peak(process_id: int) -> int:
    """The most memory a process has held, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process_id}/status").read_text())
    assert found
    return int(found[1]) * 1024


def test_the_default_matmul_takes_little_memory_and_a_refusal_none() -> None:
    with serving("--port", "0") as served, httpx.Client(base_url=served.url, timeout=60) as client:
        client.get("/readyz").raise_for_status()
        idle = peak(served.process_id)
        for name, query in BEYOND.items():
            assert client.get(f"/api/{name}?{query}").status_code == 422
        assert peak(served.process_id) - idle < MOST / 5
        client.get("/api/matmul").raise_for_status()
        assert peak(served.process_id) - idle < MOST
