"""What an experiment is taken along as: pictures, a script, a document that needs nobody, and what a link shows."""

import re
import struct
from xml.etree import ElementTree

import httpx
import pytest

from app.experiments import EXPERIMENTS
from app.main import create_app
from tests.compute.tools import every_experiment, every_preset, puppet_for, small_result
from tests.toy import TOY
from tests.web.tools import Element, a_small, address, page, serving_here


@every_experiment
def test_a_picture_is_as_large_as_a_preview_is_shown(client: httpx.Client, name: str) -> None:
    png = client.get(address(a_small(name), ".png"))
    assert png.headers["content-type"] == "image/png"
    assert png.content.startswith(b"\x89PNG")
    assert struct.unpack(">II", png.content[16:24]) == (1200, 630)
    svg = client.get(address(a_small(name), ".svg"))
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert "style-src 'unsafe-inline'" in svg.headers["content-security-policy"]
    assert ElementTree.fromstring(svg.content).tag.endswith("svg")


@every_preset
def test_every_preset_has_its_picture_and_the_same_whenever_it_is_drawn(name: str, query: str) -> None:
    first, second = (EXPERIMENTS[name].drawn("svg", small_result(name, query)) for _ in range(2))
    assert first == second


def test_an_experiment_without_a_picture_of_its_own_shows_its_findings() -> None:
    with serving_here(create_app(experiments={"toy": TOY})) as client:
        assert client.get("/api/toy.png").content.startswith(b"\x89PNG")
        assert client.get("/api/toy.py").status_code == 404
        assert client.get("/api/toy.html").status_code == 200


def test_a_picture_costs_a_run_and_counts_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    puppet = puppet_for("stack", monkeypatch)
    puppet.go.set()
    with serving_here(create_app()) as client:
        for suffix in (".png", ".png", ".svg", ".html", ""):
            assert client.get(address(a_small("stack"), suffix)).status_code == 200
        assert puppet.began == 1
        assert client.get("/api/stack.png?depth=1000&width=8192").status_code == 422


def test_a_script_is_written_without_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    puppet = puppet_for("stack", monkeypatch)
    with serving_here(create_app()) as client:
        answer = client.get("/api/stack.py?depth=1000&width=8192")
        assert answer.headers["content-type"].startswith("text/x-python")
        assert puppet.began == 0


@every_experiment
def test_a_document_needs_nobody(client: httpx.Client, name: str) -> None:
    answer = client.get(address(a_small(name), ".html"))
    assert "attachment" in answer.headers["content-disposition"]
    document = page(re.sub(r"<script>.*?</script>", "", answer.text, flags=re.DOTALL))
    assert not [each for each in document.every() if {"src", "srcset"} & each.attributes.keys()]
    assert {each.tag for each in document.every() if "href" in each.attributes} == {"a"}
    figures = client.get(address(a_small(name), "/figures")).json()
    assert [plot.attributes["id"] for plot in document.every(class_="plot")] == list(figures)
    sentences = [finding["sentence"] for finding in client.get(address(a_small(name), "/findings")).json()]
    assert any(" ".join(sentence.split()) in document.text for sentence in sentences)


def properties(document: Element) -> dict[str, str]:
    return {
        meta.attributes["property"]: meta.attributes["content"]
        for meta in document.every("meta")
        if "property" in meta.attributes
    }


@every_experiment
def test_a_link_shows_what_is_asked_until_somebody_has_run_it_and_then_what_was_found(
    client: httpx.Client, name: str
) -> None:
    spec = a_small(name, "seed=777")
    before = properties(page(client.get(f"{spec.links['page']}").text))
    heading = EXPERIMENTS[name].heading(spec)
    assert before["og:title"].startswith(heading)
    assert before["og:description"].startswith(heading)
    findings = client.get(address(spec, "/findings")).json()
    after = properties(page(client.get(f"{spec.links['page']}").text))
    assert after["og:description"].startswith(findings[0]["sentence"].partition(". ")[0])
    assert after["og:image"] == f"{str(client.base_url).rstrip('/')}{spec.api('.png')}"
    assert client.get(after["og:image"]).status_code == 200
