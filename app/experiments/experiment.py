"""What an experiment is: read this first.

An experiment lives in a folder of its own, `app/experiments/NAME/`, which holds all that only it needs:

    spec.py      its fields: query, JSON body, form, share link and cache key at once
    result.py    its numbers, as plain records
    run.py       how they are measured
    theory.py    what they should be
    cost.py      what measuring them will take
    charts.py    how they are drawn, with titles and captions
    words.py     what they say
    why.html     how the page explains them; without one, the page lists the words' `sentences`
    __init__.py  the Experiment below, made of these, and presets: links worth following

Add it to the registry, `EXPERIMENTS` in this folder's `__init__.py`, and it has its page, form, link, JSON, figures,
table, event stream, catalog entry, documentation, cost refusal and cancel, over HTTP and in `initscope.run`.
"""

import json
import sys
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from ..compute.cost import Cost
from ..figures.chart import Chart
from ..figures.palette import Figure
from ..results import Result, Step
from ..spec import Spec

S = TypeVar("S", bound=Spec)
R = TypeVar("R", bound=Result)


class Preset(NamedTuple):
    """A link worth following: what it shows, and its query."""

    label: str
    query: str


@dataclass(frozen=True)
class Experiment(Generic[S, R]):
    """One experiment, whole.

    `run` is a pure function of the spec, as a generator: it yields a Step after every block of work, the last one
    whole. Whoever iterates it decides between two steps whether to go on; closing it cancels what is left.
    `sizes` are the fields that make the experiment smaller, most telling first. `words` gives what the page's
    account of a Result is written from.
    """

    title: str
    question: str
    spec: type[S]
    result: type[R]
    run: Callable[[S], Generator[Step[R]]]
    cost: Callable[[S], Cost]
    sizes: tuple[str, ...]
    charts: Mapping[str, Chart]
    words: Callable[[R], dict[str, Any]]
    presets: tuple[Preset, ...]

    @property
    def name(self) -> str:
        """As it stands in addresses."""
        return self.spec.name

    @property
    def folder(self) -> Path:
        """Where it lives."""
        found = sys.modules[self.spec.__module__].__file__
        assert found is not None
        return Path(found).parent

    def figures(self, result: R) -> dict[str, Figure]:
        """Every chart that this result has something to show in, as plain dicts in Plotly's schema."""
        drawn = {name: chart.draw(result) for name, chart in self.charts.items()}
        return {name: figure for name, figure in drawn.items() if figure is not None}

    def figures_json(self, result: R) -> bytes:
        """The same as JSON."""
        drawn = self.figures(result)
        return json.dumps(drawn, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


Experiments = Mapping[str, Experiment[Any, Any]]


def by_name(*experiments: Experiment[Any, Any]) -> dict[str, Experiment[Any, Any]]:
    """A registry, in this order."""
    return {experiment.name: experiment for experiment in experiments}
