"""What networks that learn will take."""

from operator import mul

from ...compute.cost import BIN_BYTES, SUMMARY_BYTES, Cost
from ...lab.activations import ACTIVATIONS
from .data import DATASETS
from .lesson import KEPT
from .setting import HELD_OUT, widths_of
from .spec import TrainingSpec

# Operations on small tensors are counted in steps of the interpreter:
BATCH = 3.5  # to learn from one
LAYER = 0.5  # of it, either way
BY_AUTOGRAD = 1.3  # a slope
NORMING = 0.7  # either way
KEEPING, KEEPING_LAYER = 4, 4  # the numbers of a batch, and of its layers
LOOKING = 10  # at a layer of a network, before and after, and predicting it
PREDICTING = 40  # a network
PAIR = 0.12  # of classes, for its first loss
OFTEN_KEPT = 3 * KEPT // 4  # steps, of any more
PRODUCTS = 1.5  # multiply-adds of a large product as long as one of these
# Times that an entry is passed over: beside its activation there and back, by a norm, and to keep a number of it.
PASSED, NORMED, KEPT_ENTRY = 8, 18, 24
UPDATED = {"sgd": 2, "momentum": 4, "adam": 12}  # times that a parameter is


def training_cost(spec: TrainingSpec) -> Cost:
    """Cost of the lesson: every init pays for its own network, and the held-out examples are asked now and then.

    One core does it all, as a batch begins with what the one before left.
    """
    widths, networks, phi = widths_of(spec), len(spec.init), ACTIVATIONS[spec.activation]
    weights, units, hidden = sum(map(mul, widths, widths[1:])), sum(widths[1:]), sum(widths[1:-1])
    parameters = weights + units + DATASETS[spec.data].symbols * spec.embedding
    most_kept, kept = min(spec.steps, KEPT), min(spec.steps, OFTEN_KEPT)
    there, back = spec.steps * spec.batch + (kept + 4) * HELD_OUT, spec.steps * spec.batch + 2 * HELD_OUT  # examples
    normed, by_autograd = spec.norm != "none", not phi.slope_from
    a_layer = BY_AUTOGRAD * by_autograd + NORMING * normed
    summaries = 5 * (SUMMARY_BYTES + BIN_BYTES * spec.histogram_bins)
    return Cost(
        random_numbers=parameters * networks + spec.steps * spec.batch,
        multiply_adds=round(PRODUCTS * networks * weights * (there + 2 * back)),
        values=5 * networks * units * HELD_OUT,
        entries=networks * units * (PASSED * (there + back) // 2 + KEPT_ENTRY * kept * (spec.batch + HELD_OUT))
        + networks * hidden * (phi.effort[1] * there + NORMED * normed * (there + back) // 2)
        + networks * parameters * (UPDATED[spec.optimizer] * spec.steps + KEPT_ENTRY * kept),
        steps=round(spec.steps * (BATCH + LAYER * spec.depth) + (spec.steps + kept) * (spec.depth - 1) * a_layer)
        + kept * (KEEPING + KEEPING_LAYER * spec.depth)
        + LOOKING * networks * spec.depth,
        memory_bytes=2**25 + 4 * networks * (6 * parameters + 6 * units * max(spec.batch, HELD_OUT)),
        result_bytes=2000 + networks * (6000 + spec.depth * (1000 + summaries + 5 * 22 * most_kept)),
        predicting=networks * round(PREDICTING + PAIR * DATASETS[spec.data].classes ** 2),
        undivided=1.0,
    )
