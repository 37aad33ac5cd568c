"""Scripts are written against these names: every field of the contract is there, at every level of a Result."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.experiments import EXPERIMENTS
from tests.web.tools import strict_json


def fields(names: str) -> dict[str, Any]:
    """Fields that hold anything at all."""
    return dict.fromkeys(names.split(), ...)


DEFAULTS: dict[str, dict[str, Any]] = {
    "matmul": {
        "fan_in": 512,
        "fan_out": 500_000,
        "init": ["unscaled", "1/D", "1/sqrt(D)"],
        "gain": 1.0,
        "input": "normal",
        "weights": "normal",
        "input_mean": 0,
        "weight_mean": 0,
        "draws": "shared",
        "repeats": 1,
        "bins": 80,
        "seed": 0,
    },
    "stack": {
        "depth": 30,
        "width": 512,
        "batch": 256,
        "activation": "tanh",
        "init": ["unscaled", "1/D", "1/sqrt(D)"],
        "gain": 1.0,
        "bias_std": 0,
        "input": "normal",
        "weight_mean": 0,
        "norm": "none",
        "residual": False,
        "residual_scale": 1.0,
        "tied": False,
        "widths": None,
        "backward": True,
        "repeats": 1,
        "bins": 80,
        "seed": 0,
    },
    "training": {
        "data": "names",
        "depth": 6,
        "width": 100,
        "embedding": 10,
        "activation": "tanh",
        "init": ["unscaled", "1/D", "1/sqrt(D)"],
        "gain": 1.0,
        "output_gain": 1.0,
        "norm": "none",
        "residual": False,
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "steps": 1000,
        "batch": 32,
        "seed": 0,
    },
}
INITS = [
    *("unscaled", "1/D", "1/sqrt(D)"),
    *("xavier_normal", "xavier_uniform", "kaiming_normal", "kaiming_uniform", "lecun_normal"),
    *("orthogonal", "trunc_normal", "torch_default"),
]
ACTIVATIONS = [
    *("linear", "tanh", "sigmoid", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus"),
    *("hardtanh", "mish", "erf", "sin"),
]
SUMMARY = {
    **fields("count mean variance std mean_square log10_mean_square min max skewness excess_kurtosis nonfinite"),
    "histogram": {"edges": [...], "counts": [...], **fields("below above")},
}
RESULTS: dict[str, Any] = {
    "matmul": {
        "experiment": dict.fromkeys(DEFAULTS["matmul"], ...),
        "links": fields("page api csv"),
        "inits": [
            {
                **fields("init weight_std"),
                "measured": SUMMARY,
                "predicted": fields("mean variance_given_input variance variance_std"),
                "repeats": {"variances": [...]},
            }
        ],
    },
    "stack": {
        "experiment": dict.fromkeys(DEFAULTS["stack"], ...),
        "links": fields("page api csv"),
        "inits": [
            {
                **fields("init weight_std"),
                "layers": [
                    {
                        "layer": ...,
                        "preactivation": SUMMARY,
                        "activation": SUMMARY | fields("saturated zero dead_units"),
                        "unit_variance": SUMMARY,
                        "cosine": fields("mean std"),
                        "gradient": SUMMARY,
                        "weight_gradient": fields("std grad_to_data"),
                        "predicted": fields(
                            "preactivation_variance activation_mean_square low median high cosine gradient_mean_square"
                        ),
                    }
                ],
                **dict.fromkeys(
                    ("overflow_layer", "underflow_layer", "variance_overflow_layer", "variance_underflow_layer"),
                    fields("float16 bfloat16 float32"),
                ),
            }
        ],
    },
    "training": {
        "experiment": dict.fromkeys(DEFAULTS["training"], ...),
        "links": fields("page api csv"),
        "expected_initial_loss": ...,
        "steps": [...],
        "inits": [
            {
                "init": ...,
                "loss": {"step": [...], "train": [...], "validation": [...]},
                "layers": [
                    {
                        "layer": ...,
                        "activation_start": SUMMARY | fields("saturated zero dead_units"),
                        "activation_end": SUMMARY | fields("saturated zero dead_units"),
                        "gradient_start": SUMMARY,
                        "gradient_end": SUMMARY,
                        "update_to_data": [...],
                        "gradient_to_data": [...],
                        "saturated": [...],
                    }
                ],
            }
        ],
    },
}
QUERIES = {"matmul": "fan_out=64&repeats=3", "stack": "batch=8&depth=3&width=16", "training": "depth=3&steps=5&width=8"}

every_result = pytest.mark.parametrize("name", RESULTS)


def missing(promised: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where a promised field is not there, or not of the promised kind."""
    if promised is ...:
        return
    if isinstance(promised, list):
        if not isinstance(found, list) or not found:
            yield f"{path}: not a list of anything"
            return
        for index, item in enumerate(found):
            yield from missing(promised[0], item, f"{path}[{index}]")
    elif not isinstance(found, dict):
        yield f"{path}: not an object"
    else:
        for name, inner in promised.items():
            if name not in found:
                yield f"{path}.{name}"
            else:
                yield from missing(inner, found[name], f"{path}.{name}")


def summaries(found: Any) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        if "histogram" in found:
            yield found
        found = list(found.values())
    if isinstance(found, list):
        for item in found:
            yield from summaries(item)


def result(client: httpx.Client, name: str, query: str) -> Any:
    return strict_json(client.get(f"/api/{name}?{query}").raise_for_status().content)


@every_result
def test_a_result_has_every_field_at_every_level(client: httpx.Client, name: str) -> None:
    assert list(missing(RESULTS[name], result(client, name, QUERIES[name]))) == []


@every_result
def test_the_experiment_is_told_whole(client: httpx.Client, name: str) -> None:
    told = result(client, name, QUERIES[name])["experiment"]
    given = dict(pair.split("=") for pair in QUERIES[name].split("&"))
    assert told.keys() == EXPERIMENTS[name].spec.model_fields.keys()
    assert {field: told[field] for field in given} == {field: int(value) for field, value in given.items()}
    rest = DEFAULTS[name].keys() - given.keys()
    assert {field: told[field] for field in rest} == {field: DEFAULTS[name][field] for field in rest}


@every_result
def test_fields_left_out_have_their_promised_defaults(name: str) -> None:
    spec = EXPERIMENTS[name].spec()
    assert {field: getattr(spec, field) for field in DEFAULTS[name]} == DEFAULTS[name]


@pytest.mark.parametrize("init", INITS)
def test_every_promised_init_runs(client: httpx.Client, init: str) -> None:
    (entry,) = result(client, "stack", f"batch=4&depth=1&width=8&init={init}")["inits"]
    assert entry["init"] == init
    assert entry["weight_std"] > 0


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_promised_activation_runs(client: httpx.Client, activation: str) -> None:
    told = result(client, "stack", f"batch=4&depth=1&width=8&activation={activation}")
    assert told["experiment"]["activation"] == activation


@every_result
def test_every_histogram_accounts_for_every_number(client: httpx.Client, name: str) -> None:
    found = list(summaries(result(client, name, QUERIES[name])))
    assert found
    for summary in found:
        histogram = summary["histogram"]
        assert len(histogram["edges"]) == len(histogram["counts"]) + 1
        inside = sum(histogram["counts"])
        assert histogram["below"] + inside + histogram["above"] + summary["nonfinite"] == summary["count"]


def test_without_repeats_there_are_none(client: httpx.Client) -> None:
    assert [entry["repeats"] for entry in result(client, "matmul", "fan_out=64")["inits"]] == [None] * 3


def test_without_a_backward_pass_there_are_no_gradients(client: httpx.Client) -> None:
    told = result(client, "stack", f"{QUERIES['stack']}&backward=false")
    layers = [layer for entry in told["inits"] for layer in entry["layers"]]
    assert layers
    assert all(layer["gradient"] is None and layer["weight_gradient"] is None for layer in layers)


def test_the_seed_experiment_answers_the_question(client: httpx.Client) -> None:
    unscaled, over_d, over_root = result(client, "matmul", "")["inits"]
    variance = unscaled["measured"]["variance"]
    assert unscaled["measured"]["count"] == 500_000
    assert 512 - 5 * 32 < variance < 512 + 5 * 32
    assert over_d["measured"]["variance"] == pytest.approx(variance / 512**2, rel=1e-5)
    assert over_root["measured"]["variance"] == pytest.approx(variance / 512, rel=1e-5)


def test_a_number_outside_float64_is_null_and_its_size_still_told(client: httpx.Client) -> None:
    told = result(client, "stack", "activation=relu&backward=false&batch=2&depth=200&init=unscaled&width=256&bins=4")
    (entry,) = told["inits"]
    last = entry["layers"][-1]["preactivation"]
    assert last["variance"] is None
    assert last["log10_mean_square"] == pytest.approx(200 * 2.1, rel=0.1)
    assert last["nonfinite"] == 0
    overflows = entry["overflow_layer"]
    assert 1 < overflows["float16"] < overflows["bfloat16"] <= overflows["float32"]
