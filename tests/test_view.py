"""A page's address holds a spec and a view, and neither knows of the other."""

import pytest

from app.experiments import EXPERIMENTS
from app.fields import SpecError
from app.view import View, split
from tests.compute.tools import every_experiment, small_spec

LOOKED_AT = "layer=3&open=why&open=numbers&axes=std&pinned=seed%3D7&embed=true&hide=predicted&ask=Which%20holds%3F"


@every_experiment
def test_no_field_of_a_spec_is_called_like_one_of_a_view(name: str) -> None:
    assert not View.model_fields.keys() & EXPERIMENTS[name].spec.model_fields.keys()


def test_a_view_survives_its_query() -> None:
    view = View.from_query(LOOKED_AT)
    assert view.query == LOOKED_AT
    assert View.from_query(view.query) == view
    assert View().query == ""


@every_experiment
def test_an_address_is_a_spec_and_a_view_in_any_order(name: str) -> None:
    spec, view = small_spec(name, "seed=5"), View.from_query(LOOKED_AT)
    pairs = [pair for both in zip(LOOKED_AT.split("&"), spec.query.split("&"), strict=False) for pair in both]
    rest = [pair for pair in f"{LOOKED_AT}&{spec.query}".split("&") if pair not in pairs]
    mixed = "&".join([*pairs, *rest])
    assert EXPERIMENTS[name].address(mixed) == (spec, view)
    assert split(mixed)[0] == spec.query


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("layer=0", "layer", "a whole number from 1"),
        ("hide=all", "hide", "predicted, measured"),
        ("embed=1", "embed", "true or false"),
        ("axes=round", "axes", "common"),
        ("pinned=seed%3D-1", "pinned", "from 0"),
        ("ask=" + "x" * 301, "ask", "at most 300 characters"),
        ("layr=3", "layr", "no such field"),
    ],
)
@every_experiment
def test_a_wrong_view_is_named_with_what_it_takes(name: str, query: str, field: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        EXPERIMENTS[name].address(query)
    ((named, message),) = caught.value.errors
    assert named == field
    assert said in message
