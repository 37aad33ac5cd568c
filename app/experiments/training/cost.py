"""What networks that learn will take."""

from operator import mul

from ...compute.cost import BIN_BYTES, SUMMARY_BYTES, Cost
from ...lab.activations import ACTIVATIONS
from .data import DATASETS
from .lesson import KEPT
from .setting import HELD_OUT, widths_of
from .spec import TrainingSpec

# Operations on small tensors are counted in steps of the interpreter: of a batch that is learned from, of each of its
# layers, there if autograd finds the slope, and if there is a norm; of a batch whose numbers are kept, and its layers.
BATCH, LAYER, BY_AUTOGRAD, NORMING, KEEPING, KEEPING_LAYER = 3.5, 0.5, 1.3, 0.7, 4, 4
# Steps: each layer of a network, looked at before and after; what theory says of a network, of each of its layers, and
# by pairs of classes of its first loss.
LOOKING, PREDICTING, PREDICTING_LAYER, PREDICTING_PAIR = 8, 40, 8, 0.12
OFTEN_KEPT = 3 * KEPT // 4  # steps, of more than so many
PRODUCTS = 2.2  # multiply-adds of a large product as long as one of these
# Times that tensors are passed over: units there and back, beside their activation, those that a norm divides, and
# those whose numbers are kept; weights by the products of a batch, and where numbers are kept.
PASSED, NORMED, KEPT_UNIT, MULTIPLIED, KEPT_WEIGHT = 10, 24, 20, 8, 40
UPDATED = {"sgd": 2, "momentum": 4, "adam": 12}  # times that a parameter is passed over


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
        entries=networks * units * (PASSED * (there + back) // 2 + KEPT_UNIT * kept * (spec.batch + HELD_OUT))
        + networks * hidden * (phi.effort[1] * there + NORMED * normed * (there + back) // 2)
        + networks * weights * MULTIPLIED * (spec.steps + kept)
        + networks * parameters * (UPDATED[spec.optimizer] * spec.steps + KEPT_WEIGHT * kept),
        steps=round(spec.steps * (BATCH + LAYER * spec.depth) + (spec.steps + kept) * (spec.depth - 1) * a_layer)
        + kept * (KEEPING + KEEPING_LAYER * spec.depth)
        + LOOKING * networks * spec.depth,
        memory_bytes=2**25 + 4 * networks * (6 * parameters + 6 * units * max(spec.batch, HELD_OUT)),
        result_bytes=2000 + networks * (6000 + spec.depth * (1000 + summaries + 5 * 22 * most_kept)),
        predicting=round(
            networks * (PREDICTING + PREDICTING_LAYER * spec.depth + PREDICTING_PAIR * DATASETS[spec.data].classes ** 2)
        ),
        undivided=1.0,
    )
