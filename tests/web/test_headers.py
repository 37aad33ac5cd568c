"""Security headers stand on every response, whatever made it, and no page needs an outside host."""

import re
from collections.abc import Iterator

import httpx
import pytest

from app.experiments import EXPERIMENTS
from app.main import create_app
from app.settings import Settings
from app.web.headers import HEADERS, PAGE_POLICY, POLICY, SHARED
from tests.compute.tools import every_preset, puppet_for, small_result
from tests.conftest import serving
from tests.experiments.tools import EXPLAIN
from tests.web.malformed import REFUSED, UNREADABLE, Refused
from tests.web.tools import PAGES, SUFFIXES, a_small, address, page, serving_here
from tests.web.wire import Sent, exchange

PLAIN = ("/livez", "/readyz", "/openapi.json", "/api/catalog")
ANSWERED = {
    **{path: Refused(200, (), Sent(path)) for path in (*PAGES, *PLAIN)},
    **{f"a result{suffix}": Refused(200, (), Sent(address(a_small("matmul"), suffix))) for suffix in SUFFIXES},
    "a page with a bad value": Refused(422, (), Sent("/matmul?fan_in=x")),
    "an options request": Refused(405, (), Sent(method="OPTIONS")),
    **REFUSED,
}
FORBIDDEN = ("unsafe-eval", "http:", "https:", "*")


def secured(answer: httpx.Response) -> None:
    shared = SHARED if "access-control-allow-origin" in answer.headers else {}
    for name, value in {**HEADERS, **shared}.items():
        assert answer.headers.get_list(name) == [value]
    page = answer.headers.get("content-type", "").startswith("text/html")
    assert answer.headers.get_list("content-security-policy") == [PAGE_POLICY if page else POLICY]
    assert "strict-transport-security" not in answer.headers
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])


def directives(policy: str) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in policy.split(";"))


@pytest.mark.parametrize("asked", ANSWERED.values(), ids=ANSWERED)
def test_every_response_is_secured_and_names_no_server(server: str, asked: Refused) -> None:
    answer = exchange(server, asked.sent.wire)
    assert answer.status_code == asked.status
    secured(answer)
    assert not answer.headers.keys() & {"server", "x-powered-by", "via"}


@pytest.mark.parametrize("sent", UNREADABLE.values(), ids=UNREADABLE)
def test_what_never_reaches_the_application_is_secured_too(server: str, sent: bytes) -> None:
    answer = exchange(server, sent)
    secured(answer)
    assert not answer.headers.keys() & {"server", "x-powered-by", "via"}


def test_browsers_are_told_to_come_by_https_even_by_what_never_reaches_the_application() -> None:
    with serving("--port", "0", "--hsts-seconds", "3600") as served:
        answer = exchange(served.url, UNREADABLE["no host"])
    assert answer.headers.get_list("strict-transport-security") == ["max-age=3600"]


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


def test_every_file_is_secured_too(client: httpx.Client) -> None:
    linked = {target for path in PAGES for target in attributes(client, path) if target.startswith("/static/")}
    assert linked
    for target in linked:
        answer = client.get(target)
        assert answer.status_code == 200
        secured(answer)


def test_other_sites_may_read_the_api_and_nothing_else(client: httpx.Client) -> None:
    for path in ("/api/catalog", "/api/nothing", "/api/matmul?seed=-1", address(a_small("stack"), "/stream")):
        answer = client.get(path, headers={"Origin": "https://elsewhere.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "access-control-allow-credentials" not in answer.headers
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
    for path in ("/", "/matmul", "/livez", "/openapi.json"):
        assert "access-control-allow-origin" not in client.get(path).headers


def test_a_browser_that_asks_first_is_told_what_other_sites_may_ask(client: httpx.Client) -> None:
    asks = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    answer = client.options("/api/stack", headers=asks)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert {"GET", "POST"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    assert "Content-Type" in answer.headers["access-control-allow-headers"]
    secured(answer)
    assert client.options("/stack", headers=asks).status_code == 405


@pytest.mark.parametrize("path", ["/", "/livez", "/nothing"])
def test_browsers_are_told_to_come_by_https_where_that_is_set(path: str) -> None:
    with serving_here(create_app(Settings(hsts_seconds=3600))) as client:
        assert client.get(path).headers.get_list("strict-transport-security") == ["max-age=3600"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_lets_nothing_in_from_outside_and_no_script_within(client: httpx.Client, path: str) -> None:
    found = directives(client.get(path).headers["content-security-policy"])
    assert found["default-src"] == "'none'"
    assert found["script-src"] == found["connect-src"] == "'self'"
    assert found["frame-ancestors"] == "'none'"
    assert not any(source in FORBIDDEN for value in found.values() for source in value.split())
    document = page(client.get(path).text)
    scripts = [script for script in document.every("script") if script.attributes.get("type") != "application/json"]
    assert all("src" in script.attributes for script in scripts)
    assert not [name for element in document.every() for name in element.attributes if name.startswith("on")]


def test_what_is_no_page_may_load_nothing_at_all(client: httpx.Client) -> None:
    found = directives(client.get("/api/catalog").headers["content-security-policy"])
    assert found == {"default-src": "'none'", "frame-ancestors": "'none'"}


def attributes(client: httpx.Client, path: str) -> list[str]:
    """Every address a page points to, but what a reader may follow out of it, and its own as others see it."""
    leading_out = ("external", "canonical")
    return [
        element.attributes[name]
        for element in page(client.get(path).text).every()
        if element.attributes.get("rel") not in leading_out
        for name in ("src", "href", "srcset", "action", "poster", "data")
        if name in element.attributes
    ]


def references(client: httpx.Client, path: str) -> Iterator[str]:
    """Every address a page, its style sheets and its scripts point to."""
    pointed = attributes(client, path)
    yield from pointed
    for linked in pointed:
        if linked.endswith((".css", ".js")) and "plotly" not in linked:
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
    text = EXPLAIN(EXPERIMENTS[name], small_result(name, query)).decode()
    assert not re.search(
        r"<(script|iframe|img|link|object)|\bon\w+=|(src|href)\s*=\s*[\"']?\w*:?//", text, re.IGNORECASE
    )
