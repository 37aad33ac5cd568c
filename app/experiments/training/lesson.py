"""The networks at their lesson: step after step, and what is kept of it."""

from itertools import pairwise
from typing import NamedTuple

from torch import Tensor

from ...lab.activations import ACTIVATIONS
from ...lab.initializers import INITIALIZERS
from ...lab.layers import ActivationSummary
from ...results import Summary
from .data import DATASETS
from .instruments import Numbers, activation_summary, first_to_go, known, numbers_of, summary
from .networks import Parameters, Passed, cross_entropy
from .optimizers import OPTIMIZERS
from .result import Ended, Losses, TrainingInit, TrainingLayer, TrainingResult
from .setting import batch_of, dataset, held_out, networks_of, weight_std, widths_of
from .spec import TrainingSpec
from .theory import predict

KEPT = 100  # steps at most


class Looked(NamedTuple):
    """What the held-out examples show of one layer of one network."""

    preactivation: Summary
    activation: ActivationSummary
    gradient: Summary


def kept_every(steps: int) -> int:
    """Of how many steps one is kept."""
    return -(-steps // KEPT)


class Lesson:
    """All networks of a spec, and what has been measured of them so far."""

    def __init__(self, spec: TrainingSpec) -> None:
        self._spec = spec
        self._training, self._held_out = dataset(spec).training, held_out(spec)
        self._networks = networks_of(spec)
        self._gradient = Parameters.of(self._networks.shape)
        flat = self._networks.parameters.flat
        self._update = OPTIMIZERS[spec.optimizer].start(flat, spec.learning_rate)
        self._bounds = ACTIVATIONS[spec.activation].bounds
        self._every = kept_every(spec.steps)
        self._train: list[list[float]] = []  # losses of every step, network by network
        self._steps: list[int] = []  # that are kept
        self._numbers: list[Numbers] = []
        self._losses: list[tuple[int, list[float], list[float]]] = []  # step, training, held out
        self._ended: dict[int, Ended] = {}
        self._start = self._look()
        self._end: list[list[Looked]] | None = None

    def learn(self, step: int) -> None:
        """One step of all networks, from the same batch."""
        networks, batch = self._networks, batch_of(self._spec, self._training, step)
        passed = networks.forward(batch.inputs)
        losses, at_logits = cross_entropy(passed[-1].output, batch.targets)
        self._train.append(losses.tolist())
        self._see_who_ended(step, self._train[-1], passed)
        gradients = networks.backward(batch.inputs, passed, at_logits, self._gradient)
        if step % self._every:
            self._update(networks.parameters.flat, self._gradient.flat)
            return
        self._keep_losses(step)
        self._keep_numbers(step, passed, gradients)

    def end(self) -> None:
        """After the last step."""
        passed = self._keep_losses(self._spec.steps)
        self._see_who_ended(self._spec.steps, self._losses[-1][2], passed)
        self._end = self._look()

    def _see_who_ended(self, step: int, losses: list[float], passed: list[Passed]) -> None:
        for network, loss in enumerate(losses):
            if known(loss) is None and network not in self._ended:
                layer, what = first_to_go(network, self._networks.parameters, passed)
                self._ended[network] = Ended(step=step, layer=layer, what=what)

    def _keep_losses(self, step: int) -> list[Passed]:
        """Of the batches since the last time, and of the held-out examples, whose pass is returned."""
        before = self._losses[-1][0] if self._losses else 0
        since = self._train[before : max(step, 1)]
        train = [sum(losses) / len(since) for losses in zip(*since, strict=True)]
        passed = self._networks.forward(self._held_out.inputs)
        validation, _ = cross_entropy(passed[-1].output, self._held_out.targets)
        self._losses.append((step, train, validation.tolist()))
        return passed

    def _keep_numbers(self, step: int, passed: list[Passed], gradients: list[Tensor]) -> None:
        """And take the step, whose changes are among them."""
        parameters, gradient = self._networks.parameters, self._gradient
        before = parameters.flat.clone()
        self._update(parameters.flat, gradient.flat)
        sizes = Parameters.of(self._networks.shape, before)
        changes = Parameters.of(self._networks.shape, parameters.flat - before)
        self._steps.append(step)
        self._numbers.append(
            numbers_of(passed, gradients, self._bounds, sizes.weights, gradient.weights, changes.weights)
        )

    def _look(self) -> list[list[Looked]]:
        """What the held-out examples show, network by network and layer by layer."""
        networks, shown, bins = self._networks, self._held_out, self._spec.histogram_bins
        passed = networks.forward(shown.inputs)
        _, at_logits = cross_entropy(passed[-1].output, shown.targets)
        gradients = networks.backward(shown.inputs, passed, at_logits, self._gradient)
        return [
            [
                Looked(
                    summary(at.preactivation[network], bins),
                    activation_summary(at.output[network], self._bounds if at.slope is not None else None, bins),
                    summary(gradient[network], bins),
                )
                for at, gradient in zip(passed, gradients, strict=True)
            ]
            for network in range(networks.shape.networks)
        ]

    def result(self) -> TrainingResult:
        """What is known by now."""
        spec = self._spec
        return TrainingResult(
            experiment=spec.model_dump(),
            links=spec.links,
            expected_initial_loss=DATASETS[spec.data].expected_loss,
            frequency_loss=dataset(spec).frequency_loss(self._held_out),
            steps=list(self._steps),
            inits=[self._init(network) for network in range(len(spec.init))],
        )

    def _init(self, network: int) -> TrainingInit:
        initializer = INITIALIZERS[self._spec.init[network]]
        prediction = predict(self._spec, initializer)
        ended = self._ended.get(network)
        kept = [each for each in self._losses if ended is None or each[0] < ended.step]
        return TrainingInit(
            init=initializer.name,
            weight_std=weight_std(self._spec, initializer, 1),
            loss=Losses(
                step=[step for step, _, _ in kept],
                train=[known(train[network]) for _, train, _ in kept],
                validation=[known(validation[network]) for _, _, validation in kept],
            ),
            initial_loss=prediction.loss,
            ended=ended,
            layers=[self._layer(network, layer) for layer in range(1, self._spec.depth + 1)],
            theory=prediction.sentences,
        )

    def _layer(self, network: int, layer: int) -> TrainingLayer:
        initializer = INITIALIZERS[self._spec.init[network]]
        start, end = self._start[network][layer - 1], None
        if self._end and network not in self._ended:
            end = self._end[network][layer - 1]
        fan_in, fan_out = list(pairwise(widths_of(self._spec)))[layer - 1]
        series = {
            name: [known(getattr(numbers, name)[layer - 1][network]) for numbers in self._numbers]
            for name in Numbers._fields
        }
        return TrainingLayer(
            layer=layer,
            fan_in=fan_in,
            fan_out=fan_out,
            weight_std=weight_std(self._spec, initializer, layer),
            preactivation_start=start.preactivation,
            activation_start=start.activation,
            activation_end=end and end.activation,
            gradient_start=start.gradient,
            gradient_end=end and end.gradient,
            **series,
            predicted=predict(self._spec, initializer).layers[layer - 1],
        )
