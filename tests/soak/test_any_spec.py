"""As tests/web/test_any_spec.py, thousands of them, without the wire."""

from hypothesis import HealthCheck, given, settings

from app.figures import figures_json
from app.specs import Spec
from app.web.tables import csv_table
from tests.compute.tools import result_of
from tests.figures.test_words import explained
from tests.strategies import any_small_spec
from tests.web.tools import strict_json


@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_small_spec)
def test_any_small_spec_has_a_result_figures_a_table_and_words(spec: Spec) -> None:
    computed = result_of(spec)
    content = computed.model_dump_json()
    strict_json(content)
    result = type(computed).model_validate_json(content)
    assert strict_json(figures_json(spec.name, result))
    assert csv_table(result).count(b"\n") > 1
    explained(spec.name, result)
