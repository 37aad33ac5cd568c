"""How the house is built: imports go one way, and an experiment is known to its own folder and the registry alone."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.experiments import EXPERIMENTS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "app"
MODULES = sorted(PACKAGE.rglob("*.py"))

# From the ground up; what stands on one floor does not import its neighbours.
FLOORS = (
    {"settings", "logs", "folders"},
    {"theory"},
    {"lab"},
    {"arithmetic"},
    {"fields", "results"},
    {"spec", "finding", "statistic", "view"},
    {"compute", "figures"},
    {"experiments", "network"},
    {"web"},
    {"shutdown", "main", "library", "surveys"},
    {"__init__", "__main__"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
OTHERS = ("np", "torch", "model")  # numpy, torch and its models have words of their own
NAMED = re.compile(rf"\b({'|'.join(EXPERIMENTS)})\b(?!=)", re.IGNORECASE)  # torch has arguments of such names

every_module = pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))


def parts(path: Path) -> tuple[str, ...]:
    """Where a module stands below the package."""
    return path.relative_to(PACKAGE).with_suffix("").parts


def imported(path: Path) -> Iterator[tuple[str, ...]]:
    """What a module imports of the package; every import in it is relative."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = parts(path)[: -node.level]
            within = tuple(node.module.split(".")) if node.module else ()
            yield from ((*above, *within, alias.name) if not within else (*above, *within) for alias in node.names)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            assert not {"app", "initscope", "tests"} & {name.partition(".")[0] for name in names}


@every_module
def test_imports_go_down(module: Path) -> None:
    here = parts(module)[0]
    for target in imported(module):
        if target and target[0] in FLOOR and target[0] != here:
            assert FLOOR[target[0]] < FLOOR[here], f"{'.'.join(parts(module))} imports {'.'.join(target)}"


@pytest.mark.parametrize("room", sorted({parts(module)[0] for module in MODULES}))
def test_every_room_has_its_floor(room: str) -> None:
    assert room in FLOOR


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_does_not_import_another(name: str) -> None:
    for module in (PACKAGE / "experiments" / name).rglob("*.py"):
        for target in imported(module):
            assert target[0] != "experiments" or target[1] in (name, "experiment"), module


def code_strings(path: Path) -> Iterator[str]:
    """Names and strings of a module; its docstrings and whole sentences are prose."""
    tree = ast.parse(path.read_text())
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield "" if node.value.endswith(".") and " " in node.value else node.value
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in OTHERS:
            continue
        elif isinstance(node, ast.Name | ast.Attribute | ast.alias | ast.arg | ast.keyword):
            yield next(str(getattr(node, part)) for part in ("id", "attr", "name", "arg") if hasattr(node, part))
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@every_module
def test_nothing_outside_knows_an_experiment_by_name(module: Path) -> None:
    here = parts(module)
    if here[0] == "experiments" and (here[1] in EXPERIMENTS or here[1] == "__init__"):
        return
    assert [text for text in code_strings(module) if NAMED.search(text.replace("_", " "))] == []


@pytest.mark.parametrize(
    "script",
    sorted(set((ROOT / "static").glob("*.js")) - set((ROOT / "static").glob("plotly*"))),
    ids=lambda path: path.name,
)
def test_no_script_of_the_page_knows_an_experiment_by_name(script: Path) -> None:
    assert NAMED.findall(script.read_text()) == []


@pytest.mark.parametrize("room", ["theory", "lab"])
def test_the_ground_floor_works_without_the_web(room: str) -> None:
    modules = [".".join(("app", *parts(module))) for module in MODULES if parts(module)[0] == room]
    banned = ["fastapi", "starlette", "pydantic", "plotly", "jinja2", *(["torch"] if room == "theory" else [])]
    script = "import sys\n" + "".join(f"sys.modules[{name!r}] = None\n" for name in banned)
    script += "".join(f"import {name.removesuffix('.__init__')}\n" for name in modules)
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)


def test_nothing_but_what_belongs_there_stands_at_the_top() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    top = {line.partition("/")[0] for line in listed.splitlines()}
    assert {name for name in top if not name.startswith(".")} <= {
        *("app", "static", "templates", "tests", "pyproject.toml", "Dockerfile", "README.md")
    }
