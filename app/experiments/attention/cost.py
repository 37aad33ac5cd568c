"""What a layer of attention will take."""

from ...compute.cost import BIN_BYTES, SUMMARY_BYTES, Cost
from .run import rows_at_once
from .spec import AttentionSpec
from .theory import LEVELS

LOOKED_AT = 6  # times that a score's and a weight's way costs what a summary of one number does
PRODUCTS = 8  # multiply-adds of a large product as long as one of a block of queries
PREDICTING = 60  # steps a scale and number of visible keys, once for all seeds


def attention_cost(spec: AttentionSpec) -> Cost:
    """Every scale weighs all scores again; the products with keys and values are what it multiplies."""
    scales, pairs = len(spec.scale), spec.repeats * spec.queries * spec.keys
    vectors = spec.queries * (2 if spec.backward else 1) + 2 * spec.keys
    products = 1 + scales + (1 + scales if spec.backward else 0)
    blocks = spec.repeats * -(-spec.queries // rows_at_once(spec))
    levels = min(LEVELS, spec.queries, spec.keys) if spec.causal else 1
    return Cost(
        random_numbers=spec.repeats * vectors * spec.head_dim,
        multiply_adds=PRODUCTS * products * pairs * spec.head_dim,
        values=pairs * (2 + scales * (2 + LOOKED_AT + spec.backward)),
        steps=4 + scales * (PREDICTING * levels + 2 * blocks),
        memory_bytes=2**26
        + 4 * vectors * spec.head_dim
        + 8 * spec.repeats * scales * (5 * spec.queries + 2 * spec.keys),
        result_bytes=3000 + scales * (6000 + 2 * (SUMMARY_BYTES + BIN_BYTES * spec.bins)),
    )
