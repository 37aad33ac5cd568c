"""Any legal spec."""

from typing import Any

from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from app.experiments.attention.spec import AttentionSpec
from app.experiments.matmul.spec import MatmulSpec
from app.experiments.stack.spec import WIDEST_MAP, StackSpec
from app.experiments.training.spec import TrainingSpec
from app.experiments.transformer.spec import TransformerSpec
from app.fields import shape
from app.spec import Spec
from tests.compute.tools import SMALL, small

SPECS: list[type[Spec]] = [MatmulSpec, StackSpec, AttentionSpec, TransformerSpec, TrainingSpec]


def legal(field: FieldInfo) -> st.SearchStrategy[Any]:
    """Any value one field accepts."""
    accepted = shape(field)
    if accepted.kind == "boolean":
        values: st.SearchStrategy[Any] = st.just(False) if accepted.fixed else st.booleans()
    elif accepted.choices:
        values = st.sampled_from(list(accepted.choices))
    else:
        assert accepted.minimum is not None
        assert accepted.maximum is not None
        low, high = accepted.minimum, accepted.maximum
        values = st.integers(int(low), int(high)) if accepted.kind == "integer" else st.floats(low, high)
        values = values | st.sampled_from(accepted.words) if accepted.words else values
    if accepted.many and accepted.choices:
        values = st.lists(values, min_size=1, unique=True)
    elif accepted.many:
        values = st.lists(values, min_size=2, max_size=12)
    return st.none() | values if accepted.optional else values


def fitting(values: dict[str, Any]) -> dict[str, Any]:
    """One matrix, or one residual stream, fits every layer only when all widths are equal; batch norm needs a batch.

    Singular values are those of a map of one input, and of no width beyond WIDEST_MAP.
    """
    if len(set(values.get("widths") or [])) > 1:
        values = {**values, **{name: False for name in ("tied", "residual") if name in values}}
    if values.get("batch") == 1 and values.get("norm") == "batch":
        values = {**values, "norm": "none"}
    if max(values.get("widths") or [values.get("width", 1)]) > WIDEST_MAP or values.get("norm") == "batch":
        values = {**values, **{name: False for name in ("jacobian",) if name in values}}
    return values


def shared(values: dict[str, Any]) -> dict[str, Any]:
    """Heads share the width; one always can."""
    return {**values, "heads": 1} if values.get("width", 256) % values.get("heads", 4) else values


def specs_of(model: type[Spec]) -> st.SearchStrategy[Spec]:
    fields = {name: legal(field) for name, field in model.model_fields.items()}
    possible = shared if model is TransformerSpec else fitting
    return st.fixed_dictionaries({}, optional=fields).map(possible).map(model.parse)


any_spec = st.sampled_from(SPECS).flatmap(specs_of)


def narrow(spec: Spec) -> Spec:
    """The same experiment, every size cut down, widths too."""
    values = spec.model_dump(exclude_unset=True)
    cut = {"widths": [min(width, SMALL) for width in values["widths"]]} if values.get("widths") else {}
    fewer = {"repeats": min(values["repeats"], SMALL)} if "repeats" in values else {}
    return small(type(spec).parse({**values, **cut, **fewer}))


any_small_spec = any_spec.map(narrow)
