"""What a layer of attention will take."""

from ...compute.cost import BIN_BYTES, SUMMARY_BYTES, Cost, alone
from ...theory.attention import FEWEST_DIMENSIONS, lengths_of
from .run import AT_ONCE, rows_at_once
from .spec import AttentionSpec
from .theory import LEVELS, scores_of

DRAWN = 4  # times that drawing an entry of a vector takes, as what is shared is added and its mean taken away
PRODUCTS = 3  # multiply-adds of a large product as long as one of a block of queries
# A score, in numbers summarized: once, to be told apart and sorted; and under every scale, or through its gradient.
SCORE, SORTED, WEIGHED, RETURNED = 10, 8, 11, 2
# Steps, of a layer as such, of a scale, of a block of queries, under each scale, and of a causal query's place.
LAYER, SCALE, BLOCK, WEIGHING, PLACE = 20, 10, 1, 5, 1 / 40
# Steps of the theory: a softmax averaged over its scores, and what two queries look at in common.
SOFTMAX, COMMON = 12, 70


def attention_cost(spec: AttentionSpec) -> Cost:
    """Every scale weighs all scores again; the products with keys and values are what it multiplies."""
    scales, pairs = len(spec.scale), spec.repeats * spec.queries * spec.keys
    vectors = spec.queries * (2 if spec.backward else 1) + 2 * spec.keys
    products = (1 + scales) * (2 if spec.backward else 1)
    blocks = spec.repeats * -(-spec.queries // rows_at_once(spec))
    places = PLACE * spec.queries * spec.repeats if spec.causal else 0
    return Cost(
        random_numbers=DRAWN * spec.repeats * vectors * spec.head_dim,
        multiply_adds=PRODUCTS * products * pairs * spec.head_dim,
        values=pairs * (SCORE + SORTED * (not spec.causal) + scales * (WEIGHED + RETURNED * spec.backward)),
        steps=LAYER + SCALE * scales + BLOCK * blocks + round(scales * (WEIGHING * blocks + places)),
        memory_bytes=2**26
        + 4 * vectors * spec.head_dim
        + 8 * spec.repeats * scales * (5 * spec.queries + 2 * spec.keys),
        result_bytes=3000 + scales * (6000 + 2 * (SUMMARY_BYTES + BIN_BYTES * spec.bins)),
        predicting=scales * _predicting(spec),
        undivided=alone(spec.queries * spec.keys, AT_ONCE) / spec.repeats,
    )


def _predicting(spec: AttentionSpec) -> int:
    """Steps a scale: an average for every length of a query, and every number of keys that is worked out."""
    scores = scores_of(spec, 1.0)
    levels = min(LEVELS, spec.queries, spec.keys) if spec.causal else 1
    differ = 0 < scores.spread <= 2 / FEWEST_DIMENSIONS  # keys in length, but not too much
    compared = differ and spec.queries > 1 and not (spec.causal or scores.entry.mean)
    return SOFTMAX * lengths_of(scores.spread) * levels + COMMON * compared
