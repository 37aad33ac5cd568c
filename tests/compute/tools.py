"""What tests of running experiments share: small ones, and one that waits for a word."""

import threading
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from app.experiments import EXPERIMENTS
from app.experiments.transformer.spec import TransformerSpec
from app.results import Result, Step
from app.spec import Spec

SMALL = 24  # of everything that makes an experiment large
TICK = 0.01  # seconds between two steps of a waiting experiment
AT_ONCE = 10  # seconds within which what should happen at once has happened

PRESETS = [(name, query) for name, experiment in EXPERIMENTS.items() for _, query in experiment.presets]
every_preset = pytest.mark.parametrize(("name", "query"), PRESETS, ids=[f"{name}?{query}" for name, query in PRESETS])
every_experiment = pytest.mark.parametrize("name", EXPERIMENTS)


def small(spec: Spec) -> Spec:
    """The same experiment, every size cut down."""
    sizes = [size for size in EXPERIMENTS[spec.name].sizes if size not in spec.derived]
    least = {size: min(getattr(spec, size), SMALL) for size in sizes}
    if isinstance(spec, TransformerSpec):  # its heads share the width, which is no size that may be any
        least["width"] = min(spec.width, spec.heads * max(1, SMALL // spec.heads))
    return spec.model_copy(update=least)


def small_spec(name: str, query: str = "") -> Spec:
    """The experiment of a query, cut down; its own query is not empty, so that more can be added to its address."""
    spec = small(EXPERIMENTS[name].spec.from_query(query))
    return spec if spec.query else spec.model_copy(update={"seed": 1})


def repeated(name: str) -> str:
    """A query for some repeats, where the experiment has them: every chart is drawn then."""
    return "repeats=3" if "repeats" in EXPERIMENTS[name].spec.model_fields else ""


def result_of(spec: Spec) -> Result:
    """The whole Result of an experiment, run right here."""
    *_, last = EXPERIMENTS[spec.name].run(spec)
    result: Result = last.partial()
    return result


def compared_by(spec: Spec) -> str:
    """The field that says what the experiment sets side by side."""
    return next(name for name, value in spec.model_dump().items() if value == spec.compared)


def lines_of(raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What a result sets side by side, by name: the first list of records in it, the first field of each."""
    entries = next(value for value in raw.values() if isinstance(value, list) and value and isinstance(value[0], dict))
    return {next(iter(entry.values())): entry for entry in entries}


@cache
def small_result(name: str, query: str = "") -> Result:
    return result_of(small_spec(name, query))


class Puppet:
    """An experiment that goes from step to step until told to finish, and counts its runs and how they ended."""

    def __init__(self, outcome: Result) -> None:
        self.began = self.closed = self.finished = self.parts = 0
        self.go = threading.Event()
        self.failure: Exception | None = None
        self._outcome = outcome
        self._counting = threading.Lock()

    def run(self, *_: Any) -> Generator[Step[Result]]:
        with self._counting:
            self.began += 1
        try:
            while not self.go.wait(TICK):
                yield Step(1, 2, self._part)
            if self.failure:
                raise self.failure
            yield Step(2, 2, lambda: self._outcome)
        except GeneratorExit:
            with self._counting:
                self.closed += 1
            raise
        with self._counting:
            self.finished += 1

    def _part(self) -> Result:
        with self._counting:
            self.parts += 1
        return self._outcome


def puppet_for(name: str, monkeypatch: pytest.MonkeyPatch) -> Puppet:
    """Puts a puppet in an experiment's place."""
    puppet = Puppet(small_result(name))
    monkeypatch.setitem(EXPERIMENTS, name, replace(EXPERIMENTS[name], run=puppet.run))
    return puppet


def until(condition: Callable[[], object], seconds: float = AT_ONCE) -> None:
    """Waits for something another thread does."""
    late = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < late, "it did not happen"
        time.sleep(TICK / 2)
