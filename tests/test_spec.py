"""One spec is the query, the JSON body and the form: each says the same, and nothing wrong gets through."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import ValidationError

from app.experiments.matmul.spec import MatmulSpec
from app.experiments.stack.spec import StackSpec
from app.fields import Shape, SpecError, shape
from app.lab.activations import ACTIVATIONS
from app.lab.draws import DISTRIBUTIONS
from app.lab.initializers import INITIALIZERS
from app.spec import GROUPS, LARGEST_SEED, Spec
from tests.compute.tools import compared_by
from tests.strategies import SPECS, any_spec

every_spec = pytest.mark.parametrize("model", SPECS, ids=lambda model: model.name)
ECHOED = 100  # characters of the input a message may repeat at most


class Target(NamedTuple):
    """A field of a spec."""

    model: type[Spec]
    field: str

    @property
    def shape(self) -> Shape:
        return shape(self.model.model_fields[self.field])

    def __str__(self) -> str:
        return f"{self.model.name}.{self.field}"


TARGETS = [Target(model, field) for model in SPECS for field in model.model_fields]


many_examples = settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def refusal(read: Callable[[], Spec], given: str | bytes) -> dict[str, str]:
    """Why a spec was refused, by field; never by repeating what was given at length."""
    with pytest.raises(SpecError) as caught:
        read()
    said = str(caught.value)
    start = given[: ECHOED + 1]
    if len(start) > ECHOED:
        assert (start if isinstance(start, str) else start.decode(errors="replace")) not in said
    said.encode()  # can be sent
    return dict(caught.value.errors)


def assert_names(found: dict[str, str], target: Target) -> None:
    """Only this field is named, with what it accepts."""
    assert list(found) == [target.field]
    message = found[target.field]
    accepted = target.shape
    if accepted.choices:
        assert re.fullmatch("name each [a-z]+ once", message) or all(name in message for name in accepted.choices)
    elif accepted.minimum is not None:
        assert f"{accepted.minimum:,}" in message
        assert f"{accepted.maximum:,}" in message
    else:
        assert message == "must be true or false"


@many_examples
@given(any_spec)
def test_a_spec_survives_its_query(spec: Spec) -> None:
    assert type(spec).from_query(spec.query) == spec


@many_examples
@given(any_spec)
def test_a_spec_survives_its_json(spec: Spec) -> None:
    assert type(spec).from_json(spec.model_dump_json()) == spec
    assert type(spec).from_json(spec.model_dump_json().encode()) == spec


@many_examples
@given(any_spec)
def test_a_spec_survives_its_values(spec: Spec) -> None:
    assert type(spec).parse(spec.model_dump()) == spec


@many_examples
@given(any_spec)
def test_the_query_holds_exactly_what_differs_from_the_default(spec: Spec) -> None:
    fields = type(spec).model_fields
    different = {name for name, field in fields.items() if getattr(spec, name) != field.default}
    assert {name for name, _ in parse_qsl(spec.query, strict_parsing=bool(spec.query))} == different - spec.derived


@many_examples
@given(any_spec)
def test_the_query_does_not_depend_on_the_order_fields_are_given_in(spec: Spec) -> None:
    pairs = parse_qsl(spec.query)
    names = list(dict.fromkeys(name for name, _ in pairs))
    shuffled = [pair for name in reversed(names) for pair in pairs if pair[0] == name]
    assert type(spec).from_query(urlencode(shuffled)).query == spec.query


@every_spec
def test_a_spec_of_defaults_has_an_empty_query(model: type[Spec]) -> None:
    assert model.from_query("") == model.from_json("{}") == model()
    assert model().query == ""
    assert model().links == {
        "page": f"/{model.name}",
        "api": f"/api/{model.name}",
        "csv": f"/api/{model.name}.csv",
    }


def test_links_carry_the_query() -> None:
    spec = MatmulSpec(init=["1/sqrt(D)", "unscaled"], gain=0.5)
    assert spec.query == "init=1/sqrt%28D%29&init=unscaled&gain=0.5"
    assert spec.links == {
        "page": f"/matmul?{spec.query}",
        "api": f"/api/matmul?{spec.query}",
        "csv": f"/api/matmul.csv?{spec.query}",
    }


def test_the_seed_experiment_is_the_default() -> None:
    spec = MatmulSpec()
    assert (spec.fan_in, spec.fan_out, spec.seed, spec.repeats) == (512, 500_000, 0, 1)
    assert spec.init == ["unscaled", "1/D", "1/sqrt(D)"]
    assert (spec.input, spec.weights, spec.draws) == ("normal", "normal", "shared")


@every_spec
def test_a_spec_cannot_be_changed(model: type[Spec]) -> None:
    spec = model()
    for name in model.model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(spec, name, None)


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_every_field_carries_what_a_form_needs(target: Target) -> None:
    field = target.model.model_fields[target.field]
    assert field.title
    assert field.description
    assert isinstance(field.json_schema_extra, dict)
    assert field.json_schema_extra["group"] in GROUPS
    if target.shape.kind in ("integer", "number"):
        assert target.shape.minimum is not None
        assert target.shape.maximum is not None


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_every_default_is_legal(target: Target) -> None:
    default = target.model.model_fields[target.field].default
    assert getattr(target.model.parse({target.field: default}), target.field) == default


@pytest.mark.parametrize("init", INITIALIZERS)
def test_every_registered_init_can_be_chosen(init: str) -> None:
    assert StackSpec.from_query(urlencode({"init": init})).init == [init]
    if INITIALIZERS[init].family != "orthogonal":
        assert MatmulSpec.from_query(urlencode({"init": init})).init == [init]


def test_a_matmul_takes_no_init_whose_columns_depend_on_each_other() -> None:
    with pytest.raises(SpecError) as caught:
        MatmulSpec.from_query("init=orthogonal")
    assert [field for field, _ in caught.value.errors] == ["init"]


def test_a_residual_stream_needs_equal_widths() -> None:
    with pytest.raises(SpecError) as caught:
        StackSpec.from_query("residual=true&widths=3&widths=4")
    assert [field for field, _ in caught.value.errors] == ["residual"]


@pytest.mark.parametrize(("given", "scale"), [("1.0", 1.0), ("0.25", 0.25), ("1/sqrt(2L)", 0.25)])
def test_a_residual_branch_is_scaled_by_a_number_or_by_the_depth(given: str, scale: float) -> None:
    spec = StackSpec.from_query(urlencode({"residual": "true", "residual_scale": given, "depth": 8}))
    assert spec.branch_scale == pytest.approx(scale)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_every_registered_distribution_can_be_chosen(distribution: str) -> None:
    assert MatmulSpec.from_query(f"input={distribution}&weights={distribution}").weights == distribution
    assert StackSpec.from_query(f"input={distribution}").input == distribution


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_registered_activation_can_be_chosen(activation: str) -> None:
    assert StackSpec.from_query(f"activation={activation}").activation == activation


TOO_LONG = "9" * 5000
BAD_TEXTS = {
    "integer": [
        *("", " ", "1.5", "5/3", "sqrt(2)", "05", "1_000", "1,00", "0x10", "5\n", "1;2", "--1", "nan", "inf"),
        *("null", "true", "two", "٥", "５", "²", "Ⅴ", "\x00", "-1", str(2**63), TOO_LONG, "-" + TOO_LONG),
    ],
    "number": [
        *("", " ", "nan", "NaN", "inf", "-inf", "Infinity", "1e999", "-1e999", "1e99999", "1/0", "1_0", "1,5"),
        *(".", "1e", "0x1p3", "1 2", "1\n", "--1", "null", "true", "٥", "５", "½", "\x00", TOO_LONG, "1" + "0" * 30),
    ],
    "boolean": ["", "True", "FALSE", "1", "0", "yes", "on", "null", " true", "x" * 5000],
    "choice": ["", "nope", " ", "NORMAL", "none ", "null", "\x00", "é", "1/d", "x" * 5000],
}


def bad_queries() -> Iterator[Any]:
    for target in TARGETS:
        accepted = target.shape
        texts = list(BAD_TEXTS[accepted.kind])
        if accepted.minimum is not None and accepted.maximum is not None and accepted.kind == "integer":
            texts += [str(int(accepted.minimum) - 1), str(int(accepted.maximum) + 1)]
        elif accepted.minimum is not None and accepted.maximum is not None:
            texts += [repr(accepted.minimum - 0.001), repr(accepted.maximum + 0.001)]
        for text in dict.fromkeys(text for text in texts if text or not accepted.optional):
            yield pytest.param(target, text, id=f"{target}={text[:12]!a}")


@pytest.mark.parametrize(("target", "text"), list(bad_queries()))
def test_text_a_field_does_not_accept_is_refused_by_name(target: Target, text: str) -> None:
    other = ["1"] if target.shape.kind == "integer" and target.shape.many else []
    query = urlencode({target.field: [*other, text]}, doseq=True)
    found = refusal(lambda: target.model.from_query(query), text)
    assert_names(found, target)


@pytest.mark.parametrize("target", [target for target in TARGETS if not target.shape.many], ids=str)
def test_a_scalar_given_twice_is_refused_by_name(target: Target) -> None:
    found = refusal(lambda: target.model.from_query(f"{target.field}=1&{target.field}=1"), "")
    assert found == {target.field: "give it once"}


BIG = 2**63
BAD_VALUES: dict[str, list[Any]] = {
    "integer": [None, True, False, 1.0, 2.5, "1", "", [], [1], {}, BIG, -BIG, 10**400, 1e300, -1, "9" * 5000],
    "number": [None, True, False, "1", "", [], [1.0], {}, 10**400, 1e300, -1e300, "9" * 5000],
    "boolean": [None, 2, 0.5, "true", "false", "", [], [True], {}],
    "choice": [None, True, 0, 1.0, "", "nope", [], ["none"], {}, "\ud800", "x" * 5000],
}
BAD_LISTS: dict[str, list[Any]] = {
    "integer": [3, "33", {}, [], [3], [3, 4.0], [3, True], [3, "4"], [3, None], [3, [4]], [3, 0], [3, BIG], [1] * 1002],
    "choice": [None, "1/D", {}, {"1/D": 1}, [], [None], [1], ["nope"], [["1/D"]], ["1/D", "1/D"], ["\ud800"]],
}


def bad_values() -> Iterator[Any]:
    for target in TARGETS:
        accepted = target.shape
        values = list((BAD_LISTS if accepted.many else BAD_VALUES)[accepted.kind])
        if accepted.kind == "boolean" and not accepted.fixed:
            values += [0, 1, 0.0, 1.0]
        for index, value in enumerate(values):
            yield pytest.param(target, value, id=f"{target}-{index}-{ascii(value)[:12]}")


@pytest.mark.parametrize(("target", "value"), list(bad_values()))
def test_a_json_value_a_field_does_not_accept_is_refused_by_name(target: Target, value: Any) -> None:
    body = json.dumps({target.field: value})
    given = value if isinstance(value, str) else json.dumps(value)
    assert_names(refusal(lambda: target.model.from_json(body), given), target)


@every_spec
@pytest.mark.parametrize("number", ["1e999", "-1e999"])
def test_a_json_number_beyond_float64_is_refused_by_name(model: type[Spec], number: str) -> None:
    found = refusal(lambda: model.from_json(f'{{"gain": {number}, "seed": {number}}}'), "")
    assert found.keys() == {"gain", "seed"}


@every_spec
@pytest.mark.parametrize(
    "body",
    [
        '{"gain": NaN}',
        '{"gain": Infinity}',
        '{"gain": -Infinity}',
        '{"gain": 1, "gain": 1}',
        '{"gain": 1',
        '{"gain": 1}{}',
        "{'gain': 1}",
        "[]",
        "null",
        '"gain"',
        "",
        "x" * 5000,
        "[" * 100_000,
        '{"gain":' * 100_000,
        b'{"input": "\xff"}',
        b"\xed\xa0\x80",
        b"\x00",
    ],
    ids=lambda body: repr(body)[:24],
)
def test_a_body_that_is_no_plain_json_object_is_refused_as_a_whole(model: type[Spec], body: str | bytes) -> None:
    assert list(refusal(lambda: model.from_json(body), body)) == ["body"]


@every_spec
@pytest.mark.parametrize("query", ["input=%ff", "%ed%a0%80=1", "init=1/D&" * 2001], ids=lambda query: query[:12])
def test_a_query_that_is_no_utf8_or_far_too_long_is_refused_as_a_whole(model: type[Spec], query: str) -> None:
    assert list(refusal(lambda: model.from_query(query), query)) == ["query"]


@every_spec
@pytest.mark.parametrize(
    ("name", "shown"),
    [("nope", "nope"), ("Gain", "Gain"), ("x" * 5000, "x" * 40), ("", ""), ("__class__", "__class__")],
    ids=lambda name: name[:12],
)
def test_an_unknown_field_is_refused_by_name_beside_those_there_are(model: type[Spec], name: str, shown: str) -> None:
    for read in (
        lambda: model.from_query(urlencode({name: 1})),
        lambda: model.from_json(json.dumps({name: 1})),
        lambda: model.parse({name: 1}),
    ):
        found = refusal(read, name)
        assert list(found) == [shown]
        assert all(field in found[shown] for field in model.model_fields)


@every_spec
def test_a_lone_surrogate_as_a_name_is_refused_in_words_that_can_be_sent(model: type[Spec]) -> None:
    assert list(refusal(lambda: model.from_json('{"\\ud800": 1}'), "")) == ["?"]


@every_spec
def test_every_wrong_field_is_named_at_once(model: type[Spec]) -> None:
    found = refusal(lambda: model.from_query("gain=x&seed=-1&bins=1&nope=1&init=x"), "")
    assert found.keys() == {"gain", "seed", "bins", "nope", "init"}


@every_spec
def test_the_largest_seed_a_browser_holds_is_the_largest_there_is(model: type[Spec]) -> None:
    assert LARGEST_SEED == 2**53 - 1
    assert model.from_query(f"seed={LARGEST_SEED}").model_dump()["seed"] == LARGEST_SEED
    assert_names(refusal(lambda: model.from_query(f"seed={LARGEST_SEED + 1}"), ""), Target(model, "seed"))


@every_spec
def test_what_is_compared_may_not_be_named_twice(model: type[Spec]) -> None:
    field = compared_by(model())
    said = refusal(lambda: model.from_query(f"{field}=1/sqrt(D)&{field}=1/sqrt(D)"), "")
    assert said.keys() == {field}
    assert "once" in said[field]


def test_a_whole_number_will_do_where_any_number_is_asked_for() -> None:
    for spec in (MatmulSpec.from_json('{"gain": 2}'), MatmulSpec.from_query("gain=2")):
        assert spec.gain == 2
        assert isinstance(spec.gain, float)


@pytest.mark.parametrize("given", [{}, {"depth": 9}, {"width": 100, "depth": 1000}], ids=str)
def test_widths_set_depth_and_width(given: dict[str, int]) -> None:
    spec = StackSpec.parse({"widths": [5, 3, 8], **given})
    assert (spec.depth, spec.width, spec.layer_widths) == (2, 5, [5, 3, 8])
    assert spec.query == "widths=5&widths=3&widths=8"


def test_width_and_depth_set_the_layers_without_widths() -> None:
    assert StackSpec(depth=2, width=7).layer_widths == [7, 7, 7]


def test_the_deepest_stack_can_be_written_as_widths() -> None:
    spec = StackSpec(widths=[1] * 1001)
    assert spec.depth == 1000
    assert StackSpec.from_query(spec.query) == spec


def test_batch_norm_is_refused_for_a_batch_of_one() -> None:
    found = refusal(lambda: StackSpec.from_query("norm=batch&batch=1"), "")
    assert list(found) == ["norm"]
    assert "batch of at least 2" in found["norm"]
    assert StackSpec.from_query("norm=batch&batch=2").batch == 2
    assert StackSpec.from_query("norm=layer&batch=1").batch == 1


def test_one_matrix_is_refused_for_widths_that_differ() -> None:
    found = refusal(lambda: StackSpec.from_query("tied=true&widths=3&widths=4"), "")
    assert list(found) == ["tied"]
    assert "widths are equal" in found["tied"]
    assert StackSpec.from_query("tied=true&widths=3&widths=3").tied
