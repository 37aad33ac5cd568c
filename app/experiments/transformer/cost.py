"""What a transformer will take."""

from ...compute.cost import BIN_BYTES, SUMMARY_BYTES, Cost, alone
from ...lab.activations import ACTIVATIONS
from .draws import CHUNK as TOKENS
from .draws import KEPT, chunks, weight_count
from .places import places_of
from .spec import RETURNING, TransformerSpec

# Times that a token's entries are passed over on their way through a block: of the stream, and of the weights of
# attention; and on the way back.
STREAM, ATTENDED, STREAM_BACK, ATTENDED_BACK = 30, 15, 160, 60
GRADIENTS, WAITED = 14, 2  # the same of a block's weights: for their gradients, and for every chunk of tokens
DRAWN = 1.5  # times that drawing a weight takes, which does not stay in a core's cache
PRODUCTS = 1.3  # multiply-adds of a large product as long as one of these
BLOCK, CHUNK, BACK = 6, 6, 9  # steps: a block, some of its tokens at once, and its way back
# Steps of the theory: an init, a block and each of its places behind a causal mask; a softmax on its grid, and what the
# activation makes of a variance. All blocks share these where a norm gives them the same stream.
INIT, PREDICTING, PLACE, SOFTMAX, UNIT, KINKED = 45, 33, 1, 2.5, 4, 20


def transformer_cost(spec: TransformerSpec) -> Cost:
    """Every init goes there with all tokens and back with a few; weights are drawn once if they are few, else once
    either way."""
    rows, block, inits, phi = spec.batch * spec.tokens, weight_count(spec), len(spec.init), ACTIVATIONS[spec.activation]
    returning = min(rows, max(RETURNING, spec.tokens)) if spec.backward else 0
    weights, blocks = spec.depth * block, inits * spec.depth
    drawn = weights if weights <= KEPT or not spec.backward else 2 * weights
    products, scores = block + 2 * spec.tokens * spec.width, spec.tokens * spec.heads
    units = spec.mlp_ratio * spec.width
    left = (10 + 3 * spec.mlp_ratio) * spec.width + scores
    held = min(weights, KEPT) + 4 * block + inits * left * (2 * rows + 2 * returning * spec.depth)
    summaries = (SUMMARY_BYTES + BIN_BYTES * spec.histogram_bins) * (2 if spec.backward else 1)
    at_once = len(chunks(spec))
    return Cost(
        random_numbers=round(DRAWN * (drawn + 2 * rows * spec.width)),
        multiply_adds=round(PRODUCTS * blocks * products * (rows + 2 * returning)),
        values=2 * blocks * (rows + returning) * spec.width,
        entries=blocks * rows * (STREAM * spec.width + ATTENDED * scores + phi.effort[0] * units)
        + blocks * returning * (STREAM_BACK * spec.width + ATTENDED_BACK * scores + phi.effort[1] * units)
        + blocks * block * (WAITED * at_once + GRADIENTS * spec.backward),
        steps=blocks * (BLOCK + CHUNK * at_once + BACK * spec.backward),
        memory_bytes=2**25 + 4 * held,
        result_bytes=2000 + blocks * (3000 + summaries),
        predicting=_predicting(spec),
        undivided=1 / inits if inits > 1 else alone(rows, TOKENS),
    )


def _predicting(spec: TransformerSpec) -> int:
    """Steps, for all inits."""
    phi, places = ACTIVATIONS[spec.activation], len(places_of(spec.tokens, spec.causal).counts)
    differ = spec.depth if spec.norm == "none" else 1  # blocks whose streams do
    units = 0 if phi.homogeneous else places * (KINKED if any(phi.kinks) else UNIT)
    a_block = PREDICTING + PLACE * places
    return round(len(spec.init) * (INIT + spec.depth * a_block + differ * (SOFTMAX * min(places, 20) + units)))
