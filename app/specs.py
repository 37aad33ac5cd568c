"""Specs: the whole configuration of one experiment, said once.

One model is the query of a share link, the body of a POST, the cache's key and the form on the page. A field
is added here and nowhere else: its label, help, unit, limits and choices live on it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.fields import OneOf, SpecError, json_values, query_values, to_text, validate
from app.lab.activations import ACTIVATIONS
from app.lab.draws import DISTRIBUTIONS
from app.lab.initializers import INITIALIZERS
from app.lab.norms import NORM_LABELS

LARGEST_SEED = 2**53 - 1  # the largest whole number a browser holds exactly


def _labels(registry: Mapping[str, Any]) -> OneOf:
    return OneOf({name: entry.label for name, entry in registry.items()})


Init = Annotated[str, _labels(INITIALIZERS)]
# An orthogonal matrix is one layer; the columns of a matmul are a sample of independent ones.
ColumnInit = Annotated[
    str, _labels({name: entry for name, entry in INITIALIZERS.items() if entry.family != "orthogonal"})
]
Distribution = Annotated[str, _labels(DISTRIBUTIONS)]


GROUPS = {"shape": "Shape", "weights": "Weights", "input": "Input", "run": "Run"}


def _field(
    default: Any,
    group: str,
    label: str,
    help: str,
    *,
    unit: str = "",
    step: float | None = None,
    **limits: Any,
) -> Any:
    extra: dict[str, Any] = {"group": group, "unit": unit, "step": step}
    return Field(default, title=label, description=help, json_schema_extra=extra, **limits)


def _init_field() -> Any:
    return _field(
        ["unscaled", "1/D", "1/sqrt(D)"],
        "weights",
        "Initializations",
        "The scale k of the weights of x @ w. (torch.nn.init reads a weight as nn.Linear stores it: pass it w.T.)",
        min_length=1,
        max_length=len(INITIALIZERS),
    )


S = TypeVar("S", bound="Spec")


@lru_cache(maxsize=256)
def _from_query(model: type[S], query: str) -> S:
    return model.parse(query_values(model, query))


class Spec(BaseModel):
    """What every experiment has in common."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    name: ClassVar[str]
    decided_by: ClassVar[dict[str, str]] = {}  # fields that follow from another one, where it is given

    init: list[Init] = _init_field()
    gain: float = _field(
        1.0, "weights", "Gain", "Multiplies every initialization's own scale.", ge=0, le=1000, step=0.05
    )
    fan_mode: Annotated[
        str, OneOf({"fan_in": "fan_in: keeps the forward signal", "fan_out": "fan_out: keeps the gradient"})
    ] = _field("fan_in", "weights", "He's fan", "Which fan He's initializations divide by, where the two differ.")
    weight_mean: float = _field(
        0.0,
        "weights",
        "Mean of w",
        "Added to every weight before it is scaled.",
        ge=-1000,
        le=1000,
        step=0.1,
    )
    bins: int = _field(80, "run", "Bins", "Bins of each histogram.", ge=4, le=200, step=4)
    seed: int = _field(
        0, "run", "Seed", "The same seed gives the same numbers, to the last bit.", ge=0, le=LARGEST_SEED
    )

    @model_validator(mode="after")
    def _inits_differ(self) -> Self:
        if len(set(self.init)) < len(self.init):
            raise SpecError([("init", "name each initialization once")])
        return self

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """A spec from JSON-like values. Raises SpecError, naming every field that is wrong."""
        return validate(cls, values)

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
    def links(self) -> dict[str, str]:
        """The addresses of this experiment, relative to the server."""
        suffix = f"?{self.query}" if self.query else ""
        return {
            "page": f"/{self.name}{suffix}",
            "api": f"/api/{self.name}{suffix}",
            "csv": f"/api/{self.name}.csv{suffix}",
        }


class MatmulSpec(Spec):
    """z = x @ (k·w), x of shape (fan_in,), w of shape (fan_in, fan_out), for each init's scale k."""

    name: ClassVar[str] = "matmul"

    init: list[ColumnInit] = _init_field()
    fan_in: int = _field(
        512, "shape", "fan_in (D)", "Entries of x: how many products each output sums.", ge=1, le=65536
    )
    fan_out: int = _field(
        500_000, "shape", "fan_out", "Columns of w: how many outputs the statistics rest on.", ge=1, le=10**9
    )
    input: Distribution = _field("normal", "input", "Entries of x", "How the input x is drawn.")
    weights: Distribution = _field("normal", "weights", "Entries of w", "How the weights are drawn, before scaling.")
    input_mean: float = _field(0.0, "input", "Mean of x", "Added to every entry of x.", ge=-1000, le=1000, step=0.1)
    draws: Annotated[
        str,
        OneOf({"shared": "shared: one x and w for all", "fresh": "fresh: each line draws its own, as asked"}),
    ] = _field(
        "shared",
        "run",
        "Draws",
        "Shared draws make the variances differ by exactly k². Fresh ones repeat the question as asked.",
    )
    repeats: int = _field(
        1,
        "run",
        "Repeats",
        "Run it again with fresh x and w, to see how far the variance itself varies.",
        ge=1,
        le=1000,
    )


class StackSpec(Spec):
    """A deep stack: h ← φ(h @ W + b), layer after layer, from a batch of random inputs."""

    name: ClassVar[str] = "stack"
    decided_by: ClassVar[dict[str, str]] = {"depth": "widths", "width": "widths"}

    depth: int = _field(30, "shape", "Depth", "Layers in the stack.", ge=1, le=1000, unit="layers")
    width: int = _field(
        512, "shape", "Width (D)", "Units in every layer: fan_in and fan_out.", ge=1, le=8192, unit="units"
    )
    batch: int = _field(256, "input", "Batch", "Different inputs sent through the same weights.", ge=2, le=65536)
    activation: Annotated[str, _labels(ACTIVATIONS)] = _field(
        "tanh", "shape", "Activation", "φ, applied to each preactivation."
    )
    input: Distribution = _field("normal", "input", "Entries of the input", "How the batch of inputs is drawn.")
    bias_std: float = _field(
        0.0,
        "weights",
        "Std of biases",
        "Biases are normal with this standard deviation.",
        ge=0,
        le=1000,
        step=0.05,
    )
    tied: bool = _field(
        False,
        "weights",
        "One matrix, reused",
        "Uses the same weights in every layer, as some notebooks do: a power iteration.",
    )
    widths: list[Annotated[int, Field(ge=1, le=8192)]] | None = _field(
        None,
        "shape",
        "Widths",
        "n₀, n₁, …, n_L, instead of width and depth, so that fan_in and fan_out differ.",
        min_length=2,
        max_length=1001,
    )
    norm: Annotated[str, OneOf(NORM_LABELS)] = _field(
        "none",
        "shape",
        "Normalization",
        "Before the activation; with residual connections, at the start of each branch.",
    )
    residual: bool = _field(
        False, "shape", "Residual connections", "Adds each layer to a stream instead of replacing it."
    )
    residual_scale: Annotated[float, Field(ge=0, le=10)] | Literal["1/sqrt(2L)"] = _field(
        1.0,
        "shape",
        "Residual scale",
        "Multiplies each residual branch: a number from 0 to 10, or 1/sqrt(2L), as GPT-2 does, L being the depth.",
    )
    backward: bool = _field(
        True, "run", "Backward", "Also send a gradient, standard normal at the last layer, back through the stack."
    )
    repeats: int = _field(
        1,
        "run",
        "Networks",
        "Draws this many further networks and sends one input through each, to see how far seeds differ.",
        ge=1,
        le=200,
    )

    @model_validator(mode="after")
    def _widths_decide(self) -> Self:
        if self.widths:
            if self.residual and len(set(self.widths)) > 1:
                raise SpecError([("residual", "a stream needs all widths to be equal")])
            if self.tied and len(set(self.widths)) > 1:
                raise SpecError([("tied", "one matrix fits every layer only when all widths are equal")])
            # The only way to settle fields of a frozen model from one another.
            object.__setattr__(self, "depth", len(self.widths) - 1)
            object.__setattr__(self, "width", self.widths[0])
        return self

    @property
    def branch_scale(self) -> float | None:
        """What each residual branch is multiplied by; None without residual connections."""
        if not self.residual:
            return None
        scale = self.residual_scale
        return scale if isinstance(scale, float) else (2 * self.depth) ** -0.5

    @property
    def layer_widths(self) -> list[int]:
        """n₀, n₁, …, n_L."""
        return self.widths or [self.width] * (self.depth + 1)
