"""The recording's schema: read as it was written, refused in words where it is anything else."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from app.fields import SpecError
from app.network.charts import figures
from app.network.diagnosis import diagnose
from app.network.document import document
from app.network.recording import VERSION, read
from tests.network.models import recorded

OLD = sorted((Path(__file__).parent / "recordings").glob("*.json"))


@pytest.fixture(scope="module")
def saved() -> str:
    torch.manual_seed(0)
    return recorded(nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 3)), torch.randn(8, 6)).to_json()


def changed(saved: str, path: str, value: Any) -> str:
    """The recording with one thing in it another."""
    values = json.loads(saved)
    *way, last = path.split(".")
    at = values
    for part in way:
        at = at[int(part)] if part.isdigit() else at[part]
    at[last] = value
    return json.dumps(values)


def refusal(body: str | bytes) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        read(body)
    return dict(caught.value.errors)


def test_what_was_saved_is_read_as_it_was(saved: str) -> None:
    assert read(saved).model_dump_json() == saved
    assert json.loads(saved)["version"] == VERSION


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.name)
def test_an_old_recording_is_still_read_drawn_and_told(path: Path) -> None:
    recording = read(path.read_bytes())
    assert f"version-{recording.version}.json" == path.name
    assert figures(recording)
    assert diagnose(recording)
    assert document(recording)


def test_there_is_an_old_recording_of_every_version() -> None:
    assert len(OLD) == VERSION


def test_a_newer_one_is_refused_in_words(saved: str) -> None:
    assert "a newer Initscope reads it" in refusal(changed(saved, "version", VERSION + 1))["version"]


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("version", "1", "version"),
        ("version", True, "version"),
        ("nonsense", 1, "nonsense"),
        ("layers.0.nonsense", 1, "layers.0.nonsense"),
        ("layers.0.output.nonsense", 1, "layers.0.output.nonsense"),
        ("layers.1.output.histogram.nonsense", 1, "layers.1.output.histogram.nonsense"),
        ("layers.0.weights.std", "0.1", "layers.0.weights.std"),
        ("layers.0.weights.std", -1.0, "layers.0.weights.std"),
        ("layers.0.weights.rule", "magic", "layers.0.weights.rule"),
        ("layers.0.activation", "magic", "layers.0.activation"),
        ("layers.0.role", "king", "layers.0.role"),
        ("layers.1.sources", [3], "layers.1.sources"),
        ("layers.1.output.histogram.counts", [1], "layers.1.output"),
        ("layers.0.name", "x" * 201, "layers.0.name"),
        ("layers", {}, "layers"),
        ("parameters", 1.5, "parameters"),
    ],
)
def test_whatever_is_wrong_is_named_where_it_is(saved: str, path: str, value: Any, named: str) -> None:
    assert named in refusal(changed(saved, path, value))


@pytest.mark.parametrize("body", ["", "[]", "{", '{"version": 1, "version": 1}', '{"version": NaN}', "{}", b"\xff"])
def test_what_is_no_recording_is_refused(body: str | bytes) -> None:
    assert refusal(body).keys() & {"body", "version"}


def test_a_refusal_never_repeats_much_of_what_it_was_given(saved: str) -> None:
    said = refusal(changed(saved, "y" * 5000, "z" * 5000))
    assert max(len(text) for pair in said.items() for text in pair) < 300


def test_too_many_layers_are_refused(saved: str) -> None:
    layer = json.loads(saved)["layers"][0]
    assert "layers" in refusal(changed(saved, "layers", [layer] * 5000))
