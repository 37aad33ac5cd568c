"""What a transformer will take."""

from ...compute.cost import BIN_BYTES, SUMMARY_BYTES, Cost
from .draws import KEPT, chunks, weight_count
from .places import places_of
from .spec import RETURNING, TransformerSpec

BACK = 3  # passes that a token's way back takes: twice the products, of so few rows that weights are waited for
CHUNK_STEPS = 1.5  # of some tokens in one block, there or back, beside its products
BLOCK_STEPS = 2  # a block, written down
PREDICTING = 15  # steps a block, once for all seeds
PREDICTING_PLACE = 0.25  # steps a place of a block behind a causal mask, likewise


def transformer_cost(spec: TransformerSpec) -> Cost:
    """Every init goes there with all tokens and back with a few; weights are drawn once if they are few, else once
    either way."""
    rows, block, inits = spec.batch * spec.tokens, weight_count(spec), len(spec.init)
    returning = min(rows, max(RETURNING, spec.tokens)) if spec.backward else 0
    directions = 2 if spec.backward else 1
    weights, blocks = spec.depth * block, inits * spec.depth
    drawn = weights if weights <= KEPT else weights * directions
    passes = rows + BACK * returning
    elements = (8 + 3 * spec.mlp_ratio) * spec.width + 4 * spec.tokens * spec.heads
    left = (10 + 3 * spec.mlp_ratio) * spec.width + spec.tokens * spec.heads
    held = min(weights, KEPT) + 4 * block + inits * left * (2 * rows + 2 * returning * spec.depth)
    predicting = PREDICTING + PREDICTING_PLACE * len(places_of(spec.tokens, spec.causal).counts)
    summaries = (SUMMARY_BYTES + BIN_BYTES * spec.histogram_bins) * directions
    at_once = len(chunks(spec)) + (1 if spec.backward else 0)
    return Cost(
        random_numbers=drawn + 2 * rows * spec.width,
        multiply_adds=blocks * passes * (block + 2 * spec.tokens * spec.width),
        values=blocks * (rows + returning) * elements // 4,
        steps=int(blocks * (at_once * CHUNK_STEPS + BLOCK_STEPS + predicting)),
        memory_bytes=2**25 + 4 * held,
        result_bytes=2000 + blocks * (3000 + summaries),
    )
