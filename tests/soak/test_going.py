"""Told to go under load, it goes: in time, and never by a crash."""

import signal
import threading
import time
from contextlib import suppress

import httpx
import pytest

from tests.conftest import serving
from tests.soak.tools import some_specs

TRIES = 20
LOAD = 6  # clients
IN_TIME = 8.0  # seconds


@pytest.mark.parametrize("number", range(TRIES))
def test_it_goes_in_time_and_in_order(number: int) -> None:
    with serving("--port", "0", "--per-client", str(LOAD), processes=None) as served:

        def ask(client: int) -> None:
            specs = some_specs(100 * number + client)
            with suppress(httpx.TransportError), httpx.Client(base_url=served.url, timeout=30) as asking:
                while True:
                    spec = next(specs)
                    asking.get(f"/api/{spec.name}?{spec.query}")

        clients = [threading.Thread(target=ask, args=(client,)) for client in range(LOAD)]
        for client in clients:
            client.start()
        time.sleep(1 + number / TRIES)
        began = time.monotonic()
        served.signal(signal.SIGTERM)
        served.process.wait(30)
        took = time.monotonic() - began
        for client in clients:
            client.join(30)
    print(f"\n{took:.2f} s, exit {served.process.returncode}")
    assert served.process.returncode == -signal.SIGTERM
    assert took < IN_TIME
