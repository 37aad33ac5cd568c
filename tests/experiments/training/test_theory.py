"""What is predicted of networks before they learn is what many seeds come to, within their scatter."""

from math import log, log10, sqrt
from typing import Any

import numpy as np
import pytest

from app.experiments.training.lesson import Lesson
from app.experiments.training.result import TrainingInit
from app.experiments.training.spec import TrainingSpec
from app.experiments.training.theory import predict
from app.lab.initializers import INITIALIZERS

SEEDS = 24
STANDARD_ERRORS = 4.0
FINITE = 2 * 4 / 200  # relative, twice the depth over the width: the order of what infinite width leaves out


def beginnings(**fields: Any) -> list[TrainingInit]:
    """Before the first step, seed by seed."""
    common = {"depth": 4, "width": 200, "bins": 4, "embedding": 40}
    specs = [TrainingSpec.parse({**common, **fields, "seed": seed}) for seed in range(SEEDS)]
    return [Lesson(spec).result().inits[0] for spec in specs]


def agrees(found: list[float], predicted: float | None) -> None:
    """The mean over seeds, within its standard errors and what infinite width leaves out."""
    assert predicted is not None
    values = np.array(found)
    error = STANDARD_ERRORS * float(values.std(ddof=1)) / sqrt(len(values)) + FINITE * abs(predicted)
    assert abs(float(values.mean()) - predicted) <= error


@pytest.mark.parametrize(
    "setting",
    [
        {"init": ["1/sqrt(D)"]},
        {"init": ["kaiming_normal"], "activation": "relu"},
        {"init": ["torch_default"], "activation": "relu"},
        {"init": ["1/sqrt(D)"], "norm": "layer", "activation": "gelu"},
        {"init": ["1/sqrt(D)"], "norm": "rms", "residual": True, "activation": "gelu"},
        {"init": ["unscaled"], "output_gain": 0.05},
        {"init": ["1/sqrt(D)"], "data": "digits", "gain": 5 / 3},
    ],
    ids=str,
)
def test_sizes_before_the_first_step_are_those_of_mean_field(setting: dict[str, Any]) -> None:
    entries = beginnings(**setting)
    for place in range(4):
        layers = [entry.layers[place] for entry in entries]
        predicted = layers[0].predicted
        agrees([at.preactivation_start.mean_square or 0.0 for at in layers], predicted.preactivation_mean_square)
        agrees([at.activation_start.mean_square or 0.0 for at in layers], predicted.activation_mean_square)
        if predicted.activation_std is not None:
            agrees([at.activation_start.std or 0.0 for at in layers], predicted.activation_std)
        if predicted.saturated is not None and predicted.saturated > 0.01:
            agrees([at.activation_start.saturated or 0.0 for at in layers], predicted.saturated)


@pytest.mark.parametrize(
    "setting",
    [{"init": ["1/sqrt(D)"]}, {"init": ["kaiming_normal"], "activation": "relu", "output_gain": 0.1}],
    ids=str,
)
def test_gradients_before_the_first_step_are_those_of_mean_field(setting: dict[str, Any]) -> None:
    entries = beginnings(**setting)
    for place in range(4):
        layers = [entry.layers[place] for entry in entries]
        agrees([at.gradient_start.mean_square or 0.0 for at in layers], layers[0].predicted.gradient_mean_square)


@pytest.mark.parametrize(
    "setting", [{"init": ["1/sqrt(D)"]}, {"init": ["unscaled"]}, {"init": ["unscaled"], "data": "digits"}], ids=str
)
def test_the_first_loss_is_the_predicted_one_and_its_band_holds_most_networks(setting: dict[str, Any]) -> None:
    expected = beginnings(**setting)[0].initial_loss
    assert expected is not None
    measured = [first_loss(setting, seed) for seed in range(SEEDS)]
    agrees(measured, expected.loss)
    outside = sum(not expected.low <= loss <= expected.high for loss in measured)
    assert outside <= 4  # of 24, at 5 % each more than that comes by chance once in 200, and the band is a wide one


def first_loss(setting: dict[str, Any], seed: int) -> float:
    common = {"depth": 4, "width": 200, "bins": 4, "embedding": 40, "steps": 1, "batch": 1, "learning_rate": 0.0}
    lesson = Lesson(TrainingSpec.parse({**common, **setting, "seed": seed}))
    lesson.learn(0)
    loss = lesson.result().inits[0].loss.validation[0]
    assert loss is not None
    return loss


def test_the_band_of_one_input_holds_the_mean_over_many() -> None:
    entries = beginnings(init=["1/sqrt(D)"])
    for place in range(4):
        predicted = entries[0].layers[place].predicted
        assert predicted.low is not None
        assert predicted.high is not None
        sizes = [entry.layers[place].preactivation_start.mean_square or 0.0 for entry in entries]
        assert sum(not predicted.low <= size <= predicted.high for size in sizes) <= 4


def prediction(**fields: Any) -> Any:
    spec = TrainingSpec.parse({"init": ["1/sqrt(D)"], **fields})
    return predict(spec, INITIALIZERS[spec.init[0]])


def test_predictions_follow_from_the_network_alone() -> None:
    assert prediction(seed=5, steps=77, optimizer="adam", learning_rate=3.0, batch=7, bins=8) == prediction()
    assert prediction(output_gain=0.5) != prediction()


def test_with_no_output_at_all_the_loss_is_the_log_of_the_classes() -> None:
    found = prediction(output_gain=0.0)
    assert found.loss.loss == pytest.approx(log(27))
    assert found.loss.log10_variance is None


def test_a_larger_output_gain_makes_logits_and_loss_larger() -> None:
    small, large = (prediction(output_gain=gain).loss for gain in (1.0, 10.0))
    assert large.log10_variance - small.log10_variance == pytest.approx(2 * log10(10.0))
    assert large.loss > small.loss + 1


def test_where_no_formula_holds_nothing_is_predicted_and_it_is_said() -> None:
    found = prediction(weight_mean=1.0)
    assert found.loss is None
    assert all(value is None for layer in found.layers for value in layer.model_dump().values())
    assert "mean zero" in found.sentences[0]
    assert "No band" in " ".join(prediction(norm="batch").sentences)
