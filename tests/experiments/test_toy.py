"""A new experiment is one folder and one entry in the registry: everything else follows."""

import csv
import io
import json
import time
from collections.abc import Iterator

import httpx
import plotly.graph_objects as go
import pytest

import app as initscope
from app.compute.runner import Runner
from app.experiments import EXPERIMENTS
from app.experiments.experiment import by_name
from app.main import create_app
from app.settings import Settings
from tests.compute.tools import AT_ONCE, until
from tests.toy import TOY
from tests.toy.result import ToyResult
from tests.toy.spec import ToySpec
from tests.web.tools import events, page, serving_here

EVERY = by_name(*EXPERIMENTS.values(), TOY)
LONG = "throws=200000000"  # seconds of work
PATIENT = Settings(max_seconds=100, deadline_seconds=100)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with serving_here(create_app(experiments=EVERY)) as client:
        yield client


@pytest.fixture
def result(client: httpx.Client) -> ToyResult:
    return ToyResult.model_validate_json(client.get("/api/toy?dice=d6&dice=d20&seed=7").content)


def test_it_has_a_page_with_its_form_its_charts_and_its_presets(client: httpx.Client) -> None:
    answer = client.get("/toy?throws=50")
    assert answer.status_code == 200
    shown = page(answer.text)
    assert shown.one("h1").text == "What is the mean of 50 throws?"
    fields = [field.attributes["data-field"] for field in shown.every() if "data-field" in field.attributes]
    assert sorted(fields) == sorted(ToySpec.model_fields)
    assert shown.one("input", name="throws").attributes["value"] == "50"
    assert [place.attributes["data-chart"] for place in shown.every("section", class_="chart")] == ["means"]
    (preset,) = shown.one("nav", class_="presets").every("a")
    assert (preset.text, preset.attributes["href"]) == ("Two dice", "/toy?dice=d6&dice=d20")


def test_it_stands_in_the_menu_of_every_page(client: httpx.Client) -> None:
    for path in ("/", "/matmul", "/docs"):
        assert "Some dice" in [link.text for link in page(client.get(path).text).every("a", href="/toy")]


def test_it_answers_in_json_by_get_and_by_post(client: httpx.Client, result: ToyResult) -> None:
    posted = client.post("/api/toy", json={"dice": ["d6", "d20"], "seed": 7})
    assert posted.content == client.get(result.links["api"]).content == result.model_dump_json().encode()
    assert [die.die for die in result.dice] == ["d6", "d20"]
    assert result.experiment == {"dice": ["d6", "d20"], "throws": 100, "seed": 7}


def test_its_link_leads_to_the_page_of_the_same_spec(client: httpx.Client, result: ToyResult) -> None:
    shown = page(client.get(result.links["page"]).text)
    assert shown.one("input", name="seed").attributes["value"] == "7"


def test_its_figures_are_plotlys(client: httpx.Client, result: ToyResult) -> None:
    found = client.get("/api/toy/figures?dice=d6&dice=d20&seed=7").json()
    assert found == TOY.figures(result)
    go.Figure(found["means"])


def test_its_findings_say_what_its_numbers_are(client: httpx.Client, result: ToyResult) -> None:
    found = client.get("/api/toy/findings?dice=d6&dice=d20&seed=7").json()
    assert [(finding["value"], finding["predicted"]) for finding in found] == [
        (die.mean, die.predicted) for die in result.dice
    ]


def test_its_table_names_its_own_columns(client: httpx.Client, result: ToyResult) -> None:
    rows = list(csv.reader(io.StringIO(client.get(result.links["csv"]).text)))
    assert rows[0] == ["die", "number", "quantity", "value"]
    assert ["d20", "", "mean", str(result.dice[1].mean)] in rows
    assert ["d6", "100", "eyes", str(result.dice[0].last[-1].eyes)] in rows


def test_its_stream_ends_with_figures_words_and_the_result(client: httpx.Client, result: ToyResult) -> None:
    first, *_, figures, findings, explanation, last = events(client.get("/api/toy/stream?dice=d6&dice=d20&seed=7").text)
    assert first.json == TOY.page(ToySpec(dice=["d6", "d20"], seed=7))
    assert figures.json == TOY.figures(result)
    assert findings.json == client.get("/api/toy/findings?dice=d6&dice=d20&seed=7").json()
    assert f"The mean of d6 is {result.dice[0].mean}, and should be 3.5." in explanation.data
    assert last.data.encode() == result.model_dump_json().encode()


def test_it_is_in_the_catalog_and_in_the_documentation(client: httpx.Client) -> None:
    fields = client.get("/api/catalog").json()["fields"]["toy"]
    assert (fields["throws"]["default"], fields["throws"]["max"]) == (100, 10**12)
    document = client.get("/openapi.json").json()
    assert {path for path in document["paths"] if "toy" in path} == {
        *("/api/toy", "/api/toy/figures", "/api/toy/findings", "/api/toy.csv", "/api/toy/stream", "/api/toy/look"),
        *("/api/toy.png", "/api/toy.svg", "/api/toy.html"),
    }
    assert {"ToyResult", "Die", "Throw"} <= document["components"]["schemas"].keys()
    assert str(ToySpec.__doc__) in page(client.get("/docs").text).text


def test_a_bad_field_is_named(client: httpx.Client) -> None:
    refused = client.get("/api/toy?throws=0&dice=d7")
    assert refused.status_code == 422
    assert {error["field"] for error in refused.json()["errors"]} == {"throws", "dice"}


def test_what_is_too_expensive_is_refused_with_the_most_that_fits(client: httpx.Client) -> None:
    refused = client.get("/api/toy?throws=1000000000000&dice=d6&dice=d20")
    assert refused.status_code == 422
    ((field, message),) = [(error["field"], error["message"]) for error in refused.json()["errors"]]
    assert field == "throws"
    fits = int(message.rpartition(" ")[2].replace(",", ""))
    limit, cost = (refused.json()[what]["seconds"] for what in ("limit", "cost"))
    assert fits / 10**12 == pytest.approx(limit / cost, rel=0.01), "a die takes the same time, thrown again"


def test_it_stops_when_nobody_waits_any_more() -> None:
    runner = Runner(PATIENT, EVERY)
    with serving_here(create_app(PATIENT, runner, EVERY)) as client:

        def running() -> int:
            return sum(flight.running for flight in runner.admission.aloft)

        with client.stream("GET", f"/api/toy/stream?{LONG}") as answer:
            until(running)
            assert answer.status_code == 200
        began = time.monotonic()
        until(lambda: not running())
        assert time.monotonic() - began < AT_ONCE


def test_it_runs_from_a_script(monkeypatch: pytest.MonkeyPatch, result: ToyResult) -> None:
    monkeypatch.setitem(EXPERIMENTS, "toy", TOY)
    run = initscope.run("toy", dice=["d6", "d20"], seed=7)
    assert json.loads(run.to_json()) == json.loads(result.model_dump_json())
    assert run.dice == result.dice
