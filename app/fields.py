"""What a spec's fields accept, read off their annotations: for queries, messages, forms and the catalog alike."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin
from urllib.parse import parse_qsl

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import BaseModel, GetCoreSchemaHandler, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema

from .arithmetic import evaluated

M = TypeVar("M", bound=BaseModel)

LARGEST_WHOLE = 2**53  # from which a float no longer tells every whole number
ECHOED = 100  # characters of what was given that an error may repeat
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,4})?", re.ASCII)


class SpecError(ValueError):
    """A spec that cannot be: what is wrong, field by field."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {message}" for field, message in errors))
        self.errors = errors


@dataclass(frozen=True, eq=False)
class OneOf:
    """A string out of a registry; `labels` are what a person reads."""

    labels: Mapping[str, str]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.literal_schema(list(self.labels))


Kind = Literal["integer", "number", "boolean", "choice", "text"]
KINDS: dict[Any, Kind] = {int: "integer", float: "number", bool: "boolean", str: "text"}


@dataclass(frozen=True)
class Shape:
    """The values one field accepts. `many`: a list of them."""

    kind: Kind
    many: bool
    optional: bool
    minimum: float | None = None
    maximum: float | None = None
    choices: Mapping[str, str] | None = None
    words: tuple[str, ...] = ()  # said in place of a number

    @property
    def fixed(self) -> bool:
        """Only one value is allowed: nothing to choose."""
        single_choice = self.choices is not None and len(self.choices) == 1
        return single_choice or (self.minimum is not None and self.minimum == self.maximum)

    def __str__(self) -> str:
        """What to do, in words, when a value is not one of these."""
        if self.fixed:
            only = next(iter(self.choices)) if self.choices else f"{self.minimum}"
            return f"must be {only}; nothing else is available yet"
        if self.choices:
            names = ", ".join(self.choices)
            return f"choose from {names}, each once" if self.many else f"must be one of {names}"
        if self.kind == "boolean":
            return "must be true or false"
        if self.kind == "text":
            return f"must be {'a list of texts' if self.many else 'text'} of at most {self.maximum:,} characters"
        noun = "whole number" if self.kind == "integer" else "number"
        limits = f" from {self.minimum:,} to {self.maximum:,}"
        words = "".join(f", or {word}" for word in self.words)
        return f"must be a list of {noun}s{limits}" if self.many else f"must be a {noun}{limits}{words}"

    def value(self, text: str) -> Any:
        """The value a query's text stands for; text that stands for none is returned as it is."""
        if self.kind == "integer" and _INTEGER.fullmatch(text):
            return int(text)
        if self.kind == "number" and _NUMBER.fullmatch(text):
            return float(text)
        if self.kind in ("integer", "number") and (found := evaluated(text)) is not None:
            return found if self.kind == "number" else int(found) if _whole(found) else text
        if self.kind == "boolean" and text in ("true", "false"):
            return text == "true"
        return text


def _whole(number: float) -> bool:
    return number.is_integer() and abs(number) < LARGEST_WHOLE


def shape(field: FieldInfo) -> Shape:
    """The shape of one field of a spec."""
    kind: Any = field.annotation
    metadata: list[Any] = list(field.metadata)
    arms = (
        [arm for arm in get_args(kind) if arm is not type(None)] if get_origin(kind) in (Union, UnionType) else [kind]
    )
    optional = type(None) in get_args(kind)
    words = tuple(word for arm in arms if get_origin(arm) is Literal for word in get_args(arm))
    kind = arms[0]
    many = get_origin(kind) is list
    if many:
        kind = get_args(kind)[0]
    if get_origin(kind) is Annotated:
        kind, *inner = get_args(kind)
        metadata += [each for item in inner for each in getattr(item, "metadata", [item])]
    choices = next((item.labels for item in metadata if isinstance(item, OneOf)), None)
    if kind is str and choices is None:
        longest = next((item.max_length for item in reversed(metadata) if isinstance(item, MaxLen)), None)
        return Shape("text", many, optional, maximum=longest)
    return Shape(
        kind="choice" if choices else KINDS[kind],
        many=many,
        optional=optional,
        minimum=next((cast(float, item.ge) for item in metadata if isinstance(item, Ge)), None),
        maximum=next((cast(float, item.le) for item in metadata if isinstance(item, Le)), None),
        choices=choices,
        words=words,
    )


def to_text(value: Any) -> str:
    """A value as the query writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def query_values(model: type[BaseModel], query: str) -> dict[str, Any]:
    """The values a query holds. Raises SpecError for a repeated scalar, or for text that is not UTF-8."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=2000)
    except ValueError:
        raise SpecError([("query", "must be URL-encoded UTF-8 with at most 2,000 fields")]) from None
    shapes = {name: shape(field) for name, field in model.model_fields.items()}
    values: dict[str, Any] = {}
    repeated: list[str] = []
    for name, text in pairs:
        accepted = shapes.get(name)
        if accepted and accepted.optional and not text:
            continue  # as a form sends a field that was left empty
        if accepted and accepted.many:
            values.setdefault(name, []).append(accepted.value(text))
        elif name in values:
            repeated.append(name)
        else:
            values[name] = accepted.value(text) if accepted else text
    if repeated:
        raise SpecError(list(_of_each(repeated, "give it once").items()))
    return values


def json_values(body: str | bytes) -> dict[str, Any]:
    """The values of a JSON object. Raises SpecError for anything else, a repeated key, NaN or Infinity."""
    try:
        text = body if isinstance(body, str) else body.decode()  # json.loads would also take UTF-16 and surrogates
        values = json.loads(text, object_pairs_hook=_each_key_once, parse_constant=_no_constant)
    except SpecError:
        raise
    except (ValueError, RecursionError):
        raise SpecError([("body", "must be one JSON object in UTF-8, without NaN or Infinity")]) from None
    if not isinstance(values, dict):
        raise SpecError([("body", "must be a JSON object of the experiment's fields")])
    return values


def validate(model: type[M], values: Mapping[str, Any]) -> M:
    """The model of these values. Raises SpecError with what to do about each field, never the value given."""
    fields = model.model_fields
    unknown = [name for name in values if name not in fields]
    found = _of_each(unknown, f"no such field; there are {', '.join(fields)}")
    try:
        made = model.model_validate({name: value for name, value in values.items() if name in fields})
    except ValidationError as error:
        for item in error.errors(include_url=False, include_input=False):
            raised = item.get("ctx", {}).get("error")
            if isinstance(raised, SpecError):
                found.update(raised.errors)
            else:
                name = str(item["loc"][0])
                found.setdefault(name, _expected(fields[name]))
    if found:
        raise SpecError(list(found.items()))
    return made


def _expected(field: FieldInfo) -> str:
    accepted = shape(field)
    at_least = next((item.min_length for item in field.metadata if isinstance(item, MinLen)), 0)
    return f"{accepted}, at least {at_least}" if at_least else str(accepted)


def _of_each(names: Iterable[str], message: str) -> dict[str, str]:
    """The message for each of these names, as far as names that somebody made up may be repeated."""
    said: dict[str, str] = {}
    for name in names:
        shown = name[:40].encode(errors="replace").decode()
        if sum(map(len, said)) + len(shown) > ECHOED:
            break
        said[shown] = message
    return said


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise SpecError([("body", "give every key once")])
    return values


def _no_constant(name: str) -> None:
    raise ValueError(name)
