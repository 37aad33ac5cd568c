"""A deep stack: layer after layer of random weights, the signal forward and its gradient back."""

from ..experiment import Experiment, Preset, Question
from .charts import CHARTS, SECTIONS
from .cost import stack_cost
from .findings import stack_findings
from .gallery import GALLERY
from .picture import stack_picture
from .readings import signal_courses, stack_readings
from .result import StackResult
from .run import run_stack
from .script import stack_script
from .spec import StackSpec
from .statistics import LAWS, STATISTICS, marks
from .words import stack_heading, stack_words

STACK = Experiment(
    title="A deep stack",
    heading=stack_heading,
    spec=StackSpec,
    result=StackResult,
    run=run_stack,
    cost=stack_cost,
    sizes=("depth", "width", "batch", "bins"),
    findings=stack_findings,
    charts=CHARTS,
    sections=SECTIONS,
    courses=signal_courses,
    readings=stack_readings,
    words=stack_words,
    gallery=GALLERY,
    picture=stack_picture,
    script=stack_script,
    statistics=STATISTICS,
    laws=LAWS,
    marks=marks,
    presets=(
        Preset("Thirty tanh layers", ""),
        Preset("ReLU: He holds, inputs collapse", "activation=relu&init=1/sqrt(D)&init=kaiming_normal"),
        Preset("Depth 100 beyond float32", "activation=relu&backward=false&bins=20&depth=100"),
        Preset("nn.Linear's default forgets its input", "activation=relu&init=kaiming_normal&init=torch_default"),
        Preset("Fifty He networks", "activation=relu&batch=64&depth=50&init=kaiming_normal&repeats=50&width=100"),
        Preset("Orthogonal or Gaussian?", "activation=linear&init=1/sqrt(D)&init=orthogonal&jacobian=true&width=128"),
        Preset("Isometry of tanh", "init=1/sqrt(D)&init=orthogonal&jacobian=true&width=128"),
        Preset("Pre-norm residual stream", "activation=gelu&init=1/sqrt(D)&norm=layer&residual=true"),
        Preset("One matrix reused", "activation=linear&tied=true&init=1/sqrt(D)"),
        Preset(
            "A funnel: fan_in ≠ fan_out",
            "activation=relu&init=xavier_normal&init=kaiming_normal"
            "&widths=784&widths=1024&widths=512&widths=256&widths=128&widths=64&widths=10",
        ),
    ),
    questions=(
        Question(
            "Why does ReLU need a factor of 2, and why E[h²] rather than the variance?",
            "activation=relu&init=kaiming_normal",
            "activation",
        ),
        Question(
            "Should He not give a mean of 0 and a std of 1 after ReLU?",
            "activation=relu&init=kaiming_normal",
            "activation",
        ),
        Question(
            "Where does tanh's gain of 5/3 come from?", "gain=1.6666666666666667&init=1/sqrt(D)", "recommendation"
        ),
        Question("Xavier with tanh, and the std still falls?", "init=xavier_normal", "signal"),
        Question("Which gain for GELU?", "activation=gelu&init=1/sqrt(D)", "recommendation"),
        Question(
            "Why does nn.Linear use kaiming_uniform with a = √5?",
            "activation=relu&init=kaiming_normal&init=torch_default",
            "scale",
        ),
        Question(
            "fan_in or fan_out?",
            "activation=relu&init=kaiming_normal"
            "&widths=784&widths=1024&widths=512&widths=256&widths=128&widths=64&widths=10",
            "fans",
        ),
        Question(
            "Does normalization make the initialization irrelevant?",
            "activation=relu&init=unscaled&init=kaiming_normal&norm=layer",
            "steps",
        ),
        Question(
            "Why does GPT-2 scale its residual branches by 1/√(2L), when a norm follows?",
            "activation=gelu&init=1/sqrt(D)&norm=layer&residual=true&residual_scale=1/sqrt(2L)",
            "stream",
        ),
        Question(
            "Why do my deep ReLU networks differ from seed to seed, even with He?",
            "activation=relu&batch=64&depth=50&init=kaiming_normal&repeats=50&width=100",
            "networks",
        ),
        Question(
            "Why does my network give the same output for every input?",
            "activation=relu&init=torch_default",
            "inputs",
        ),
        Question(
            "Orthogonal weights have the same variance. Why are they better?",
            "activation=linear&depth=12&init=1/sqrt(D)&init=orthogonal&jacobian=true&width=128",
            "isometry",
        ),
        Question("In which layer does it overflow?", "activation=linear&init=unscaled", "formats"),
        Question("May I reuse one matrix to try a depth?", "activation=relu&tied=true&init=kaiming_normal", "tied"),
    ),
)
