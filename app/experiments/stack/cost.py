"""What a deep stack will take."""

from ...compute.cost import BIN_BYTES, SUMMARY_BYTES, Cost, alone
from ...lab.activations import ACTIVATIONS
from ...lab.orthonormal import PANEL
from ...lab.scaled import FEWEST_ROWS, ROW_BLOCK
from .draws import KEPT, families, keeps_weights, weight_counts
from .lanes import leaders
from .spec import StackSpec

# Steps a layer takes: on the way there, and of each block of rows; on the way back; either with a norm; in one of the
# networks of `repeats`; its singular values; a panel of an orthogonal matrix; writing it down, and so many of its bins.
PASSING, BLOCK, RETURNING, NORMALIZING, REPEATING, MAPPING, PANELLING, REPORTING, BINS = 4, 2, 8, 3, 2.5, 6, 2, 2, 80
# Steps of the theory: of an init, and more where a norm works across the batch; of a layer, and more where bands are
# worked out, singular values, where an activation is slow, and, without a norm, in the first of them, where signals
# have not settled yet.
PREDICTING, ACROSS, LAYER, BANDS, SPECTRUM, SLOW, UNSETTLED, FIRST = 14, 100, 1, 4, 6, 3, 5, 30
SEEN, GRADIENT = 3.5, 2  # times that a unit's number is summarized, as u and h, and its gradient
# Times that it is passed over: by a norm, by a residual connection, on the way back; and a weight, for its gradient's.
NORMED, ADDED, RETURNED, WEIGHTED = 12, 15, 20, 6
DRAWN = 1.5  # times that drawing a weight takes, which does not stay in a core's cache
VECTOR = 5  # multiply-adds of a large product as long as one of a vector
# Multiply-adds of float32 as long as one step of all singular values of a matrix, over its side cubed; of making one
# orthogonal, likewise.
MAP, FACTOR = 35, 8
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
    effort = phi.effort[spec.backward and by_autograd]
    passed_over = effort + NORMED * normed * (1 + spec.backward) + ADDED * spec.residual + RETURNED * spec.backward
    a_layer = (
        PASSING + BLOCK * spec.batch / rows + RETURNING * spec.backward + NORMALIZING * normed * (1 + spec.backward)
    )
    return Cost(
        random_numbers=round(DRAWN * drawn_as * (weights + units) * drawn) + spec.batch * widths[0],
        multiply_adds=passes * weights * spec.batch * (3 if spec.backward else 1)
        + VECTOR * inits * weights * networks
        + FACTOR * orthogonal * weights * widest * drawn
        + MAP * spec.jacobian * spec.depth * passes * widest**3,
        values=round(numbers * (SEEN + GRADIENT * spec.backward)) + inits * units * networks,
        entries=numbers * passed_over + WEIGHTED * passes * weights * spec.backward,
        steps=round(
            spec.depth
            * (
                passes * (a_layer + MAPPING * spec.jacobian)
                + inits * (networks * (REPEATING + normed) + REPORTING + spec.histogram_bins / BINS)
                + PANELLING * orthogonal * drawn * -(-widest // PANEL)
            )
        ),
        memory_bytes=2**25 + 4 * held + 40 * widest**2 * passes * spec.jacobian,
        result_bytes=2000 + inits * spec.depth * (2400 + summaries + MAP_BYTES * spec.jacobian + 20 * networks),
        predicting=inits * _predicting(spec),
        undivided=alone(spec.batch, rows),
    )


def _predicting(spec: StackSpec) -> int:
    """Steps an init."""
    banded = spec.norm == "none" and not (spec.tied or spec.residual)
    slow = ACTIVATIONS[spec.activation].effort[1] > 50
    a_layer = LAYER + BANDS * banded + SPECTRUM * spec.jacobian + SLOW * slow
    unsettled = UNSETTLED * min(spec.depth, FIRST) if spec.norm == "none" else 0
    return PREDICTING + ACROSS * (spec.norm == "batch") + unsettled + a_layer * spec.depth
