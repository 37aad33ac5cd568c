"""The result of a stack of transformer blocks."""

from ...lab.formats import Magnitudes
from ...results import Record, Result, Summary


class Spread(Record):
    """The mean of several numbers and their standard deviation; null where there are none, or fewer than two."""

    mean: float | None
    std: float | None


class Branch(Record):
    """What a branch adds to the stream: its mean square, and as a share of the stream's before it is added."""

    mean_square: float | None
    log10_mean_square: float | None
    share: float | None


class Entropy(Record):
    """Of the weights that a query gives its keys, over all queries and heads: in nats, and of the log of their number.

    `participation` is Σp², one over the number of keys that hold the weight; `largest` the largest weight; `frozen` the
    share of queries that give one key more than 0.97.
    """

    mean: float | None
    std: float | None
    share: float | None
    participation: Spread
    largest: float | None
    frozen: float


class WeightGradient(Record):
    """Of the gradient at a matrix; `grad_to_data` is its root mean square over the weights' own."""

    mean_square: float | None
    log10_mean_square: float | None
    grad_to_data: float | None


class BlockPredicted(Record):
    """What theory says of a block, from the spec alone; null where it has no formula.

    `stream`, `attention`, `mlp` and `gradient` are mean squares: of the stream after the block, of what each branch
    adds, of the gradient at the stream after the block. `score_variance` is what the weights of attention see of it,
    for a query that sees all keys: less what keys share, and what their one length takes from the largest scores.
    `participation_even` is that of even weights, the least there is. A `_std` is how far chance lets a number stray:
    relative to mean squares, as it is of the others.
    """

    stream: float | None
    log10_stream: float | None
    stream_std: float | None
    attention: float | None
    attention_std: float | None
    mlp: float | None
    mlp_std: float | None
    token_cosine: float | None
    token_cosine_std: float | None
    sequence_cosine: float | None
    sequence_cosine_std: float | None
    score_variance: float | None
    entropy: float | None
    entropy_share: float | None
    entropy_std: float | None
    participation: float | None
    participation_even: float | None
    participation_std: float | None
    gradient: float | None
    log10_gradient: float | None
    gradient_std: float | None


class TransformerBlock(Record):
    """One block.

    `stream` is after it; `attention` and `mlp` are what its branches add. `token_cosine` is between the tokens of a
    sequence, its std over sequences; `sequence_cosine` between tokens of different sequences. `gradient` is that of the
    loss at the stream after this block, at the tokens of the first sequences, as many as hold 64: sequences never meet,
    so that it is what they would get in a whole batch. `weight_gradients` has one entry a matrix, of these tokens too.
    """

    block: int
    stream: Summary
    attention: Branch
    mlp: Branch
    token_cosine: Spread
    sequence_cosine: float | None
    entropy: Entropy
    gradient: Summary | None
    weight_gradients: dict[str, WeightGradient] | None
    stream_magnitudes: Magnitudes
    gradient_magnitudes: Magnitudes | None
    predicted: BlockPredicted


class TransformerInit(Record):
    """One init: the std of every matrix, what multiplies query · key, and what multiplies the stream at a branch.

    `input` is the stream before the first block. `input_gradient` is the gradient there, beside what is predicted of
    its mean square. `overflow_block`:
    the first block after which some number of the stream, or of what a branch adds, exceeds a format's largest; null if
    none does. `theory` says what the predictions assume, and why one is missing where one is.
    """

    init: str
    weight_std: dict[str, float]
    score_factor: float
    stream_factor: float
    blocks: list[TransformerBlock]
    input_gradient: Summary | None
    predicted_input_gradient: float | None
    predicted_input_gradient_std: float | None
    overflow_block: dict[str, int | None]
    theory: list[str]


class TransformerResult(Result):
    inits: list[TransformerInit]
