"""Any legal spec is predicted: no crash, nothing that is not finite, no zero in place of what is small."""

import random
import warnings
from math import isfinite
from typing import Any

from app.experiments.stack.spec import StackSpec
from app.experiments.stack.theory import predict
from app.lab.activations import ACTIVATIONS
from app.lab.draws import DISTRIBUTIONS
from app.lab.initializers import INITIALIZERS
from app.lab.norms import NORM_LABELS

MANY = 3000
SIZES = ("preactivation_variance", "activation_mean_square", "gradient_mean_square", "low", "median", "high")


def any_settings(chance: random.Random) -> dict[str, Any]:
    widths = [chance.choice([1, 2, 3, 8, 100, 8192]) for _ in range(chance.choice([2, 3, 6, 40]))]
    residual = chance.random() < 0.3
    return {
        "activation": chance.choice(list(ACTIVATIONS)),
        "input": chance.choice(list(DISTRIBUTIONS)),
        "norm": chance.choice(list(NORM_LABELS)),
        "gain": chance.choice([0.0, 5e-324, 1e-170, 1e-9, 0.05, 1.0, 1.6, 30.0, 1000.0]),
        "bias_std": chance.choice([0.0, 0.0, 1e-200, 0.1, 1000.0]),
        "weight_mean": chance.choice([0.0, 0.0, 0.0, 1e-3, -1000.0]),
        "tied": chance.random() < 0.1,
        "residual": residual,
        "residual_scale": chance.choice([0.0, 1e-170, 1.0, 10.0, "1/sqrt(2L)"]),
        "batch": chance.choice([2, 3, 4, 17, 256, 65536]),
        **(
            {"widths": widths}
            if chance.random() < 0.3
            else {"width": chance.choice([1, 2, 64, 8192]), "depth": chance.choice([1, 2, 20, 150])}
        ),
    }


def test_any_legal_spec_has_a_prediction_that_makes_sense() -> None:
    chance = random.Random(0)
    tried = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        while tried < MANY:
            settings = any_settings(chance)
            init = chance.choice(list(INITIALIZERS))
            try:
                spec = StackSpec(init=[init], **settings)
            except ValueError:  # a stream or one matrix needs equal widths
                continue
            tried += 1
            for layer in predict(spec, INITIALIZERS[init]).layers:
                for name in SIZES:
                    value, log10_value = getattr(layer, name), getattr(layer, f"log10_{name}")
                    assert log10_value is None or isfinite(log10_value), (settings, init, name)
                    assert value is None or isfinite(value), (settings, init, name)
                    # Zero only where it is zero, which has no logarithm.
                    assert (value == 0) == (value is not None and log10_value is None), (settings, init, name)
                assert layer.cosine is None or -1 <= layer.cosine <= 1, (settings, init)
                assert layer.saturated is None or 0 <= layer.saturated <= 1, (settings, init)
                if layer.log10_low is not None:
                    assert layer.log10_median is not None
                    assert layer.log10_high is not None
                    assert layer.log10_low <= layer.log10_median <= layer.log10_high, (settings, init)
