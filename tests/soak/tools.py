"""What long tests share: experiments by chance, and what a process holds."""

import math
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from app.experiments import EXPERIMENTS
from app.fields import shape
from app.spec import Spec

SIZES = {
    "matmul": {"fan_in": (4, 8192), "fan_out": (100, 1_000_000), "repeats": (1, 100), "bins": (8, 200)},
    "stack": {"depth": (1, 100), "width": (8, 1500), "batch": (2, 2000), "bins": (8, 200), "repeats": (1, 20)},
    "training": {"depth": (1, 20), "width": (1, 300), "batch": (2, 200), "bins": (8, 200), "steps": (1, 2000)},
}
INITS = 4


def some_specs(seed: int, shrink: float = 1.0) -> Iterator[Spec]:
    """Legal specs by chance: sizes evenly on a log scale up to what is used, choices all alike. `shrink` takes every
    size to that power."""
    chance = random.Random(seed)
    while True:
        name = chance.choice(list(EXPERIMENTS))
        model = EXPERIMENTS[name].spec
        values: dict[str, Any] = {
            size: round(math.exp(chance.uniform(math.log(low), math.log(high)) * shrink)) or 1
            for size, (low, high) in SIZES[name].items()
        }
        if chance.random() < 0.6:
            values["repeats"] = 1
        for field, info in model.model_fields.items():
            accepts = shape(info)
            if accepts.choices:
                choices = list(accepts.choices)
                some = chance.sample(choices, min(len(choices), chance.randint(1, INITS)))
                values[field] = some if accepts.many else chance.choice(choices)
            elif accepts.kind == "boolean" and not accepts.fixed:
                values[field] = chance.random() < 0.3
        values["seed"] = chance.randrange(2**31)
        for size, (low, _) in SIZES[name].items():
            values[size] = max(values[size], 4 if size == "bins" else min(low, 2) if size != "repeats" else 1)
        yield model.parse(values)


class Held(NamedTuple):
    """What a process holds: resident memory in KiB, threads and open files."""

    memory: int
    threads: int
    files: int


def held(process: int) -> Held:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    files = len(os.listdir(f"/proc/{process}/fd"))
    return Held(int(status["VmRSS"].split()[0]), int(status["Threads"]), files)
