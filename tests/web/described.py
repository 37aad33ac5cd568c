"""Cases made from the OpenAPI document, every answer checked against it."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import schemathesis

from app.experiments import EXPERIMENTS
from tests.conftest import ROOT, serving

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
ACROSS_FIELDS = {"residual", "tied", "norm", "jacobian", "heads"}  # refused for what another field is
SEVERAL_MODELS = {name for name, entry in EXPERIMENTS.items() if len(entry.spec.kinds()) > 1}
CHEAP = ("--max-seconds", "0.2", "--max-cells-seconds", "1")  # so that a case is refused or soon answered


@schemathesis.check
def legal_data_is_refused_only_for_what_a_schema_cannot_say(
    ctx: schemathesis.CheckContext,  # noqa: ARG001
    response: schemathesis.Response,
    case: schemathesis.Case[Any],
) -> None:
    """Nothing the schema allows is refused but for its price, another field, or 1.0 written for 1."""
    if response.status_code != 422 or not (case.meta and case.meta.generation.mode.is_positive):
        return
    if case.path.split("/")[2].partition(".")[0] in SEVERAL_MODELS:
        return  # a query's schema cannot say which fields are of one model
    problem = response.json()
    floats = whole_but_floats(case.body)
    wrong = [
        error
        for error in problem["errors"]
        if error["field"] not in ACROSS_FIELDS and not (error["field"] in floats and "whole number" in error["message"])
    ]
    assert problem["type"].endswith("#too-expensive") or not wrong, problem


def whole_but_floats(body: object) -> set[str]:
    """The fields of a body that hold what is an integer to a JSON Schema, but not to a spec."""
    fields = body if isinstance(body, dict) else {}
    values = {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
    return {name for name, items in values.items() if any(type(item) is float and item.is_integer() for item in items)}


class Checked(NamedTuple):
    """What a run of Schemathesis found."""

    cases: int
    failed: bool
    report: str


def check_description(phases: str, cases_per_operation: int, *options: str) -> Checked:
    """Make cases from the document of a running server, send them, and check all there is to check."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)),
        *("run", "--checks", "all", "--no-color", "--phases", phases, "--max-examples", str(cases_per_operation)),
        *options,
    ]
    with serving("--port", "0", *CHEAP) as served, tempfile.TemporaryDirectory() as elsewhere:
        ended = subprocess.run(
            [*command, f"{served.url}/openapi.json"],
            cwd=elsewhere,  # where it leaves what it found
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"(\d+) generated", ended.stdout)
    return Checked(int(found[1]) if found else 0, ended.returncode != 0, ended.stdout + ended.stderr)
