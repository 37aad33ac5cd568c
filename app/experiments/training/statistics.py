"""What of networks that learn can be followed while one of the fields runs, and the laws that show."""

from collections.abc import Callable, Sequence
from math import log

from ...statistic import Measured, Statistic, of_inits, power
from ...theory.finite_width import NORMAL_975
from ..experiment import Preset
from .result import TrainingInit, TrainingLayer

NOTHING = Measured(None)


def _at_the_end(measured: Callable[[TrainingInit], float | None]) -> Callable[[TrainingInit], Measured]:
    """Of a network that came that far; no formula says what it has learned."""
    return lambda entry: NOTHING if entry.ended else Measured(measured(entry))


def _first_loss(entry: TrainingInit) -> Measured:
    """Theory's error is that of its band, upwards: a band of losses is lopsided where logits are large."""
    first, found = entry.loss.validation[:1], entry.initial_loss
    value = first[0] if first else None
    if found is None:
        return Measured(value)
    return Measured(value, found.loss, log(found.high / found.low) / (2 * NORMAL_975))


def _update(layer: TrainingLayer) -> float | None:
    return power(layer.update_to_data[-1])


def _saturated(layers: Sequence[TrainingLayer]) -> float | None:
    """In the last hidden layer."""
    end = layers[-2].activation_end if len(layers) > 1 else None
    return end.saturated if end else None


LEARNED = "Of a network whose loss is no longer a number there is none."
STATISTICS = {
    "held_out_loss": Statistic(
        "held-out loss after the last step",
        of_inits(_at_the_end(lambda entry: entry.loss.validation[-1])),
        printed=1,
        unit="nats",
        help=LEARNED,
        predicted=False,
        log=True,
        short="held-out loss at the end",
    ),
    "training_loss": Statistic(
        "loss of the last batches",
        of_inits(_at_the_end(lambda entry: entry.loss.train[-1])),
        unit="nats",
        help=LEARNED,
        predicted=False,
        log=True,
    ),
    "first_loss": Statistic(
        "held-out loss before the first step",
        of_inits(_first_loss),
        unit="nats",
        log=True,
        by_factors=True,
        printed=0,
        short="held-out loss at the start",
    ),
    "first_update": Statistic(
        "last update of the first layer",
        of_inits(_at_the_end(lambda entry: _update(entry.layers[0]))),
        printed=2,
        unit="of its weights",
        help=LEARNED,
        predicted=False,
        log=True,
        by_factors=True,
        level=1e-3,
    ),
    "last_update": Statistic(
        "last update of the output layer",
        of_inits(_at_the_end(lambda entry: _update(entry.layers[-1]))),
        printed=3,
        unit="of its weights",
        help=LEARNED,
        predicted=False,
        log=True,
        by_factors=True,
        level=1e-3,
        short="last update of the output",
    ),
    "saturated": Statistic(
        "share of saturated activations in the last hidden layer, after the last step",
        of_inits(_at_the_end(lambda entry: _saturated(entry.layers))),
        help=LEARNED,
        predicted=False,
        short="saturated at the end",
    ),
}

SMALL = "bins=4&depth=3&steps=60&width=50"
LAWS = (
    Preset(
        "Held-out loss against learning rate",
        f"of=training&x=learning_rate&x_from=0.01&x_to=10&x_steps=7&repeats=1&{SMALL}",
    ),
    Preset(
        "Learning rate and gain: who learns",
        "of=training&x=learning_rate&x_from=0.01&x_to=2&x_steps=5&y=gain&y_from=0.1&y_to=10&y_steps=4&repeats=1"
        f"&init=1/sqrt(D)&{SMALL}",
    ),
    Preset(
        "The first loss against the output layer's gain",
        "of=training&x=output_gain&x_from=0.1&x_to=10&x_steps=5&statistic=first_loss&repeats=3&bins=4&depth=3&steps=1"
        "&width=50",
    ),
)
