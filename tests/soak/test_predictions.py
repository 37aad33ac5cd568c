"""Any legal stack, its gains and biases up to 1,000 and its widths down to 1: what is predicted makes sense."""

from math import isfinite, log10

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.experiments.stack.result import StackInit, StackPredicted, StackResult
from app.experiments.stack.spec import StackSpec
from app.spec import Spec
from tests.compute.tools import result_of
from tests.strategies import narrow, specs_of


def in_order(predicted: StackPredicted) -> bool:
    """The band's edges lie around its median."""
    low, median, high = predicted.low, predicted.median, predicted.high
    return low is None or median is None or high is None or low <= median <= high


def within_three_bands(log10_measured: float | None, predicted: StackPredicted) -> bool:
    """What was measured lies no further from the band than three times its width."""
    low, high = predicted.low, predicted.high
    if log10_measured is None or not low or not high:
        return True
    reach = 3 * (log10(high) - log10(low))
    return log10(low) - reach <= log10_measured <= log10(high) + reach


def check(init: StackInit) -> None:
    for layer in init.layers:
        predicted, measured = layer.predicted, layer.preactivation
        values = [value for value in predicted.model_dump().values() if isinstance(value, float)]
        assert all(isfinite(value) for value in values), (init.init, layer.layer)
        assert in_order(predicted), (init.init, layer.layer)
        assert predicted.cosine is None or -1 <= predicted.cosine <= 1, (init.init, layer.layer)
        for log10_size, value in (
            (measured.log10_mean_square, predicted.preactivation_variance),
            (layer.gradient.log10_mean_square if layer.gradient else None, predicted.gradient_mean_square),
        ):
            assert value != 0 or log10_size is None, (init.init, layer.layer, "0 is no small number")
        assert within_three_bands(measured.log10_mean_square, predicted), (init.init, layer.layer)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(specs_of(StackSpec).map(narrow), st.floats(-3, 3), st.floats(0, 1000))
def test_predictions_are_finite_ordered_and_near(spec: Spec, log10_gain: float, bias_std: float) -> None:
    changed = {"gain": 10**log10_gain, "bias_std": bias_std}
    result = result_of(StackSpec.parse({**spec.model_dump(exclude_unset=True), **changed}))
    assert isinstance(result, StackResult)
    for init in result.inits:
        check(init)
