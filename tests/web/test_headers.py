"""Security headers stand on every response, whatever made it, and no page needs an outside host."""

import re
from collections.abc import Iterator

import httpx
import pytest

from app.main import create_app
from app.web.headers import HEADERS
from tests.compute.tools import every_preset, puppet_for, small_result
from tests.figures.test_words import EXPLAIN
from tests.web.test_problems import REFUSED, Refused, send
from tests.web.tools import PAGES, a_small, address, page, serving_here

PLAIN = ("/livez", "/readyz", "/openapi.json", "/api/catalog")
ANSWERED = {
    **{path: Refused(200, path=path) for path in (*PAGES, *PLAIN)},
    "a result": Refused(200, path=address(a_small("matmul"))),
    "a stream": Refused(200, path=address(a_small("matmul"), "/stream")),
    "a page with a bad value": Refused(422, path="/matmul?fan_in=x"),
    "an options request": Refused(405, (), "OPTIONS"),
    **REFUSED,
}
FORBIDDEN = ("unsafe-eval", "http:", "https:", "*")


def secured(answer: httpx.Response) -> None:
    for name, value in HEADERS.items():
        assert answer.headers.get_list(name) == [value]


@pytest.mark.parametrize("sent", ANSWERED.values(), ids=ANSWERED)
def test_every_response_is_secured(client: httpx.Client, sent: Refused) -> None:
    answer = send(client, sent)
    assert answer.status_code == sent.status
    secured(answer)


def test_a_fault_of_its_own_is_secured_too(monkeypatch: pytest.MonkeyPatch) -> None:
    puppet = puppet_for("matmul", monkeypatch)
    puppet.failure = RuntimeError("broken")
    puppet.go.set()
    with serving_here(create_app()) as client:
        answer = client.get(address(a_small("matmul")))
    assert answer.status_code == 500
    secured(answer)


def test_what_has_not_changed_is_secured_too(client: httpx.Client) -> None:
    tag = client.get(address(a_small("matmul"))).headers["etag"]
    answer = client.get(address(a_small("matmul")), headers={"If-None-Match": tag})
    assert answer.status_code == 304
    secured(answer)


def test_the_policy_lets_nothing_in_from_outside(client: httpx.Client) -> None:
    policy = client.get("/").headers["content-security-policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["connect-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"
    assert not any(source in FORBIDDEN for value in directives.values() for source in value.split())


def references(client: httpx.Client, path: str) -> Iterator[str]:
    """Every address a page, its style sheets and its scripts point to."""
    document = page(client.get(path).text)
    attributes = [
        element.attributes[name]
        for element in document.every()
        for name in ("src", "href", "srcset", "action", "poster", "data")
        if name in element.attributes
    ]
    yield from attributes
    for linked in attributes:
        if linked.endswith((".css", ".js")) and not linked.endswith("plotly.min.js"):
            text = client.get(linked).raise_for_status().text
            yield from re.findall(r"""(?:@import|url\(|\bfrom|import\()\s*["']?([^"')\s;]+)""", text)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_points_to_no_outside_host(client: httpx.Client, path: str) -> None:
    found = list(references(client, path))
    assert found
    assert [target for target in found if re.match(r"\s*([a-z][a-z0-9+.-]*:)?//", target, re.IGNORECASE)] == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_points_to_nothing_that_is_not_there(client: httpx.Client, path: str) -> None:
    document = page(client.get(path).text)
    targets = {
        element.attributes[name]
        for element in document.every()
        for name in ("src", "href")
        if name in element.attributes
    }
    inside = sorted(target for target in targets if target.startswith("/") and not target.startswith("/api/"))
    assert inside
    assert {target: client.get(target).status_code for target in inside} == dict.fromkeys(inside, 200)


@every_preset
def test_an_explanation_points_nowhere_and_runs_nothing(name: str, query: str) -> None:
    text = EXPLAIN(name, small_result(name, query)).decode()
    assert not re.search(
        r"<(script|iframe|img|link|object)|\bon\w+=|(src|href)\s*=\s*[\"']?\w*:?//", text, re.IGNORECASE
    )
