"""A stack of transformer blocks: sequences of random tokens through random weights, and a gradient back.

Every block of every init is measured, in float32, as it is trained. All inits share their draws, and go through the
blocks side by side.
"""

from collections.abc import Callable, Generator
from functools import partial

from ...lab.threads import in_order
from ...results import Step
from .draws import Weights, draw_input
from .inits import INITS
from .lane import Lane, input_size
from .result import TransformerResult
from .spec import TransformerSpec


def run_transformer(spec: TransformerSpec) -> Generator[Step[TransformerResult]]:
    """Send the sequences through the blocks, and a gradient back; yields after every block either way."""
    x = draw_input(spec).view(-1, spec.width)
    size, weights, blocks = input_size(x), Weights(spec), range(spec.depth)
    lanes = [Lane(spec, INITS[name], x, size) for name in spec.init]
    total = spec.depth * (2 if spec.backward else 1)
    for done, w in enumerate(weights.of(blocks), start=1):
        _together(lanes, partial(Lane.advance, w=w))
        yield Step(done, total, lambda: _result(spec, lanes))
    if spec.backward:
        _together(lanes, Lane.turn)
        for done, w in enumerate(weights.of(reversed(blocks)), start=spec.depth + 1):
            _together(lanes, partial(Lane.retreat, w=w))
            yield Step(done, total, lambda: _result(spec, lanes))


def _together(lanes: list[Lane], go: Callable[[Lane], None]) -> None:
    """A lane that is alone shares out its sequences instead."""
    for _ in in_order(go, lanes, alone=len(lanes) == 1):
        pass


def _result(spec: TransformerSpec, lanes: list[Lane]) -> TransformerResult:
    return TransformerResult(experiment=spec.model_dump(), links=spec.links, inits=[lane.result() for lane in lanes])
