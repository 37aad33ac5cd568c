"""One matmul, x @ w: the variance of its outputs under each scale of the weights."""

from ..experiment import Experiment, Preset, Question
from .charts import CHARTS, SECTIONS
from .cost import matmul_cost
from .findings import matmul_findings
from .gallery import GALLERY
from .picture import matmul_picture
from .result import MatmulResult
from .run import run_matmul
from .script import matmul_script
from .spec import MatmulSpec
from .statistics import LAWS, STATISTICS
from .words import matmul_heading, matmul_words

MATMUL = Experiment(
    title="One matmul",
    heading=matmul_heading,
    spec=MatmulSpec,
    result=MatmulResult,
    run=run_matmul,
    cost=matmul_cost,
    sizes=("fan_out", "repeats", "fan_in"),
    findings=matmul_findings,
    charts=CHARTS,
    sections=SECTIONS,
    words=matmul_words,
    gallery=GALLERY,
    picture=matmul_picture,
    script=matmul_script,
    statistics=STATISTICS,
    laws=LAWS,
    presets=(
        Preset("The question", ""),
        Preset("As asked: fresh draws", "draws=fresh"),
        Preset("Why not exactly 512?", "fan_out=5000&repeats=200"),
        Preset("±1 inputs: no spread left", "fan_out=5000&input=rademacher&repeats=200"),
        Preset("rand for randn", "input=rand"),
        Preset("Xavier and He", "init=1/sqrt(D)&init=xavier_normal&init=kaiming_normal"),
    ),
    questions=(
        Question("Why divide by √D and not by D?", "", "recommendation"),
        Question("Why does it not come out at exactly 512?", "", "difference"),
        Question("Is 1/√D the standard deviation of a weight, or its variance?", "init=1/sqrt(D)", "scale"),
        Question("I call torch.nn.init on the w of x @ w. Why is the result off?", "init=kaiming_normal", "torch"),
        Question("Why does Xavier use 2/(fan_in + fan_out)?", "init=1/sqrt(D)&init=xavier_normal", "sample"),
        Question(
            "Uniform or normal? Where does the √3 come from?", "init=kaiming_normal&init=kaiming_uniform", "alike"
        ),
        Question(
            "Do Keras and PyTorch initialize alike?",
            "init=1/sqrt(D)&init=lecun_normal&init=trunc_normal",
            "scale",
            "trunc_normal",
        ),
        Question("I used rand where I meant randn. Does it matter?", "weights=rand&init=1/sqrt(D)", "mean"),
    ),
)
