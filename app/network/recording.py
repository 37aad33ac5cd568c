"""A recording: every layer of a network in order of execution, as plain numbers.

`version` counts the schema's. Fields are only ever added, with a default, so that an old recording is still read; a
newer one is refused in words.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from ..fields import SpecError, json_values
from ..lab.activations import ACTIVATIONS
from ..lab.formats import Magnitudes
from ..lab.initializers import INITIALIZERS
from ..lab.layers import ActivationSummary
from ..results import Histogram, Record, Summary

VERSION = 1
MOST_LAYERS = 4096
LONGEST = 200  # characters of a name
MOST_NAMED = 20  # errors that one refusal lists

Role = Literal["weights", "activation", "norm", "other"]
Name = Field(max_length=LONGEST)
Logarithm = Annotated[float | None, Field(ge=-700, le=700)]  # decades: beyond, float64 has no square


class Strict(Record):
    """Read exactly as it is written: nothing unknown, nothing converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Weights(Strict):
    """A layer's weights; sizes are of the tensor called `name`, biases apart.

    `fan_in` and `fan_out` as `torch.nn.init` counts them. `taps`: the products that are summed into an output, on
    average: `fan_in`, less what a convolution's window finds in zero padding. `rule`: the initialization of the
    registry that these weights look drawn by, with `fan_mode` as its fan. `grad_to_data`: std of the loss's gradient
    over that of the weights; `update_to_data`: log10 of the same for an optimizer's step; null where there was none.
    """

    name: str = Name
    shape: list[int] = Field(min_length=1, max_length=8)
    fan_in: int = Field(ge=1)
    fan_out: int = Field(ge=1)
    taps: float | None = Field(ge=0)
    mean: float | None
    std: float | None = Field(ge=0)
    mean_square: float | None = Field(ge=0)
    excess_kurtosis: float | None
    bias_mean_square: float = Field(ge=0)
    rule: str | None = Name
    fan_mode: Literal["fan_in", "fan_out"] = "fan_in"
    grad_to_data: float | None = None
    update_to_data: Logarithm = None


class Expected(Strict):
    """What a layer's output should be: log10 of its mean square.

    `given_weights`: from the measured input and the measured weights, were these independent of the input; `spread` is
    one standard deviation, at most, of what is measured about it over draws of the weights. `by_rule`: the same with
    the exact variance of the weights' rule. An activation's is that of normal preactivations of the measured size.
    """

    given_weights: Logarithm = None
    by_rule: Logarithm = None
    spread: float | None = Field(default=None, ge=0, le=10)


class Layer(Strict):
    """One call of a module that calls no other.

    `call` counts the calls of the same module within the pass. `sources` are the numbers of the layers whose outputs
    its input was made of, the nearest before it; `joined`: it was made of several tensors that depend on them, as a
    residual connection or attention makes it, or one cannot tell. `applied`: an activation that a function applied on
    the way. `cosine`: the mean of those between the outputs of different samples, `input_cosine` between their inputs.
    `gradient` is the loss's, at the output.
    """

    name: str = Name
    call: int = Field(ge=1)
    kind: str = Name
    role: Role
    activation: str | None = Name
    applied: str | None = Name
    dtype: str = Name
    device: str = Name
    input_shape: list[int] | None = Field(max_length=16)
    output_shape: list[int] = Field(max_length=16)
    input: Summary | None
    output: ActivationSummary
    gradient: Summary | None
    input_cosine: float | None = Field(ge=-1.001, le=1.001)
    cosine: float | None = Field(ge=-1.001, le=1.001)
    magnitudes: Magnitudes
    gradient_magnitudes: Magnitudes | None
    weights: Weights | None
    expected: Expected
    sources: list[int]
    joined: bool

    @property
    def label(self) -> str:
        """As people tell it from others."""
        return f"{self.name or 'the model'}{f' (call {self.call})' if self.call > 1 else ''}"

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for name, value in (("activation", self.activation), ("applied", self.applied)):
            if value is not None and value not in ACTIVATIONS:
                raise SpecError([(name, f"must be null or one of {', '.join(ACTIVATIONS)}")])
        if self.weights and self.weights.rule is not None and self.weights.rule not in INITIALIZERS:
            raise SpecError([("weights.rule", f"must be null or one of {', '.join(INITIALIZERS)}")])
        return self

    @model_validator(mode="after")
    def _histograms_are_whole(self) -> Self:
        for name, found in (("input", self.input), ("output", self.output), ("gradient", self.gradient)):
            if found is not None and not _whole(found.histogram):
                raise SpecError(
                    [(name, "a histogram has one edge more than counts, edges that ascend, and counts from 0")]
                )
        return self


class Recording(Strict):
    """What was recorded of one pass, forward and back, and of the optimizer's first step after it.

    `passes` were run in all, and `left_out` calls are beyond as many as a recording may hold. `failed`: the kind of
    exception that ended the block, after the last of `layers`.
    """

    version: int = VERSION
    initscope: str = Name
    torch: str = Name
    model: str = Name
    parameters: int = Field(ge=0)
    mode: Literal["train", "eval"]
    passes: int = Field(ge=0)
    left_out: int = Field(ge=0)
    failed: str | None = Name
    optimizer: str | None = Name
    layers: list[Layer] = Field(max_length=MOST_LAYERS)

    @model_validator(mode="after")
    def _sources_come_before(self) -> Self:
        for number, layer in enumerate(self.layers, 1):
            if any(not 0 < source < number for source in layer.sources):
                raise SpecError([(f"layers.{number - 1}.sources", "must be numbers of layers before it, from 1")])
        return self


def read(body: str | bytes) -> Recording:
    """The recording that some JSON holds. Raises SpecError, which names what is wrong and where."""
    values = json_values(body)
    version = values.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise SpecError([("version", "must be a recording's, as `initscope.record(model)` saves it: a whole number")])
    if version > VERSION:
        said = f"this recording is of version {version}, and up to {VERSION} is read here: a newer Initscope reads it"
        raise SpecError([("version", said)])
    try:
        return Recording.model_validate_json(body)
    except ValidationError as error:
        raise SpecError(_listed(error)) from None


def _listed(error: ValidationError) -> list[tuple[str, str]]:
    """Each error at its place, as far as there is room; never the value that was given."""
    found: dict[str, str] = {}
    for item in error.errors(include_url=False, include_input=False)[:MOST_NAMED]:
        place = ".".join(str(part)[:40] for part in item["loc"]) or "body"
        raised: Any = item.get("ctx", {}).get("error")
        if isinstance(raised, SpecError):
            found.update({f"{place}.{name}" if place != "body" else name: said for name, said in raised.errors})
        else:
            found[place] = item["msg"].encode(errors="replace").decode()
    return list(found.items())


def _whole(histogram: Histogram) -> bool:
    counts = [*histogram.counts, histogram.below, histogram.above]
    known = [edge for edge in histogram.edges if edge is not None]
    whole = len(histogram.edges) == len(histogram.counts) + 1 and len(counts) <= 1000
    return whole and min(counts) >= 0 and known == sorted(known)
