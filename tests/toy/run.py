from collections.abc import Generator

import numpy as np

from app.compute.cost import Cost
from app.lab.threads import within_block
from app.results import Step
from tests.toy.result import Die, Throw, ToyResult
from tests.toy.spec import SIDES, ToySpec

AT_ONCE = 10_000


def run_toy(spec: ToySpec) -> Generator[Step[ToyResult]]:
    """Throws every die of the spec; yields after every 10,000 throws."""
    dice: list[Die] = []
    blocks = -(-spec.throws // AT_ONCE)
    for done, name in enumerate(spec.dice):
        chance, sides, total = np.random.default_rng([spec.seed, SIDES[name]]), SIDES[name], 0
        for block in range(blocks):
            within_block()
            eyes = chance.integers(1, sides + 1, min(AT_ONCE, spec.throws - block * AT_ONCE))
            total += int(eyes.sum())
            yield Step(done * blocks + block, len(spec.dice) * blocks, lambda: _result(spec, dice))
        last = [Throw(number=spec.throws - 2 + i, eyes=int(one)) for i, one in enumerate(eyes[-3:])]
        dice.append(Die(die=name, mean=total / spec.throws, predicted=(sides + 1) / 2, last=last))
    yield Step(1, 1, lambda: _result(spec, dice))


def _result(spec: ToySpec, dice: list[Die]) -> ToyResult:
    return ToyResult(experiment=spec.model_dump(), links=spec.links, dice=list(dice))


def toy_cost(spec: ToySpec) -> Cost:
    throws = spec.throws * len(spec.dice)
    return Cost(throws, 0, 0, throws // AT_ONCE, memory_bytes=8 * AT_ONCE, result_bytes=1000)
