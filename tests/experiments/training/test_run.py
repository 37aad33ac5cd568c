"""The lesson: what a plain loop in torch learns from the same draws, and what is measured of it on the way."""

import json
from itertools import pairwise
from math import log, log10
from typing import Any, NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from app.experiments.training.data import DATASETS
from app.experiments.training.instruments import first_to_go
from app.experiments.training.optimizers import OPTIMIZERS
from app.experiments.training.result import TrainingInit, TrainingResult
from app.experiments.training.run import run_training
from app.experiments.training.setting import HELD_OUT, batch_of, dataset, held_out, networks_of
from app.experiments.training.spec import TrainingSpec
from app.lab.activations import ACTIVATIONS
from app.lab.threads import use_threads
from tests.lab.tools import TORCH_NORMS, all_finite, outcome

SMALL: dict[str, Any] = {"depth": 4, "width": 12, "batch": 16, "steps": 12, "bins": 20}
ROUNDING = 2e-3  # relative, of float32 over a dozen steps that each amplify it


class Kept(NamedTuple):
    """Of one step of a plain loop: the loss, and of every layer update over data, gradient over data, std of h."""

    loss: float
    update_to_data: list[float]
    gradient_to_data: list[float]
    activation_std: list[float]


class Loop(NamedTuple):
    kept: list[Kept]
    start: float
    end: float


def plain_loop(spec: TrainingSpec, network: int) -> Loop:
    """One network in float64, by autograd and torch.optim, from the same start and the same batches."""
    networks, phi = networks_of(spec), ACTIVATIONS[spec.activation].function
    held, norm = networks.parameters, TORCH_NORMS[spec.norm]
    parameters = [held.embedding[network], *(w[network] for w in held.weights), *(b[network] for b in held.biases)]
    parameters = [each.double().clone().requires_grad_() for each in parameters]
    embedding, weights, biases = parameters[0], parameters[1 : 1 + spec.depth], parameters[1 + spec.depth :]
    code = OPTIMIZERS[spec.optimizer].code.format(rate=spec.learning_rate)
    optimizer = eval(code, {"torch": torch, "parameters": parameters})

    def outputs(inputs: Tensor) -> list[Tensor]:
        h = embedding[inputs].flatten(1) if networks.shape.symbols else inputs.double()
        found = []
        for layer, (w, b) in enumerate(zip(weights, biases, strict=True), 1):
            if layer == spec.depth:
                h = h @ w + b
            elif spec.residual and layer > 1:
                h = h + phi(norm(h) @ w + b)
            else:
                h = phi(norm(h @ w) + b)
            found.append(h)
        return found

    def tried() -> float:
        return F.cross_entropy(outputs(held_out(spec).inputs)[-1], held_out(spec).targets).item()

    start, kept = tried(), []
    for step in range(spec.steps):
        batch = batch_of(spec, dataset(spec).training, step)
        found = outputs(batch.inputs)
        loss = F.cross_entropy(found[-1], batch.targets)
        optimizer.zero_grad()
        loss.backward()
        before = [w.detach().clone() for w in weights]
        gradients = [w.grad for w in weights if w.grad is not None]
        optimizer.step()
        kept.append(
            Kept(
                loss.item(),
                [log10(float((w.detach() - old).std() / old.std())) for w, old in zip(weights, before, strict=True)],
                [float(g.std() / old.std()) for g, old in zip(gradients, before, strict=True)],
                [float(h.detach().std(correction=0)) for h in found],
            )
        )
    return Loop(kept, start, tried())


@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"data": "digits", "activation": "relu", "init": ["kaiming_normal", "torch_default"]},
        {"norm": "batch", "optimizer": "momentum"},
        {"norm": "layer", "residual": True, "activation": "gelu"},
        {"optimizer": "adam", "learning_rate": 0.003},
        {"residual": True, "init": ["orthogonal", "lecun_normal"], "output_gain": 0.1, "weight_mean": 0.1},
        {"norm": "rms", "activation": "silu", "embedding": 3},
    ],
    ids=str,
)
def test_networks_learn_what_a_plain_loop_learns_and_all_that_is_kept_is_its(setting: dict[str, Any]) -> None:
    spec = TrainingSpec.parse({**SMALL, **setting})
    result = outcome(run_training(spec))
    for network, entry in enumerate(result.inits):
        loop = plain_loop(spec, network)
        assert entry.ended is None
        assert entry.loss.step == [*range(spec.steps), spec.steps]
        assert entry.loss.validation[0] == pytest.approx(loop.start, rel=ROUNDING)
        assert entry.loss.validation[-1] == pytest.approx(loop.end, rel=ROUNDING)
        assert entry.loss.train == pytest.approx([loop.kept[0].loss, *(at.loss for at in loop.kept)], rel=ROUNDING)
        for place, layer in enumerate(entry.layers):
            own = [(at.update_to_data[place], at.gradient_to_data[place], at.activation_std[place]) for at in loop.kept]
            updates, gradients, stds = (list(column) for column in zip(*own, strict=True))
            assert layer.update_to_data == pytest.approx(updates, abs=ROUNDING)
            assert layer.gradient_to_data == pytest.approx(gradients, rel=5 * ROUNDING)
            assert layer.activation_std == pytest.approx(stds, rel=ROUNDING)


def test_steps_are_kept_evenly_and_losses_between_them_averaged() -> None:
    spec = TrainingSpec.parse({**SMALL, "steps": 250, "init": ["1/sqrt(D)"]})
    result = outcome(run_training(spec))
    assert result.steps == list(range(0, 250, 3))
    (entry,) = result.inits
    assert entry.loss.step == [*result.steps, 250]
    assert {len(layer.update_to_data) for layer in entry.layers} == {len(result.steps)}
    losses = [at.loss for at in plain_loop(spec.model_copy(update={"steps": 7}), 0).kept]
    assert entry.loss.train[:3] == pytest.approx([losses[0], sum(losses[:3]) / 3, sum(losses[3:6]) / 3], rel=ROUNDING)


def test_summaries_are_of_the_held_out_examples_before_and_after() -> None:
    spec = TrainingSpec.parse({**SMALL, "init": ["1/sqrt(D)"]})
    (entry,) = outcome(run_training(spec)).inits
    for layer in entry.layers:
        assert layer.activation_start.count == layer.gradient_start.count == HELD_OUT * layer.fan_out
    networks, shown = networks_of(spec), held_out(spec)
    for at, layer in zip(networks.forward(shown.inputs), entry.layers, strict=True):
        assert layer.preactivation_start.std == pytest.approx(float(at.preactivation.std()), rel=1e-5)
        assert layer.activation_start.std == pytest.approx(float(at.output.std()), rel=1e-5)
    saturated = (networks.forward(shown.inputs)[0].output.abs() > 0.97).double().mean()
    assert entry.layers[0].activation_start.saturated == pytest.approx(float(saturated), abs=1e-6)
    assert entry.layers[-1].activation_start.saturated is None
    assert entry.layers[0].activation_end != entry.layers[0].activation_start


def test_the_expected_loss_is_the_log_of_the_number_of_classes() -> None:
    for name, source in DATASETS.items():
        result = outcome(run_training(TrainingSpec.parse({**SMALL, "data": name, "steps": 1})))
        assert result.expected_initial_loss == log(source.classes)
        assert [layer.fan_out for layer in result.inits[0].layers] == [12, 12, 12, source.classes]


DIVERGING: dict[str, Any] = {**SMALL, "activation": "relu", "steps": 30, "init": ["unscaled", "1/D"]}


def test_a_network_that_overflows_ends_alone_and_says_where() -> None:
    both = outcome(run_training(TrainingSpec.parse({**DIVERGING, "learning_rate": 30.0})))
    gone, other = both.inits
    assert gone.ended is not None
    assert 0 < gone.ended.step < 30
    assert max(gone.loss.step) < gone.ended.step
    assert all(layer.activation_end is None and layer.gradient_end is None for layer in gone.layers)
    assert other.ended is None
    assert other.loss.step[-1] == 30
    assert all(layer.activation_end is not None for layer in other.layers)
    alone = outcome(run_training(TrainingSpec.parse({**DIVERGING, "learning_rate": 30.0, "init": ["1/D"]})))
    assert other.loss.validation == pytest.approx(alone.inits[0].loss.validation, rel=ROUNDING)


def test_a_signal_that_overflows_names_the_layer_where_it_does() -> None:
    spec = TrainingSpec.parse({**DIVERGING, "depth": 8, "gain": 1000.0, "weight_mean": 1000.0, "init": ["unscaled"]})
    (entry,) = outcome(run_training(spec)).inits
    assert entry.ended is not None
    passed = networks_of(spec).forward(batch_of(spec, dataset(spec).training, 0).inputs)
    finite = [bool(at.preactivation.isfinite().all()) for at in passed]
    assert False in finite[:-1]
    assert (entry.ended.step, entry.ended.layer) == (0, finite.index(False) + 1)
    assert entry.ended.what == "preactivations"


def test_weights_that_an_update_spoilt_are_named_from_where_the_gradient_came() -> None:
    spec = TrainingSpec.parse(SMALL)
    networks = networks_of(spec)
    for layer in (0, 1, 2):  # a gradient overflows on its way back, and stays so
        networks.parameters.weights[layer][1] = torch.nan
    passed = networks.forward(held_out(spec).inputs)
    assert first_to_go(1, networks.parameters, passed) == (3, "weights")


@pytest.mark.parametrize(
    "extreme",
    [
        {"gain": 1000.0, "output_gain": 1000.0, "activation": "relu"},
        {"gain": 0.0, "output_gain": 0.0, "optimizer": "adam"},
        {"learning_rate": 1000.0, "optimizer": "momentum"},
        {"gain": 5e-324, "norm": "batch"},
        {"width": 1, "depth": 3, "batch": 1, "embedding": 1},
        {"weight_mean": -1000.0, "activation": "softplus"},
    ],
    ids=str,
)
def test_no_number_is_ever_nan_or_infinite(extreme: dict[str, Any]) -> None:
    result = outcome(run_training(TrainingSpec.parse({**SMALL, **extreme})))
    assert all_finite(result.model_dump())
    assert json.loads(result.model_dump_json()) == result.model_dump()


def test_the_json_is_the_same_to_the_byte_on_any_number_of_threads() -> None:
    found = set()
    for threads in (1, 2, 8):
        use_threads(threads)
        found.add(outcome(run_training(TrainingSpec.parse({**SMALL, "optimizer": "adam"}))).model_dump_json())
    assert len(found) == 1


def test_a_seed_draws_other_weights_and_other_batches() -> None:
    one, other = (outcome(run_training(TrainingSpec.parse({**SMALL, "seed": seed}))) for seed in (0, 1))
    assert one.inits[0].loss.train != other.inits[0].loss.train


def test_inits_of_one_scale_and_family_begin_alike() -> None:
    spec = TrainingSpec.parse(
        {**SMALL, "data": "digits", "width": 64, "depth": 3, "init": ["1/sqrt(D)", "xavier_normal"]}
    )
    networks = networks_of(spec)
    first, second = networks.parameters.weights[1]
    assert torch.equal(first, second)


def test_every_step_comes_with_a_result_that_is_one_step_longer() -> None:
    spec = TrainingSpec.parse({**SMALL, "steps": 5})
    steps = [(step.done, step.total, step.partial()) for step in run_training(spec)]
    assert [(done, total) for done, total, _ in steps] == [(done, 6) for done in range(1, 7)]
    assert [len(result.steps) for *_, result in steps] == [1, 2, 3, 4, 5, 5]
    assert all(partial.inits[0].layers[0].activation_end is None for *_, partial in steps[:-1])
    last = steps[-1][2]
    for *_, partial in steps[:-1]:
        for entry, whole in zip(partial.inits, last.inits, strict=True):
            assert whole.loss.validation[: len(entry.loss.step)] == entry.loss.validation
            assert_begins(entry, whole)


def assert_begins(entry: TrainingInit, whole: TrainingInit) -> None:
    for layer, later in zip(entry.layers, whole.layers, strict=True):
        assert later.update_to_data[: len(layer.update_to_data)] == layer.update_to_data
        assert layer.activation_start == later.activation_start


def test_a_run_can_be_closed_midway_and_what_was_learned_is_kept() -> None:
    run = run_training(TrainingSpec.parse(SMALL))
    kept: TrainingResult = next(run).partial()
    run.close()
    assert kept.steps == [0]
    with pytest.raises(StopIteration):
        next(run)


def test_widths_follow_from_data_depth_and_width() -> None:
    for data, first in (("names", 3 * 7), ("digits", 64)):
        spec = TrainingSpec.parse({**SMALL, "data": data, "embedding": 7})
        fans = [tuple(w.shape[1:]) for w in networks_of(spec).parameters.weights]
        assert fans == list(pairwise([first, 12, 12, 12, DATASETS[data].classes]))
