"""`initscope.run` gives a script what the server gives: the same bytes, figures, table and refusals."""

import json
import subprocess
import sys
from pathlib import Path

import plotly.graph_objects as go
import pytest
import torch

import app as initscope
from app.experiments import EXPERIMENTS
from tests.compute.tools import every_experiment, result_of, small_spec
from tests.web.tools import body


@every_experiment
def test_a_run_is_the_services_result_byte_for_byte(name: str) -> None:
    spec = small_spec(name, "seed=3")
    run, result = initscope.run(name, **body(spec)), result_of(spec)
    assert run.spec == spec
    assert run.to_json() == result.model_dump_json()
    assert run.to_csv().encode() == EXPERIMENTS[name].table(result)
    assert run.figures() == EXPERIMENTS[name].figures(result)
    assert run.findings() == EXPERIMENTS[name].findings(result)
    for figure in run.figures().values():
        go.Figure(figure)


@every_experiment
def test_a_run_has_the_fields_of_its_result(name: str) -> None:
    spec = small_spec(name)
    run = initscope.run(name, **body(spec))
    for field in EXPERIMENTS[name].result.model_fields:
        assert getattr(run, field) == getattr(run.result, field)
        assert field in dir(run)
    assert spec.links["page"] in repr(run)
    with pytest.raises(AttributeError):
        _ = run.nothing_of_the_kind


def test_a_table_can_be_written(tmp_path: Path) -> None:
    run = initscope.run("stack", depth=2, width=4, batch=4)
    assert run.to_csv(tmp_path / "stack.csv") == (tmp_path / "stack.csv").read_text()


def test_whole_numbers_do_for_numbers() -> None:
    assert initscope.run("stack", depth=1, width=4, batch=4, gain=2).spec.model_dump()["gain"] == 2.0


@pytest.mark.parametrize(
    ("experiment", "fields", "named"),
    [
        ("stack", {"depth": 0, "activation": "rleu"}, {"depth", "activation"}),
        ("matmul", {"init": "1/D"}, {"init"}),
        ("stack", {"nope": 1}, {"nope"}),
        ("stak", {}, {"experiment"}),
    ],
)
def test_what_is_wrong_is_named_field_by_field(experiment: str, fields: dict[str, object], named: set[str]) -> None:
    with pytest.raises(initscope.SpecError) as caught:
        initscope.run(experiment, **fields)
    assert {field for field, _ in caught.value.errors} == named


def test_torch_has_as_many_threads_afterwards_as_before() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        initscope.run("matmul", fan_in=4, fan_out=100)
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)


def test_neither_fastapi_nor_plotly_is_loaded() -> None:
    script = (
        "import sys, json, app\n"
        "light = [name for name in ('torch', 'numpy', 'pydantic') if name in sys.modules]\n"
        "app.run('stack', depth=1, width=4, batch=4).figures()\n"
        "heavy = [name for name in ('fastapi', 'starlette', 'uvicorn', 'plotly', 'jinja2') if name in sys.modules]\n"
        "print(json.dumps([light, heavy]))"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == [[], []]


def test_there_is_nothing_else_at_the_top() -> None:
    with pytest.raises(AttributeError, match="no attribute 'walk'"):
        _ = initscope.walk
