"""A form from a spec: one control per field, with the field's own label, help, unit and limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl

from ..fields import Shape, shape, to_text
from ..spec import GROUPS, Spec

WIDE = 20  # times from one end of a slider to the other, from which equal factors serve better than equal steps
FARTHEST = 10**9  # beyond which no slider helps


class Slider(NamedTuple):
    """From where to where a slider goes; in equal factors rather than in equal steps where that is far."""

    low: float
    high: float
    step: float
    log: bool


@dataclass(frozen=True)
class Control:
    """One field as a form draws it. `values` are texts, as a query writes them; `default` likewise.

    One that `turns` decides which other fields there are.
    """

    name: str
    label: str
    help: str
    unit: str
    widget: Literal["number", "check", "select", "checks", "list"]
    accepts: Shape
    step: str
    values: tuple[str, ...]
    default: tuple[str, ...]
    error: str | None
    decided_by: str | None
    main: bool
    turns: bool
    slider: "Slider | None"

    @property
    def changed(self) -> str:
        """The value where it is not the default, as its group says it while it is folded."""
        return "" if self.values == self.default else ", ".join(self.values)


def form(
    model: type[Spec], values: Mapping[str, tuple[str, ...]], errors: Mapping[str, str]
) -> dict[str, list[Control]]:
    """The controls of a spec by group, with what was given and what is wrong with it."""
    groups: dict[str, list[Control]] = {title: [] for title in GROUPS.values()}
    for name, field in model.model_fields.items():
        accepts = shape(field)
        extra: Any = field.json_schema_extra
        if accepts.fixed or extra.get("hidden"):
            continue
        default = texts(field.default)
        groups[GROUPS[extra["group"]]].append(
            Control(
                name=name,
                label=field.title or name,
                help=field.description or "",
                unit=extra["unit"],
                widget=_widget(accepts),
                accepts=accepts,
                step=to_text(extra["step"] or ("any" if accepts.kind == "number" else 1)),
                values=values.get(name, default),
                default=default,
                error=errors.get(name),
                decided_by=model.decided_by.get(name),
                main=extra["main"],
                turns=name == model.decides,
                slider=_slider(accepts, extra["slider"], extra["step"]),
            )
        )
    return {title: controls for title, controls in groups.items() if controls}


def texts(value: Any) -> tuple[str, ...]:
    """A field's value as the texts of its query."""
    if value is None:
        return ()
    return tuple(to_text(item) for item in value) if isinstance(value, list) else (to_text(value),)


def given(spec: Spec) -> dict[str, tuple[str, ...]]:
    """What a valid spec puts into its form."""
    return {name: texts(getattr(spec, name)) for name in type(spec).model_fields}


def attempted(query: str) -> dict[str, tuple[str, ...]]:
    """What a query tried to put into a form, as it stands, so that nothing of it is lost."""
    found: dict[str, tuple[str, ...]] = {}
    for name, text in parse_qsl(query, keep_blank_values=True, errors="replace")[:2000]:
        found[name] = (*found.get(name, ()), text[:100])
    return found


def _slider(accepts: Shape, part: tuple[float, float] | None, step: float | None) -> Slider | None:
    if accepts.kind not in ("integer", "number") or accepts.many or accepts.minimum is None or accepts.maximum is None:
        return None
    low, high = part or (accepts.minimum, accepts.maximum)
    if high > FARTHEST:
        return None
    return Slider(low, high, step or (1 if accepts.kind == "integer" else 0.01), log=low > 0 and high / low > WIDE)


def _widget(accepts: Shape) -> Literal["number", "check", "select", "checks", "list"]:
    if accepts.kind == "choice":
        return "checks" if accepts.many else "select"
    if accepts.kind == "boolean":
        return "check"
    return "list" if accepts.many else "number"
