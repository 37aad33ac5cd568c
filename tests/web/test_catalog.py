"""The catalog lists what there is: registries, fields, limits."""

from typing import Any

import httpx
import pytest

from app.experiments import EXPERIMENTS
from app.fields import shape
from app.lab.activations import ACTIVATIONS
from app.lab.initializers import INITIALIZERS
from app.settings import Settings
from tests.compute.tools import every_experiment
from tests.web.tools import strict_json

GAINS = {"torch", "variance_preserving", "slope", "stable", "critical"}
MOMENTS = {"mean", "mean_square", "slope_mean_square"}
FIELD = {"default", "min", "max", "choices", "help"}


@pytest.fixture(scope="module")
def catalog(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = strict_json(client.get("/api/catalog").raise_for_status().content)
    return found


def test_every_activation_is_listed_with_its_gains_and_moments(catalog: dict[str, Any]) -> None:
    assert [entry["name"] for entry in catalog["activations"]] == list(ACTIVATIONS)
    for entry in catalog["activations"]:
        assert entry["label"] == ACTIVATIONS[entry["name"]].label
        assert entry["gains"].keys() >= GAINS
        assert entry["moments"].keys() >= MOMENTS
        assert entry["gains"]["torch"] == ACTIVATIONS[entry["name"]].gain


def test_gains_and_moments_are_the_known_ones(catalog: dict[str, Any]) -> None:
    relu = next(entry for entry in catalog["activations"] if entry["name"] == "relu")
    assert relu["gains"]["variance_preserving"] == pytest.approx(2**0.5)
    assert relu["moments"] == pytest.approx(
        {"mean": 0.3989422804, "mean_square": 0.5, "slope_mean_square": 0.5}, rel=1e-6
    )


def test_every_init_is_listed_with_its_formula(catalog: dict[str, Any]) -> None:
    assert [entry["name"] for entry in catalog["inits"]] == list(INITIALIZERS)
    for entry in catalog["inits"]:
        assert entry["label"] == INITIALIZERS[entry["name"]].label
        assert entry["formula"] == INITIALIZERS[entry["name"]].formula


@every_experiment
def test_every_field_is_listed_with_what_it_takes(catalog: dict[str, Any], name: str) -> None:
    model = EXPERIMENTS[name].spec
    assert catalog["fields"].keys() == EXPERIMENTS.keys()
    assert list(catalog["fields"][name]) == list(model.model_fields)
    for field, said in catalog["fields"][name].items():
        accepts = shape(model.model_fields[field])
        assert said.keys() >= FIELD
        assert said["default"] == model.model_fields[field].default
        assert (said["min"], said["max"]) == (accepts.minimum, accepts.maximum)
        assert said["choices"] == (list(accepts.choices) if accepts.choices else None)
        assert said["help"]


@every_experiment
def test_listed_limits_are_the_ones_that_hold(client: httpx.Client, catalog: dict[str, Any], name: str) -> None:
    for field, said in catalog["fields"][name].items():
        if said["max"] is not None and not said["list"]:
            answer = client.get(f"/api/{name}?{field}={int(said['max']) + 1}")
            assert field in [error["field"] for error in answer.json()["errors"]]


def test_the_limits_are_the_settings(catalog: dict[str, Any]) -> None:
    settings = Settings()
    assert catalog["limits"]["seconds"] == settings.max_seconds
    assert catalog["limits"]["deadline_seconds"] == settings.deadline_seconds
    assert catalog["limits"]["memory_bytes"] == settings.max_memory_bytes
    assert catalog["limits"]["result_bytes"] == settings.max_result_bytes
