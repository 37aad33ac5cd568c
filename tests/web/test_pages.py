"""Pages: every link says the whole experiment, its form shows it, and what is wrong stands beside its field."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from app.experiments import EXPERIMENTS
from app.fields import SpecError, shape
from app.spec import Spec
from app.web.forms import given
from tests.compute.tools import compared_by, every_experiment, every_preset
from tests.web.tools import PAGES, Element, page

FIELDS = [(name, field) for name, entry in EXPERIMENTS.items() for field in entry.spec.model_fields]
every_field = pytest.mark.parametrize(("name", "field"), FIELDS, ids=[f"{name}.{field}" for name, field in FIELDS])
HOSTILE = '"><script>alert(1)</script>'


def drawn(name: str, field: str) -> bool:
    return is_drawn(EXPERIMENTS[name].spec, field)


def is_drawn(model: type[Spec], field: str) -> bool:
    """Whether a form has a control for a field: there is something to choose, and the form does not hide it."""
    info = model.model_fields[field]
    extra: Any = info.json_schema_extra
    return not shape(info).fixed and not extra.get("hidden")


def open_page(client: httpx.Client, path: str, status: int = 200) -> Element:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    return page(answer.text)


def control(document: Element, field: str) -> Element:
    return document.one(data_field=field)


def shown(document: Element, field: str) -> tuple[str, ...]:
    """The texts a field's control holds, as a browser would send them."""
    found = control(document, field)
    selects, inputs = found.every("select"), found.every("input")
    if selects:
        return tuple(option.attributes["value"] for option in found.every("option") if "selected" in option.attributes)
    if inputs[0].attributes["type"] == "checkbox":
        return tuple(box.attributes["value"] for box in inputs if "checked" in box.attributes)
    text = inputs[0].attributes["value"]
    return tuple(text.split(", ")) if found.attributes["data-widget"] == "list" and text else (text,) if text else ()


def error_beside(document: Element, field: str) -> str:
    """The message beside a field; empty if none is shown."""
    found = control(document, field).one(class_="error")
    return "" if "hidden" in found.attributes else found.text


@every_preset
def test_a_preset_is_a_page_that_runs(client: httpx.Client, name: str, query: str) -> None:
    document = open_page(client, f"/{name}?{query}")
    assert document.one(data_experiment=name).attributes["data-run"] == "now"
    assert not [element for element in document.every(class_="error") if "hidden" not in element.attributes]


@every_experiment
def test_presets_are_linked_with_their_names(client: httpx.Client, name: str) -> None:
    links = {link.text: link.attributes["href"] for link in open_page(client, f"/{name}").every("a")}
    for label, query in EXPERIMENTS[name].presets:
        href = links[label]
        _, _, linked = href.partition("?")
        assert EXPERIMENTS[name].spec.from_query(linked) == EXPERIMENTS[name].spec.from_query(query)


@every_preset
def test_a_form_holds_the_experiment_of_its_link(client: httpx.Client, name: str, query: str) -> None:
    spec = EXPERIMENTS[name].spec.from_query(query)
    document = open_page(client, f"/{name}?{query}")
    fields = [field for field in type(spec).model_fields if is_drawn(type(spec), field)]
    texts = {field: set(shown(document, field)) for field in fields}
    assert texts == {field: set(given(spec)[field]) for field in fields}


@every_field
def test_a_field_has_one_control_with_its_label_and_help(client: httpx.Client, name: str, field: str) -> None:
    document = open_page(client, f"/{name}")
    controls = document.every(data_field=field)
    if not drawn(name, field):
        assert controls == []
        return
    (found,) = controls
    info = EXPERIMENTS[name].spec.model_fields[field]
    assert info.title
    assert info.description
    label = next(iter(found.every("label", **{"for": f"field-{field}"})), None)
    if label is None:
        label = found.one(id=found.attributes["aria-labelledby"])
    else:
        assert len(found.every(id=f"field-{field}")) == 1
    assert label.text == info.title
    assert info.description in found.one(role="tooltip").text
    described = found.one("button").attributes["aria-describedby"]
    assert found.one(role="tooltip").attributes["id"] == described


@every_field
def test_a_control_offers_what_the_field_takes(client: httpx.Client, name: str, field: str) -> None:
    if not drawn(name, field):
        return
    accepts = shape(EXPERIMENTS[name].spec.model_fields[field])
    found = control(open_page(client, f"/{name}"), field)
    if accepts.choices:
        offered = found.every("option") or found.every("input")
        leaves_empty = accepts.optional and not accepts.many
        assert [element.attributes["value"] for element in offered] == ([""] if leaves_empty else []) + list(
            accepts.choices
        )
        assert all(label in found.text for label in accepts.choices.values())
    elif accepts.kind == "boolean":
        offered = found.one(name=field).every("option")
        assert [element.attributes["value"] for element in offered] == ["true", "false"]
    else:
        assert found.one(name=field).attributes["type"] == "text"


@every_field
def test_what_is_wrong_stands_beside_its_field_and_nothing_runs(client: httpx.Client, name: str, field: str) -> None:
    with pytest.raises(SpecError) as caught:
        EXPERIMENTS[name].spec.from_query(f"{field}=wrong")
    document = open_page(client, f"/{name}?{field}=wrong", 422)
    assert document.one(data_experiment=name).attributes["data-run"] == "never"
    message = dict(caught.value.errors)[field]
    if not drawn(name, field):
        assert message in document.one(class_="form-errors").text
        return
    assert error_beside(document, field) == message
    others = [other for experiment, other in FIELDS if experiment == name and other != field and drawn(name, other)]
    assert [error_beside(document, other) for other in others] == [""] * len(others)
    if control(document, field).attributes["data-widget"] in ("number", "list", "select"):
        assert shown(document, field) == ("wrong",)


@every_field
def test_what_was_typed_is_never_markup(client: httpx.Client, name: str, field: str) -> None:
    answer = client.get(f"/{name}?{field}={quote(HOSTILE)}&{quote(HOSTILE)}=1")
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert 'value=""><' not in answer.text
    if drawn(name, field) and control(page(answer.text), field).attributes["data-widget"] in ("number", "select"):
        assert shown(page(answer.text), field) == (HOSTILE,)


@every_experiment
def test_the_rest_of_what_was_typed_is_kept(client: httpx.Client, name: str) -> None:
    field = compared_by(EXPERIMENTS[name].spec())
    document = open_page(client, f"/{name}?seed=17&gain=much&{field}=1/sqrt(D)", 422)
    assert shown(document, "seed") == ("17",)
    assert shown(document, "gain") == ("much",)
    assert shown(document, field) == ("1/sqrt(D)",)


@every_experiment
def test_an_unknown_field_is_named_at_the_top(client: httpx.Client, name: str) -> None:
    document = open_page(client, f"/{name}?fan_inn=3&seed=-1", 422)
    top = document.one(class_="form-errors")
    assert "fan_inn" in top.text
    assert "seed" not in [element.text for element in top.every("b")]
    assert error_beside(document, "seed")


@pytest.mark.parametrize("query", ["seed=1&seed=2", "gain=%ff", "%", "seed=" + "9" * 5000, "&".join(["seed=1"] * 3000)])
@every_experiment
def test_whatever_the_query_the_page_answers_in_words(client: httpx.Client, name: str, query: str) -> None:
    answer = client.get(f"/{name}?{query}")
    assert answer.status_code == 422
    assert page(answer.text).one(data_experiment=name).attributes["data-run"] == "never"
    assert "9" * 200 not in answer.text


@every_experiment
def test_a_page_has_a_place_for_every_chart(client: httpx.Client, name: str) -> None:
    document = open_page(client, f"/{name}")
    places = document.every(class_="chart")
    assert sorted(place.attributes["data-chart"] for place in places) == sorted(EXPERIMENTS[name].charts)
    for place in places:
        chart = EXPERIMENTS[name].charts[place.attributes["data-chart"]]
        assert chart.title in place.text
        assert " ".join(chart.read(EXPERIMENTS[name].spec()).split()) in place.text
        assert place.one(role="img").attributes["aria-label"] == chart.title


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_a_language_a_title_one_main_heading_order_and_ways_on(client: httpx.Client, path: str) -> None:
    document = open_page(client, path)
    assert document.one("html").attributes["lang"] == "en"
    assert document.one("title").text
    document.one("h1")
    links = {link.attributes["href"] for link in document.one("nav", aria_label="Main").every("a")}
    assert links == {f"/{name}" for name in EXPERIMENTS} | {"/docs", "/questions", "/gallery", "/network"}
    ids = [element.attributes["id"] for element in document.every() if "id" in element.attributes]
    assert len(ids) == len(set(ids))


def test_the_home_page_runs_an_experiment_and_leads_on(client: httpx.Client) -> None:
    document = open_page(client, "/")
    first = document.every("article")[0]
    assert first.attributes["data-run"] == "now"
    links = {link.attributes["href"].partition("?")[0] for link in document.one("main").every("a")}
    assert {f"/{name}" for name in EXPERIMENTS} <= links


@every_experiment
def test_the_documentation_lists_every_address_and_field(client: httpx.Client, name: str) -> None:
    document = open_page(client, "/docs")
    text = document.one("main").text
    for suffix in ("", "/figures", ".csv", "/stream"):
        assert f"/api/{name}{suffix}" in text
    codes = [code.text for code in document.every("code")]
    for field, info in EXPERIMENTS[name].spec.model_fields.items():
        assert field in codes
        assert info.description
        assert " ".join(info.description.split()) in text


def test_the_home_page_says_what_a_click_reproduces(client: httpx.Client) -> None:
    """The three numbers of its snippet, and the words of its second experiment, are the API's."""
    document = open_page(client, "/")
    first, second = document.every("article")
    asked = first.attributes["data-query"]
    assert f"/matmul?{asked}" in [link.attributes["href"] for link in document.every("a", class_="primary")]
    stated = [float(comment.text.strip("# ")) for comment in document.one("pre").every("i")]
    measured = [entry["measured"]["variance"] for entry in client.get(f"/api/matmul?{asked}").json()["inits"]]
    assert stated == pytest.approx(measured, rel=1e-3)
    text = document.one(class_="pitch").text
    assert [f"{measured[0]:.0f}", f"{measured[1]:.3f}", f"{measured[2]:.2f}"] == re.findall(r"get (\d[\d.]*\d)", text)
    found = client.get(f"/api/stack/findings?{second.attributes['data-query']}").json()
    words = [finding["word"] for finding in found if finding["about"] == "signal"]
    assert words == ["saturates", "vanishes", "fades"]
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for said in (document.one("section", class_="then").text, readme):
        assert re.search(r"first[\w ]* saturates, the second loses the signal,[\w\s]* third\s+it fades", said)


def test_every_question_has_its_place_and_leads_to_its_experiment(client: httpx.Client) -> None:
    document = open_page(client, "/questions")
    asked = [heading.text for heading in document.every("h2")]
    assert asked == [question.asked for experiment in EXPERIMENTS.values() for question in experiment.questions]
    for place in document.every("li"):
        if "data-findings" in place.attributes:
            link = place.one("a").attributes["href"]
            assert place.attributes["data-findings"].replace("/api", "").replace("/findings", "") == link
            assert client.get(link).status_code == 200


@pytest.mark.parametrize("path", ["/nothing", "/stack/", "/a/b/c"])
def test_where_there_is_nothing_a_browser_gets_a_page_and_a_script_a_problem(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html,application/xhtml+xml"})
    assert answer.status_code == 404
    document = page(answer.text)
    links = [link.attributes["href"] for link in document.one("main").every("a")]
    assert links
    assert {client.get(str(answer.url.join(link))).status_code for link in links} == {200}
    assert client.get(path).headers["content-type"] == "application/problem+json"
    api = client.get("/api/nothing", headers={"Accept": "text/html"})
    assert api.headers["content-type"] == "application/problem+json"
