"""A stack of transformer blocks: sequences of random tokens through random weights, and a gradient back.

Every block of every init is measured, in float32, as it is trained. One init after the other: what a block leaves for
the way back is then held for one init alone. All inits share their draws.
"""

from collections.abc import Generator

from ...results import Step
from .draws import Weights, draw_input
from .inits import INITS
from .lane import Lane, input_size
from .result import TransformerResult
from .spec import TransformerSpec


def run_transformer(spec: TransformerSpec) -> Generator[Step[TransformerResult]]:
    """Send the sequences through the blocks once an init, and a gradient back; yields after every block either way."""
    x = draw_input(spec).view(-1, spec.width)
    size, weights = input_size(x), Weights(spec)
    lanes: list[Lane] = []
    blocks = range(spec.depth)
    total = len(spec.init) * spec.depth * (2 if spec.backward else 1)
    done = 0
    for name in spec.init:
        lane = Lane(spec, INITS[name], x, size)
        lanes.append(lane)
        for w in weights.of(blocks):
            lane.advance(w)
            done += 1
            yield Step(done, total, lambda: _result(spec, lanes))
        if spec.backward:
            lane.turn()
            for w in weights.of(reversed(blocks)):
                lane.retreat(w)
                done += 1
                yield Step(done, total, lambda: _result(spec, lanes))


def _result(spec: TransformerSpec, lanes: list[Lane]) -> TransformerResult:
    return TransformerResult(
        experiment=spec.model_dump(), links=spec.links, inits=[lane.result() for lane in lanes if lane.begun]
    )
