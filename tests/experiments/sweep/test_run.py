"""A sweep measures what its cells measure: each is the very experiment its link leads to."""

import csv
import io
from math import log10, sqrt
from random import Random
from statistics import fmean, geometric_mean, stdev

import numpy as np
import pytest

from app.compute.cells import Failed
from app.experiments import EXPERIMENTS
from app.experiments.sweep.plan import levels, places
from app.experiments.sweep.result import SweepResult
from app.experiments.sweep.run import run_sweep
from app.experiments.sweep.series import slope_of
from app.experiments.sweep.spec import SweepSpec
from app.spec import Spec
from app.statistic import Measured
from tests.compute.tools import repeated, result_of, small_spec

MODEL: type[SweepSpec] = EXPERIMENTS["sweep"].spec
RARE = ("overflow_float16", "overflow_bfloat16", "overflow_float32")  # small networks overflow nothing
LAW = "x=fan_in&x_from=16&x_to=256&x_steps=5&fan_out=2000&bins=4&repeats=8"


def swept(query: str) -> SweepResult:
    found = result_of(MODEL.from_query(query))
    assert isinstance(found, SweepResult)
    return found


def led_to(page: str | None) -> Spec:
    assert page is not None
    name, _, query = page.removeprefix("/").partition("?")
    found: Spec = EXPERIMENTS[name].spec.from_query(query)
    return found


def test_a_point_is_the_mean_over_its_seeds_of_what_its_link_leads_to() -> None:
    (line,) = swept("x=fan_in&x_from=8&x_to=32&x_steps=3&fan_out=500&bins=4&repeats=3&init=1/D").lines
    for at, value, low, high, page in zip(line.x, line.value, line.low, line.high, line.page, strict=True):
        spec = led_to(page)
        seeds = [spec.model_copy(update={"seed": seed}) for seed in range(3)]
        variances = [result_of(each).model_dump()["inits"][0]["measured"]["variance"] for each in seeds]
        error = stdev(variances) / sqrt(3)
        assert spec.model_dump()["fan_in"] == at
        assert [value, low, high] == pytest.approx(
            [fmean(variances), fmean(variances) - error, fmean(variances) + error]
        )


def test_what_grows_by_factors_is_averaged_by_factors() -> None:
    (line,) = swept(
        "of=stack&statistic=final_mean_square&x=gain&x_steps=2&depth=3&width=8&batch=4&init=1/D&repeats=3"
    ).lines
    sizes = [
        result_of(led_to(line.page[0]).model_copy(update={"seed": seed})).model_dump()["inits"][0]["layers"][-1]
        for seed in range(3)
    ]
    assert line.value[0] == pytest.approx(geometric_mean(each["preactivation"]["mean_square"] for each in sizes))


@pytest.mark.parametrize(("init", "power"), [("unscaled", 1), ("1/D", -1), ("1/sqrt(D)", 0)])
def test_the_variance_goes_with_d_to_the_power_of_theory(init: str, power: int) -> None:
    line = next(line for line in swept(LAW).lines if line.init == init)
    assert line.slope is not None
    assert line.slope.predicted == pytest.approx(power)
    assert abs(line.slope.value - power) < 5 * line.slope.standard_error


def test_the_variance_goes_with_the_square_of_k_to_float32_s_last_digits() -> None:
    (line,) = swept("x=gain&x_from=0.01&x_to=100&x_steps=5&fan_in=64&fan_out=500&bins=4&init=unscaled&repeats=2").lines
    assert line.slope is not None
    assert line.slope.value == pytest.approx(2, abs=1e-6)


def test_a_slope_s_standard_error_is_how_far_slopes_lie_apart_when_all_is_drawn_anew() -> None:
    """Of 60 sweeps with a common error in every repeat, as common seeds make one: within chance, 4 of 1/√(2·59)."""
    chance, x = Random(3), [1.0, 2.0, 4.0, 8.0, 16.0]

    def drawn() -> list[list[Measured]]:
        tilts = [chance.gauss(0, 0.1) for _ in range(12)]
        return [[Measured(at ** (1 + tilt) * 10 ** chance.gauss(0, 0.02)) for tilt in tilts] for at in x]

    slopes = [slope for _ in range(60) if (slope := slope_of(x, drawn(), by_factors=True))]
    said = sqrt(fmean(slope.standard_error**2 for slope in slopes))
    assert stdev(slope.value for slope in slopes) == pytest.approx(said, rel=4 / sqrt(2 * 59))


def test_a_slope_is_that_of_numpy_s_least_squares() -> None:
    x, y = [1.0, 3.0, 10.0, 40.0], [2.0, 3.0, 30.0, 50.0]
    slope = slope_of(x, [[Measured(value)] for value in y], by_factors=False)
    assert slope is not None
    (value, _), covariance = np.polyfit(np.log10(x), np.log10(y), 1, cov=True)
    assert [slope.value, slope.standard_error] == pytest.approx([value, sqrt(covariance[0, 0])])


def test_a_map_has_a_cell_for_every_place_and_series() -> None:
    result = swept("x=fan_in&x_from=4&x_to=8&x_steps=2&y=fan_out&y_from=10&y_to=30&y_steps=3&bins=4&repeats=1")
    assert result.lines == []
    assert [(cell.init, cell.x, cell.y) for cell in result.cells] == [
        (init, x, y) for init in ("unscaled", "1/D", "1/sqrt(D)") for x in (4, 8) for y in (10, 20, 30)
    ]
    for cell in result.cells:
        assert led_to(cell.page).model_dump()["fan_out"] == cell.y
        assert (cell.problem is None) == (cell.value is not None)


def test_a_choice_runs_through_all_there_are() -> None:
    (line,) = swept(
        "of=stack&statistic=growth&x=activation&depth=4&width=8&batch=4&bins=4&init=1/sqrt(D)&repeats=1"
    ).lines
    assert len(line.x) > 10
    assert line.slope is None


def test_a_cell_that_cannot_be_is_marked_with_the_reason_and_the_others_stand() -> None:
    batches = "x=batch&x_from=1&x_to=3&x_steps=3&norm=batch"
    (line,) = swept(f"of=stack&statistic=growth&{batches}&depth=3&width=8&bins=4&init=1/D&repeats=1").lines
    assert line.problem[0] is not None
    assert "at least 2" in line.problem[0]
    assert [value is None for value in line.value] == [True, False, False]


def test_a_cell_that_fails_is_marked_and_the_others_stand() -> None:
    spec = MODEL.from_query("x=fan_in&x_from=4&x_to=8&x_steps=2&fan_out=50&bins=4&repeats=1")

    def compute(specs, reading):  # type: ignore[no-untyped-def]
        yield 0, Failed("it was too much")
        yield 1, reading.of(result_of(specs[1]))

    *_, last = run_sweep(spec, compute)
    for line in last.partial().lines:
        assert line.problem == ["it was too much", None]
        assert line.value[1] is not None


def test_the_order_in_which_cells_come_changes_nothing() -> None:
    spec = MODEL.from_query(LAW.replace("repeats=8", "repeats=3"))

    def backwards(specs, reading):  # type: ignore[no-untyped-def]
        for number in reversed(range(len(specs))):
            yield number, reading.of(result_of(specs[number]))

    *_, last = run_sweep(spec, backwards)
    assert last.partial().model_dump_json() == result_of(spec).model_dump_json()


def test_a_coarse_grid_comes_first() -> None:
    assert levels(9) == [0, 3, 2, 3, 1, 3, 2, 3, 0]
    spec = MODEL.from_query(
        "x=fan_in&x_from=1&x_to=9&x_steps=9&x_scale=linear&y=fan_out&y_from=1&y_to=9&y_steps=9&y_scale=linear"
    )
    order = [place.where for place in places(spec)]
    assert len(set(order)) == 81
    assert set(order[:4]) == {(x, y) for x in (0, 8) for y in (0, 8)}
    assert set(order[:25]) == {(x, y) for x in (0, 2, 4, 6, 8) for y in (0, 2, 4, 6, 8)}


def test_the_table_has_a_row_for_every_point_under_the_field_s_own_name() -> None:
    result = swept("x=fan_in&x_from=4&x_to=8&x_steps=2&fan_out=50&bins=4&repeats=1")
    rows = list(csv.DictReader(io.StringIO(EXPERIMENTS["sweep"].table(result).decode())))
    assert list(rows[0]) == ["init", "fan_in", "value", "low", "high", "predicted", "problem", "page"]
    assert [(row["init"], float(row["fan_in"]), float(row["value"])) for row in rows] == [
        (line.init, x, value) for line in result.lines for x, value in zip(line.x, line.value, strict=True)
    ]


@pytest.mark.parametrize("of", list(MODEL.kinds()))
def test_every_statistic_can_be_read_off_a_result(of: str) -> None:
    entry = EXPERIMENTS[of]
    result = result_of(small_spec(of, repeated(of)))
    for name, statistic in entry.statistics.items():
        found = statistic.read(result)
        assert {series.partition(" ")[0] for series in found} == set(entry.spec.parse(result.experiment).compared)
        if name not in RARE:
            assert any(measured.value is not None for measured in found.values())
            assert statistic.predicted == any(measured.predicted is not None for measured in found.values())


def test_growth_and_depth_scale_are_those_of_the_layers() -> None:
    spec = EXPERIMENTS["stack"].spec.from_query("depth=6&width=16&batch=8&init=1/sqrt(D)&gain=0.7")
    result = result_of(spec)
    layers = result.model_dump()["inits"][0]["layers"]
    statistics = EXPERIMENTS["stack"].statistics
    back = layers[2]["gradient"]["log10_mean_square"] - layers[5]["gradient"]["log10_mean_square"]
    forth = layers[5]["preactivation"]["log10_mean_square"] - layers[2]["preactivation"]["log10_mean_square"]

    def read(name: str) -> float | None:
        return statistics[name].read(result)["1/sqrt(D)"].value

    assert read("gradient_growth") == pytest.approx(10 ** (back / 3))
    assert read("growth") == pytest.approx(10 ** (forth / 3))
    assert read("depth_scale") == pytest.approx(1 / abs(back / 3 / log10(np.e)))
