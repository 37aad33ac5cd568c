"""The gallery: every famous experiment has its sentence, its numbers beside the published ones, and its source."""

import httpx
import pytest

from app.experiments import EXPERIMENTS
from app.experiments.experiment import Published
from tests.web.tools import page

FAMOUS = [(name, famous.name) for name, experiment in EXPERIMENTS.items() for famous in experiment.gallery]


def test_every_famous_experiment_has_its_place_and_leads_to_it(client: httpx.Client) -> None:
    document = page(client.get("/gallery").text)
    places = document.every(class_="famous")
    assert [place.attributes["id"] for place in places] == [famous for _, famous in FAMOUS]
    for place in places:
        assert client.get(place.one("h2").one("a").attributes["href"]).status_code == 200
        assert place.one(class_="source").text
        assert place.one("img").attributes["data-src"].startswith("/api/")


@pytest.mark.parametrize(("name", "famous"), FAMOUS)
def test_a_famous_experiment_is_told_by_a_finding_with_every_number_measured(
    client: httpx.Client, name: str, famous: str
) -> None:
    entry = next(each for each in EXPERIMENTS[name].gallery if each.name == famous)
    told = client.get(f"/api/gallery/{famous}").raise_for_status().json()
    findings = client.get(EXPERIMENTS[name].spec.from_query(entry.query).api("/findings")).json()
    assert told["sentence"] in [finding["sentence"] for finding in findings]
    assert len(told["measured"]) == len(entry.published)
    assert "beyond float64" not in [row["number"] for row in told["measured"]]


def test_a_number_that_does_not_come_out_again_is_told_apart() -> None:
    published = Published("a number", 0.5, lambda result: 0.5)
    assert published.agrees(published.value)
    assert not published.agrees(published.value * 2)
    assert not published.agrees(None)


def test_what_is_not_there_is_not_found(client: httpx.Client) -> None:
    assert client.get("/api/gallery/nothing").status_code == 404
