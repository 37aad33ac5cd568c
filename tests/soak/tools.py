"""What long tests share: experiments by chance, and what processes hold."""

import math
import os
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from app.experiments import EXPERIMENTS, MEASURED
from app.fields import SpecError, shape
from app.spec import Spec

UNSLID = {"bins": (8, 200), "repeats": (1, 20)}  # sizes without a slider
INITS = 4


def sizes_of(model: type[Spec]) -> dict[str, tuple[int, int]]:
    """The whole numbers of a spec that make it larger, as far as its sliders go."""
    found = {name: ends for name, ends in UNSLID.items() if name in model.model_fields}
    for name, info in model.model_fields.items():
        extra: Any = info.json_schema_extra
        if shape(info).kind == "integer" and extra["slider"]:
            low, high = extra["slider"]
            found[name] = (max(1, round(low)), round(high))
    return found


def some_specs(seed: int, shrink: float = 1.0) -> Iterator[Spec]:
    """Legal specs by chance: sizes evenly on a log scale as far as sliders go, choices all alike. `shrink` takes every
    size to that power."""
    chance = random.Random(seed)
    while True:
        model = EXPERIMENTS[chance.choice(list(MEASURED))].spec
        values: dict[str, Any] = {
            size: max(low, round(math.exp(chance.uniform(math.log(low), math.log(high)) * shrink)))
            for size, (low, high) in sizes_of(model).items()
        }
        if "repeats" in values and chance.random() < 0.6:
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
        with suppress(SpecError):  # sizes that do not go with one another
            yield model.parse(values)


class Held(NamedTuple):
    """What processes hold: resident memory in KiB, threads and open files."""

    memory: int
    threads: int
    files: int


def held(*processes: int) -> Held:
    """By all of them together."""
    memory = threads = files = 0
    for process in processes:
        status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
        memory += int(status["VmRSS"].split()[0])
        threads += int(status["Threads"])
        files += len(os.listdir(f"/proc/{process}/fd"))
    return Held(memory, threads, files)
