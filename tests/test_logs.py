"""Every line logged is one JSON object, with the id of its request, whatever was sent; queries are not logged."""

import io
import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from app.logs import LONGEST_PATH, JsonFormatter
from app.main import create_app
from app.settings import Settings
from tests.compute.tools import puppet_for
from tests.conftest import ROOT, default_environment
from tests.web.tools import SUFFIXES, a_small, address, serving_here
from tests.web.wire import Sent, exchange

FORGED = '/nothing\n{"level": "error", "message": "forged"}\r\x1b[31mred\x1b[0m\x85\u2028\x00'
REQUEST_ID = re.compile(r"[0-9a-f]{16}")


def log(text: str) -> list[dict[str, Any]]:
    """The objects of a log. Nothing in it moves a terminal's cursor."""
    assert re.fullmatch(r"[ -~\n]*", text)
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What this process logs meanwhile, as a server would write it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    logging.getLogger("initscope.access").setLevel(logging.INFO)
    yield stream
    logging.getLogger("initscope.access").setLevel(logging.NOTSET)
    logging.getLogger().removeHandler(handler)


def served(*flags: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app", "--port", "0", *flags],
        cwd=ROOT,
        env=default_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("said", [FORGED, "\ud800", "é"], ids=ascii)
def test_a_record_is_one_line_whatever_it_says(said: str) -> None:
    try:
        raise ValueError(said)
    except ValueError:
        record = logging.LogRecord("initscope", logging.ERROR, __file__, 1, "about %s", (said,), sys.exc_info())
    line = JsonFormatter().format(record)
    (found,) = log(line)
    assert found["message"] == f"about {said}"
    assert found["level"] == "error"
    assert "Traceback" in found["exception"]
    assert found["exception"].endswith(f"ValueError: {said}")
    assert abs(datetime.fromisoformat(found["time"]).timestamp() - record.created) < 0.002


def test_requests_are_logged_where_asked_for_without_queries_and_nothing_forges_a_line() -> None:
    process = served("--access-log", "true")
    assert process.stdout is not None
    url = process.stdout.readline().split()[-1]
    with httpx.Client(base_url=url) as client:
        answers = [
            client.get("/livez"),
            client.get("/api/matmul?fan_in=the-secret"),
            client.post("/api/matmul", content=b"the-secret", headers={"X-Request-Id": "the-secret"}),
            client.get("/" + "x" * 5000),
        ]
    answers.append(exchange(url, Sent(f"{quote(FORGED)}?the-secret").wire))
    assert exchange(url, b"the-secret\r\n\r\n").status_code == 400
    process.terminate()
    _, errors = process.communicate(timeout=30)
    *lines, unreadable = log(errors)
    assert "the-secret" not in errors
    assert [line["request_id"] for line in lines] == [answer.headers["x-request-id"] for answer in answers]
    assert len({line["request_id"] for line in lines}) == len(answers)
    long = "/" + "x" * (LONGEST_PATH - 1)
    assert [line["path"] for line in lines] == ["/livez", "/api/matmul", "/api/matmul", long, FORGED]
    assert [(line["method"], line["status"]) for line in lines] == [
        *(("GET", 200), ("GET", 422), ("POST", 415), ("GET", 404), ("GET", 404))
    ]
    assert {(line["logger"], line["client"]) for line in lines} == {("initscope.access", "127.0.0.1")}
    assert all(line["milliseconds"] >= 0 for line in lines)
    assert unreadable["level"] == "warning"
    assert unreadable["message"] == "Invalid HTTP request received."


def test_requests_are_not_logged_by_default(written: io.StringIO) -> None:
    with serving_here(create_app()) as client:
        answer = client.get("/api/matmul?fan_in=0")
    assert REQUEST_ID.fullmatch(answer.headers["x-request-id"])
    assert written.getvalue() == ""


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_fault_is_one_line_with_the_id_of_its_request(
    suffix: str, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    puppet = puppet_for("matmul", monkeypatch)
    puppet.failure = RuntimeError("it broke\nin two lines")
    puppet.go.set()
    with serving_here(create_app()) as client:
        answer = client.get(address(a_small("matmul"), suffix))
    (line,) = log(written.getvalue())
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["level"] == "error"
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("RuntimeError: it broke\nin two lines")


def test_a_client_that_goes_away_is_logged_too(written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    puppet_for("matmul", monkeypatch)
    with serving_here(create_app(Settings(access_log=True))) as client, pytest.raises(httpx.ReadTimeout):
        client.get(address(a_small("matmul")), timeout=0.2)
    (line,) = log(written.getvalue())
    assert (line["path"], line["status"]) == ("/api/matmul", 400)
