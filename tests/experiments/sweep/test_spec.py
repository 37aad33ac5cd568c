"""A sweep's spec is its experiment's, and a few fields more: one query holds both."""

import pytest

from app.experiments import EXPERIMENTS
from app.experiments.sweep.spec import SweepSpec
from app.fields import SpecError, shape

MODEL: type[SweepSpec] = EXPERIMENTS["sweep"].spec
SWEPT = list(MODEL.kinds())


def refusal(query: str) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        MODEL.from_query(query)
    return dict(caught.value.errors)


def test_every_experiment_with_statistics_can_be_swept_and_a_sweep_cannot() -> None:
    assert [name for name, entry in EXPERIMENTS.items() if entry.statistics] == SWEPT
    assert "sweep" not in SWEPT


@pytest.mark.parametrize("of", SWEPT)
def test_its_fields_are_the_experiment_s_and_its_own(of: str) -> None:
    fields = MODEL.chosen({"of": of}).model_fields
    assert fields.keys() == {*SweepSpec.model_fields, *EXPERIMENTS[of].spec.model_fields}


@pytest.mark.parametrize("of", SWEPT)
def test_every_number_and_every_choice_of_an_experiment_can_be_an_axis(of: str) -> None:
    model = EXPERIMENTS[of].spec
    axes = shape(MODEL.chosen({"of": of}).model_fields["x"]).choices
    assert axes is not None
    accepted = {name: shape(field) for name, field in model.model_fields.items() if name != "repeats"}
    assert set(axes) == {name for name, each in accepted.items() if not each.many}
    for name in axes:
        spec = MODEL.parse({"of": of, "x": name})
        (axis,) = spec.axes
        for value in axis.values:
            assert getattr(spec.cell({name: value}), name) == value


@pytest.mark.parametrize("query", ["", "of=stack", "of=stack&x=activation&y=gain&y_steps=3&depth=4", "x=gain&y=fan_in"])
def test_a_query_a_body_and_the_values_of_a_result_say_the_same(query: str) -> None:
    spec = MODEL.from_query(query)
    assert (
        MODEL.from_query(spec.query)
        == MODEL.from_json(spec.model_dump_json())
        == MODEL.parse(spec.model_dump())
        == spec
    )


def test_what_runs_has_no_value_of_its_own() -> None:
    spec = MODEL.from_query("x=fan_in&fan_in=7")
    assert spec == MODEL.from_query("x=fan_in")
    assert "fan_in=" not in spec.query


def test_how_far_an_axis_goes_that_is_not_there_is_not_said() -> None:
    assert MODEL.from_query("y_from=1&y_to=2&y_steps=9&y_scale=log").query == ""


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("x=fan_in&x_from=1&x_to=100&x_steps=3&x_scale=log", [1, 10, 100]),
        ("x=fan_in&x_from=1&x_to=3&x_steps=9", [1, 2, 3]),
        ("x=gain&x_from=0&x_to=1&x_steps=3", [0.0, 0.5, 1.0]),
        ("x=gain&x_from=0.1&x_to=10&x_steps=3", [0.1, 1.0, 10.0]),
        ("of=stack&x=residual", [False, True]),
        ("x=fan_mode", ["fan_in", "fan_out"]),
    ],
)
def test_an_axis_runs_from_end_to_end(query: str, values: list[object]) -> None:
    assert MODEL.from_query(query).axes[0].values == values


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("of=sweep", "of", "must be one of"),
        ("x=init", "x", "must be one of"),
        ("y=fan_in&x=fan_in", "y", "must be another field than x"),
        ("x=gain&x_from=-1", "x_from", "gain goes from 0 to 1,000"),
        ("x=gain&x_from=2&x_to=1", "x_to", "must be above x_from, which is 2"),
        ("x=gain&x_from=0&x_to=1&x_scale=log", "x_from", "must be above 0"),
        ("of=stack&x=width&widths=3&widths=4", "x", "width follows from widths"),
        ("of=stack&statistic=gradient_growth&backward=false", "statistic", "needs backward=true"),
        ("statistic=input_spread&repeats=1", "repeats", "give at least 2"),
        ("statistic=cosine", "statistic", "must be one of variance"),
        ("depth=3", "depth", "no such field"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(query: str, field: str, said: str) -> None:
    found = refusal(query)
    assert list(found) == [field]
    assert said in found[field]


def test_repeats_are_seeds_or_the_experiment_s_own_where_the_statistic_is_a_spread_of_them() -> None:
    seeds = MODEL.from_query("repeats=3&seed=5")
    assert seeds.seeds == 3
    assert [seeds.cell({}, repeat).model_dump()["seed"] for repeat in range(3)] == [5, 6, 7]
    own = MODEL.from_query("repeats=3&statistic=input_spread")
    assert own.seeds == 1
    assert own.cell({}).model_dump()["repeats"] == 3
