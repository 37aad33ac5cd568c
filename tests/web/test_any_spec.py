"""Whatever a spec may be, it is answered in strict JSON: by its result, or by what it would cost."""

import csv
import io
import math
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.spec import Spec
from tests.conftest import serving
from tests.strategies import any_small_spec, any_spec
from tests.web.described import CHEAP
from tests.web.test_problems import problem
from tests.web.tools import SUFFIXES, address, body, events, strict_json

some_examples = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
any_suffix = st.sampled_from(SUFFIXES)


@pytest.fixture(scope="module")
def impatient() -> Iterator[httpx.Client]:
    """A client of a server that soon finds an experiment too expensive."""
    with serving("--port", "0", *CHEAP) as served, httpx.Client(base_url=served.url, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def patient() -> Iterator[httpx.Client]:
    """A client of a server that finds nothing too expensive, however slow the machine."""
    flags = ("--max-seconds", "600", "--deadline-seconds", "600")
    with serving("--port", "0", *flags) as served, httpx.Client(base_url=served.url, timeout=600) as client:
        yield client


def assert_strict(content: str, suffix: str) -> None:
    """No NaN and no Infinity, whatever the form."""
    if suffix == ".csv":
        values = [row["value"] for row in csv.DictReader(io.StringIO(content))]
        assert values
        assert all(math.isfinite(float(value)) for value in values if value)
    elif suffix == "/stream":
        told = events(content)
        assert told[-1].kind == "result"
        assert all(event.json is not None for event in told if event.kind != "explanation")
    else:
        assert strict_json(content)


@some_examples
@given(any_spec, any_suffix)
def test_any_spec_is_answered_or_refused_for_its_price(impatient: httpx.Client, spec: Spec, suffix: str) -> None:
    got = impatient.get(address(spec, suffix))
    posted = impatient.post(f"/api/{spec.name}{suffix}", json=body(spec))
    assert got.status_code == posted.status_code
    for answer in (got, posted):
        if answer.status_code == 200:
            assert_strict(answer.text, suffix)
        else:
            assert answer.status_code == 422
            said = problem(answer)
            assert any(said["cost"][resource] >= said["limit"][resource] for resource in said["cost"])  # as rounded


@some_examples
@given(any_small_spec, any_suffix)
def test_any_small_spec_is_answered(patient: httpx.Client, spec: Spec, suffix: str) -> None:
    answer = patient.get(address(spec, suffix))
    assert answer.status_code == 200
    assert_strict(answer.text, suffix)
