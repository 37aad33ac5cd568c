"""One init's way through the blocks, there and back, and what has been measured of it."""

from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

import torch
from torch import Tensor

from ...lab.formats import FORMATS, magnitudes
from ...lab.summary import Tally, robust_grid
from ...lab.threads import in_order
from ...results import Summary
from .block import Block, WayBack
from .draws import UnitWeights, chunks, draw_gradient
from .inits import Recipe
from .measure import Seen, branch_of, entropy_of, sequence_cosine, token_cosine, weight_gradients
from .result import TransformerBlock, TransformerInit
from .spec import TransformerSpec
from .theory import Prediction, log_keys, predict

PLAIN = ("float16", "bfloat16", "float32")


class Through(NamedTuple):
    """Some sequences behind a block: the stream, what was seen of them, and, if the gradient comes by, its way back."""

    stream: Tensor
    seen: Seen
    way_back: WayBack | None


@dataclass
class Lane:
    """The stream as it stands, shape (sequences · tokens, width), its mean square, and the blocks that it passed.

    `reached`: the largest magnitude of the stream, or of what a branch added, in each of them. The gradient is of shape
    (sequences that it goes through · tokens, width).
    """

    spec: TransformerSpec
    recipe: Recipe
    stream: Tensor
    size: float
    block: Block = field(init=False)
    prediction: Prediction = field(init=False)
    blocks: list[TransformerBlock] = field(default_factory=list)
    reached: list[float] = field(default_factory=list)
    gradient: Tensor | None = None
    input_gradient: Summary | None = None
    _ways: list[WayBack] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.block, self.prediction = Block.of(self.spec, self.recipe), predict(self.spec, self.recipe)

    def advance(self, w: UnitWeights) -> None:
        """Through the next block."""
        passed = list(in_order(lambda part: self._through(part, w), chunks(self.spec)))
        self._ways += [at.way_back for at in passed if at.way_back]
        self.stream = torch.cat([at.stream for at in passed])
        self._write([at.seen for at in passed])

    def _through(self, part: slice, w: UnitWeights) -> Through:
        tokens = self.spec.tokens
        passed = self.block.forward(self.stream[part.start * tokens : part.stop * tokens], w)
        returns = self.spec.backward and part.start == 0
        way_back = passed.way_back.of_first(self.spec.returning * tokens) if returns else None
        return Through(passed.stream, Seen.of(passed, tokens), way_back)

    def _write(self, parts: list[Seen]) -> None:
        """Down what has been seen of the block that the stream has just passed."""
        stream = self._tally(self.stream)
        summary, directions = stream.summary(), [part.directions for part in parts]
        block = TransformerBlock(
            block=len(self.blocks) + 1,
            stream=summary,
            attention=branch_of([part.attention for part in parts], stream.count, self.size),
            mlp=branch_of([part.mlp for part in parts], stream.count, self.size),
            token_cosine=token_cosine(directions, self.spec.tokens),
            sequence_cosine=sequence_cosine(directions, self.spec.tokens),
            entropy=entropy_of([part.weights for part in parts], log_keys(self.spec)),
            gradient=None,
            weight_gradients=None,
            stream_magnitudes=magnitudes(stream, 0),
            gradient_magnitudes=None,
            predicted=self.prediction.blocks[len(self.blocks)],
        )
        self.blocks.append(block)
        self.reached.append(inf if stream.nonfinite else max(stream.largest, *(part.largest for part in parts)))
        self.size = summary.mean_square or 0.0

    def turn(self) -> None:
        """Begin the way back."""
        self.gradient = draw_gradient(self.spec).view(-1, self.spec.width)

    def retreat(self, w: UnitWeights) -> None:
        """Back through the last block that has not been gone back through."""
        assert self.gradient is not None
        seen = self._tally(self.gradient)
        returned = self.block.backward(self.gradient, w, self._ways.pop())
        update = {
            "gradient": seen.summary(),
            "gradient_magnitudes": magnitudes(seen, 0),
            "weight_gradients": weight_gradients(returned.weights, self.block.stds),
        }
        at = len(self._ways)
        self.blocks[at] = self.blocks[at].model_copy(update=update)
        self.gradient = returned.stream
        if at == 0:
            self.input_gradient = self._tally(self.gradient).summary()

    def _tally(self, rows: Tensor) -> Tally:
        return Tally(robust_grid(rows, self.spec.histogram_bins), by_size=True).add(rows)

    def result(self) -> TransformerInit:
        """What has been measured so far."""
        backward = self.spec.backward
        return TransformerInit(
            init=self.recipe.name,
            weight_std=dict(self.block.stds),
            score_factor=self.block.heads.factor,
            stream_factor=self.block.joint.stream,
            blocks=list(self.blocks),
            input_gradient=self.input_gradient,
            predicted_input_gradient=self.prediction.input_gradient if backward else None,
            predicted_input_gradient_std=self.prediction.input_gradient_std if backward else None,
            overflow_block={name: self._overflow(FORMATS[name].largest) for name in PLAIN},
            theory=self.prediction.sentences,
        )

    def _overflow(self, largest: float) -> int | None:
        """The first block with a number beyond this."""
        return next((block for block, reached in enumerate(self.reached, start=1) if not reached <= largest), None)


def input_size(x: Tensor) -> float:
    """The mean square of the input's entries."""
    return float(x.double().square().mean())
