"""Static files live for ever under an address that changes with them."""

import re

import httpx
import plotly.offline
import pytest

from tests.web.tools import page


def linked(client: httpx.Client) -> list[str]:
    found = page(client.get("/matmul").text).every()
    names = [element.attributes.get(name, "") for element in found for name in ("src", "href")]
    return sorted({name for name in names if name.startswith("/static/")})


def test_a_browser_may_keep_a_file_for_ever(client: httpx.Client) -> None:
    files = linked(client)
    assert any(name.endswith("main.js") for name in files)
    for name in files:
        answer = client.get(name)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert re.search(r"/[0-9a-f]{8,}/", name)


@pytest.mark.parametrize(("ending", "media_type"), [(".js", "javascript"), (".css", "text/css"), (".svg", "image/svg")])
def test_a_file_says_what_it_is(client: httpx.Client, ending: str, media_type: str) -> None:
    files = [name for name in linked(client) if name.endswith(ending)]
    assert files
    assert all(media_type in client.get(name).headers["content-type"] for name in files)


def test_a_file_is_compressed_for_who_takes_it(client: httpx.Client) -> None:
    name = next(name for name in linked(client) if name.endswith("style.css"))
    plain = client.get(name, headers={"Accept-Encoding": "identity"})
    packed = client.get(name, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert packed.content == plain.content
    assert "Accept-Encoding" in plain.headers["vary"]


def test_the_charts_script_is_the_one_figures_are_validated_for_and_small(client: httpx.Client) -> None:
    address = re.findall(r'"\.(/static/[^"]*plotly-cartesian.min.js)"', client.get("/matmul").text)[0]
    packed = client.get(address, headers={"Accept-Encoding": "gzip"})
    version = re.search(r"plotly.js \(cartesian - minified\) v([\d.]+)", packed.text[:300])
    assert version
    assert f"plotly.js v{version[1]}" in plotly.offline.get_plotlyjs()[:300]
    assert int(packed.headers["content-length"]) <= 500_000


@pytest.mark.parametrize("name", ["/static/0000/style.css", "/static/../app/main.py", "/static/%2e%2e/pyproject.toml"])
def test_nothing_else_is_served(client: httpx.Client, name: str) -> None:
    assert client.get(name).status_code == 404


def test_no_file_outside_the_folder_is_served_under_the_right_version(client: httpx.Client) -> None:
    folder = linked(client)[0].rsplit("/", 1)[0]
    for name in ("../main.py", "%2e%2e/main.py", "/etc/passwd", ""):
        assert client.get(f"{folder}/{name}", follow_redirects=True).status_code == 404
