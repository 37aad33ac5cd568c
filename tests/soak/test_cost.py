"""What an experiment is expected to take is what it takes, within a factor of two."""

import time
from collections import defaultdict
from itertools import islice

from app.compute.rates import measured
from app.experiments import EXPERIMENTS, MEASURED
from app.lab import memory, threads
from app.lab.kernels import compiling
from app.spec import Spec
from tests.soak.tools import some_specs

MANY = 200
LONGEST = 3.0  # seconds
FACTOR = 2.0


def expected(spec: Spec) -> float:
    return EXPERIMENTS[spec.name].cost(spec).seconds(threads.thread_count(), measured())


def affordable(spec: Spec) -> bool:
    return expected(spec) < LONGEST


def taken(spec: Spec) -> float:
    began = time.perf_counter()
    *_, last = EXPERIMENTS[spec.name].run(spec)
    last.partial().model_dump_json()
    return time.perf_counter() - began


def warm_up() -> None:
    """As a server is when it answers: its kernels compiled, and every experiment run once."""
    compiling.prepare()
    memory.keep_freed()
    threads.pin()
    for name in MEASURED:
        taken(next(spec for spec in some_specs(2, shrink=0.5) if spec.name == name))


def within(ratios: list[float]) -> float:
    """The share of them within the factor of one."""
    return sum(1 / FACTOR < ratio < FACTOR for ratio in ratios) / len(ratios)


def test_ninety_five_of_a_hundred_take_what_they_were_expected_to() -> None:
    warm_up()
    by_experiment: dict[str, list[float]] = defaultdict(list)
    for spec in islice(filter(affordable, some_specs(1)), MANY):
        by_experiment[spec.name].append(expected(spec) / taken(spec))
    print()
    for name, ratios in by_experiment.items():
        print(f"{name}: {within(ratios):.1%} of {len(ratios)} within {FACTOR}")
    every = sorted(ratio for ratios in by_experiment.values() for ratio in ratios)
    spread = {share: round(every[int(share * (MANY - 1))], 2) for share in (0, 0.025, 0.25, 0.5, 0.75, 0.975, 1)}
    print(f"all: {within(every):.1%}; expected ÷ taken, by quantile: {spread}")
    assert within(every) >= 0.95
