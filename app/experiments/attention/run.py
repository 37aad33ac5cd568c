"""One layer of attention, measured: queries against keys in blocks, each block under every scale.

Scales share their draws, and the products of queries and keys: only the factor on these differs.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import NamedTuple

from ...lab.draws import DISTRIBUTIONS
from ...lab.summary import Tally
from ...lab.threads import in_order
from ...results import Step
from ...theory.attention import Attended
from .draws import Layer, draw_layer
from .measure import Block, Frame, Seen, block_of, frame_of, see
from .readout import entropy_of, gradient_of, largest_of, output_of, participation_of, ranks_of
from .result import AttentionPredicted, AttentionResult, AttentionScale
from .spec import AttentionSpec
from .theory import ASSUMES, by_query, comparable, predict, ranks, typical_weights

AT_ONCE = 2**16  # scores of a block
FEW_CARRY = 0.1  # Σp² from which most of the gradient is that of a few queries


class Task(NamedTuple):
    """Some queries of a layer."""

    layer: Layer
    rows: slice


@dataclass
class Line:
    """One scale's measurements, layer by layer."""

    scale: str
    factor: float
    predicted: AttentionPredicted
    expected: list[Attended]
    typical: list[float]
    frame: Frame | None = None
    seen: list[Seen] = field(default_factory=list)


def rows_at_once(spec: AttentionSpec) -> int:
    """Queries of a block."""
    return max(1, AT_ONCE // spec.keys)


def run_attention(spec: AttentionSpec) -> Generator[Step[AttentionResult]]:
    """Measure every scale on the same layers; yields after every block of queries."""
    at = ranks(spec)
    lines = [_line(spec, scale, at) for scale in spec.scale]
    total = spec.repeats * -(-spec.queries // rows_at_once(spec))
    values: list[float] = []
    tasks = _tasks(spec, values)
    first = next(tasks)
    opening = _block(spec, first, at)
    for line in lines:
        line.frame = frame_of(opening, line.factor, spec.bins)
    seen = in_order(lambda task: _see(lines, _block(spec, task, at)), _after(first, tasks))
    for done, (repeat, found) in enumerate(seen, start=1):
        for line, part in zip(lines, found, strict=True):
            if repeat < len(line.seen):
                line.seen[repeat].merge(part)
            else:
                line.seen.append(part)
        yield Step(done, total, lambda: _result(spec, lines, values, at))


def _line(spec: AttentionSpec, scale: str, at: list[int]) -> Line:
    factor = spec.factor(scale)
    return Line(scale, factor, predict(spec, factor), by_query(spec, factor), typical_weights(spec, factor, at))


def _tasks(spec: AttentionSpec, values: list[float]) -> Iterator[Task]:
    """Layer after layer; the variance of each one's values about their mean is left in `values`."""
    rows = rows_at_once(spec)
    for repeat in range(spec.repeats):
        layer = draw_layer(spec, repeat)
        values.append(float(layer.values.double().square().mean()))
        for start in range(0, spec.queries, rows):
            yield Task(layer, slice(start, min(start + rows, spec.queries)))


def _after(first: Task, rest: Iterator[Task]) -> Iterator[Task]:
    yield first
    yield from rest


def _block(spec: AttentionSpec, task: Task, at: list[int]) -> Block:
    key_mean = DISTRIBUTIONS[spec.input].moments.mean + spec.input_mean
    return block_of(spec, task.layer, task.rows, key_mean, at)


def _see(lines: list[Line], block: Block) -> tuple[int, list[Seen]]:
    return block.layer.repeat, [see(block, line.factor, line.frame) for line in lines if line.frame]


def _result(spec: AttentionSpec, lines: list[Line], values: list[float], at: list[int]) -> AttentionResult:
    return AttentionResult(
        experiment=spec.model_dump(),
        links=spec.links,
        scales=[_scale(spec, line, values, at) for line in lines],
        theory=ASSUMES,
    )


def _scale(spec: AttentionSpec, line: Line, values: list[float], at: list[int]) -> AttentionScale:
    seen = line.seen
    assert line.frame is not None
    scores = reduce(Tally.merge, (layer.scores for layer in seen), Tally(line.frame.scores))
    weights = reduce(Tally.merge, (layer.weights for layer in seen), Tally(line.frame.weights))
    drawn = values[: len(seen)]
    known, frozen = comparable(spec, line.predicted.concentrated), line.predicted.participation > FEW_CARRY
    value_variance = DISTRIBUTIONS[spec.input].moments.variance
    return AttentionScale(
        scale=line.scale,
        factor=line.factor,
        scores=scores.summary(),
        weights=weights.summary(),
        ranks=ranks_of(at, seen, line.typical),
        entropy=entropy_of(spec, known, seen, line.expected),
        participation=participation_of(spec, known, seen, line.expected),
        largest=largest_of(known, seen, line.expected),
        output=output_of(spec, seen, sum(drawn) / len(drawn)),
        gradient=gradient_of(spec, known and not frozen, seen, line.expected, value_variance),
        predicted=line.predicted,
    )
