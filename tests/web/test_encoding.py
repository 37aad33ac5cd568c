"""gzip for whoever takes it: the same bytes inside, and a fifth of them on the wire."""

import gzip
import zlib

import httpx
import pytest

from app.experiments import EXPERIMENTS
from app.settings import Settings
from tests.compute.tools import every_experiment, every_preset
from tests.web.tools import events

WIRE = 512 * 2**10  # bytes a response may have at the default settings
PLAIN = {"Accept-Encoding": "identity"}
GZIP = {"Accept-Encoding": "gzip"}


def raw(client: httpx.Client, path: str, headers: dict[str, str]) -> tuple[httpx.Response, bytes]:
    with client.stream("GET", path, headers=headers) as answer:
        return answer, b"".join(answer.iter_raw())


@pytest.mark.parametrize("suffix", ["", "/figures", ".csv"])
@every_experiment
def test_what_is_compressed_is_what_is_not(client: httpx.Client, name: str, suffix: str) -> None:
    path = f"/api/{name}{suffix}?seed=5"
    (plain, known), (squeezed, wire) = raw(client, path, PLAIN), raw(client, path, GZIP)
    assert "content-encoding" not in plain.headers
    assert squeezed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(wire) == known
    assert plain.headers["vary"] == squeezed.headers["vary"] == "Accept-Encoding"
    assert plain.headers["etag"] != squeezed.headers["etag"]
    for headers, answer in ((PLAIN, plain), (GZIP, squeezed)):
        again = client.get(path, headers={**headers, "If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
        assert again.headers["vary"] == "Accept-Encoding"


@every_experiment
def test_events_can_be_read_as_they_come(client: httpx.Client, name: str) -> None:
    reader, text = zlib.decompressobj(zlib.MAX_WBITS | 16), b""
    with client.stream("GET", f"/api/{name}/stream?seed=6", headers=GZIP) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        parts = answer.iter_raw()
        text += reader.decompress(next(parts))
        assert text.endswith(b"\n\n")
        text += b"".join(reader.decompress(part) for part in parts)
    assert events(text.decode())[-1].kind == "result"


@pytest.mark.parametrize("offer", ["", "br", "gzip;q=0", "identity", "*;q=0"])
def test_whoever_does_not_take_it_gets_it_plain(client: httpx.Client, offer: str) -> None:
    answer, body = raw(client, "/api/matmul?fan_in=5&fan_out=7", {"Accept-Encoding": offer})
    assert "content-encoding" not in answer.headers
    assert body.startswith(b"{")


@pytest.mark.parametrize("suffix", ["", "/figures", ".csv", "/stream"])
@every_preset
def test_no_response_of_a_preset_is_large(client: httpx.Client, name: str, query: str, suffix: str) -> None:
    answer, wire = raw(client, f"/api/{name}{suffix}?{query}", GZIP)
    assert answer.status_code == 200
    assert len(wire) <= WIRE


@every_experiment
def test_the_largest_result_that_is_allowed_is_not_large(client: httpx.Client, name: str) -> None:
    limit = Settings().max_result_bytes
    spec = EXPERIMENTS[name].spec
    queries = {
        "matmul": "fan_in=8&fan_out=200&repeats=1000",
        "stack": "width=16&batch=16&depth=60",
        "training": "depth=60&steps=10&width=8",
        "sweep": "x=fan_in&x_steps=20&y=fan_out&y_from=1&y_to=99&y_steps=20&repeats=1&bins=4",
        "attention": "head_dim=8&queries=64&bins=200",
        "transformer": "depth=192&width=16&tokens=4&batch=2&bins=200",
    }
    largest = spec.from_query(queries[name])
    assert EXPERIMENTS[name].cost(largest).result_bytes <= limit
    for suffix in ("", "/figures"):
        answer, wire = raw(client, f"/api/{name}{suffix}?{largest.query}", GZIP)
        assert answer.status_code == 200
        assert len(wire) <= WIRE
