"""What a layer of attention will take."""

from ...compute.cost import BIN_BYTES, SUMMARY_BYTES, Cost, alone
from ...theory.attention import FEWEST_DIMENSIONS, lengths_of
from .run import AT_ONCE, rows_at_once
from .spec import AttentionSpec
from .theory import LEVELS, scores_of

DRAWN = 4  # times that drawing an entry of a vector takes: parts are shared, and means taken away
PRODUCTS = 3  # multiply-adds of a large product as long as one of a block of queries
SCORE = 10  # numbers summarized as long as looking at a score takes, before any scale
SORTED = 8  # as sorting it
WEIGHED = 12  # and as all that is seen of it under a scale
# Steps:
LAYER = 20  # of any number of queries
SCALE = 10
BLOCK = 5  # of queries, under a scale
PLACE = 1 / 40  # of a causal query, likewise
SOFTMAX = 12  # averaged by theory over all scores
COMMON = 70  # what theory says of two queries


def attention_cost(spec: AttentionSpec) -> Cost:
    """Every scale weighs all scores again; the products with keys and values are what it multiplies."""
    scales, pairs = len(spec.scale), spec.repeats * spec.queries * spec.keys
    vectors = spec.queries * (2 if spec.backward else 1) + 2 * spec.keys
    products = (1 + scales) * (2 if spec.backward else 1)
    blocks = spec.repeats * -(-spec.queries // rows_at_once(spec))
    places = spec.repeats * spec.queries if spec.causal else 0
    return Cost(
        random_numbers=DRAWN * spec.repeats * vectors * spec.head_dim,
        multiply_adds=PRODUCTS * products * pairs * spec.head_dim,
        values=pairs * (SCORE + (0 if spec.causal else SORTED) + scales * WEIGHED),
        steps=LAYER + scales * round(SCALE + BLOCK * blocks + PLACE * places),
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
