"""A script that is taken along measures what the service measures, but for chance."""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from math import log, log10, sqrt
from typing import Any, NamedTuple

import pytest

from app.experiments import EXPERIMENTS
from app.fields import SpecError
from app.lab.activations import ACTIVATIONS
from app.lab.code import ACTIVATED, DRAWS, NORMED, STDS
from app.lab.draws import DISTRIBUTIONS
from app.lab.initializers import INITIALIZERS
from app.lab.norms import NORMS
from app.spec import Spec
from tests.compute.tools import PRESETS, every_preset, lines_of, result_of

SIZES = {"fan_out": 4000, "depth": 6, "width": 256, "batch": 64, "repeats": 8, "steps": 5}
FEWEST_QUERIES = 64  # of a preset
NAMES = {name for experiment in EXPERIMENTS.values() for name in experiment.lines}
SPREADS = 6.0  # standard deviations that chance may part two networks by
UNKNOWN = 0.6  # decades, where theory gives no spread
RUN_ALL = """
import contextlib, io, json, sys
said = []
for script in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(script, {})
    import torch; torch.set_default_dtype(torch.float32)
    said.append(out.getvalue())
print(json.dumps(said))
"""


def sized(name: str, query: str) -> Spec:
    spec = EXPERIMENTS[name].spec.from_query(query)
    sizes = {size: most for size, most in SIZES.items() if size in type(spec).model_fields and size not in spec.derived}
    smaller: Spec = spec.model_copy(update={size: min(getattr(spec, size), most) for size, most in sizes.items()})
    return smaller


@every_preset
def test_a_page_offers_a_script_where_there_is_one(name: str, query: str) -> None:
    experiment, scripted = EXPERIMENTS[name], True
    spec = experiment.spec.from_query(query)
    try:
        assert experiment.script
        experiment.script(spec)
    except SpecError:
        scripted = False
    assert experiment.page(spec)["scripted"] == scripted


SCRIPTED = [(name, query) for name, query in PRESETS if EXPERIMENTS[name].script and not EXPERIMENTS[name].of_cells]


@cache
def printed() -> dict[tuple[str, str], str]:
    """What every preset's script prints, all run by one process."""
    scripts = [EXPERIMENTS[name].script(sized(name, query)) for name, query in SCRIPTED]  # type: ignore[misc]
    ran = subprocess.run(
        [sys.executable, "-c", RUN_ALL], input=json.dumps(scripts), capture_output=True, text=True, check=True
    )
    return dict(zip(SCRIPTED, json.loads(ran.stdout), strict=True))


def rows(text: str) -> dict[str, list[float]]:
    """The numbers of the first table, by init; of several lines of an init the first."""
    found: dict[str, list[float]] = {}
    for line in text.partition("\n\n")[0].splitlines():
        name, *numbers = line.split()
        if name in NAMES:
            found.setdefault(name, [float(number) for number in numbers])
    return found


class Measured(NamedTuple):
    """What the service measured, how far chance may take another network from it, and in which column it is printed."""

    log10: float
    chance: float
    column: int


def measured(entry: dict[str, Any]) -> Iterator[Measured]:
    if "initial_loss" in entry:
        loss = entry["initial_loss"]
        spread = log10(loss["high"] / loss["low"]) / 4
        yield Measured(log10(entry["loss"]["validation"][0]), max(SPREADS * spread, 1e-4), 0)
        return
    if "entropy" in entry:
        yield Measured(log10(entry["scores"]["variance"]), 0.2, 0)
        for column, name in ((1, "entropy"), (2, "participation"), (3, "largest")):
            chance = SPREADS * sqrt(2 / FEWEST_QUERIES) * (entry[name]["std"] / entry[name]["mean"] + 0.02) / log(10)
            yield Measured(log10(entry[name]["mean"]), chance, column)
        yield Measured(log10(entry["gradient"]["queries"]), UNKNOWN, 5)
        return
    if "blocks" in entry:
        last = entry["blocks"][-1]
        yield Measured(last["stream"]["log10_mean_square"], 6 * (last["predicted"]["stream_std"] or 0.1) / 2.3, 0)
        yield Measured(entry["input_gradient"]["log10_mean_square"], UNKNOWN, 1)
        return
    if "layers" not in entry:
        spread = entry["predicted"]["variance_std"] / entry["predicted"]["variance"]
        yield Measured(log10(entry["measured"]["variance"]), SPREADS * (spread + 0.03), 1)
        return
    first, last = entry["layers"][0], entry["layers"][-1]
    for size, band, column in (
        (first["preactivation"], first["predicted"], 0),
        (last["preactivation"], last["predicted"], 1),
        (first["gradient"], first["predicted"]["gradient_band"], 2),
    ):
        if size:
            known = band and band["log10_high"] is not None
            chance = SPREADS * (band["log10_high"] - band["log10_low"]) / 4 if known else UNKNOWN
            yield Measured(size["log10_mean_square"], max(chance, 0.1), column)


@pytest.mark.parametrize(("name", "query"), SCRIPTED, ids=[f"{name}?{query}" for name, query in SCRIPTED])
def test_a_script_measures_what_the_service_does(name: str, query: str) -> None:
    by_script = rows(printed()[name, query])
    lines = lines_of(result_of(sized(name, query)).model_dump())
    assert list(by_script) == list(lines)
    for line, entry in lines.items():
        printed_there = by_script[line]
        for ours in measured(entry):
            assert log10(printed_there[ours.column]) == pytest.approx(ours.log10, abs=ours.chance)
        if "blocks" in entry:
            assert printed_there[2] == pytest.approx(entry["blocks"][-1]["token_cosine"]["mean"], abs=0.2)
            assert printed_there[3] == pytest.approx(entry["blocks"][0]["entropy"]["mean"], abs=0.1)
        if "overflow_layer" in entry:
            last = entry["layers"][-1]
            assert printed_there[3] == pytest.approx(last["cosine"]["mean"], abs=2 / last["fan_out"] ** 0.5)


def test_every_entry_of_a_registry_is_a_line_of_pytorch() -> None:
    assert DRAWS.keys() == {*DISTRIBUTIONS, "orthogonal"}
    for written, registry in ((ACTIVATED, ACTIVATIONS), (STDS, INITIALIZERS), (NORMED, NORMS)):
        assert set(written) == set(registry)
