"""One matmul, x @ w: the variance of its outputs under each scale of the weights."""

from ..experiment import Experiment, Preset
from .charts import CHARTS
from .cost import matmul_cost
from .result import MatmulResult
from .run import run_matmul
from .spec import MatmulSpec
from .words import matmul_words

MATMUL = Experiment(
    title="One matmul",
    question="Why is the variance of x @ w about 512, and which scale makes it 1?",
    spec=MatmulSpec,
    result=MatmulResult,
    run=run_matmul,
    cost=matmul_cost,
    sizes=("fan_out", "repeats", "fan_in"),
    charts=CHARTS,
    words=matmul_words,
    presets=(
        Preset("The question", ""),
        Preset("As asked: fresh draws", "draws=fresh"),
        Preset("Why not exactly 512?", "fan_out=5000&repeats=200"),
        Preset("±1 inputs: no spread left", "fan_out=5000&input=rademacher&repeats=200"),
        Preset("rand for randn", "input=rand"),
        Preset("Xavier and He", "init=1/sqrt(D)&init=xavier_normal&init=kaiming_normal"),
    ),
)
