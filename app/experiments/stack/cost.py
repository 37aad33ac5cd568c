"""What a deep stack will take."""

from ...compute.cost import BIN_BYTES, SUMMARY_BYTES, Cost
from ...lab.activations import ACTIVATIONS
from .draws import KEPT, families, keeps_weights, weight_counts
from .lanes import leaders
from .spec import StackSpec

# Steps a layer takes, each as long as a summary of a few numbers.
PASSING, NORMALIZING, REPEATING, REPORTING = 3, 1, 2, 1
MAP = 30  # multiply-adds of float32 as long as one step of all singular values of a matrix, over its side cubed
MAP_BYTES = 1600  # of a layer's, as JSON


def _predicting(spec: StackSpec) -> int:
    """Steps: most where a band is worked out, or an integral over two inputs, and fewest where neither is."""
    if spec.norm == "batch":
        return 8
    return 1 if spec.norm != "none" or spec.tied or spec.residual else 3


def stack_cost(spec: StackSpec) -> Cost:
    """Cost of the deep stack: weights are drawn once, then every init that leads pays for its own pass."""
    widths = spec.layer_widths
    counts, widest = weight_counts(spec), max(widths)
    weights, biggest = sum(counts), max(counts)
    units, inits, passes, drawn_as = sum(widths[1:]), len(spec.init), len(set(leaders(spec))), len(families(spec))
    networks = spec.repeats if spec.repeats > 1 else 0
    directions = 2 if spec.backward else 1
    drawn = networks + (1 if keeps_weights(spec, weights) else directions)  # times
    factorized = weights * widest if "orthogonal" in spec.init else 0
    normed, by_autograd = spec.norm != "none", spec.residual or not ACTIVATIONS[spec.activation].slope_from
    summaries = (4 if spec.backward else 3) * (SUMMARY_BYTES + BIN_BYTES * spec.histogram_bins)
    held = (2 * drawn_as + 2) * biggest + spec.batch * widest * (passes + 6)
    if spec.backward:
        kept = 1 + normed + by_autograd  # tensors a layer
        held += kept * passes * spec.batch * units + min(drawn_as * weights, KEPT)
    looked_at = 2 * directions * (1 + normed) + spec.residual + 4 * (by_autograd and spec.backward)  # times
    maps = spec.depth * passes * widest**3 if spec.jacobian else 0
    a_layer = directions * (PASSING + NORMALIZING * normed) + networks * (REPEATING + normed)
    return Cost(
        random_numbers=drawn_as * (weights + units) * (drawn + spec.jacobian) + spec.batch * widths[0],
        multiply_adds=passes * weights * spec.batch * (3 if spec.backward else 1)
        + inits * weights * networks
        + 8 * factorized * drawn
        + MAP * maps,
        values=passes * units * spec.batch * looked_at + inits * units * networks,
        steps=spec.depth * (passes * a_layer + inits * (REPORTING + _predicting(spec))),
        memory_bytes=2**25 + 4 * held + 40 * widest**2 * passes * spec.jacobian,
        result_bytes=2000 + inits * spec.depth * (2400 + summaries + MAP_BYTES * spec.jacobian + 20 * networks),
    )
