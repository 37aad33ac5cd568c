"""`initscope.record`: a network's layers as they run, in three lines, and what to do with what was seen.

with initscope.record(model) as r:  # hooks while it lasts, none after
    loss_fn(model(x), y).backward()
print(r); r.save("run.json"); r.to_html("run.html")
"""

import sys
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from math import log10, prod
from pathlib import Path
from types import TracebackType
from typing import Self

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from .. import __version__
from ..figures.palette import Figure
from ..lab.kernels import compiling
from .charts import figures
from .diagnosis import Diagnosis, diagnose
from .expectation import expected
from .hooks import Entry, Hooks
from .modules import Rule, rule_of
from .recording import LONGEST, Layer, Recording, Weights
from .weighed import Weighed


class record(AbstractContextManager["record"]):  # noqa: N801 a verb, as it is used
    """Records the first pass of a model, forward and back, and the optimizer's first step after it.

    What is measured is the first pass within the block: until a module is called from outside that was so called
    before. Later passes run without hooks on the layers, and are counted. The model's results are the same to the last
    bit as without, with two exceptions. What was compiled runs as it is written, for hooks do not reach into compiled
    code; and the fused inference path of `nn.TransformerEncoderLayer` (in `eval` mode without gradients) is left by
    torch itself where there are hooks. An exception passes through; the hooks are gone then, too.
    """

    def __init__(self, model: nn.Module) -> None:
        if not isinstance(model, nn.Module):
            raise TypeError(f"record takes an nn.Module, not {type(model).__name__}")
        self._model = model
        self._held = ExitStack()
        self._begun = False
        self._head: Recording | None = None
        self._entries: list[Entry] = []

    def __enter__(self) -> Self:
        if self._begun:
            raise RuntimeError("this has recorded already: make another initscope.record(model)")
        self._begun = True
        if not compiling.ready():
            compiling.prepare()
        self._hooks = Hooks(self._model)
        self._held.callback(self._hooks.detach)
        if "torch._dynamo" in sys.modules:  # only then can anything have been compiled
            self._held.enter_context(torch.compiler.set_stance("force_eager"))
        self._hooks.attach()
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._held.close()
        self._head, self._entries = self._described(kind.__name__ if kind else None), self._hooks.entries
        del self._hooks  # and with them all that is the model's

    @cached_property
    def recording(self) -> Recording:
        """Everything that was measured, as it is saved; worked out of the counts when it is first asked for."""
        if self._head is None:
            raise RuntimeError("nothing is recorded yet: ask when the block has ended")
        entries, self._entries = self._entries, []
        return self._head.model_copy(update={"layers": [_layer(entry) for entry in entries]})

    @property
    def layers(self) -> list[Layer]:
        """The layers in order of execution, each call one."""
        return self.recording.layers

    @property
    def diagnosis(self) -> list[Diagnosis]:
        """What the numbers say, the gravest first; each prints as a sentence, with the code that mends it."""
        return diagnose(self.recording)

    def figures(self) -> dict[str, Figure]:
        """{chart name: Plotly figure}, each a plain dict: `plotly.graph_objects.Figure(r.figures()[name])`."""
        return figures(self.recording)

    def to_json(self) -> str:
        """The recording as it is saved, and as `/network` reads it."""
        return self.recording.model_dump_json()

    def save(self, path: str | Path) -> None:
        """Write the recording as JSON, to be kept or to be dropped on `/network`."""
        Path(path).write_text(self.to_json())

    def to_html(self, path: str | Path | None = None) -> str:
        """Charts and words as one file that opens without any connection; written to `path` too, if there is one."""
        from .document import document

        written = document(self.recording)
        if path is not None:
            Path(path).write_text(written)
        return written

    def __repr__(self) -> str:
        if self._head is None:
            return f"initscope.record of {type(self._model).__name__}, not ended yet"
        return "\n".join([f"initscope.record of {self._head.model}", *map(str, self.diagnosis)])

    def _repr_html_(self) -> str | None:
        """In a notebook: the charts, in a frame of their own."""
        from .document import framed

        return framed(self.recording) if self._head else None

    def _described(self, failed: str | None) -> Recording:
        """The recording but for its layers."""
        hooks, model = self._hooks, self._model
        original = getattr(model, "_orig_mod", model)
        return Recording(
            initscope=__version__,
            torch=torch.__version__,
            model=type(original).__name__[:LONGEST],
            parameters=sum(p.numel() for p in model.parameters() if not is_lazy(p)),
            mode="train" if model.training else "eval",
            passes=hooks.passes,
            left_out=hooks.left_out,
            failed=failed and failed[:LONGEST],
            optimizer=hooks.optimizer and hooks.optimizer[:LONGEST],
            layers=[],
        )


def _layer(entry: Entry) -> Layer:
    taken, seen, weights, gradient = entry.input, entry.seen, entry.weights, entry.gradient
    rule = rule_of(weights.moments, prod(weights.shape), weights.fans) if weights else None
    came_in = taken.seen.summary if taken.seen else None
    return Layer(
        name=entry.name[:LONGEST],
        call=entry.call,
        kind=entry.kind[:LONGEST],
        role=entry.role,
        activation=entry.activation,
        applied=taken.origin.applied,
        dtype=entry.dtype,
        device=entry.device,
        input_shape=taken.shape,
        output_shape=entry.output_shape,
        input=came_in,
        output=seen.output,
        gradient=gradient.summary if gradient else None,
        input_cosine=taken.seen.cosine if taken.seen and taken.same else None,
        cosine=seen.cosine,
        magnitudes=seen.magnitudes,
        gradient_magnitudes=gradient.magnitudes if gradient else None,
        weights=_weights(weights, rule) if weights else None,
        expected=expected(entry.role, entry.activation, came_in, weights, rule),
        sources=taken.origin.sources,
        joined=taken.origin.joined,
    )


def _weights(found: Weighed, rule: Rule | None) -> Weights:
    moments, fans = found.moments, found.fans
    gradient, update = (powers.moments.std if powers else None for powers in (found.gradient, found.update))
    return Weights(
        name=found.name,
        shape=found.shape,
        fan_in=fans.fan_in,
        fan_out=fans.fan_out,
        taps=fans.taps,
        mean=moments.mean,
        std=moments.std,
        mean_square=moments.mean_square,
        excess_kurtosis=moments.excess_kurtosis,
        bias_mean_square=found.bias_mean_square,
        rule=rule.name if rule else None,
        fan_mode=rule.fan_mode if rule else "fan_in",
        grad_to_data=gradient / moments.std if gradient is not None and moments.std else None,
        update_to_data=log10(update / moments.std) if update and moments.std else None,
    )
