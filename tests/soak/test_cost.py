"""What an experiment is expected to take is what it takes, within a factor of two."""

import time
from itertools import islice

from app.compute.rates import measured
from app.experiments import EXPERIMENTS
from app.lab import threads
from app.spec import Spec
from tests.soak.tools import some_specs

MANY = 200
LONGEST = 3.0  # seconds
FACTOR = 2.0


def affordable(spec: Spec) -> bool:
    return EXPERIMENTS[spec.name].cost(spec).seconds(threads.thread_count(), measured()) < LONGEST


def test_ninety_five_of_a_hundred_take_what_they_were_expected_to() -> None:
    threads.pin()
    ratios = []
    for spec in islice(filter(affordable, some_specs(1)), MANY):
        expected = EXPERIMENTS[spec.name].cost(spec).seconds(threads.thread_count(), measured())
        began = time.perf_counter()
        *_, last = EXPERIMENTS[spec.name].run(spec)
        last.partial().model_dump_json()
        ratios.append(expected / (time.perf_counter() - began))
    ratios.sort()
    spread = {share: round(ratios[int(share * (MANY - 1))], 2) for share in (0, 0.025, 0.25, 0.5, 0.75, 0.975, 1)}
    within = sum(1 / FACTOR < ratio < FACTOR for ratio in ratios) / MANY
    print(f"\nexpected ÷ taken, by quantile: {spread}; within {FACTOR}: {within:.1%}")
    assert within >= 0.95
