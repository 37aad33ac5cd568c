"""Behind a proxy, under a prefix, everything is where it should be, whether or not the application is told of it."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from app.experiments import EXPERIMENTS
from tests.browser.conftest import NewTab
from tests.browser.test_links import addresses
from tests.compute.tools import small_spec
from tests.conftest import serving
from tests.web.test_renderings import properties
from tests.web.tools import page, serving_here

PREFIX = "/user/x/proxy/8000"
NAME = next(iter(EXPERIMENTS))


def reverse_proxy(behind: str, tells: dict[str, str], strips: bool) -> Starlette:
    """Everything below the prefix comes from `behind`; nothing else is here."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with httpx.AsyncClient(base_url=behind, timeout=60) as client:
            app.state.client = client
            yield

    async def forward(request: Request) -> Response:
        client: httpx.AsyncClient = request.app.state.client
        path = request.url.path.removeprefix(PREFIX) if strips else request.url.path
        url = httpx.URL(path=path, query=request.url.query.encode())
        kept = {name: value for name, value in request.headers.items() if name != "connection"}
        asked = client.build_request(request.method, url, headers=kept | tells)
        answer = await client.send(asked, stream=True)
        return StreamingResponse(
            answer.aiter_raw(), answer.status_code, dict(answer.headers), background=BackgroundTask(answer.aclose)
        )

    return Starlette(routes=[Route(f"{PREFIX}/{{path:path}}", forward)], lifespan=lifespan)


@contextmanager
def proxied(*flags: str, strips: bool = True, **tells: str) -> Iterator[str]:
    """The application's address as the world sees it."""
    told = {name.replace("_", "-"): value for name, value in tells.items()}
    with serving("--port", "0", *flags) as served, serving_here(reverse_proxy(served.url, told, strips)) as client:
        yield f"{str(client.base_url).rstrip('/')}{PREFIX}"


TOLD = {
    "by its setting": (("--root-path", PREFIX), True, {}),
    "by its setting, the prefix left in the path": (("--root-path", f"{PREFIX}/"), False, {}),
    "by a proxy it trusts": (("--proxies", "127.0.0.1"), True, {"X_Forwarded_Prefix": PREFIX}),
}


@pytest.mark.parametrize(("flags", "strips", "tells"), TOLD.values(), ids=TOLD)
def test_told_of_its_prefix_it_is_whole_below_it(
    new_tab: NewTab, flags: tuple[str, ...], strips: bool, tells: dict[str, str]
) -> None:
    spec = small_spec(NAME)
    with proxied(*flags, strips=strips, **tells) as base:
        tab = new_tab()
        tab.origin = base
        tab.run(spec.links["page"])
        assert tab.page.url == base + spec.links["page"]
        assert all(address.startswith(base) for address in addresses(tab))
        assert httpx.get(addresses(tab)[0], timeout=60).status_code == 200
        links = tab.page.locator("a[href]").evaluate_all("links => links.map((link) => link.href)")
        assert links
        assert all(link.startswith(base) for link in links)
        tab.page.get_by_role("link", name="Questions").first.click()
        expect(tab.page.locator(".answer p").first).to_be_visible()
        tab.page.goto("about:blank")  # nothing is asked for any more
        shown = properties(page(httpx.get(base + spec.links["page"], timeout=60).text))
        assert shown["og:image"] == base + spec.api(".png")
        assert httpx.get(shown["og:image"], timeout=60).content.startswith(b"\x89PNG")
        refused = httpx.get(f"{base}/api/{NAME}?seed=-1", timeout=60).json()
        assert re.sub("#.*", "", refused["type"]) == f"{PREFIX}/docs"


def test_not_told_its_pages_work_all_the_same(new_tab: NewTab) -> None:
    with proxied() as base:
        tab = new_tab()
        tab.origin = base
        tab.run(small_spec(NAME).links["page"])
        assert all(address.startswith(base) for address in addresses(tab))
        missing = httpx.get(f"{base}/not/there", headers={"Accept": "text/html"}, timeout=60)
        assert missing.status_code == 404
        (style,) = re.findall(r'href="([^"]+/style\.css)"', missing.text)
        assert httpx.get(str(missing.url.join(style)), timeout=60).status_code == 200


@pytest.mark.parametrize("said", ["no slash", "/a b", "//evil.example", "/x?y", '/"><script>'])
def test_a_prefix_that_is_none_is_not_believed(said: str) -> None:
    with serving("--port", "0", "--proxies", "127.0.0.1") as served:
        answer = httpx.get(f"{served.url}/{NAME}", headers={"X-Forwarded-Prefix": said}, timeout=60)
        assert answer.status_code == 200
        assert properties(page(answer.text))["og:url"] == f"{served.url}/{NAME}"
