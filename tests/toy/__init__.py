"""An experiment as anybody might add one: how far the mean of some dice is from what it should be."""

from app.experiments.experiment import Experiment, Preset
from app.figures.chart import Chart
from tests.toy.charts import means
from tests.toy.result import ToyResult
from tests.toy.run import run_toy, toy_cost
from tests.toy.spec import ToySpec
from tests.toy.words import toy_findings, toy_heading

TOY = Experiment(
    title="Some dice",
    heading=toy_heading,
    spec=ToySpec,
    result=ToyResult,
    run=run_toy,
    cost=toy_cost,
    sizes=("throws",),
    findings=toy_findings,
    charts={"means": Chart("Means", "One bar a die.", means, "mean")},
    words=lambda *_: {},
    presets=(Preset("Two dice", "dice=d6&dice=d20"),),
)
