"""Whatever is wrong is said as application/problem+json: what, where, and what to do; never a trace, never an echo."""

import gzip
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import pytest

from app.experiments import EXPERIMENTS
from app.main import create_app
from app.settings import Settings
from tests.compute.tools import every_experiment, puppet_for, until
from tests.web.tools import SUFFIXES, a_small, address, events, every_address, serving_here, strict_json

JSON = {"Content-Type": "application/json"}
BEYOND = {"matmul": "fan_in=65536&fan_out=1000000000&repeats=1000", "stack": "batch=65536&depth=1000&width=8192"}
ECHOED = 200  # characters of what was sent that an answer may repeat
AT_ONCE = 2.0  # seconds within which a refusal is answered


class Refused(NamedTuple):
    """What is sent, the status it is answered with, and the fields that are named."""

    status: int
    fields: tuple[str, ...] = ()
    method: str = "GET"
    path: str = "/api/matmul"
    content: bytes = b""
    headers: Mapping[str, str] = MappingProxyType({})


def posted(content: bytes, status: int, *fields: str, **headers: str) -> Refused:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Refused(status, fields, "POST", content=content, headers={**JSON, **names})


REFUSED = {
    "an unknown field": Refused(422, ("fan_inn",), path="/api/matmul?fan_inn=3"),
    "a repeated scalar": Refused(422, ("gain",), path="/api/matmul?gain=1&gain=2"),
    "a repeated scalar, twice the same": Refused(422, ("seed",), path="/api/matmul?seed=1&seed=1"),
    "a word for a number": Refused(422, ("fan_in",), path="/api/matmul?fan_in=many"),
    "nothing for a number": Refused(422, ("fan_in",), path="/api/matmul?fan_in="),
    "a fraction for a whole number": Refused(422, ("fan_in",), path="/api/matmul?fan_in=1.5"),
    "not a number": Refused(422, ("gain",), path="/api/matmul?gain=nan"),
    "an infinite number": Refused(422, ("gain",), path="/api/matmul?gain=1e999"),
    "too small": Refused(422, ("fan_in",), path="/api/matmul?fan_in=0"),
    "too large": Refused(422, ("fan_in",), path="/api/matmul?fan_in=65537"),
    "a digit beyond ASCII": Refused(422, ("fan_in",), path="/api/matmul?fan_in=" + quote("٣")),
    "a choice that is none": Refused(422, ("draws",), path="/api/matmul?draws=mine"),
    "an init that is none": Refused(422, ("init",), path="/api/matmul?init=mine"),
    "an init named twice": Refused(422, ("init",), path="/api/matmul?init=1/D&init=1/D"),
    "several at once": Refused(422, ("fan_in", "gain", "nope"), path="/api/matmul?fan_in=x&gain=y&nope=z"),
    "a yes for a boolean": Refused(422, ("tied",), path="/api/stack?tied=yes"),
    "a width too few": Refused(422, ("widths",), path="/api/stack?widths=3"),
    "a query that is no text": Refused(422, ("query",), path="/api/matmul?fan_in=%ff"),
    "fields for the catalog": Refused(422, ("query",), path="/api/catalog?fan_in=1"),
    "a query beside a body": Refused(422, ("query",), "POST", "/api/matmul?fan_in=4", b"{}", JSON),
    "a body that is no JSON": posted(b"fan_in=3", 422, "body"),
    "no body": posted(b"", 422, "body"),
    "a body that is a list": posted(b"[]", 422, "body"),
    "NaN in a body": posted(b'{"gain": NaN}', 422, "body"),
    "a key twice in a body": posted(b'{"gain": 1, "gain": 2}', 422, "body"),
    "a body that is not UTF-8": posted(b'{"gain": "\xff"}', 422, "body"),
    "a lone surrogate": posted(b'{"\\ud800": 1}', 422, "?"),
    "a string for a number": posted(b'{"fan_in": "3"}', 422, "fan_in"),
    "a boolean for a number": posted(b'{"fan_in": true}', 422, "fan_in"),
    "null for a number": posted(b'{"fan_in": null}', 422, "fan_in"),
    "a number for a list": posted(b'{"init": 3}', 422, "init"),
    "an unknown field in a body": posted(b'{"fan_inn": 3}', 422, "fan_inn"),
    "deep nesting": posted(b'{"init": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", 422, "body"),
    "a form": Refused(415, (), "POST", content=b"fan_in=3", headers={"Content-Type": "text/plain"}),
    "a body without a type": Refused(415, (), "POST", content=b"{}"),
    "a compressed body": posted(gzip.compress(b"{}"), 415, Content_Encoding="gzip"),
    "a body too large": posted(b'{"gain":' + b" " * 100_000 + b"1}", 413),
    "an unknown address": Refused(404, path="/api/nothing"),
    "an unknown page": Refused(404, path="/nothing"),
    "an unknown file": Refused(404, path="/static/0/nothing.js"),
    "another method": Refused(405, (), "PUT"),
    "another method on a page": Refused(405, (), "POST", "/matmul"),
    "another method on the catalog": Refused(405, (), "DELETE", "/api/catalog"),
}
every_refusal = pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED)


def send(client: httpx.Client, sent: Refused) -> httpx.Response:
    return client.request(sent.method, sent.path, content=sent.content or None, headers=sent.headers)


def problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem an answer holds, its members as RFC 9457 and the contract want them."""
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = strict_json(answer.content)
    assert said["status"] == answer.status_code
    assert all(isinstance(said[member], str) and said[member] for member in ("type", "title", "detail"))
    for error in said.get("errors", []):
        assert error.keys() == {"field", "message"}
        assert error["message"]
    assert "Traceback" not in answer.text
    assert 'File "' not in answer.text
    return said


@every_refusal
def test_what_is_wrong_is_named(client: httpx.Client, sent: Refused) -> None:
    answer = send(client, sent)
    assert answer.status_code == sent.status
    said = problem(answer)
    assert {error["field"] for error in said.get("errors", [])} == set(sent.fields)


@every_refusal
def test_the_type_of_a_problem_is_explained_where_it_points(client: httpx.Client, sent: Refused) -> None:
    path, _, anchor = problem(send(client, sent))["type"].partition("#")
    assert f'id="{anchor}"' in client.get(path).raise_for_status().text


@pytest.mark.parametrize("field", ["fan_in", "draws", "x" * 3000])
def test_what_was_sent_is_not_echoed_at_length(client: httpx.Client, field: str) -> None:
    sent = "A" * 3000
    for answer in (client.get(f"/api/matmul?{field}={sent}"), client.post("/api/matmul", json={field: sent})):
        problem(answer)
        assert "A" * ECHOED not in answer.text
        assert "x" * ECHOED not in answer.text


@every_address
def test_a_bad_field_is_refused_by_every_address(client: httpx.Client, name: str, suffix: str) -> None:
    for answer in (client.get(f"/api/{name}{suffix}?seed=-1"), client.post(f"/api/{name}{suffix}", json={"seed": -1})):
        assert answer.status_code == 422
        assert [error["field"] for error in problem(answer)["errors"]] == ["seed"]


@every_address
def test_another_method_is_told_which_ones_there_are(client: httpx.Client, name: str, suffix: str) -> None:
    answer = client.put(f"/api/{name}{suffix}")
    assert answer.status_code == 405
    assert {"GET", "POST"} <= {method.strip() for method in answer.headers["allow"].split(",")}


@every_address
def test_too_expensive_is_refused_at_once_with_what_would_fit(client: httpx.Client, name: str, suffix: str) -> None:
    answer = client.get(f"/api/{name}{suffix}?{BEYOND[name]}")
    assert answer.status_code == 422
    assert answer.elapsed.total_seconds() < AT_ONCE
    said = problem(answer)
    assert said["cost"].keys() == said["limit"].keys()
    assert any(said["cost"][resource] > said["limit"][resource] for resource in said["cost"])
    assert {error["field"] for error in said["errors"]} <= set(EXPERIMENTS[name].sizes)


@every_experiment
def test_what_would_fit_is_accepted(name: str) -> None:
    with serving_here(create_app(Settings(max_seconds=0.05))) as client:
        said = problem(client.get(f"/api/{name}"))
        assert said["errors"]
        for error in said["errors"]:
            value = "".join(filter(str.isdigit, error["message"]))
            assert client.get(f"/api/{name}?{error['field']}={value}").status_code == 200


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if suffix != "/stream"])
@every_experiment
def test_a_fault_of_its_own_says_nothing_of_the_inside(name: str, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    puppet = puppet_for(name, monkeypatch)
    puppet.failure = RuntimeError("the secret of the inside")
    puppet.go.set()
    with serving_here(create_app()) as client:
        answer = client.get(address(a_small(name), suffix))
        assert answer.status_code == 500
        problem(answer)
        assert "secret" not in answer.text
        puppet.failure = None
        assert client.get(address(a_small(name), suffix)).status_code == 200


@every_experiment
def test_a_fault_within_a_stream_is_its_last_event(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    puppet = puppet_for(name, monkeypatch)
    puppet.failure = RuntimeError("the secret of the inside")
    puppet.go.set()
    with serving_here(create_app()) as client:
        told = events(client.get(address(a_small(name), "/stream")).text)
    assert told[-1].kind == "problem"
    assert told[-1].json["status"] == 500
    assert "secret" not in told[-1].data


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_past_the_deadline_is_said(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    puppet = puppet_for("matmul", monkeypatch)
    with serving_here(create_app(Settings(deadline_seconds=0.05))) as client:
        answer = client.get(address(a_small("matmul"), suffix))
    assert puppet.closed == 1
    if suffix == "/stream":
        assert events(answer.text)[-1].json["status"] == 504
    else:
        assert answer.status_code == 504
        problem(answer)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_when_every_place_is_taken_it_says_when_to_come_back(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    puppet = puppet_for("matmul", monkeypatch)
    first, second, third = (a_small("matmul", f"seed={seed}") for seed in (1, 2, 3))
    with serving_here(create_app(Settings(at_once=1, waiting=1))) as client:
        with (
            client.stream("GET", address(first, "/stream")) as one,
            client.stream("GET", address(second, "/stream")) as two,
        ):
            until(lambda: puppet.began)
            answer = client.get(address(third, suffix))
            if answer.status_code == 200:
                told = events(answer.text)
                assert [event.kind for event in told] == ["problem"]
                assert told[0].json["status"] == 503
            else:
                assert answer.status_code == 503
                assert int(answer.headers["retry-after"]) > 0
                problem(answer)
            puppet.go.set()
            assert all(events(stream.read().decode())[-1].kind == "result" for stream in (one, two))
        assert client.get(address(third)).status_code == 200


def test_a_post_is_read_whatever_its_charset_and_case(client: httpx.Client) -> None:
    spec = a_small("matmul")
    said = json.dumps({"seed": 3, "fan_in": spec.model_dump()["fan_in"], "fan_out": 24}).encode()
    for media_type in ("application/json; charset=utf-8", "Application/JSON"):
        assert client.post("/api/matmul", content=said, headers={"Content-Type": media_type}).status_code == 200
