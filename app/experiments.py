"""The experiments, by name. One entry adds one: its addresses, its form and its place in the API follow."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from app.compute.cost import Cost, matmul_cost, stack_cost
from app.lab import Step, matmul, stack
from app.results import MatmulResult, Record, StackResult
from app.specs import MatmulSpec, Spec, StackSpec


@dataclass(frozen=True)
class Experiment:
    """How a spec is run and what it costs.

    `sizes` are the fields that make it smaller, `presets` links worth following: what they show, and their query.
    """

    title: str
    question: str
    spec: type[Spec]
    result: type[Record]
    run: Callable[[Any], Generator[Step[Any]]]
    cost: Callable[[Any], Cost]
    sizes: tuple[str, ...]
    presets: tuple[tuple[str, str], ...]


EXPERIMENTS: dict[str, Experiment] = {
    entry.spec.name: entry
    for entry in (
        Experiment(
            "One matmul",
            "Why is the variance of x @ w about 512, and which scale makes it 1?",
            MatmulSpec,
            MatmulResult,
            matmul.run,
            matmul_cost,
            ("fan_out", "repeats", "fan_in"),
            (
                ("The question", ""),
                ("As asked: fresh draws", "draws=fresh"),
                ("Why not exactly 512?", "fan_out=5000&repeats=200"),
                ("±1 inputs: no spread left", "fan_out=5000&input=rademacher&repeats=200"),
                ("rand for randn", "input=rand"),
                ("Xavier and He", "init=1/sqrt(D)&init=xavier_normal&init=kaiming_normal"),
            ),
        ),
        Experiment(
            "A deep stack",
            "What becomes of the signal when thirty such layers follow one another?",
            StackSpec,
            StackResult,
            stack.run,
            stack_cost,
            ("depth", "width", "batch", "bins"),
            (
                ("Thirty tanh layers", ""),
                ("ReLU: He holds, inputs collapse", "activation=relu&init=1/sqrt(D)&init=kaiming_normal"),
                ("Depth 100 beyond float32", "activation=relu&backward=false&bins=20&depth=100"),
                ("nn.Linear's default forgets its input", "activation=relu&init=kaiming_normal&init=torch_default"),
                (
                    "Fifty He networks",
                    "activation=relu&batch=64&depth=50&init=kaiming_normal&repeats=50&width=100",
                ),
                ("Orthogonal or Gaussian?", "activation=linear&init=1/sqrt(D)&init=orthogonal&width=128"),
                ("Pre-norm residual stream", "activation=gelu&init=1/sqrt(D)&norm=layer&residual=true"),
                ("One matrix reused", "activation=linear&tied=true&init=1/sqrt(D)"),
                (
                    "A funnel: fan_in ≠ fan_out",
                    "activation=relu&init=xavier_normal&init=kaiming_normal"
                    "&widths=784&widths=1024&widths=512&widths=256&widths=128&widths=64&widths=10",
                ),
            ),
        ),
    )
}
