"""What an operator asks: does it live, is it ready, what has it done; and how it goes when told to."""

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from tests.compute.tools import AT_ONCE, puppet_for, until
from tests.conftest import serving
from tests.web.tools import a_small, address, serving_here

SECONDS = "init=1/D&backward=false&bins=4&batch=8192&depth=16"  # of computing
ENDLESS = "init=1/D&backward=false&bins=4&batch=16384&depth=300"
UNLIMITED = ("--max-seconds", "1000", "--deadline-seconds", "1000", "--max-result-bytes", "100000000")


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_it_lives_and_is_ready(client: httpx.Client, path: str) -> None:
    until(lambda: client.get(path).status_code == 200)
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert answer.headers["cache-control"] == "no-store"


def test_metrics_are_told_only_where_they_are_wanted(client: httpx.Client) -> None:
    assert client.get("/metrics").status_code == 404
    with serving_here(create_app(Settings(metrics=True))) as asking:
        assert asking.get("/api/matmul?fan_in=0").status_code == 422
        assert asking.get(address(a_small("matmul"))).status_code == 200
        answer = asking.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    values = dict(re.findall(r"^(initscope_\S+) (\S+)$", answer.text, re.MULTILINE))
    assert float(values['initscope_ended_total{outcome="done"}']) == 1
    assert float(values["initscope_running"]) == 0
    assert {"initscope_waiting", "initscope_waiting_seconds", "initscope_loop_lag_seconds_count"} <= values.keys()


def test_a_client_with_enough_in_flight_is_told_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    puppet = puppet_for("matmul", monkeypatch)
    with serving_here(create_app(Settings(per_client=1))) as client:
        first = threading.Thread(target=client.get, args=(address(a_small("matmul", "seed=1")),))
        first.start()
        until(lambda: puppet.began)
        for suffix in ("", "/figures", ".csv", ".png", ".html"):
            answer = client.get(address(a_small("matmul", "seed=2"), suffix))
            assert answer.status_code == 429
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.json()["type"] == "/docs#too-many"
        puppet.go.set()
        first.join(AT_ONCE)
        assert client.get(address(a_small("matmul", "seed=2"))).status_code == 200


@contextmanager
def running(client: httpx.Client, query: str, **headers: str) -> Iterator[Iterator[str]]:
    """The lines of an experiment that takes a while, once it has begun."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    with client.stream("GET", f"/api/stack/stream?{query}", headers=names) as answer:
        assert answer.status_code == 200
        lines = answer.iter_lines()
        assert "event: progress" in lines  # read as far as that
        yield lines


@pytest.mark.parametrize(("believed", "expected"), [("", 429), ("127.0.0.1", 200)])
def test_a_proxy_says_who_asks_only_where_it_is_believed(believed: str, expected: int) -> None:
    with (
        serving("--port", "0", "--per-client", "1", "--proxies", believed, *UNLIMITED) as served,
        httpx.Client(base_url=served.url, timeout=60) as client,
        running(client, ENDLESS, X_Forwarded_For="192.0.2.1"),
    ):
        answer = client.get("/api/matmul?fan_in=2&fan_out=2", headers={"X-Forwarded-For": "192.0.2.2"})
        assert answer.status_code == expected


def test_told_to_go_it_is_unready_at_once_and_ends_what_runs() -> None:
    with (
        serving("--port", "0", *UNLIMITED) as served,
        httpx.Client(base_url=served.url, timeout=60) as client,
        httpx.Client(base_url=served.url) as other,
        running(client, SECONDS) as lines,
    ):
        served.signal(signal.SIGTERM)
        until(lambda: other.get("/readyz").status_code == 503)
        assert other.get("/livez").status_code == 200
        assert other.get("/api/matmul?fan_in=3&fan_out=3").status_code == 503
        assert "event: result" in list(lines)
        until(lambda: not served.alive())


def test_told_to_go_it_cancels_what_does_not_end_and_leaves_no_trace() -> None:
    with (
        serving("--port", "0", *UNLIMITED) as served,
        httpx.Client(base_url=served.url, timeout=60) as client,
        running(client, ENDLESS) as lines,
    ):
        served.signal(signal.SIGTERM)
        assert "event: problem" in list(lines)
        until(lambda: not served.alive())
