"""A sweep: another experiment, with one or two of its fields let run."""

from typing import Any

from ..experiment import Experiment, Experiments
from .charts import CHARTS
from .cost import sweep_cost
from .findings import sweep_findings
from .picture import sweep_picture
from .result import SweepResult
from .run import run_sweep
from .script import sweep_script, unscripted
from .spec import sweeps_of
from .table import sweep_table
from .words import sweep_heading, sweep_words


def sweep_of(experiments: Experiments) -> Experiment[Any, Any]:
    """The sweep over any of these that have statistics, with their laws as presets."""
    return Experiment(
        title="Sweeps",
        heading=sweep_heading,
        spec=sweeps_of(experiments),
        result=SweepResult,
        run=run_sweep,
        of_cells=True,
        cost=sweep_cost,
        sizes=("x_steps", "repeats"),
        findings=sweep_findings,
        charts=CHARTS,
        words=sweep_words,
        picture=sweep_picture,
        script=sweep_script,
        unscripted=unscripted,
        table=sweep_table,
        lines={name: line for experiment in experiments.values() for name, line in experiment.lines.items()},
        presets=tuple(law for experiment in experiments.values() for law in experiment.laws),
    )
