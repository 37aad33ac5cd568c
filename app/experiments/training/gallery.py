"""Famous lessons: what was published of them, and how the same number is read off a Result."""

from ..experiment import Famous, Published
from .result import TrainingResult


def _first_loss(result: TrainingResult) -> float | None:
    return result.inits[0].loss.train[0]


GALLERY = (
    Famous(
        "overconfident-at-first",
        "The lecture's first loss: 27 instead of 3.3",
        "init=unscaled&depth=2&steps=100&width=200",
        "start",
        "A. Karpathy, “Building makemore Part 3: Activations & Gradients, BatchNorm”, 2022, its notebook's printout",
        "https://github.com/karpathy/nn-zero-to-hero",
        (
            Published("loss of the first batch, weights of std 1", 27.8817, _first_loss, within=0.3),
            Published("loss of one who holds 27 letters for equally likely", 3.2958, lambda r: r.expected_initial_loss),
        ),
        "The same network of 200 tanh units on other names; the notebook's has biases too. Either number is one draw "
        "of the weights, and another seed gives another.",
    ),
)
