"""Specs: the whole configuration of one experiment, said once.

One model is the query of a share link, the body of a POST, the cache's key and the form on the page. A field
is added here and nowhere else: its label, help, unit, limits and choices live on it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Self, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .fields import OneOf, SpecError, json_values, query_values, to_text, validate
from .lab.draws import DISTRIBUTIONS
from .lab.initializers import INITIALIZERS

LARGEST_SEED = 2**53 - 1  # the largest whole number a browser holds exactly


def labels_of(registry: Mapping[str, Any]) -> OneOf:
    """A choice among a registry's entries, by name."""
    return OneOf({name: entry.label for name, entry in registry.items()})


Init = Annotated[str, labels_of(INITIALIZERS)]
Distribution = Annotated[str, labels_of(DISTRIBUTIONS)]
MOMENTS = "All have mean 0 and variance 1 but torch.rand's, of mean ½ and variance 1/12."


GROUPS = {"axes": "Axes", "shape": "Shape", "weights": "Weights", "input": "Input", "run": "Run"}


def field(
    default: Any,
    group: str,
    label: str,
    help: str,
    *,
    unit: str = "",
    step: float | None = None,
    main: bool = False,
    slider: tuple[float, float] | None = None,
    swept: tuple[float, float] | None = None,
    **limits: Any,
) -> Any:
    """A field of a spec, as forms, documentation and messages show it; `limits` are pydantic's.

    A `main` one stays in sight, the others are folded by group. A `slider` covers this part of what is allowed; an axis
    along which the field runs by itself covers what is `swept`, where the slider would go too far.
    """
    extra: dict[str, Any] = {"group": group, "unit": unit, "step": step, "main": main, "slider": slider, "swept": swept}
    return Field(default, title=label, description=help, json_schema_extra=extra, **limits)


def init_field() -> Any:
    """The choice of initializations."""
    return field(
        ["unscaled", "1/D", "1/sqrt(D)"],
        "weights",
        "Initializations",
        "The scale k of the weights of x @ w. (torch.nn.init reads a weight as nn.Linear stores it: pass it w.T.)",
        main=True,
        min_length=1,
        max_length=len(INITIALIZERS),
    )


S = TypeVar("S", bound="Spec")


@lru_cache(maxsize=256)
def _from_query(model: type[S], query: str) -> S:
    chosen = model.chosen(dict(parse_qsl(query, errors="replace")))
    return chosen.parse(query_values(chosen, query))


class Spec(BaseModel):
    """What the specs of all experiments can do."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def __hash__(self) -> int:
        """Fields may be lists, which have none."""
        return hash((type(self), self.query))

    name: ClassVar[str]
    decided_by: ClassVar[dict[str, str]] = {}  # fields that follow from another one, where it is given
    decides: ClassVar[str] = ""  # the field that says of which model a spec is, where there are several

    @classmethod
    def kinds(cls) -> "Mapping[str, type[Self]]":
        """The models a spec may be of, by the value that decides: most experiments have one."""
        return {"": cls}

    @classmethod
    def chosen(cls, values: Mapping[str, Any]) -> "type[Self]":  # noqa: ARG003
        """The one that these values are of, as a query or a body gives them."""
        return cls

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """A spec from JSON-like values. Raises SpecError, naming every field that is wrong."""
        return validate(cls.chosen(values), values)

    @classmethod
    def from_query(cls, query: str) -> Self:
        """A spec from a query string: lists repeat their key, everything else is given at most once."""
        spec: Self = _from_query(cls, query)
        return spec

    @classmethod
    def from_json(cls, body: str | bytes) -> Self:
        """A spec from a JSON object. A repeated key, NaN or Infinity is an error."""
        return cls.parse(json_values(body))

    @property
    def query(self) -> str:
        """The canonical query: fields that differ from their default, in the order they are declared."""
        given: list[tuple[str, str]] = []
        derived = self.derived
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value != field.default and name not in derived:
                given += [(name, to_text(item)) for item in (value if isinstance(value, list) else [value])]
        return urlencode(given, safe="/", quote_via=quote)

    @property
    def derived(self) -> frozenset[str]:
        """Fields that follow from others, and so are left out of the link."""
        return frozenset(name for name, other in self.decided_by.items() if getattr(self, other))

    @property
    def compared(self) -> list[str]:
        """What it sets side by side, a line each, by the names of initializations."""
        return []

    @property
    def links(self) -> dict[str, str]:
        """The addresses of this experiment, relative to the server."""
        search = self._search
        paths = {"page": f"/{self.name}", "api": f"/api/{self.name}", "csv": f"/api/{self.name}.csv"}
        return {what: f"{path}{search}" for what, path in paths.items()}

    def api(self, suffix: str = "") -> str:
        """Where the API answers this experiment, relative to the server."""
        return f"/api/{self.name}{suffix}{self._search}"

    @property
    def _search(self) -> str:
        """The query as it follows a path."""
        return f"?{query}" if (query := self.query) else ""


class WeightsSpec(Spec):
    """A spec of random weight matrices: the fields such experiments share."""

    init: list[Init] = init_field()
    gain: float = field(
        1.0,
        "weights",
        "Gain",
        "Multiplies every initialization's own scale.",
        main=True,
        slider=(0.1, 10),
        ge=0,
        le=1000,
        step=0.05,
    )
    fan_mode: Annotated[
        str, OneOf({"fan_in": "fan_in: keeps the signal", "fan_out": "fan_out: keeps the gradient"})
    ] = field("fan_in", "weights", "He's fan", "Which fan He's initializations divide by, where the two differ.")
    weight_mean: float = field(
        0.0,
        "weights",
        "Mean of w",
        "Added to every weight before it is scaled.",
        slider=(-1, 1),
        ge=-1000,
        le=1000,
        step=0.1,
    )
    bins: int = field(80, "run", "Bins", "Bins of each histogram.", ge=4, le=200, step=4)
    seed: int = field(0, "run", "Seed", "The same seed gives the same numbers, to the last bit.", ge=0, le=LARGEST_SEED)

    @property
    def compared(self) -> list[str]:
        return self.init

    @model_validator(mode="after")
    def _inits_differ(self) -> Self:
        if len(set(self.init)) < len(self.init):
            raise SpecError([("init", "name each initialization once")])
        return self
