"""`initscope.survey` writes a sweep of any size to a file: the numbers of the sweep, whoever computes and however often
it is broken off.
"""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

import app as initscope
from app.surveys import MOST_CELLS, WHOLE
from tests.compute.clusters import loopback

FIELDS: dict[str, Any] = {
    "of": "matmul",
    "x": "fan_in",
    "x_from": 1,
    "x_to": 80,
    "x_scale": "linear",
    "y": "gain",
    "y_from": 0.5,
    "y_to": 2.0,
    "y_steps": 3,
    "repeats": 2,
    "fan_out": 16,
    "bins": 4,
    "init": ["1/D", "1/sqrt(D)"],
}
STEPS = 70  # more than a page's sweep may have


def rows_of(path: Path) -> list[dict[str, str]]:
    """In the order of the cells."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return sorted(csv.DictReader(io.StringIO("\n".join(lines))), key=lambda row: int(row["cell"]))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("survey") / "map.csv"
    assert initscope.survey(path, x_steps=STEPS, **FIELDS) == 0
    return path


def test_every_cell_is_there_once_with_each_of_its_series(written: Path) -> None:
    rows = rows_of(written)
    cells = STEPS * FIELDS["y_steps"] * FIELDS["repeats"]
    assert [int(row["cell"]) for row in rows] == [cell for cell in range(cells) for _ in FIELDS["init"]]
    assert len({(row["fan_in"], row["gain"], row["repeat"], row["init"]) for row in rows}) == len(rows)


def test_a_row_is_the_number_of_the_experiment_it_names(written: Path) -> None:
    for row in rows_of(written)[:: MOST_CELLS // 2]:
        spec = {name: FIELDS[name] for name in ("fan_out", "bins", "init")}
        at = {"fan_in": int(row["fan_in"]), "gain": float(row["gain"]), "seed": int(row["repeat"])}
        run = initscope.run("matmul", **spec, **at)
        (entry,) = (entry for entry in run.inits if entry.init == row["init"])
        assert float(row["value"]) == entry.measured.variance


def test_what_was_broken_off_is_taken_up(written: Path, tmp_path: Path) -> None:
    whole = written.read_bytes()
    marks = [at for at in range(len(whole)) if whole.startswith(b"\n" + WHOLE, at)]
    for cut in (marks[0] + 1, marks[0] + 2, marks[0] + 3, marks[0] + 40, len(whole) // 2, len(whole)):
        path = tmp_path / f"{cut}.csv"
        path.write_bytes(whole[:cut])
        assert initscope.survey(path, x_steps=STEPS, **FIELDS) == 0
        assert rows_of(path) == rows_of(written)
        assert path.read_bytes().startswith(whole[: max((mark + 3 for mark in marks if mark + 3 <= cut), default=0)])


def test_another_survey_is_not_mixed_in(written: Path) -> None:
    before = written.read_bytes()
    with pytest.raises(ValueError, match="another survey"):
        initscope.survey(written, x_steps=STEPS + 1, **FIELDS)
    assert written.read_bytes() == before


def test_a_cell_that_cannot_be_is_a_row_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "impossible.csv"
    fields: dict[str, Any] = {"of": "stack", "x": "norm", "statistic": "growth", "backward": False, "batch": 1}
    assert initscope.survey(path, repeats=1, depth=2, width=4, **fields) == 0
    problems = [row["problem"] for row in rows_of(path)]
    assert any(problems)
    assert not all(problems)


def test_bad_fields_are_named(tmp_path: Path) -> None:
    for wrong in ({"x_steps": 1}, {"y_steps": 9}, {"nope": 1}):
        fields: dict[str, Any] = {"of": "matmul", "x": "fan_in", **wrong}
        with pytest.raises(initscope.SpecError) as refused:
            initscope.survey(tmp_path / "none.csv", **fields)
        assert {field for field, _ in refused.value.errors} == set(wrong)
    assert not list(tmp_path.iterdir())


def test_a_cluster_gives_the_same_rows(written: Path, tmp_path: Path) -> None:
    path = tmp_path / "there.csv"
    with loopback() as there:
        there.schedule()
        there.work()
        there.wait_for(1)
        assert initscope.survey(path, scheduler=there.address, x_steps=STEPS, **FIELDS) == 0
    assert rows_of(path) == rows_of(written)
