"""Whatever is sent, the answer is the one the contract names, never a fault and never an echo."""

import logging
import socket
from collections.abc import Iterator
from urllib.parse import unquote

import httpx
import pytest

from app.fields import ECHOED
from app.main import create_app
from tests.web.malformed import REFUSED, TOLERATED, UNREADABLE, Refused
from tests.web.test_problems import problem
from tests.web.tools import PAGES, serving_here
from tests.web.wire import Sent, exchange


def echoes(sent: bytes, answer: httpx.Response) -> Iterator[str]:
    """What of a request an answer repeats at greater length than it may."""
    said = "\n".join([*(f"{name}: {value}" for name, value in answer.headers.items()), answer.text])
    text = sent.decode("latin-1")
    for form in {text, unquote(text), sent.decode(errors="replace")}:
        pieces = {form[start : start + ECHOED + 1] for start in range(len(form) - ECHOED)}
        yield from (piece for piece in pieces if piece in said)


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED)
def test_it_is_refused_as_the_contract_says_and_not_echoed(server: str, refused: Refused) -> None:
    answer = exchange(server, refused.sent.wire)
    assert answer.status_code == refused.status
    assert list(echoes(refused.sent.wire, answer)) == []


@pytest.mark.parametrize("sent", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_not_http_is_refused_by_the_server_itself_and_not_echoed(server: str, sent: bytes) -> None:
    answer = exchange(server, sent)
    assert answer.status_code == 400
    assert problem(answer)["title"] == "Bad Request"
    assert list(echoes(sent, answer)) == []


@pytest.mark.parametrize("sent", TOLERATED.values(), ids=TOLERATED)
def test_what_is_only_odd_is_answered(server: str, sent: Sent) -> None:
    assert exchange(server, sent.wire).status_code == 200


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("query", ["fan_in=" + "x" * 5000, "x" * 5000 + "=1", "&".join(["x" * 5000 + "=1"] * 2)])
def test_a_page_repeats_no_more_than_it_may(server: str, path: str, query: str) -> None:
    sent = Sent(f"{path}?{query}").wire
    answer = exchange(server, sent)
    assert answer.status_code in (200, 422)
    assert list(echoes(sent, answer)) == []


def test_a_client_that_leaves_within_its_body_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    with serving_here(create_app()) as client:
        unfinished = Sent(method="POST", headers={"Content-Type": "application/json", "Content-Length": "100"})
        with socket.create_connection((client.base_url.host, client.base_url.port or 80)) as connection:
            connection.sendall(unfinished.wire + b'{"fan_out"')
            client.get("/livez")
        assert client.get("/livez").status_code == 200
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
