"""A deep stack: layer after layer of random weights, the signal forward and its gradient back."""

from ..experiment import Experiment, Preset
from .charts import CHARTS
from .cost import stack_cost
from .result import StackResult
from .run import run_stack
from .spec import StackSpec
from .words import stack_words

STACK = Experiment(
    title="A deep stack",
    question="What becomes of the signal when thirty such layers follow one another?",
    spec=StackSpec,
    result=StackResult,
    run=run_stack,
    cost=stack_cost,
    sizes=("depth", "width", "batch", "bins"),
    charts=CHARTS,
    words=stack_words,
    presets=(
        Preset("Thirty tanh layers", ""),
        Preset("ReLU: He holds, inputs collapse", "activation=relu&init=1/sqrt(D)&init=kaiming_normal"),
        Preset("Depth 100 beyond float32", "activation=relu&backward=false&bins=20&depth=100"),
        Preset("nn.Linear's default forgets its input", "activation=relu&init=kaiming_normal&init=torch_default"),
        Preset("Fifty He networks", "activation=relu&batch=64&depth=50&init=kaiming_normal&repeats=50&width=100"),
        Preset("Orthogonal or Gaussian?", "activation=linear&init=1/sqrt(D)&init=orthogonal&width=128"),
        Preset("Pre-norm residual stream", "activation=gelu&init=1/sqrt(D)&norm=layer&residual=true"),
        Preset("One matrix reused", "activation=linear&tied=true&init=1/sqrt(D)"),
        Preset(
            "A funnel: fan_in ≠ fan_out",
            "activation=relu&init=xavier_normal&init=kaiming_normal"
            "&widths=784&widths=1024&widths=512&widths=256&widths=128&widths=64&widths=10",
        ),
    ),
)
