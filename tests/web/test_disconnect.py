"""Who goes away takes the computation along, unless somebody else still waits for it."""

import socket

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from tests.compute.tools import puppet_for, until
from tests.web.tools import a_small, address, every_address, serving_here


@every_address
def test_a_client_that_goes_away_stops_the_run(name: str, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    puppet = puppet_for(name, monkeypatch)
    with serving_here(create_app(Settings(at_once=1, waiting=1))) as client:
        with socket.create_connection((client.base_url.host, client.base_url.port)) as gone:
            gone.sendall(
                f"GET {address(a_small(name), suffix)} HTTP/1.1\r\nHost: {client.base_url.host}\r\n\r\n".encode()
            )
            until(lambda: puppet.began)
        until(lambda: puppet.closed)
        assert puppet.finished == 0
        puppet.go.set()
        assert client.get(address(a_small(name), suffix)).status_code == 200
    assert (puppet.began, puppet.closed, puppet.finished) == (2, 1, 1)


def test_a_run_goes_on_for_who_still_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    puppet = puppet_for("matmul", monkeypatch)
    spec = a_small("matmul")
    with serving_here(create_app()) as client, client.stream("GET", address(spec, "/stream")) as stays:
        until(lambda: puppet.began)
        with httpx.Client(base_url=client.base_url) as gone, gone.stream("GET", address(spec, "/stream")):
            pass
        puppet.go.set()
        assert "event: result" in stays.read().decode()
    assert (puppet.began, puppet.closed, puppet.finished) == (1, 0, 1)


def test_stopping_the_server_stops_what_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    puppet = puppet_for("matmul", monkeypatch)
    with serving_here(create_app()) as client:
        left = httpx.Client(base_url=client.base_url)
        stream = left.stream("GET", address(a_small("matmul"), "/stream"))
        stream.__enter__()
        until(lambda: puppet.began)
        left.close()
    assert (puppet.began, puppet.closed) == (1, 1)
