"""One init's way through the blocks, there and back, and what has been measured of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from ...lab.formats import FORMATS, magnitudes
from ...lab.summary import Tally, robust_grid
from ...lab.threads import in_order, within_block
from .block import Block, Passed, Returned, WayBack
from .draws import UnitWeights, chunks, draw_gradient
from .inits import GROUPS, Recipe
from .measure import Seen, branch_of, entropy_of, sequence_cosine, token_cosine, weight_gradients
from .result import TransformerBlock, TransformerInit, WeightGradient
from .spec import TransformerSpec
from .theory import Prediction, log_keys, predict


class There(NamedTuple):
    """A block as the signal passed it."""

    stream: Tally
    before: float
    parts: list[Seen]


class Back(NamedTuple):
    """The gradient at the stream before a block, and at its matrices."""

    stream: Tally
    weights: dict[str, WeightGradient]


@dataclass
class Lane:
    """The stream as it stands, shape (sequences · tokens, width), and what the blocks it passed have left."""

    spec: TransformerSpec
    recipe: Recipe
    stream: Tensor
    size: float
    block: Block = field(init=False)
    prediction: Prediction = field(init=False)
    gradient: Tensor | None = None
    _ways: list[list[WayBack]] = field(default_factory=list)
    _there: list[There] = field(default_factory=list)
    _last: Tally | None = None
    _back: list[Back] = field(default_factory=list)
    _blocks: list[TransformerBlock] = field(default_factory=list)
    _with_gradient: int = 0

    def __post_init__(self) -> None:
        self.block, self.prediction = Block.of(self.spec, self.recipe), predict(self.spec, self.recipe)

    @property
    def begun(self) -> bool:
        """Whether it has passed a block."""
        return bool(self._there)

    def advance(self, w: UnitWeights) -> None:
        """Through the next block."""
        rows = [self.stream[part] for part in self._rows()]
        passed = list(in_order(lambda x: self._through(x, w), rows))
        if self.spec.backward:
            self._ways.append([through.way_back for through, _ in passed])
        self.stream = torch.cat([through.stream for through, _ in passed])
        self._there.append(There(self._tally(self.stream), self.size, [seen for _, seen in passed]))
        self.size = _mean_square(self._there[-1].stream)

    def _through(self, x: Tensor, w: UnitWeights) -> tuple[Passed, Seen]:
        passed = self.block.forward(x, w)
        return passed, Seen.of(passed, self.spec.tokens)

    def turn(self) -> None:
        """Begin the way back."""
        self.gradient = draw_gradient(self.spec).view(-1, self.spec.width)
        self._last = self._tally(self.gradient)

    def retreat(self, w: UnitWeights) -> None:
        """Back through the last block that has not been gone back through."""
        assert self.gradient is not None
        gradients = [self.gradient[part] for part in self._rows()]
        returned: list[Returned] = list(
            in_order(lambda at: self.block.backward(at[0], w, at[1]), zip(gradients, self._ways.pop(), strict=True))
        )
        self.gradient = torch.cat([at.stream for at in returned])
        whole = {group: _total([at.weights[group] for at in returned]) for group in GROUPS}
        self._back.append(Back(self._tally(self.gradient), weight_gradients(whole, self.block.stds)))

    def _rows(self) -> list[slice]:
        tokens = self.spec.tokens
        return [slice(part.start * tokens, part.stop * tokens) for part in chunks(self.spec)]

    def _tally(self, rows: Tensor) -> Tally:
        return Tally(robust_grid(rows, self.spec.histogram_bins), by_size=True).add(rows)

    def result(self) -> TransformerInit:
        """What has been measured so far."""
        spec, blocks = self.spec, list(self._written())
        whole = len(self._back) == spec.depth
        return TransformerInit(
            init=self.recipe.name,
            weight_std=dict(self.block.stds),
            score_factor=self.block.heads.factor,
            stream_factor=self.block.joint.stream,
            blocks=blocks,
            input_gradient=self._back[-1].stream.summary() if whole else None,
            predicted_input_gradient=self.prediction.input_gradient if spec.backward else None,
            predicted_input_gradient_std=self.prediction.input_gradient_std if spec.backward else None,
            overflow_block={name: self._overflow(FORMATS[name].largest) for name in PLAIN},
            theory=self.prediction.sentences,
        )

    def _written(self) -> Iterator[TransformerBlock]:
        """Every block passed so far, each written down once, and once more when the gradient has come by."""
        for index in range(len(self._blocks), len(self._there)):
            within_block()
            self._blocks.append(self._block(index))
        if self._last is not None:
            for done in range(self._with_gradient, len(self._back)):
                after = self._back[done - 1].stream if done else self._last
                index = self.spec.depth - 1 - done
                update = {
                    "gradient": after.summary(),
                    "gradient_magnitudes": magnitudes(after, 0),
                    "weight_gradients": self._back[done].weights,
                }
                self._blocks[index] = self._blocks[index].model_copy(update=update)
            self._with_gradient = len(self._back)
        return iter(self._blocks)

    def _block(self, index: int) -> TransformerBlock:
        at = self._there[index]
        count = at.stream.count
        return TransformerBlock(
            block=index + 1,
            stream=at.stream.summary(),
            attention=branch_of([part.attention for part in at.parts], count, at.before),
            mlp=branch_of([part.mlp for part in at.parts], count, at.before),
            token_cosine=token_cosine([part.directions for part in at.parts]),
            sequence_cosine=sequence_cosine([part.directions for part in at.parts]),
            entropy=entropy_of(at.parts, log_keys(self.spec)),
            gradient=None,
            weight_gradients=None,
            stream_magnitudes=magnitudes(at.stream, 0),
            gradient_magnitudes=None,
            predicted=self.prediction.blocks[index],
        )

    def _overflow(self, largest: float) -> int | None:
        for block, at in enumerate(self._there, start=1):
            reached = max(at.stream.largest, *(part.largest for part in at.parts))
            if at.stream.nonfinite or not reached <= largest:
                return block
        return None


PLAIN = ("float16", "bfloat16", "float32")  # formats that people compute in


def input_size(x: Tensor) -> float:
    """The mean square of the input's entries."""
    return float(x.double().square().mean())


def _mean_square(seen: Tally) -> float:
    return seen.summary().mean_square or 0.0


def _total(parts: list[Tensor]) -> Tensor:
    total = parts[0]
    for part in parts[1:]:
        total += part
    return total
