"""Specs at the edges of what may be asked for, and how to look into a figure."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from app.experiments import EXPERIMENTS
from app.experiments.stack.result import StackResult
from app.fields import SpecError
from app.figures.palette import Figure
from app.results import Result
from tests.compute.tools import compared_by, result_of

EDGES: list[tuple[str, str]] = [
    ("matmul", "fan_out=50&gain=0"),
    ("matmul", "fan_out=50&gain=1000"),
    ("matmul", "fan_out=50&gain=5e-324"),
    ("matmul", "fan_out=50&gain=1e-308"),
    ("matmul", "fan_in=24&fan_out=24&gain=8e-160&weights=rand"),
    ("matmul", "fan_out=1"),
    ("matmul", "fan_out=2"),
    ("matmul", "fan_in=1&fan_out=50"),
    ("matmul", "fan_in=1&fan_out=1&gain=0"),
    ("matmul", "fan_in=1&fan_out=1&repeats=3"),
    ("matmul", "fan_in=1&fan_out=1&repeats=3&input=rademacher&weights=rademacher"),
    ("matmul", "fan_out=50&draws=fresh&repeats=5"),
    ("matmul", "fan_out=50&gain=0&repeats=5"),
    ("matmul", "fan_out=50&input=rademacher&weights=rademacher&repeats=5"),
    ("matmul", "fan_in=1&fan_out=50&input=rademacher&weights=rademacher&repeats=5"),
    ("matmul", "fan_out=50&input_mean=1000&weight_mean=-1000"),
    ("matmul", "fan_out=50&bins=4"),
    ("matmul", "fan_out=50&bins=200"),
    ("stack", "depth=1&width=16&batch=8"),
    ("stack", "depth=1&width=1&batch=2"),
    ("stack", "depth=3&width=1&batch=2&norm=layer"),
    ("stack", "depth=3&width=16&batch=2&norm=batch"),
    ("stack", "depth=3&width=16&batch=1"),
    ("stack", "depth=1&width=1&batch=1&backward=false"),
    ("stack", "depth=3&width=1&batch=1&activation=relu&repeats=2"),
    ("stack", "depth=3&width=16&batch=1&norm=layer&residual=true&repeats=2"),
    ("stack", "depth=3&width=16&batch=1&norm=rms&bias_std=1"),
    ("stack", "depth=3&width=16&batch=8&gain=0"),
    ("stack", "depth=3&width=16&batch=8&gain=0&activation=relu&repeats=3"),
    ("stack", "depth=1&width=16&batch=8&gain=0"),
    ("stack", "depth=3&width=16&batch=8&gain=0&bias_std=1&residual=true"),
    ("stack", "depth=3&width=16&batch=8&gain=2e-196"),
    ("stack", "depth=3&width=24&batch=21&gain=1e-308&weight_mean=-111&activation=erf&bias_std=5e-324&norm=layer"),
    ("stack", "depth=3&width=16&batch=8&backward=false"),
    ("stack", "depth=3&width=16&batch=8&bias_std=1&repeats=3"),
    ("stack", "depth=100&width=512&batch=2&activation=relu"),
    ("stack", "depth=100&width=16&batch=4&activation=relu&gain=1000&repeats=2"),
    ("stack", "depth=400&width=64&batch=2&backward=false&bins=4&init=1/D"),
    ("stack", "depth=400&width=64&batch=2&backward=false&bins=4&init=unscaled&activation=linear"),
    ("stack", "depth=12&width=16&batch=8&residual=true&activation=relu"),
    ("stack", "depth=3&width=16&batch=8&weight_mean=1000"),
    ("stack", "batch=4&widths=1&widths=2&widths=1"),
    ("training", "depth=1&steps=1"),
    ("training", "depth=1&width=1&batch=1&steps=3&embedding=1"),
    ("training", "depth=2&width=1&batch=1&steps=3&data=digits&norm=layer"),
    ("training", "depth=3&width=8&batch=2&steps=5&norm=batch&residual=true"),
    ("training", "depth=4&width=16&batch=4&steps=5&activation=relu&gain=1000&init=unscaled&init=1/D"),
    ("training", "depth=3&width=16&batch=4&steps=9&activation=relu&learning_rate=1000&init=unscaled&init=1/D"),
    ("training", "depth=3&width=16&batch=4&steps=4&gain=0&output_gain=0"),
    ("training", "depth=3&width=16&batch=4&steps=4&gain=5e-324&output_gain=1e-200"),
    ("training", "depth=3&width=16&batch=4&steps=4&gain=1e-30&activation=softplus&optimizer=adam"),
    ("training", "depth=3&width=16&batch=4&steps=4&learning_rate=0&optimizer=momentum"),
    ("training", "depth=3&width=16&batch=4&steps=4&weight_mean=2"),
    ("training", "depth=60&width=8&batch=4&steps=2&activation=relu&residual=true"),
    ("training", "depth=4&width=16&batch=4&steps=205&activation=sin&bins=4"),
    ("stack", "depth=3&width=16&batch=8&jacobian=true&init=orthogonal&init=1/D&activation=linear"),
    ("stack", "depth=3&width=1&batch=2&jacobian=true&activation=relu"),
    ("stack", "depth=3&width=16&batch=8&jacobian=true&gain=0"),
    ("stack", "depth=3&width=16&batch=8&jacobian=true&residual=true&norm=layer&backward=false"),
    ("attention", "head_dim=1&keys=1&queries=1"),
    ("attention", "head_dim=1&keys=2&queries=2&repeats=2"),
    ("attention", "head_dim=8&keys=40&queries=40&similarity=1"),
    ("attention", "head_dim=8&keys=40&queries=40&gain=0"),
    ("attention", "head_dim=8&keys=40&queries=40&gain=1000&input_mean=1000"),
    ("attention", "head_dim=8&keys=40&queries=40&gain=5e-324"),
    ("attention", "head_dim=8&keys=40&queries=7&causal=true&gain=0&backward=false"),
    ("attention", "head_dim=8&keys=3&queries=40&causal=true&input=rand&bins=4"),
    ("transformer", "batch=1&depth=1&heads=1&tokens=1&width=1"),
    ("transformer", "batch=1&depth=1&heads=1&tokens=2&width=8&gain=1000"),
    ("transformer", "batch=2&depth=2&tokens=1&width=16&causal=true"),
    ("transformer", "batch=1&depth=3&tokens=5&width=16&causal=true&backward=false"),
    ("transformer", "batch=2&depth=3&tokens=4&width=16&similarity=1&norm=post"),
    ("transformer", "batch=2&depth=3&tokens=4&width=16&residual_scale=0&gain=0"),
    ("transformer", "batch=2&depth=100&tokens=4&width=16&norm=none&init=1/sqrt(D)&residual_scale=2&bins=4"),
    ("transformer", "batch=2&depth=3&tokens=4&width=16&activation=relu&norm_kind=rms&score_scale=1/D"),
]


def all_inits(name: str) -> str:
    """The query that asks for every init an experiment takes."""

    def taken(init: str) -> bool:
        try:
            EXPERIMENTS[name].spec.parse({"init": [init]})
        except SpecError:
            return False
        return True

    return "&".join(f"init={init}" for init in EXPERIMENTS[name].lines if taken(init))


def two_lines(name: str) -> str:
    """The query that asks an experiment for the first two of what it sets side by side, and all it shows of them."""
    spec = EXPERIMENTS[name].spec()
    field = compared_by(spec)
    asked = {"repeats": "3", "jacobian": "true"}
    more = "".join(f"&{name}={value}" for name, value in asked.items() if name in type(spec).model_fields)
    lines = [*spec.compared, *(line for line in EXPERIMENTS[name].lines if line not in spec.compared)]
    return "&".join(f"{field}={line}" for line in lines[:2]) + more


LITTLE = {
    "matmul": "fan_in=16&fan_out=64",
    "stack": "batch=8&depth=4&width=16",
    "training": "batch=8&depth=3&steps=4&width=8",
    "transformer": "batch=2&depth=4&tokens=4&width=16",
}
ALL_INITS = [(name, f"{LITTLE[name]}&{all_inits(name)}") for name in LITTLE]

every_edge = pytest.mark.parametrize(
    ("name", "query"),
    EDGES + ALL_INITS,
    ids=[*(f"{name}?{query}" for name, query in EDGES), *(f"{name}: all inits" for name in LITTLE)],
)
every_init_at_once = pytest.mark.parametrize(("name", "query"), ALL_INITS, ids=list(LITTLE))
every_chart = pytest.mark.parametrize(
    ("experiment", "chart"),
    [(experiment, chart) for experiment, entry in EXPERIMENTS.items() for chart in entry.charts],
)


@cache
def edge_result(name: str, query: str) -> Result:
    return result_of(EXPERIMENTS[name].spec.from_query(query))


def as_deep_as(depth: int) -> StackResult:
    """A Result of so many layers, all of them the first one: quick to have at any depth."""
    result = edge_result("stack", "batch=4&depth=1&width=4")
    assert isinstance(result, StackResult)
    inits = [
        entry.model_copy(update={"layers": [entry.layers[0].model_copy(update={"layer": n + 1}) for n in range(depth)]})
        for entry in result.inits
    ]
    return result.model_copy(update={"experiment": result.experiment | {"depth": depth}, "inits": inits})


def panels(figure: Figure) -> int:
    """How many axes lie on top of one another."""
    return sum(key.startswith("yaxis") for key in figure["layout"])


def values(found: Any) -> Iterator[Any]:
    """Everything in a structure that is neither a dict nor a list."""
    if isinstance(found, dict):
        found = list(found.values())
    if isinstance(found, list | tuple):
        for item in found:
            yield from values(item)
    else:
        yield found
