"""What a deep stack will take."""

from ...compute.cost import BIN_BYTES, SUMMARY_BYTES, Cost
from ...lab.activations import ACTIVATIONS
from .draws import KEPT, families, keeps_weights, weight_counts
from .spec import StackSpec


def stack_cost(spec: StackSpec) -> Cost:
    """Cost of the deep stack: weights are drawn once, then every init pays for its own pass."""
    widths = spec.layer_widths
    counts, widest = weight_counts(spec), max(widths)
    weights, largest = sum(counts), max(counts)
    units, inits, drawn_as = sum(widths[1:]), len(spec.init), len(families(spec))
    networks = spec.repeats if spec.repeats > 1 else 0
    directions = 2 if spec.backward else 1
    drawn = networks + (1 if keeps_weights(spec, weights) else directions)  # times
    factorized = weights * widest if "orthogonal" in spec.init else 0
    summaries = (4 if spec.backward else 3) * (SUMMARY_BYTES + BIN_BYTES * spec.histogram_bins)
    held = (2 * drawn_as + 2) * largest + spec.batch * widest * (inits + 6)
    if spec.backward:
        activation = ACTIVATIONS[spec.activation]
        kept = 1 + (spec.norm != "none") + (spec.residual or not activation.slope_from)  # tensors a layer
        held += kept * inits * spec.batch * units + min(drawn_as * weights, KEPT)
    return Cost(
        random_numbers=drawn_as * (weights + units) * drawn + spec.batch * widths[0],
        multiply_adds=inits * weights * (spec.batch * (3 if spec.backward else 1) + networks) + 8 * factorized * drawn,
        values=inits * units * (spec.batch * (4 if spec.backward else 2) + networks),
        steps=inits * spec.depth * (directions + networks // 4) * 4,
        memory_bytes=2**25 + 4 * held,
        result_bytes=2000 + inits * spec.depth * (2400 + summaries + 20 * networks),
    )
