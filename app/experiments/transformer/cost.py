"""What a transformer will take."""

from ...compute.cost import BIN_BYTES, SUMMARY_BYTES, Cost
from .draws import CHUNK, KEPT, weight_count
from .places import places_of
from .spec import TransformerSpec

CHUNK_STEPS = 1.5  # of some tokens in one block, there or back, beside its products
BLOCK_STEPS = 2  # a block, written down
PREDICTING = 10  # steps a block, once for all seeds
PREDICTING_PLACE = 0.25  # steps a place of a block behind a causal mask, likewise


def transformer_cost(spec: TransformerSpec) -> Cost:
    """Every init pays for its own pass there and back; weights are drawn once if they are few, else in every pass."""
    rows, block, inits = spec.batch * spec.tokens, weight_count(spec), len(spec.init)
    directions = 2 if spec.backward else 1
    weights = spec.depth * block
    drawn = weights if weights <= KEPT else weights * inits * directions
    attention = 2 * rows * spec.tokens * spec.width
    passes = inits * spec.depth * (3 if spec.backward else 1)
    elements = rows * (8 + 3 * spec.mlp_ratio) * spec.width + 4 * rows * spec.tokens * spec.heads
    chunks = -(-spec.batch // max(1, CHUNK // spec.tokens))
    left = rows * (10 + 2 * spec.mlp_ratio) * spec.width + rows * spec.tokens * spec.heads
    held = min(weights, KEPT) + 4 * block + left * (spec.depth if spec.backward else 2)
    predicting = PREDICTING + PREDICTING_PLACE * len(places_of(spec.tokens, spec.causal).counts)
    summaries = (SUMMARY_BYTES + BIN_BYTES * spec.histogram_bins) * directions
    return Cost(
        random_numbers=drawn + 2 * rows * spec.width,
        multiply_adds=passes * (rows * block + attention),
        values=inits * spec.depth * directions * elements // 4,
        steps=int(inits * spec.depth * (directions * chunks * CHUNK_STEPS + BLOCK_STEPS + predicting)),
        memory_bytes=2**25 + 4 * held,
        result_bytes=2000 + inits * spec.depth * (3000 + summaries),
    )
