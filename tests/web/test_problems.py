"""Whatever is wrong is said as application/problem+json: what, where, and what to do; never a trace."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from app.compute.rates import USUAL
from app.compute.runner import Runner
from app.experiments import EXPERIMENTS
from app.main import create_app
from app.settings import Settings
from tests.compute.tools import every_experiment, puppet_for, until
from tests.web.malformed import REFUSED, Refused
from tests.web.tools import SUFFIXES, a_small, address, events, every_address, serving_here, strict_json
from tests.web.wire import exchange

BEYOND = {
    "matmul": "fan_in=65536&fan_out=1000000000&repeats=1000",
    "stack": "batch=65536&depth=1000&width=8192",
    "training": "steps=100000",
    "sweep": "x=fan_in&x_to=65536&x_steps=60&y=fan_out&y_to=1000000000&y_steps=10&repeats=200",
    "attention": "head_dim=4096&keys=65536&queries=65536",
    "transformer": "width=4096",
}
AT_ONCE = 2.0  # seconds within which a refusal is answered


every_refusal = pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED)


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
def test_what_is_wrong_is_named_and_explained_where_the_type_points(client: httpx.Client, refused: Refused) -> None:
    said = problem(exchange(str(client.base_url), refused.sent.wire))
    assert said["status"] == refused.status
    assert {error["field"] for error in said.get("errors", [])} == set(refused.fields)
    path, _, anchor = said["type"].partition("#")
    assert f'id="{anchor}"' in client.get(path).raise_for_status().text


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


@contextmanager
def allowing(seconds: float) -> Iterator[httpx.Client]:
    """A server where a run may take so long, once it knows how fast it is."""
    settings = Settings(max_seconds=seconds, max_cells_seconds=seconds)
    runner = Runner(settings, EXPERIMENTS)
    until(lambda: runner.budget.rates != USUAL)
    with serving_here(create_app(settings, runner)) as client:
        yield client


@every_experiment
def test_what_would_fit_is_accepted(name: str) -> None:
    with allowing(1e-6) as client:
        seconds = problem(client.get(f"/api/{name}"))["cost"]["seconds"]
    with allowing(0.7 * seconds) as client:
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
    with serving_here(create_app(Settings(at_once=1, waiting=1, per_client=9))) as client:
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
