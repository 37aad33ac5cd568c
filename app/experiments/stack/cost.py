"""What a deep stack will take."""

from itertools import pairwise
from math import ceil

from ...compute.cost import BIN_BYTES, SUMMARY_BYTES, Cost, alone
from ...lab.activations import ACTIVATIONS
from ...lab.orthonormal import PANEL
from ...lab.scaled import FEWEST_ROWS, ROW_BLOCK, is_one_block
from ...lab.weights_gradient import multiply_adds
from .draws import KEPT, families, keeps_weights, weight_counts
from .lanes import leaders
from .spec import StackSpec

# Steps of a layer:
PASSING, PASSING_SMALL = 4, 2.5
BLOCK = 2  # of its rows
RETURNING = 6
NORMALIZING = 3  # either way
MAPPING = 8  # its singular values
REPEATING = 1.2  # in one of the networks of `repeats`
PANELLING = 2  # of a panel of orthogonal weights
REPORTING = 2
# Steps of the theory:
PREDICTING = 12  # an init
ACROSS = 100  # a norm across the batch
LAYER = 2
BANDED = 2.5  # a layer whose bands are worked out
UNSETTLED, SETTLING = 7, 20  # one of so many whose signal has not settled
# Times that a unit's number is summarized, there and back, and that it is passed over: back, by a norm either way, or
# where it is added to a stream.
SEEN, SEEN_BACK = 3, 2
RETURNED, NORMED = 20, 12
DRAWN = 1.5  # times that drawing a weight takes, which does not stay in a core's cache
# Multiply-adds of float32 as long as one of all singular values of a matrix, over its side cubed; and of making one
# orthogonal.
MAP, FACTOR = 26, 5
MAP_BYTES = 1600  # of a layer's, as JSON


def stack_cost(spec: StackSpec) -> Cost:
    """Cost of the deep stack: weights are drawn once, then every init that leads pays for its own pass."""
    widths, phi = spec.layer_widths, ACTIVATIONS[spec.activation]
    counts, widest = weight_counts(spec), max(widths)
    weights, biggest = sum(counts), max(counts)
    units, inits, passes, drawn_as = sum(widths[1:]), len(spec.init), len(set(leaders(spec))), len(families(spec))
    networks = spec.repeats if spec.repeats > 1 else 0
    drawn = networks + spec.jacobian + (1 if keeps_weights(spec, weights) or not spec.backward else 2)  # times
    orthogonal = "orthogonal" in spec.init
    normed, by_autograd = spec.norm != "none", spec.residual or not phi.slope_from
    summaries = (4 if spec.backward else 3) * (SUMMARY_BYTES + BIN_BYTES * spec.histogram_bins)
    held = (2 * drawn_as + 2) * biggest + spec.batch * widest * (passes + 6)
    if spec.backward:
        kept = 1 + normed + by_autograd  # tensors a layer
        held += kept * passes * spec.batch * units + min(drawn_as * weights, KEPT)
    numbers, rows = passes * units * spec.batch, max(FEWEST_ROWS, ROW_BLOCK[0] // widest // 2)
    passed_over = phi.effort[spec.backward and by_autograd] + RETURNED * spec.backward
    small = is_one_block(spec.batch, widest)
    a_layer = PASSING_SMALL if small else PASSING + BLOCK * spec.batch / rows
    a_layer += RETURNING * spec.backward
    if normed:
        passed_over += NORMED * (1 + spec.backward)
        a_layer += NORMALIZING * (1 + spec.backward)
    if spec.residual:
        passed_over += NORMED
    if spec.jacobian:
        a_layer += MAPPING
    repeated = networks * (REPEATING + normed)
    panels = PANELLING * orthogonal * drawn * ceil(widest / PANEL)
    return Cost(
        random_numbers=round(DRAWN * drawn_as * (weights + units) * drawn) + spec.batch * widths[0],
        multiply_adds=passes * weights * spec.batch * (2 if spec.backward else 1)
        + passes * spec.backward * sum(multiply_adds(spec.batch, *fans) for fans in pairwise(widths))
        + inits * weights * networks
        + FACTOR * orthogonal * weights * widest * drawn
        + MAP * spec.jacobian * spec.depth * passes * widest**3,
        values=numbers * (SEEN + SEEN_BACK * spec.backward) + inits * units * networks,
        entries=numbers * passed_over,
        steps=round(spec.depth * (passes * a_layer + inits * (repeated + REPORTING) + panels)),
        memory_bytes=2**25 + 4 * held + 40 * widest**2 * passes * spec.jacobian,
        result_bytes=2000 + inits * spec.depth * (2400 + summaries + MAP_BYTES * spec.jacobian + 20 * networks),
        predicting=inits * _predicting(spec),
        undivided=alone(spec.batch, rows),
    )


def _predicting(spec: StackSpec) -> int:
    """Steps an init."""
    free, settled = spec.norm == "none", ACTIVATIONS[spec.activation].homogeneous
    banded = free and not (spec.tied or spec.residual)
    unsettled = min(spec.depth, SETTLING) if free and not settled else 0
    across = ACROSS if spec.norm == "batch" else 0
    return PREDICTING + across + round((LAYER + BANDED * banded) * spec.depth) + UNSETTLED * unsettled
