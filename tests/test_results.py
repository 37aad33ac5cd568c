"""Results are plain, frozen numbers that survive JSON; their fields are those of the contract."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.experiments.matmul.result import MatmulPredicted, MatmulResult
from app.experiments.matmul.run import run_matmul
from app.experiments.matmul.spec import MatmulSpec
from app.experiments.stack.result import StackLayer, StackPredicted, StackResult
from app.experiments.stack.run import run_stack
from app.experiments.stack.spec import StackSpec
from app.lab.layers import ActivationSummary
from app.lab.summary import Summary
from app.results import Record
from tests.lab.tools import outcome

RESULTS: dict[str, Callable[[], Record]] = {
    "matmul": lambda: outcome(run_matmul(MatmulSpec(fan_in=4, fan_out=50, repeats=2))),
    "single column": lambda: outcome(run_matmul(MatmulSpec(fan_in=4, fan_out=1))),
    "stack": lambda: outcome(run_stack(StackSpec(depth=2, width=4, batch=3))),
    "dead stack": lambda: outcome(run_stack(StackSpec(depth=2, width=4, batch=3, gain=0.0))),
    "huge stack": lambda: outcome(
        run_stack(StackSpec(depth=120, width=4, batch=3, activation="linear", gain=1000.0, init=["unscaled"]))
    ),
}
every_result = pytest.mark.parametrize("result", [make() for make in RESULTS.values()], ids=list(RESULTS))

SUMMARY = {
    *("count", "mean", "variance", "std", "mean_square", "log10_mean_square", "min", "max"),
    *("skewness", "excess_kurtosis", "nonfinite", "histogram"),
}


def plain(value: Any) -> bool:
    """Whether a value is made of what JSON holds."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(plain, value))
    return type(value) in (int, float, bool, str, type(None))


@every_result
def test_a_result_survives_json(result: Record) -> None:
    assert type(result).model_validate_json(result.model_dump_json()) == result


@every_result
def test_a_result_is_made_of_plain_values(result: Record) -> None:
    assert plain(result.model_dump())


@every_result
def test_a_result_cannot_be_changed(result: Record) -> None:
    for name in type(result).model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(result, name, None)


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        (Summary, SUMMARY),
        (ActivationSummary, SUMMARY | {"saturated", "zero", "dead_units"}),
        (
            MatmulPredicted,
            {
                *("mean", "mean_std", "mean_given_input", "mean_given_input_std"),
                *("variance", "variance_std", "variance_given_input", "variance_given_input_std"),
            },
        ),
        (MatmulResult, {"experiment", "links", "inits"}),
        (StackResult, {"experiment", "links", "inits"}),
        (
            StackLayer,
            {
                *("layer", "preactivation", "activation", "branch", "unit_variance", "cosine"),
                *("gradient", "weight_gradient", "predicted"),
            },
        ),
        (
            StackPredicted,
            {
                *("preactivation_variance", "activation_mean_square", "low", "median", "high"),
                *("cosine", "gradient_mean_square"),
            },
        ),
    ],
)
def test_records_have_the_fields_scripts_are_written_against(record: type[Any], fields: set[str]) -> None:
    assert fields <= set(TypeAdapter(record).json_schema()["properties"])
