"""Famous transformers: what was published of them, and how the same number is read off a Result."""

from ..experiment import Famous, Published
from .result import TransformerResult


def _mlp_adds(result: TransformerResult) -> float | None:
    found = [block.mlp.mean_square for block in result.inits[0].blocks if block.mlp.mean_square is not None]
    return sum(found) / len(found) if found else None


def _first_entropy_share(result: TransformerResult) -> float | None:
    return result.inits[0].blocks[0].entropy.share


GALLERY = (
    Famous(
        "pre-norm-adds-up",
        "Pre-norm's stream adds up",
        "activation=relu&depth=12&gain=0&init=xavier&mlp_ratio=1",
        "stream",
        "R. Xiong et al., “On Layer Normalization in the Transformer Architecture”, 2020, lemma 2 and its proof: "
        "(1 + L/2) to (1 + 3L/2) after L blocks",
        "https://arxiv.org/abs/2002.04745",
        (
            Published("mean square that a block's MLP adds", 0.5, _mlp_adds),
            Published("entropy of attention, share of ln n", 1.0, _first_entropy_share, within=0.001),
        ),
        "As in their analysis scores are zero: attention is a plain average. The MLP is as wide as the stream.",
    ),
)
