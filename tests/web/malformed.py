"""What should be refused, and how: malformed fields by query and by body, malformed requests, malformed HTTP."""

import gzip
import json
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from app.web.requests import LARGEST_BODY
from tests.web.wire import Sent, chunked

JSON = {"Content-Type": "application/json"}
CHUNKED = {"Transfer-Encoding": "chunked"}
MEGABYTE = 2**20
DEEP = LARGEST_BODY // 2


class Refused(NamedTuple):
    """A request, the status it is answered with, and the fields that are named."""

    status: int
    fields: tuple[str, ...]
    sent: Sent


class Given(NamedTuple):
    """A value as a query and as JSON write it; None where it cannot be written. `strict`: it is JSON at all."""

    text: str | None
    json: str | None
    strict: bool = True


# No number of any kind.
NO_NUMBER = {
    "NaN": Given("NaN", "NaN", strict=False),
    "nan": Given("nan", "nan", strict=False),
    "Infinity": Given("Infinity", "Infinity", strict=False),
    "minus Infinity": Given("-Infinity", "-Infinity", strict=False),
    "1e999": Given("1e999", "1e999"),
    "a string": Given('"1"', '"1"'),
    "an empty string": Given("", '""'),
    "a word": Given("many", '"many"'),
    "true": Given("true", "true"),
    "null": Given("null", "null"),
    "a list": Given("[1]", "[1]"),
    "an object": Given("{}", "{}"),
    "a plus": Given(None, "+5", strict=False),
    "an underscore": Given("1_000", "1_000", strict=False),
    "a comma": Given("1,00", "1,000", strict=False),
    "a space": Given("1 1", None),
    "hexadecimal": Given("0x10", "0x10", strict=False),
    "Arabic digits": Given("٥", "٥", strict=False),
    "Arabic digits in a string": Given(None, '"٥"'),
    "full-width digits": Given("５", '"５"'),
    "-1": Given("-1", "-1"),
    "2^63": Given(str(2**63), str(2**63)),
    "minus 2^63": Given(str(-(2**63)), str(-(2**63))),
    "5,000 digits": Given("9" * 5000, "9" * 5000, strict=False),  # too long to convert, so no part of it is read
    "5,000 characters": Given("x" * 5000, json.dumps("x" * 5000)),
    "NUL": Given("\0", '"\\u0000"'),
    "a raw NUL": Given(None, '"\0"', strict=False),
    "a lone surrogate": Given(None, '"\\ud800"'),
}
MALFORMED: dict[str, dict[str, Given]] = {  # by field
    "fan_in": {
        **NO_NUMBER,
        "0": Given("0", "0"),
        "1.0": Given("1.5", "1.0"),
        "1e2": Given("1e-2", "1e2"),
        "a leading zero": Given("05", "05", strict=False),
        "one too many": Given("65537", "65537"),
    },
    "gain": {**NO_NUMBER, "a bare point": Given(".", ".5", strict=False), "just too large": Given("1000.1", "1000.1")},
    "draws": {
        "another choice": Given("mine", '"mine"'),
        "another case": Given("Shared", '"Shared"'),
        "nothing": Given("", '""'),
        "a number": Given("1", "1"),
        "null": Given("null", "null"),
        "a list": Given(None, '["shared"]'),
        "5,000 characters": Given("x" * 5000, json.dumps("x" * 5000)),
    },
    "init": {
        "another choice": Given("mine", '["mine"]'),
        "the same twice": Given("1/D&init=1/D", '["1/D", "1/D"]'),
        "none at all": Given(None, "[]"),
        "no list": Given(None, '"1/D"'),
        "null": Given("null", "null"),
        "a list of lists": Given(None, '[["1/D"]]'),
        "5,000 of them": Given("&init=".join(["x"] * 1500), json.dumps(["x"] * 5000)),
    },
}


def fields() -> Iterator[tuple[str, Refused]]:
    """Every malformed value, by query and by body."""
    for field, values in MALFORMED.items():
        for what, given in values.items():
            if given.text is not None:
                query = f"{field}={quote(given.text, safe='/&=')}"
                yield f"{field} by query: {what}", Refused(422, (field,), Sent(f"/api/matmul?{query}"))
            if given.json is not None:
                named = field if given.strict else "body"
                yield f"{field} by body: {what}", posted(f'{{"{field}": {given.json}}}'.encode(), 422, named)


def asked(query: str, status: int, *fields: str, path: str = "/api/matmul") -> Refused:
    return Refused(status, fields, Sent(f"{path}?{query}"))


def posted(content: bytes, status: int, *fields: str, path: str = "/api/matmul", **headers: str) -> Refused:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Refused(status, fields, Sent(path, "POST", {**JSON, **named}, content))


REFUSED: dict[str, Refused] = {
    **dict(fields()),
    "an unknown field": asked("fan_inn=3", 422, "fan_inn"),
    "an unknown field in a body": posted(b'{"fan_inn": 3}', 422, "fan_inn"),
    "a field of the inside": asked("__class__=3", 422, "__class__"),
    "a long unknown field": asked("x" * 5000 + "=3", 422, "x" * 40),
    "a long unknown field in a body": posted(b'{"%s": 3}' % (b"x" * 5000), 422, "x" * 40),
    "1,000 unknown fields": asked("&".join(f"{index:040}=1" for index in range(1000)), 422, "0" * 40, f"{1:040}"),
    "1,000 unknown fields in a body": posted(
        json.dumps({f"{index:040}": 1 for index in range(1000)}).encode(), 422, "0" * 40, f"{1:040}"
    ),
    "a repeated scalar": asked("gain=1&gain=2", 422, "gain"),
    "a repeated scalar, twice the same": asked("seed=1&seed=1", 422, "seed"),
    "a long unknown field twice": asked("&".join(["x" * 5000 + "=3"] * 2), 422, "x" * 40),
    "1,000 unknown fields twice": asked(
        "&".join(f"{index:040}=1" for index in [*range(1000)] * 2), 422, "0" * 40, f"{1:040}"
    ),
    "a key twice in a body": posted(b'{"gain": 1, "gain": 2}', 422, "body"),
    "a key twice in a body, once escaped": posted(rb'{"gain": 1, "\u0067ain": 1}', 422, "body"),
    "a key twice within a body": posted(b'{"init": {"a": 1, "a": 1}}', 422, "body"),
    "several at once": asked("fan_in=x&gain=y&nope=z", 422, "fan_in", "gain", "nope"),
    "several at once in a body": posted(b'{"fan_in": "x", "gain": "y", "nope": 1}', 422, "fan_in", "gain", "nope"),
    "a yes for a boolean": asked("tied=yes", 422, "tied", path="/api/stack"),
    "a number for a boolean": asked("tied=1", 422, "tied", path="/api/stack"),
    "a string for a boolean in a body": posted(b'{"tied": "true"}', 422, "tied", path="/api/stack"),
    "a number for a boolean in a body": posted(b'{"tied": 1}', 422, "tied", path="/api/stack"),
    "a width too few": asked("widths=3", 422, "widths", path="/api/stack"),
    "a width too few in a body": posted(b'{"widths": [3]}', 422, "widths", path="/api/stack"),
    "a width too many": posted(json.dumps({"widths": [3] * 1002}).encode(), 422, "widths", path="/api/stack"),
    "a fraction for a width": posted(b'{"widths": [3, 4.0]}', 422, "widths", path="/api/stack"),
    "a query that is not UTF-8": asked("fan_in=%ff", 422, "query"),
    "a lone surrogate in a query": asked("%ed%a0%80=1", 422, "query"),
    "more fields than a query may have": asked("&".join(["init=1/D"] * 2001), 422, "query"),
    "a line break in a query": asked("fan_in=1%0d%0aSet-Cookie:%20a=b", 422, "fan_in"),
    "markup in a query": asked("fan_in=%3Cscript%3E", 422, "fan_in"),
    "fields for the catalog": asked("fan_in=1", 422, "query", path="/api/catalog"),
    "a query beside a body": posted(b"{}", 422, "query", path="/api/matmul?fan_in=4"),
    "a form as JSON": posted(b"fan_in=3", 422, "body"),
    "no body": posted(b"", 422, "body"),
    "a body that is a list": posted(b"[]", 422, "body"),
    "a body that is null": posted(b"null", 422, "body"),
    "two bodies": posted(b"{}{}", 422, "body"),
    "a body cut short": posted(b'{"gain": 1', 422, "body"),
    "a body with a comment": posted(b"{} // nothing", 422, "body"),
    "a body that is not UTF-8": posted(b'{"input": "\xff"}', 422, "body"),
    "a body in UTF-16": posted('{"gain": 1}'.encode("utf-16-le"), 422, "body"),
    "a body with a byte order mark": posted(b"\xef\xbb\xbf{}", 422, "body"),
    "a surrogate's bytes in a body": posted(b'{"input": "\xed\xa0\x80"}', 422, "body"),
    "a lone surrogate for a name": posted(b'{"\\ud800": 1}', 422, "?"),
    "NUL for a body": posted(b"\0", 422, "body"),
    "lists as deep as a body can hold": posted(b"[" * DEEP + b"]" * DEEP, 422, "body"),
    "objects as deep as a body can hold": posted(b'{"a":' * (LARGEST_BODY // 5), 422, "body"),
    "lists 100,000 deep": posted(b"[" * 100_000, 413),
    "objects 100,000 deep": posted(b'{"init":' * 100_000, 413),
    "a byte too many": posted(b"{}".ljust(LARGEST_BODY + 1), 413),
    "a megabyte": posted(b" " * MEGABYTE, 413),
    "a megabyte announced and never sent": posted(b"", 413, Content_Length=f"{MEGABYTE}"),
    "a megabyte of unknown length": posted(chunked(*[b" " * 1024] * 1024), 413, **CHUNKED),
    "a bad value of unknown length": posted(chunked(b'{"fan_in"', b": 0}"), 422, "fan_in", **CHUNKED),
    "a form": Refused(415, (), Sent(method="POST", content=b"fan_in=3")),
    "a form that says so": posted(b"fan_in=3", 415, Content_Type="application/x-www-form-urlencoded"),
    "JSON that says it is text": posted(b"{}", 415, Content_Type="text/plain"),
    "a type that is none": posted(b"{}", 415, Content_Type=";"),
    "a type of 5,000 characters": posted(b"{}", 415, Content_Type="x" * 5000),
    "a gzip body": posted(gzip.compress(b"{}"), 415, Content_Encoding="gzip"),
    "a gzip body that does not say so": posted(gzip.compress(b"{}"), 422, "body"),
    "an encoding that is none": posted(b"{}", 415, Content_Encoding="x" * 5000),
    "an unknown address": Refused(404, (), Sent("/api/nothing")),
    "a long unknown address": Refused(404, (), Sent("/" + "x" * 5000)),
    "an unknown page": Refused(404, (), Sent("/nothing")),
    "an unknown file": Refused(404, (), Sent("/static/0/nothing.js")),
    "a slash too many": Refused(404, (), Sent("/api/matmul/")),
    "a doubled slash": Refused(404, (), Sent("//api/matmul")),
    "encoded slashes out of the folder": Refused(404, (), Sent("/static/0/..%2f..%2fpyproject.toml")),
    "an encoded slash at the end": Refused(404, (), Sent("/api/matmul%2F")),
    "dots": Refused(404, (), Sent("/static/../pyproject.toml")),
    "NUL in an address": Refused(404, (), Sent("/api/matmul%00")),
    "an address that is not UTF-8": Refused(404, (), Sent("/%ff")),
    "another host's address": Refused(404, (), Sent("http://example.org/api/matmul")),
    "PUT": Refused(405, (), Sent(method="PUT")),
    "TRACE": Refused(405, (), Sent(method="TRACE", headers={"Secret": "x" * 5000})),
    "CONNECT": Refused(405, (), Sent(method="CONNECT")),
    "a method that is none": Refused(405, (), Sent(method="X" * 5000)),
    "POST to a page": Refused(405, (), Sent("/matmul", "POST")),
    "DELETE of the catalog": Refused(405, (), Sent("/api/catalog", "DELETE")),
}

# What is not HTTP never reaches the application: the server itself answers, in plain text.
UNREADABLE: dict[str, bytes] = {
    "bad UTF-8 in the address": Sent("/\xff").wire,
    "bad UTF-8 in the query": Sent("/api/matmul?fan_in=\xff").wire,
    "NUL in the address": Sent("/\0").wire,
    "NUL in a header": Sent(headers={"Secret": "a\0b"}).wire,
    "a megabyte of one header": Sent(headers={"Secret": "x" * MEGABYTE}).wire,
    "a megabyte of headers": Sent(headers={f"Secret-{index}": "x" * 1000 for index in range(1000)}).wire,
    "a megabyte of an address": Sent("/" + "x" * MEGABYTE).wire,
    "a megabyte of a query": Sent("/api/matmul?" + "x" * MEGABYTE).wire,
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "no request at all": b"x" * 100 + b"\r\n\r\n",
    "a handshake of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    "a header without a colon": b"GET / HTTP/1.1\r\nHost: initscope\r\nSecret\r\n\r\n",
    "a space before a colon": b"GET / HTTP/1.1\r\nHost: initscope\r\nSecret : x\r\n\r\n",
    "two lengths": b"POST /api/matmul HTTP/1.1\r\nHost: initscope\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a negative length": Sent(method="POST", headers={**JSON, "Content-Length": "-1"}).wire,
    "a length of 5,000 digits": Sent(method="POST", headers={**JSON, "Content-Length": "9" * 5000}).wire,
    "an unknown transfer encoding": Sent(method="POST", headers={**JSON, "Transfer-Encoding": "gzip"}).wire,
    "a chunk without a size": Sent(method="POST", headers={**JSON, **CHUNKED}, content=b"zz\r\n{}\r\n0\r\n\r\n").wire,
}

# Odd, and still what it says.
TOLERATED: dict[str, Sent] = {
    "an encoded slash": Sent("/api%2Fmatmul?fan_out=24"),
    "an encoded letter": Sent("/api/%6datmul?fan_out=24"),
    "an encoded field": Sent("/api/matmul?fan%5fout=24"),
    "a body with a GET": Sent("/api/matmul?fan_out=24", "GET", JSON, b'{"fan_out": 0}'),
    "a body of unknown length": Sent(
        method="POST", headers={**JSON, **CHUNKED}, content=chunked(b'{"fan_', b'out": 24}')
    ),
    "a body of the largest length": Sent(method="POST", headers=JSON, content=b'{"fan_out": 24}'.ljust(LARGEST_BODY)),
    "a tag that is none": Sent("/api/matmul?fan_out=24", headers={"If-None-Match": '\xff"'}),
}
