"""Every experiment as JSON, figures, table and stream: by GET and by POST, the same bytes for the same fields."""

import io
from collections.abc import Iterator
from typing import Any

import httpx
import pandas
import pytest

from app import __version__
from app.experiments import EXPERIMENTS
from app.experiments.table import csv_table
from app.web.streams import PARTS_BYTES
from tests.compute.tools import every_experiment, lines_of, result_of
from tests.web.tools import Event, a_small, address, body, events, every_address, strict_json

MEDIA_TYPES = {
    "": "application/json",
    "/figures": "application/json",
    "/findings": "application/json",
    ".csv": "text/csv; charset=utf-8",
    "/stream": "text/event-stream",
}
THOROUGH = {"matmul": "draws=fresh&repeats=3&seed=3", "stack": "repeats=3&seed=3", "training": "seed=3"}

every_tidy_one = pytest.mark.parametrize("name", [name for name, one in EXPERIMENTS.items() if one.table is csv_table])


def settled(answer: httpx.Response, suffix: str) -> bytes | list[Event]:
    """What of an answer may not vary from one time to the next: of a stream all but progress and partial figures."""
    if suffix != "/stream":
        return answer.content
    return events(answer.text)[-4:]


@every_address
def test_get_and_post_give_the_same(client: httpx.Client, name: str, suffix: str) -> None:
    spec = a_small(name)
    got = client.get(address(spec, suffix))
    posted = client.post(f"/api/{name}{suffix}", json=body(spec))
    assert (got.status_code, posted.status_code) == (200, 200)
    assert got.headers["content-type"].startswith(MEDIA_TYPES[suffix])
    assert posted.headers["content-type"] == got.headers["content-type"]
    assert settled(got, suffix) == settled(posted, suffix)


@every_experiment
def test_json_is_the_result(client: httpx.Client, name: str) -> None:
    spec = a_small(name)
    content = client.get(address(spec)).content
    assert content == result_of(spec).model_dump_json().encode()
    strict_json(content)


@every_experiment
def test_figures_are_those_of_the_result(client: httpx.Client, name: str) -> None:
    spec = a_small(name)
    content = client.get(address(spec, "/figures")).content
    assert content == EXPERIMENTS[name].figures_json(result_of(spec))
    strict_json(content)


@every_experiment
def test_order_and_defaults_spelled_out_change_nothing(client: httpx.Client, name: str) -> None:
    spec = a_small(name)
    pairs = reversed(spec.query.split("&"))
    known = client.get(address(spec)).content
    assert client.get(f"/api/{name}?{'&'.join(pairs)}&gain=1.0").content == known
    assert client.post(f"/api/{name}", json=body(spec) | {"gain": 1.0}).content == known


@every_experiment
def test_links_lead_to_the_same(client: httpx.Client, name: str) -> None:
    spec = a_small(name)
    answer = client.get(address(spec))
    links = answer.json()["links"]
    assert client.get(links["api"]).content == answer.content
    assert client.get(links["csv"]).content == client.get(address(spec, ".csv")).content
    assert client.get(links["page"]).status_code == 200
    assert links["api"] == f"/api{links['page']}"


@every_experiment
def test_a_link_names_only_what_differs_from_the_defaults(name: str) -> None:
    assert EXPERIMENTS[name].spec().links == {
        "page": f"/{name}",
        "api": f"/api/{name}",
        "csv": f"/api/{name}.csv",
    }


def numbers(values: dict[str, Any], path: str = "") -> Iterator[tuple[str, float | None]]:
    """Every number of one init or layer of a Result, by its path; lists are numbered."""
    for key, value in values.items():
        inner = dict(enumerate(value)) if isinstance(value, list) else value
        if isinstance(inner, dict):
            yield from numbers({str(k): v for k, v in inner.items()}, f"{path}{key}.")
        elif not isinstance(inner, str):
            yield f"{path}{key}", inner


def records(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of the places an entry goes through."""
    lists = [value for value in entry.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    return [place for places in lists for place in places]


def named(record: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """What a record's first field calls it, and the rest but for lists of records."""
    (_, name), *rest = record.items()
    return name, {key: value for key, value in rest if not records({key: value})}


def tidy(result: dict[str, Any]) -> dict[tuple[str, int | None, str], float | None]:
    """The numbers of a Result, histograms aside, as the table should have them."""
    found: dict[tuple[str, int | None, str], float | None] = {}
    for line, entry in lines_of(result).items():
        for place, values in [(None, named(entry)[1]), *map(named, records(entry))]:
            found |= {(line, place, path): value for path, value in numbers(values)}
    return {key: value for key, value in found.items() if "histogram" not in key[2].split(".")}


def columns(result: dict[str, Any]) -> list[str]:
    """What the table's columns are called: by what the result sets side by side, and by its places."""
    entry = next(iter(lines_of(result).values()))
    place = next(iter(records(entry)), {"layer": 0})
    return [next(iter(entry)), next(iter(place)), "quantity", "value"]


@every_tidy_one
def test_the_table_holds_every_number_once(client: httpx.Client, name: str) -> None:
    spec = a_small(name, THOROUGH.get(name, "seed=3"))
    result = client.get(address(spec)).json()
    expected = tidy(result)
    table = pandas.read_csv(io.BytesIO(client.get(address(spec, ".csv")).content))
    assert list(table.columns) == columns(result)
    assert not table.duplicated(columns(result)[:3]).any()
    assert table["value"].dtype.kind == "f"
    rows = table.astype(object).where(table.notna(), None).itertuples(index=False)
    assert {(row[0], row[1], row[2]): row[3] for row in rows} == expected


@every_tidy_one
def test_pandas_reads_the_table_from_its_address(server: str, name: str) -> None:
    spec = a_small(name)
    table = pandas.read_csv(server + address(spec, ".csv"))
    assert list(table.columns[-2:]) == ["quantity", "value"]
    assert set(table[table.columns[0]]) == set(spec.compared)


@every_experiment
def test_a_stream_tells_the_heading_then_progress_figures_words_and_the_result(client: httpx.Client, name: str) -> None:
    spec = a_small(name, "seed=4")
    told = events(client.get(address(spec, "/stream")).text)
    kinds = [event.kind for event in told]
    assert kinds[0] == "page"
    assert kinds[-4:] == ["figures", "findings", "explanation", "result"]
    partial = {"figures"} if EXPERIMENTS[name].of_cells else set()  # so short a run is drawn once, unless it is many
    assert set(kinds[1:-4]) <= {"progress"} | partial
    assert told[-1].data.encode() == client.get(address(spec)).content
    assert told[-3].data.encode() == client.get(address(spec, "/findings")).content
    assert told[-4].data.encode() == client.get(address(spec, "/figures")).content
    progress = [event.json for event in told if event.kind == "progress"]
    assert all(step.keys() == {"done", "total"} and 0 <= step["done"] <= step["total"] for step in progress)
    assert [step["done"] for step in progress] == sorted(step["done"] for step in progress)


def test_a_long_run_streams_progress_and_partial_figures(client: httpx.Client) -> None:
    told = events(client.get("/api/stack/stream?depth=120&seed=5").text)
    kinds = [event.kind for event in told]
    assert kinds.count("progress") > 1
    assert kinds.count("figures") > 1
    assert kinds[-1] == "result"
    charts = [event.json.keys() for event in told if event.kind == "figures"]
    assert all(some <= charts[-1] for some in charts)


def test_charts_of_a_long_run_are_sent_less_often_where_they_are_large(client: httpx.Client) -> None:
    told = events(client.get("/api/training/stream?depth=12&seed=5").text)
    *parts, _ = [event.data for event in told if event.kind == "figures"]
    assert len(parts) > 1
    *before, last = map(len, parts)
    assert sum(before) + before[-1] <= PARTS_BYTES
    assert last > before[0]


@every_experiment
def test_what_is_known_is_streamed_without_running(client: httpx.Client, name: str) -> None:
    spec = a_small(name, "seed=6")
    client.get(address(spec))
    told = events(client.get(address(spec, "/stream")).text)
    assert [event.kind for event in told] == ["page", "figures", "findings", "explanation", "result"]


@pytest.mark.parametrize("suffix", ["", "/figures", "/findings", ".csv"])
@every_experiment
def test_what_has_not_changed_is_not_sent_again(client: httpx.Client, name: str, suffix: str) -> None:
    spec = a_small(name)
    first = client.get(address(spec, suffix))
    again = client.get(address(spec, suffix), headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = client.get(address(a_small(name, "seed=7"), suffix), headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200
    assert other.headers["etag"] != first.headers["etag"]
    posted = client.post(f"/api/{name}{suffix}", json=body(spec), headers={"If-None-Match": first.headers["etag"]})
    assert posted.content == first.content, "only a GET is answered by what the client has"


@every_experiment
def test_every_representation_has_a_tag_of_its_own(client: httpx.Client, name: str) -> None:
    suffixes = [suffix for suffix in MEDIA_TYPES if suffix != "/stream"]
    tags = {client.get(address(a_small(name), suffix)).headers["etag"] for suffix in suffixes}
    assert len(tags) == len(suffixes)


@every_experiment
def test_times_stand_in_a_header_and_never_in_the_body(client: httpx.Client, name: str) -> None:
    first, second = (client.get(address(a_small(name, "seed=8"))) for _ in range(2))
    for answer in (first, second):
        assert "dur=" in answer.headers["server-timing"]
    assert first.content == second.content


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_an_operator_is_told_that_it_is_up(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


def test_the_api_describes_itself(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()
    assert described["info"]["version"] == __version__
    for name, experiment in EXPERIMENTS.items():
        for suffix in MEDIA_TYPES:
            operations = described["paths"][f"/api/{name}{suffix}"]
            assert {"get", "post"} <= operations.keys()
            named = [parameter["name"] for parameter in operations["get"]["parameters"]]
            fields = {field for kind in experiment.spec.kinds().values() for field in kind.model_fields}
            assert set(named) == fields
            assert len(named) == len(fields)
            schema = operations["post"]["requestBody"]["content"]["application/json"]["schema"]
            assert {field for model in schema.get("anyOf", [schema]) for field in model["properties"]} == fields
    assert "get" in described["paths"]["/api/catalog"]
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)


def references(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        if "$ref" in found:
            yield found["$ref"]
        found = list(found.values())
    if isinstance(found, list):
        for item in found:
            yield from references(item)


def test_the_description_refers_to_nothing_that_is_not_in_it(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()
    for reference in references(described):
        assert reference.startswith("#/")
        inner = described
        for part in reference[2:].split("/"):
            inner = inner[part]
