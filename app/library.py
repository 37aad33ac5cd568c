"""Experiments from a script or a notebook: what the page shows, without a server."""

from pathlib import Path
from typing import Any

from .experiments import EXPERIMENTS
from .experiments.experiment import Experiment
from .fields import SpecError
from .figures.palette import Figure
from .finding import Finding
from .lab import threads
from .lab.kernels import compiling
from .results import Result
from .spec import Spec


class Run:
    """An experiment that has been run: its `spec`, its `result`, and the Result's own fields as attributes."""

    def __init__(self, experiment: Experiment[Any, Any], spec: Spec, result: Result) -> None:
        self.spec = spec
        self.result = result
        self._experiment = experiment

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.result, name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *type(self.result).model_fields]

    def __repr__(self) -> str:
        return f"initscope.run of {self.spec.links['page']}"

    def figures(self) -> dict[str, Figure]:
        """{chart name: Plotly figure}, each a plain dict: `plotly.graph_objects.Figure(run.figures()[name])`."""
        return self._experiment.figures(self.result)

    def findings(self) -> list[Finding]:
        """What the numbers say, as at `/api/NAME/findings`: each with the number it rests on."""
        return self._experiment.findings(self.result)

    def to_csv(self, path: str | Path | None = None) -> str:
        """The Result as a tidy table, as at `/api/NAME.csv`; written to `path` too, if there is one."""
        table = self._experiment.table(self.result).decode()
        if path is not None:
            Path(path).write_text(table)
        return table

    def to_json(self) -> str:
        """The Result as at `/api/NAME`, byte for byte."""
        return self.result.model_dump_json()


def run(experiment: str, /, **fields: Any) -> Run:
    """Run an experiment of the registry, its fields named as in the API; what is left out is at its default.

    Raises SpecError, which names each field that is wrong and what it takes. Nothing is too expensive here: how
    long it takes and how much memory is the caller's own affair.
    """
    if experiment not in EXPERIMENTS:
        raise SpecError([("experiment", f"must be one of {', '.join(EXPERIMENTS)}")])
    entry = EXPERIMENTS[experiment]
    spec = entry.spec.parse(fields)
    compiling.prepare()
    with threads.torch_kept():
        for step in entry.run(spec):
            last = step
        return Run(entry, spec, last.partial())
