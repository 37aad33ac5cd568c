"""The OpenAPI document's account of the API: what its addresses take, and everything they may answer."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI

from ..fields import shape
from ..spec import Spec

Schema = dict[str, Any]
Responses = dict[int | str, dict[str, Any]]

_COST: Schema = {
    "type": "object",
    "required": ["seconds", "memory_bytes", "result_bytes"],
    "properties": {
        "seconds": {"type": "number"},
        "memory_bytes": {"type": "integer"},
        "result_bytes": {"type": "integer"},
    },
}
_FIELD_ERROR: Schema = {
    "type": "object",
    "required": ["field", "message"],
    "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
    "additionalProperties": False,
}
PROBLEM: Schema = {
    "title": "Problem",
    "description": "What is wrong (RFC 9457): `errors` where fields are at fault; `cost` and `limit` of what is "
    "too expensive, and for each size the largest value that `fits`.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": _FIELD_ERROR},
        "cost": _COST,
        "limit": _COST,
        "fits": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
}
RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "integer"}}}
REFUSALS = {
    413: "The body is too large.",
    415: "The body is no plain application/json.",
    422: "A field is wrong, or the experiment too expensive.",
    429: "Too much was asked for at once.",
    503: "Every place is taken.",
    504: "The experiment took longer than it may.",
}
BY_BODY = (413, 415)
BEFORE_RUNNING = (413, 415, 422, 429, 503)  # what comes later, a stream says in an event
NOT_MODIFIED: Responses = {304: {"description": "Nothing has changed since the `ETag` that `If-None-Match` names."}}

FIGURES: Schema = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "required": ["data", "layout"],
        "properties": {"data": {"type": "array", "items": {"type": "object"}}, "layout": {"type": "object"}},
    },
}
TEXT: Schema = {"type": "string"}
BINARY: Schema = {"type": "string", "format": "binary"}
EVENTS = ("page", "waiting", "progress", "figures", "answer", "findings", "explanation", "result", "done", "problem")
EVENT: Schema = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "event": {"enum": list(EVENTS)},
        "data": {"type": "string"},
    },
}
_ENTRIES: Schema = {"type": "array", "items": {"type": "object", "required": ["name", "label"]}}
CATALOG: Schema = {
    "type": "object",
    "required": ["activations", "inits", "distributions", "fields", "limits"],
    "properties": {
        **dict.fromkeys(("activations", "inits", "distributions"), _ENTRIES),
        "fields": {
            "type": "object",
            "additionalProperties": {"type": "object", "additionalProperties": {"type": "object"}},
        },
        "limits": {"type": "object", "additionalProperties": {"type": "number"}},
    },
}


def parameters(model: type[Spec]) -> list[Schema]:
    """A spec's fields as a query's: lists repeat their key, and leaving a field out is the only null.

    Where a spec may be of several models, every field of any of them, taking what it takes in one of them.
    """
    found: dict[str, list[Schema]] = {}
    for kind in model.kinds().values():
        for name, described in kind.model_json_schema()["properties"].items():
            said, known = _parameter(kind, name, described), found.setdefault(name, [])
            if said["schema"] not in [other["schema"] for other in known]:
                known.append(said)
    return [
        first | {"schema": {"anyOf": [each["schema"] for each in (first, *others)]} if others else first["schema"]}
        for first, *others in found.values()
    ]


def _parameter(model: type[Spec], name: str, described: Schema) -> Schema:
    described = {key: value for key, value in described.items() if (key, value) != ("default", None)}
    arms = [arm for arm in described.get("anyOf", []) if arm != {"type": "null"}]
    if len(arms) == 1:
        described = {key: value for key, value in described.items() if key != "anyOf"} | arms[0]
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": described.get("description", ""),
        "schema": _each_once(model, name, described),
        **({"style": "form", "explode": True} if shape(model.model_fields[name]).many else {}),
    }


def body(model: type[Spec]) -> Schema:
    """A spec's fields as a JSON object."""
    schemas = [_object(kind) for kind in model.kinds().values()]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _object(model: type[Spec]) -> Schema:
    schema = model.model_json_schema()
    fields = {name: _each_once(model, name, described) for name, described in schema["properties"].items()}
    return schema | {"properties": fields}


def responses(media_type: str, answer: Schema | Any, statuses: Iterable[int] = REFUSALS) -> Responses:
    """What is answered when all is well, and the problems there may be."""
    said: dict[str, Any] = {"description": "As asked."}
    if isinstance(answer, dict):
        keyword = "itemSchema" if answer is EVENT else "schema"  # of one event, not of the whole stream
        said["content"] = {media_type.partition(";")[0]: {keyword: answer}}
    else:
        said["model"] = answer
    problems: Responses = {
        status: {
            "description": REFUSALS[status],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            **({"headers": RETRY_AFTER} if status in (429, 503) else {}),
        }
        for status in statuses
    }
    return {200: said, **problems}


def describe_problems(app: FastAPI) -> None:
    """Put the schema all problems refer to into the app's OpenAPI document."""
    without = app.openapi

    def openapi() -> dict[str, Any]:
        document = without()
        document["components"]["schemas"]["Problem"] = PROBLEM
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _each_once(model: type[Spec], name: str, described: Schema) -> Schema:
    accepted = shape(model.model_fields[name])
    return described | ({"uniqueItems": True} if accepted.many and accepted.choices else {})
