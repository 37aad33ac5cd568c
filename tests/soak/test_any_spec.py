"""As tests/web/test_any_spec.py, thousands of them, without the wire."""

from hypothesis import HealthCheck, given, settings

from app.experiments import EXPERIMENTS
from app.experiments.table import csv_table
from app.spec import Spec
from tests.compute.tools import result_of
from tests.experiments.claims import check
from tests.experiments.tools import explained
from tests.strategies import any_small_spec
from tests.web.tools import strict_json


@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_small_spec)
def test_any_small_spec_has_a_result_figures_a_table_and_words(spec: Spec) -> None:
    computed = result_of(spec)
    content = computed.model_dump_json()
    strict_json(content)
    result = type(computed).model_validate_json(content)
    assert strict_json(EXPERIMENTS[spec.name].figures_json(result))
    assert csv_table(result).count(b"\n") > 1
    explained(spec.name, result)
    check(spec.name, result)
