"""What norms of D entries make of a gradient's mean square, to leading order in 1/D.

They divide it by the mean square S of its token, and E[1/S] is more than 1/E[S], by the relative variance of S. Of a
normal token that is 2/D. Where a norm has given the stream one length, and a branch adds the share s of S, normal
given the stream, it is (4s(1 − s) + 2s²)/D. A norm that centres leaves out one direction of what varies: s/D more.

They take from it its part along the token, and along the mean if they centre: of what a branch returns 1/D each. Behind
post-norm a gradient g is orthogonal to the sum x + f of stream and branch, so that g·x = −g·f, whose square is s/D of
what passes the branch by. Attention returns to a token what others sent, and the norm before it takes either part. An
MLP returns to a token its own, J being its slope there: g·J·x = g·f, as if φ were positively homogeneous, cancels g·x,
which the norm before it then leaves; but 2g·J·g, of x in either g, is −2(g·f)²/x²: of what passes by, 2s/D less.
"""

from typing import NamedTuple

import numpy as np

from ...theory.quadrature import Array
from .gradient import Gradient
from .recursion import Attended, BlockShape, Processed, Tokens


class Taken(NamedTuple):
    """Behind post-norm, of D directions: of what passes a branch by, times the share it adds; and of what it returns,
    beside the mean."""

    past: int
    returned: int


BY_ITSELF = Taken(past=2, returned=0)  # each token, by the MLP
MIXED = Taken(past=1, returned=1)  # with other tokens, by attention


def before_norm(shape: BlockShape, x: Tokens, passed: Attended | Processed, gradient: Gradient) -> Gradient:
    """Back through the norm that follows a branch, if one does; x is the stream before the branch."""
    if shape.place != "post":
        return gradient
    return gradient.scaled(_over_square(shape, passed.total, _share(passed) if x.normed else np.ones_like(x.square)))


def before_entry(shape: BlockShape, x: Tokens, taken: Taken, gradient: Gradient) -> Gradient:
    """What a branch returns to the stream x: back through the norm it begins with, or less what the norm before x will
    take of it."""
    centred = shape.removed - 1
    if shape.place == "pre":
        return gradient.scaled(_over_square(shape, x, np.ones_like(x.square)) * _left(shape, 1 + centred))
    return gradient.times(_left(shape, taken.returned + centred)) if x.normed else gradient


def past(shape: BlockShape, x: Tokens, passed: Attended | Processed, taken: Taken, gradient: Gradient) -> Gradient:
    """What passes a branch by, to the stream x."""
    gradient = gradient.times(shape.stream**2)
    return gradient.scaled(_left(shape, taken.past) ** _share(passed)) if x.normed else gradient


def _share(passed: Attended | Processed) -> Array:
    """Of the mean square before a norm, what the branch has added."""
    return passed.added.square / np.where(passed.total.square > 0, passed.total.square, 1.0)


def _over_square(shape: BlockShape, x: Tokens, varies: Array) -> Array:
    """E[1/S] of tokens, of which so large a share varies from one to the next."""
    spread = varies * (4 - 2 * varies + shape.removed - 1) / shape.width
    return np.asarray((1 + spread) / (x.square + shape.eps))


def _left(shape: BlockShape, directions: int) -> float:
    """Of all D."""
    return max(0.0, 1 - directions / shape.width)
