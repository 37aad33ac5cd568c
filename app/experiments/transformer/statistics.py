"""What of a transformer can be followed while one of its fields runs, and the laws that show."""

from collections.abc import Callable
from math import log10

from ...statistic import Measured, Statistic, growth, of_inits
from ..experiment import Preset
from .result import BlockPredicted, Branch, TransformerBlock, TransformerInit

AT_ITS_END = 0.0  # log₁₀ of the mean square where the way begins: of the tokens, and of the gradient on its way back


def _final(entry: TransformerInit) -> Measured:
    last = entry.blocks[-1]
    return Measured(last.stream.mean_square, last.predicted.stream, last.predicted.stream_std)


def _growth(entry: TransformerInit) -> Measured:
    last, depth = entry.blocks[-1], len(entry.blocks)
    std = last.predicted.stream_std
    return Measured(
        growth(AT_ITS_END, last.stream.log10_mean_square, depth),
        growth(AT_ITS_END, last.predicted.log10_stream, depth),
        None if std is None else std / depth,
    )


def _gradient_growth(entry: TransformerInit) -> Measured:
    found, predicted, depth = entry.input_gradient, entry.predicted_input_gradient, len(entry.blocks)
    std = entry.predicted_input_gradient_std
    return Measured(
        growth(AT_ITS_END, found.log10_mean_square if found else None, depth),
        growth(AT_ITS_END, log10(predicted) if predicted else None, depth),
        None if std is None else std / depth,
    )


def _cosine(entry: TransformerInit) -> Measured:
    last = entry.blocks[-1]
    return Measured(last.token_cosine.mean, last.predicted.token_cosine, last.predicted.token_cosine_std)


def _entropy(entry: TransformerInit) -> Measured:
    last = entry.blocks[-1]
    entropy, share, std = last.predicted.entropy, last.predicted.entropy_share, last.predicted.entropy_std
    error = std * share / entropy if entropy and share is not None and std is not None else None
    return Measured(last.entropy.share, share, error)


def _share(
    measured: Callable[[TransformerBlock], Branch], predicted: Callable[[BlockPredicted], float | None]
) -> Callable[[TransformerInit], Measured]:
    """Of the stream before the last block, whose tokens have a mean square of one before the first."""

    def share(entry: TransformerInit) -> Measured:
        last = entry.blocks[-1]
        added = predicted(last.predicted)
        before = entry.blocks[-2].predicted.stream if len(entry.blocks) > 1 else 1.0
        return Measured(measured(last).share, added / before if added is not None and before else None)

    return share


WHOLE = "Growth is over all blocks, from a mean square of one where the way begins."
BACKWARD = ("backward",)
STATISTICS = {
    "gradient_growth": Statistic(
        "growth of the gradient",
        of_inits(_gradient_growth),
        unit="factor a block",
        help=WHOLE,
        log=True,
        by_factors=True,
        level=1.0,
        needs=BACKWARD,
    ),
    "growth": Statistic(
        "growth of the stream",
        of_inits(_growth),
        unit="factor a block",
        help=WHOLE,
        log=True,
        by_factors=True,
        level=1.0,
    ),
    "final_mean_square": Statistic(
        "mean square of the stream after the last block",
        of_inits(_final),
        log=True,
        by_factors=True,
        printed=0,
        short="mean square in the last block",
    ),
    "cosine": Statistic(
        "cosine between tokens after the last block",
        of_inits(_cosine),
        printed=2,
        short="cosine in the last block",
    ),
    "entropy": Statistic(
        "entropy of attention in the last block",
        of_inits(_entropy),
        unit="share of that of even weights",
        short="entropy in the last block",
    ),
    "attention_share": Statistic(
        "what attention adds in the last block",
        of_inits(_share(lambda block: block.attention, lambda predicted: predicted.attention)),
        unit="share of the stream's mean square",
        log=True,
        by_factors=True,
        short="what the last attention adds",
    ),
    "mlp_share": Statistic(
        "what the MLP adds in the last block",
        of_inits(_share(lambda block: block.mlp, lambda predicted: predicted.mlp)),
        unit="share of the stream's mean square",
        log=True,
        by_factors=True,
        short="what the last MLP adds",
    ),
}

SMALL = "bins=4&heads=2&mlp_ratio=2&tokens=32&width=64"
LAWS = (
    Preset(
        "Pre-norm's stream against depth",
        "of=transformer&x=depth&x_from=2&x_to=32&x_steps=5&statistic=final_mean_square&repeats=3&backward=false&batch=2"
        f"&init=gpt2&init=1/sqrt(D)&{SMALL}",
    ),
    Preset(
        "Where the norm stands",
        "of=transformer&x=norm&statistic=final_mean_square&repeats=3&backward=false&batch=2&depth=6&init=gpt2&init=1/sqrt(D)"
        f"&{SMALL}",
    ),
    Preset(
        "Rank collapse: post-norm's tokens against depth",
        "of=transformer&x=depth&x_from=2&x_to=32&x_steps=5&statistic=cosine&repeats=3&backward=false&batch=2&activation=relu"
        f"&init=1/sqrt(D)&init=deepnet&norm=post&{SMALL}",
    ),
    Preset(
        "Trainability: gain of the scores against residual scale",
        "of=transformer&x=gain&x_from=0.25&x_to=4&x_steps=5&x_scale=log&y=residual_scale&y_from=0.2&y_to=1&y_steps=5"
        f"&repeats=1&batch=4&depth=6&init=1/sqrt(D)&norm=post&{SMALL}",
    ),
)
