"""A sweep's script runs its experiment's own at every place, and prints of it what the service measures."""

import json
import subprocess
import sys
from functools import cache
from math import log10

import pytest

from app.experiments import EXPERIMENTS
from app.fields import SpecError
from tests.experiments.sweep.test_run import MODEL, swept
from tests.experiments.test_scripts import RUN_ALL

# Each ends at least a factor of 1.9 from where it begins, so that a place or a column that is not the right one shows.
SWEEPS = {
    "matmul": ("x=fan_in&x_from=64&x_to=256&x_steps=2&fan_out=2000&bins=4&repeats=4", 0.15),
    "stack": (
        "of=stack&x=norm&y=residual&statistic=final_mean_square&depth=3&width=64&batch=16&bins=4&repeats=1&init=1/D",
        0.3,
    ),
    "attention": (
        "of=attention&x=keys&x_from=16&x_to=256&x_steps=2&queries=128&bins=4&repeats=2&scale=1/D&scale=1/sqrt(D)",
        0.1,
    ),
    "transformer": (
        "of=transformer&x=depth&x_from=2&x_to=8&x_steps=2&y=norm&statistic=final_mean_square&width=64&heads=2"
        "&tokens=16&batch=2&bins=4&repeats=2&init=1/sqrt(D)",
        0.5,
    ),
    "training": (
        "of=training&x=output_gain&x_from=1&x_to=10&x_steps=2&statistic=first_loss&steps=1&width=64&depth=3&bins=4"
        "&data=digits&repeats=1",
        0.15,
    ),
}


def script(query: str) -> str:
    write = EXPERIMENTS["sweep"].script
    assert write is not None
    return write(MODEL.from_query(query))


@cache
def printed() -> dict[str, str]:
    """What every script prints, all run by one process."""
    scripts = json.dumps([script(query) for query, _ in SWEEPS.values()])
    ran = subprocess.run([sys.executable, "-c", RUN_ALL], input=scripts, capture_output=True, text=True, check=True)
    return dict(zip(SWEEPS, json.loads(ran.stdout), strict=True))


@pytest.mark.parametrize("of", SWEEPS)
def test_a_script_measures_what_the_service_does_at_every_place(of: str) -> None:
    query, decades = SWEEPS[of]
    result = swept(query)
    ours = {(str(x), line.init): v for line in result.lines for x, v in zip(line.x, line.value, strict=True)}
    ours |= {(f"{cell.x}, {cell.y}", cell.init or ""): cell.value for cell in result.cells}
    rows = [line.rsplit(", ", 2) for line in printed()[of].splitlines()[1:]]
    assert {(place, series) for place, series, _ in rows} == ours.keys()
    for place, series, value in rows:
        known = ours[place, series]
        assert known is not None
        assert log10(float(value)) == pytest.approx(log10(known), abs=decades)


def test_every_experiment_that_can_be_swept_has_its_script_tried() -> None:
    assert list(SWEEPS) == list(MODEL.kinds())


def test_a_seed_that_runs_goes_on_from_each_place_to_its_repeats() -> None:
    text = script("x=seed&x_from=0&x_to=10&x_steps=2&fan_in=8&fan_out=50&repeats=2&init=1/D")
    said: list[str] = []
    exec(text, {"print": lambda *parts, **_: said.append(" ".join(map(str, parts)))})
    place, other = said[1:]
    assert place.startswith("0 1/D ")
    assert other.startswith("10 1/D ")
    assert place.split()[-1] != other.split()[-1]


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("of=stack&statistic=growth", "statistic", "no script prints the growth of the signal: choose from final_mean"),
        ("statistic=input_spread", "statistic", "choose from variance"),
        ("x=gain&x_steps=60&y=weight_mean&y_steps=30", "x_steps", "400 places at most, and these are 1,800"),
    ],
)
def test_what_no_script_prints_is_refused_with_the_reason(query: str, field: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        script(query)
    ((where, message),) = caught.value.errors
    assert where == field
    assert said in message
