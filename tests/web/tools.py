"""What tests of the web share: an app served within this process, events, and a look into a page."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any, NamedTuple

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from app.experiments import EXPERIMENTS
from app.spec import Spec
from tests.compute.tools import AT_ONCE, small_spec, until

SUFFIXES = ("", "/figures", "/findings", ".csv", "/stream")
PAGES = ("/", "/docs", "/questions", "/gallery", "/glossary", "/network", *(f"/{name}" for name in EXPERIMENTS))

every_address = pytest.mark.parametrize(
    ("name", "suffix"), [(name, suffix) for name in EXPERIMENTS for suffix in SUFFIXES]
)


@contextmanager
def serving_here(app: ASGIApp) -> Iterator[httpx.Client]:
    """A client of an app that really listens, in this process, so that what it runs can be replaced and observed."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started)
        host, port = server.servers[0].sockets[0].getsockname()
        with httpx.Client(base_url=f"http://{host}:{port}", timeout=3 * AT_ONCE) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(AT_ONCE)
        assert not thread.is_alive()


def strict_json(text: str | bytes) -> Any:
    """JSON without NaN and Infinity."""

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def address(spec: Spec, suffix: str = "") -> str:
    """Where an experiment is asked for by GET."""
    return f"/api/{spec.name}{suffix}" + (f"?{spec.query}" if spec.query else "")


def body(spec: Spec) -> dict[str, Any]:
    """The same experiment as a POST says it: what differs from the defaults."""
    return {
        name: getattr(spec, name)
        for name, field in type(spec).model_fields.items()
        if name not in spec.derived and getattr(spec, name) != field.default
    }


def a_small(name: str, query: str = "seed=3") -> Spec:
    return small_spec(name, query)


class Event(NamedTuple):
    kind: str
    data: str

    @property
    def json(self) -> Any:
        return strict_json(self.data)


def events(text: str) -> list[Event]:
    """Server-sent events, as the HTML standard reads them."""
    found = []
    for block in text.split("\n\n"):
        fields: dict[str, list[str]] = {}
        for line in block.splitlines():
            field, _, value = line.partition(":")
            fields.setdefault(field, []).append(value.removeprefix(" "))
        if "event" in fields:
            found.append(Event(fields["event"][-1], "\n".join(fields["data"])))
    return found


VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Element:
    """A node of a page."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Element | str] = []

    @property
    def text(self) -> str:
        parts = (child if isinstance(child, str) else child.text for child in self.children)
        return " ".join(" ".join(parts).split())

    def every(self, tag: str = "", **attributes: str) -> list["Element"]:
        """All elements below with this tag and these attributes; `class_` has to be one of the classes."""

        def wanted(element: Element) -> bool:
            has = element.attributes
            classes = has.get("class", "").split()
            return tag in ("", element.tag) and all(
                value in classes if name == "class_" else has.get(name.replace("_", "-")) == value
                for name, value in attributes.items()
            )

        found: list[Element] = []
        for child in self.children:
            if isinstance(child, Element):
                found += [*([child] if wanted(child) else []), *child.every(tag, **attributes)]
        return found

    def one(self, tag: str = "", **attributes: str) -> "Element":
        (found,) = self.every(tag, **attributes)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Links are relative, and a page stands right below the root.
        element = Element(
            tag, {name: "/" + v[2:] if (v := value or "").startswith("./") else v for name, value in attrs}
        )
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if any(element.tag == tag for element in self.open):
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def page(html: str) -> Element:
    reader = _Reader()
    reader.feed(html)
    return reader.open[0]
