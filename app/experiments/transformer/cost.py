"""What a transformer will take."""

from math import prod

from ...compute.cost import BIN_BYTES, SUMMARY_BYTES, Cost, alone
from ...lab.activations import ACTIVATIONS
from ...lab.weights_gradient import forms, multiply_adds
from .draws import CHUNK, KEPT, chunks, weight_count
from .places import places_of
from .spec import RETURNING, TransformerSpec

# Times that an entry of a token is passed over on its way through a block, and a weight of attention; and as how many
# on their way there tokens count on their way back.
STREAM, ATTENDED, BACK = 30, 15, 5
GRADIENTS = 20  # times that weights are passed over whose gradients are formed
DRAWN = 1.5  # times that drawing a weight takes, which does not stay in a core's cache
PRODUCTS = 1.3  # multiply-adds of a large product as long as one of these
# Steps:
PART = 8  # some tokens through a block
RETURN = 9  # through a block
INIT = 45  # of theory, as are those that follow
PREDICTING = 33  # a block
PLACE = 2.5  # of it, behind a causal mask
UNIT = 5  # what the activation makes of the variance of a place: blocks between norms share it
KINKED = 20  # the same of an activation with kinks


def transformer_cost(spec: TransformerSpec) -> Cost:
    """Every init goes there with all tokens and back with a few; weights are drawn once if they are few, else once
    either way."""
    rows, block, inits, phi = spec.batch * spec.tokens, weight_count(spec), len(spec.init), ACTIVATIONS[spec.activation]
    returning = min(rows, max(RETURNING, spec.tokens)) if spec.backward else 0
    weights, blocks = spec.depth * block, inits * spec.depth
    drawn = weights if weights <= KEPT or not spec.backward else 2 * weights
    products, scores = block + 2 * spec.tokens * spec.width, spec.tokens * spec.heads
    a_token = STREAM * spec.width + ATTENDED * scores + phi.effort[0] * spec.mlp_ratio * spec.width
    left = (10 + 2 * spec.mlp_ratio) * spec.width + 2 * scores
    held = min(weights, KEPT) + 4 * block + inits * left * (rows + returning * spec.depth)
    fans = [(each.fan_in, each.fan_out) for each in spec.weights] if returning else []
    at_weights = sum(multiply_adds(returning, *each) for each in fans)
    formed = sum(prod(each) for each in fans if forms(returning, *each))
    summaries = (SUMMARY_BYTES + BIN_BYTES * spec.histogram_bins) * (2 if spec.backward else 1)
    return Cost(
        random_numbers=round(DRAWN * (drawn + 2 * rows * spec.width)),
        multiply_adds=round(PRODUCTS * blocks * (products * (rows + returning) + at_weights)),
        values=2 * blocks * (rows + returning) * spec.width,
        entries=blocks * ((rows + BACK * returning) * a_token + GRADIENTS * formed),
        steps=blocks * (PART * len(chunks(spec)) + RETURN * spec.backward),
        memory_bytes=2**25 + 4 * held,
        result_bytes=2000 + blocks * (3000 + summaries),
        predicting=inits * _predicting(spec),
        undivided=1 / inits if inits > 1 else alone(rows, CHUNK),
    )


def _predicting(spec: TransformerSpec) -> int:
    """Steps an init."""
    phi, places = ACTIVATIONS[spec.activation], len(places_of(spec.tokens, spec.causal).counts)
    a_unit = 0 if phi.homogeneous else KINKED if any(phi.kinks) else UNIT
    units = places * (spec.depth if spec.norm == "none" else 1)
    return round(INIT + spec.depth * (PREDICTING + PLACE * places) + units * a_unit)
