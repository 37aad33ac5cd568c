"""How far chance lets the stream's mean square stray, over fresh weights and tokens: leading order in 1/width.

What a branch adds is a Gaussian matrix times rows y_r. Given them, its mean square over D units and all rows is one of
relative variance 2/D·mean(cos²) over all pairs of rows (of a quadratic form of a normal vector: tr A²), and its product
with the stream, of mean zero, has 4·E[x²]·E[b²]/D·mean(cos·cos′). Two such matrices are in a branch.
"""

from typing import NamedTuple

from ...theory.hermite import at
from .recursion import BlockShape, Branches, Tokens


class Rows(NamedTuple):
    """How many sequences of how many tokens."""

    batch: int
    tokens: int

    def over_pairs(self, same: float, within: float, across: float) -> float:
        """The mean over all pairs of rows, a row with itself among them."""
        rows = self.batch * self.tokens
        return (same + (self.tokens - 1) * within + (rows - self.tokens) * across) / rows

    def alike(self, first: Tokens, second: Tokens) -> float:
        """The mean of cos·cos′."""
        return self.over_pairs(1.0, first.within * second.within, first.across * second.across)


def at_input(rows: Rows, x: Tokens, width: int) -> float:
    """Variance of the mean square of normal tokens."""
    return 2 / width * x.square**2 * rows.alike(x, x)


def after_block(rows: Rows, shape: BlockShape, x: Tokens, passed: Branches, variance: float) -> float:
    """Variance of the stream's mean square after a pre-norm block, from that before it."""
    attention = 2 * (2 / shape.width) * passed.attention.square**2 * rows.alike(passed.attention, passed.attention)
    mlp = passed.mlp.square**2 * (2 / shape.width * rows.alike(passed.mlp, passed.mlp) + _hidden(rows, shape, passed))
    joint = _joint(rows, shape, x, passed.attention) + _joint(rows, shape, passed.middle, passed.mlp)
    return variance + attention + mlp + joint


def _joint(rows: Rows, shape: BlockShape, x: Tokens, branch: Tokens) -> float:
    return 4 * x.square * branch.square / shape.width * rows.alike(x, branch)


def _hidden(rows: Rows, shape: BlockShape, passed: Branches) -> float:
    """Of the mean of φ² over hidden units, whose preactivations two rows share as far as they are alike."""
    squares, entered = passed.unit.squares, passed.entered_mlp
    pairs = rows.over_pairs(
        float(squares.sum()), float(at(squares, entered.within)), float(at(squares, entered.across))
    )
    return max(0.0, pairs - 1) / shape.hidden
