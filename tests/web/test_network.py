"""`/network` over HTTP: a recording is drawn and told, refused in words, and kept only where there is a store."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.compute.runner import Runner
from app.experiments import EXPERIMENTS
from app.main import create_app
from app.network.charts import CHARTS, figures
from app.network.diagnosis import diagnose
from app.network.recording import Recording, read
from app.settings import Settings
from tests.web.tools import page, serving_here, strict_json

SAVED = (Path(__file__).parents[1] / "network" / "recordings" / "version-1.json").read_bytes()
JSON = {"Content-Type": "application/json"}
PATHS = ("figures", "findings", "look")

every_path = pytest.mark.parametrize("path", PATHS)


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server that keeps recordings, two at most."""
    settings = Settings(store=str(tmp_path_factory.mktemp("store") / "kept.sqlite"), store_count=2)
    with serving_here(create_app(settings, Runner(settings, EXPERIMENTS))) as client:
        yield client


def post(client: httpx.Client, path: str, body: bytes, **headers: str) -> httpx.Response:
    return client.post(f"/api/network/{path}", content=body, headers=JSON | headers)


def another(number: int) -> bytes:
    """A recording like the first, but not the same."""
    return json.dumps(json.loads(SAVED) | {"passes": 10 + number}).encode()


def test_figures_and_findings_are_the_recordings(client: httpx.Client) -> None:
    recording = read(SAVED)
    assert strict_json(post(client, "figures", SAVED).content) == json.loads(json.dumps(figures(recording)))
    findings = strict_json(post(client, "findings", SAVED).content)
    assert findings == [item.model_dump() for item in diagnose(recording)]
    look = strict_json(post(client, "look", SAVED).content)
    assert (look["figures"], look["findings"]) == (json.loads(json.dumps(figures(recording))), findings)


@every_path
def test_nothing_of_it_is_kept(client: httpx.Client, path: str) -> None:
    assert post(client, path, SAVED).headers["cache-control"] == "no-store"
    answer = post(client, "kept", SAVED)
    assert answer.status_code == 404
    assert "--store" in answer.json()["detail"]


@every_path
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{}", "version"),
        (b"nonsense", "body"),
        (SAVED.replace(b'"version":1', b'"version":2', 1), "version"),
        (SAVED.replace(b'"call":1', b'"call":1,"extra":1', 1), "layers.0.extra"),
    ],
)
def test_what_is_no_recording_is_refused_by_name(client: httpx.Client, path: str, body: bytes, field: str) -> None:
    answer = post(client, path, body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in [error["field"] for error in answer.json()["errors"]]


@every_path
def test_a_recording_is_a_plain_json_body_of_its_size(client: httpx.Client, path: str) -> None:
    assert client.post(f"/api/network/{path}", content=SAVED).status_code == 415
    assert post(client, f"{path}?a=1", SAVED).status_code == 422
    assert post(client, path, b" " * (8 * 2**20 + 1)).status_code == 413
    assert client.get(f"/api/network/{path}").status_code == 405


def test_the_schema_and_the_example_are_there(client: httpx.Client) -> None:
    assert client.get("/api/network/schema").json() == Recording.model_json_schema()
    example = read(client.get("/api/network/example").content)
    assert "first that" in str(diagnose(example)[0])


def test_the_page_has_a_place_for_every_chart_and_says_whether_it_keeps(
    client: httpx.Client, keeping: httpx.Client
) -> None:
    for asked, keeps in ((client, False), (keeping, True)):
        document = page(asked.get("/network").text)
        assert [place.attributes["data-chart"] for place in document.every(class_="chart")] == list(CHARTS)
        assert bool(document.every("button", class_="keep")) == keeps


def test_a_kept_recording_has_a_link_until_its_secret_removes_it(keeping: httpx.Client) -> None:
    kept = post(keeping, "kept", SAVED)
    assert kept.status_code == 201
    said: dict[str, Any] = kept.json()
    assert keeping.get(said["links"]["api"]).content == read(SAVED).model_dump_json().encode()
    assert keeping.get(said["links"]["page"]).status_code == 200
    wrong = post(keeping, f"kept/{said['key']}/remove", b'{"secret": "guess"}')
    assert wrong.status_code == 403
    assert post(keeping, f"kept/{said['key']}/remove", b"{}").status_code == 422
    right = post(keeping, f"kept/{said['key']}/remove", json.dumps({"secret": said["secret"]}).encode())
    assert right.status_code == 204
    assert keeping.get(said["links"]["api"]).status_code == 404


def test_a_full_store_says_so(keeping: httpx.Client) -> None:
    kept = [post(keeping, "kept", another(number)).json() for number in range(2)]
    full = post(keeping, "kept", another(2))
    assert full.status_code == 507
    assert full.headers["content-type"] == "application/problem+json"
    for each in kept:
        body = json.dumps({"secret": each["secret"]}).encode()
        assert post(keeping, f"kept/{each['key']}/remove", body).status_code == 204
