"""Fields say what they accept, and what they are given is read the same way from a query and from JSON."""

import json
from math import inf
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.fields import OneOf, Shape, SpecError, json_values, query_values, shape, to_text, validate

Colour = Annotated[str, OneOf({"red": "Red", "dark blue": "Dark blue"})]


class Example(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    whole: int = Field(3, ge=1, le=10_000)
    real: float = Field(0.5, ge=-1, le=1)
    switch: bool = False
    colour: Colour = "red"
    colours: list[Colour] = Field(["red"], min_length=1, max_length=2)
    sizes: list[Annotated[int, Field(ge=1, le=9)]] | None = Field(None, min_length=2)
    later: int = Field(1, ge=1, le=1)
    scale: Annotated[float, Field(ge=0, le=1)] | Literal["auto"] = 1.0

    @model_validator(mode="after")
    def _colours_differ(self) -> "Example":
        if len(set(self.colours)) < len(self.colours):
            raise SpecError([("colours", "each once")])
        return self


SHAPES = {
    "whole": Shape("integer", many=False, optional=False, minimum=1, maximum=10_000),
    "real": Shape("number", many=False, optional=False, minimum=-1, maximum=1),
    "switch": Shape("boolean", many=False, optional=False),
    "colour": Shape("choice", many=False, optional=False, choices={"red": "Red", "dark blue": "Dark blue"}),
    "colours": Shape("choice", many=True, optional=False, choices={"red": "Red", "dark blue": "Dark blue"}),
    "sizes": Shape("integer", many=True, optional=True, minimum=1, maximum=9),
    "later": Shape("integer", many=False, optional=False, minimum=1, maximum=1),
    "scale": Shape("number", many=False, optional=False, minimum=0, maximum=1, words=("auto",)),
}


def errors_of(values: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        validate(Example, values)
    return dict(caught.value.errors)


@pytest.mark.parametrize("name", list(SHAPES))
def test_a_shape_is_read_off_the_annotation(name: str) -> None:
    assert shape(Example.model_fields[name]) == SHAPES[name]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("whole", "must be a whole number from 1 to 10,000"),
        ("real", "must be a number from -1 to 1"),
        ("switch", "must be true or false"),
        ("colour", "must be one of red, dark blue"),
        ("colours", "choose from red, dark blue, each once"),
        ("sizes", "must be a list of whole numbers from 1 to 9"),
        ("later", "must be 1; nothing else is available yet"),
        ("scale", "must be a number from 0 to 1, or auto"),
    ],
)
def test_a_shape_says_in_words_what_it_accepts(name: str, words: str) -> None:
    assert str(SHAPES[name]) == words


def test_only_one_choice_or_equal_limits_leave_nothing_to_choose() -> None:
    assert [name for name, accepted in SHAPES.items() if accepted.fixed] == ["later"]
    assert Shape("number", many=False, optional=False, minimum=1, maximum=1).fixed
    assert Shape("choice", many=False, optional=False, choices={"none": "none"}).fixed


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("whole", "7", 7),
        ("whole", "-12", -12),
        ("whole", "0", 0),
        *[("whole", text, 1024) for text in ("1,024", "2^10", "1.024e3", "1024.0", " 1024 ", "+1024", "2048/2")],
        *[("real", text, 0.5) for text in (".5", "1/2", "sqrt(.25)", "+0.5", "√.25")],
        ("real", "7", 7.0),
        ("real", "-0.25", -0.25),
        ("real", "1e-3", 0.001),
        ("real", "2.5E+2", 250.0),
        ("real", "1e999", inf),
        ("switch", "true", True),
        ("switch", "false", False),
        ("colour", "dark blue", "dark blue"),
        ("sizes", "4", 4),
        ("later", "1", 1),
    ],
)
def test_text_stands_for_a_value_of_its_kind(name: str, text: str, value: object) -> None:
    found = SHAPES[name].value(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *[("whole", text) for text in ("", "7.5", "7/2", "07", "1_000", "٧", "7" * 20, "7\n", "1e17")],
        *[("real", text) for text in ("", "nan", "inf", "-inf", "1/0", "1_0", "0x1", "٧", "1e99999", "1\n")],
        *[("switch", text) for text in ("", "True", "1", "yes", "on")],
    ],
)
def test_text_that_stands_for_none_is_returned_as_it_is(name: str, text: str) -> None:
    assert SHAPES[name].value(text) == text
    assert isinstance(SHAPES[name].value(text), str)


@given(st.integers(-(10**19) + 1, 10**19 - 1))
def test_a_whole_number_survives_being_written_and_read(value: int) -> None:
    assert SHAPES["whole"].value(to_text(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_being_written_and_read(value: float) -> None:
    assert SHAPES["real"].value(to_text(value)) == value


@pytest.mark.parametrize("value", [True, False])
def test_a_switch_survives_being_written_and_read(value: bool) -> None:
    assert SHAPES["switch"].value(to_text(value)) is value


def test_a_query_repeats_the_key_of_a_list_and_keeps_its_order() -> None:
    values = query_values(Example, "colours=dark+blue&sizes=2&colours=red&sizes=1&whole=4&real=1&switch=true")
    assert values == {"colours": ["dark blue", "red"], "sizes": [2, 1], "whole": 4, "real": 1.0, "switch": True}


def test_an_empty_query_holds_nothing() -> None:
    assert query_values(Example, "") == {}


def test_every_repeated_scalar_of_a_query_is_named() -> None:
    with pytest.raises(SpecError) as caught:
        query_values(Example, "whole=1&real=1&whole=1&real=2&colours=red&colours=red&nonsense=1&nonsense=2")
    assert dict(caught.value.errors) == dict.fromkeys(["whole", "real", "nonsense"], "give it once")


@pytest.mark.parametrize("query", ["colour=%ff", "%ed%a0%80=1", "&".join(["colours=red"] * 2001)])
def test_a_query_that_is_not_text_or_far_too_long_is_refused_as_a_whole(query: str) -> None:
    with pytest.raises(SpecError) as caught:
        query_values(Example, query)
    assert caught.value.errors == [("query", "must be URL-encoded UTF-8 with at most 2,000 fields")]


def test_a_json_object_is_read_as_it_stands() -> None:
    body = '{"whole": 4, "real": 1, "colours": ["red"], "sizes": null}'
    expected = {"whole": 4, "real": 1, "colours": ["red"], "sizes": None}
    assert json_values(body) == json_values(body.encode()) == expected


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", "4", '"text"', "{}x", "{'whole': 4}", '{"real": NaN}', '{"real": -Infinity}', b"\xff"],
    ids=repr,
)
def test_anything_but_one_strict_json_object_is_refused(body: str | bytes) -> None:
    with pytest.raises(SpecError) as caught:
        json_values(body)
    ((field, message),) = caught.value.errors
    assert field == "body"
    assert "JSON object" in message


@pytest.mark.parametrize("body", ['{"whole": 1, "whole": 1}', '{"sizes": [{"a": 1, "a": 2}]}'])
def test_a_json_key_may_be_given_only_once(body: str) -> None:
    with pytest.raises(SpecError, match="once"):
        json_values(body)


@pytest.mark.parametrize("opening", ["[", '{"whole":'])
def test_json_nested_without_end_is_refused(opening: str) -> None:
    with pytest.raises(SpecError) as caught:
        json_values(opening * 100_000)
    assert [field for field, _ in caught.value.errors] == ["body"]


def test_every_wrong_field_is_named_with_what_it_accepts() -> None:
    found = errors_of({"whole": 0, "real": "1", "colours": [], "sizes": [1], "size": 3})
    assert list(found) == ["size", "whole", "real", "colours", "sizes"]
    assert found["whole"] == "must be a whole number from 1 to 10,000"
    assert found["colours"] == "choose from red, dark blue, each once, at least 1"
    assert found["sizes"] == "must be a list of whole numbers from 1 to 9, at least 2"
    assert found["size"].startswith("no such field")
    assert all(name in found["size"] for name in Example.model_fields)


def test_an_error_between_fields_names_the_field_it_is_about() -> None:
    assert errors_of({"colours": ["red", "red"]}) == {"colours": "each once"}


@pytest.mark.parametrize(
    ("name", "shown"), [("x" * 5000, "x" * 40), ("\ud800", "?"), ("é" * 41, "é" * 40)], ids=["long", "lone", "wide"]
)
def test_the_name_of_an_unknown_field_is_cut_short_and_can_be_printed(name: str, shown: str) -> None:
    found = errors_of({name: 1})
    assert list(found) == [shown]
    json.dumps(found).encode()


def test_values_that_fit_make_the_model() -> None:
    made = validate(Example, {"whole": 10_000, "real": -1, "sizes": [9, 9]})
    assert made == Example(whole=10_000, real=-1.0, sizes=[9, 9])


def test_an_error_reads_as_field_and_message() -> None:
    error = SpecError([("whole", "too small"), ("real", "too large")])
    assert str(error) == "whole: too small; real: too large"
    assert isinstance(error, ValueError)
