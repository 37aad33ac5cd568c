"""An axis: one field of an experiment, and the values it runs through."""

from math import log10
from typing import Any, Literal, NamedTuple

from pydantic.fields import FieldInfo

from ...fields import Shape, SpecError, shape
from ...spec import Spec

WIDE = 10.0  # times from one end to the other, from which equal factors serve better than equal steps
DIGITS = 6  # significant ones of a value, so that its link can be read

Value = bool | int | float | str


class Asked(NamedTuple):
    """An axis as a spec asks for it; `name` is the axis's own, x or y."""

    name: Literal["x", "y"]
    field: str
    low: float | None
    high: float | None
    steps: int
    scale: str | None


class Axis(NamedTuple):
    """`log`: in equal factors. `choices`: the values are no numbers, but choices of the field, with their labels."""

    name: Literal["x", "y"]
    field: str
    label: str
    unit: str
    log: bool
    choices: dict[str, str] | None
    values: list[Value]


def can_run(accepts: Shape) -> bool:
    """Whether a field can be an axis: a number, a choice, or a yes or no; no list and no text."""
    return not accepts.many and not accepts.fixed and accepts.kind != "text"


def axis_of(model: type[Spec], asked: Asked) -> Axis:
    """The axis, its values in ascending order. Raises SpecError, naming the field that is wrong."""
    field = model.model_fields[asked.field]
    accepts, extra = shape(field), field.json_schema_extra
    assert isinstance(extra, dict)
    label, unit = field.title or asked.field, str(extra["unit"])
    if accepts.kind == "boolean":
        return Axis(asked.name, asked.field, label, unit, False, {"false": "no", "true": "yes"}, [False, True])
    if accepts.choices:
        return Axis(asked.name, asked.field, label, unit, False, dict(accepts.choices), list(accepts.choices))
    low, high = _ends(asked, accepts, field)
    log = low > 0 and high / low >= WIDE if asked.scale is None else asked.scale == "log"
    if log and low <= 0:
        raise SpecError([(f"{asked.name}_from", "must be above 0 on a logarithmic axis")])
    return Axis(asked.name, asked.field, label, unit, log, None, _values(low, high, asked.steps, log, accepts))


def _ends(asked: Asked, accepts: Shape, field: FieldInfo) -> tuple[float, float]:
    """From where to where; where nothing is asked for, as far as the field is swept by itself."""
    extra: Any = field.json_schema_extra
    assert accepts.minimum is not None
    assert accepts.maximum is not None
    usual = extra["swept"] or extra["slider"] or (accepts.minimum, accepts.maximum)
    low = usual[0] if asked.low is None else asked.low
    high = usual[1] if asked.high is None else asked.high
    wrong = [
        (f"{asked.name}_{end}", f"{asked.field} goes from {accepts.minimum:,} to {accepts.maximum:,}")
        for end, value in (("from", low), ("to", high))
        if not accepts.minimum <= value <= accepts.maximum
    ]
    if not wrong and low >= high:
        wrong = [(f"{asked.name}_to", f"must be above {asked.name}_from, which is {low:,}")]
    if wrong:
        raise SpecError(wrong)
    return low, high


def _values(low: float, high: float, steps: int, log: bool, accepts: Shape) -> list[Value]:
    """Evenly from end to end, in factors or in steps; whole numbers each once."""
    shares = [step / (steps - 1) for step in range(steps)]
    if log:
        found = [10 ** (log10(low) + share * (log10(high) - log10(low))) for share in shares]
    else:
        found = [low + share * (high - low) for share in shares]
    found = [low, *found[1:-1], high]
    if accepts.kind == "integer":
        return list(dict.fromkeys(round(value) for value in found))
    return [float(f"{value:.{DIGITS}g}") for value in found]
