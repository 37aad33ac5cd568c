"""What is attached to a network's modules while it is recorded, and to its tensors and optimizers.

A module that calls no other while it runs is a layer. Nothing is changed: hooks return nothing, statistics are taken of
tensors as they pass, and what is kept are numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from ..lab.formats import Magnitudes
from ..lab.summary import Summary
from .lineage import Lineage, Memory, Origin, version_of
from .measure import Seen, Workers, floating, moments_of, see, see_values
from .modules import activation_of, bounds_of, channel_of
from .recording import MOST_LAYERS
from .weighed import Weighed, weighed


@dataclass
class Entry:
    """One call of a layer, as it was seen."""

    name: str
    call: int
    module: nn.Module
    input: "Input"
    output_shape: list[int]
    dtype: str
    device: str
    seen: Seen
    channel: int
    weights: Weighed | None
    gradient: tuple[Summary, Magnitudes] | None = None


@dataclass
class Input:
    """What went into a layer, as far as it can be measured."""

    shape: list[int] | None = None
    summary: Summary | None = None
    cosine: float | None = None
    origin: Origin = field(default_factory=lambda: Origin([], False))
    channel: int | None = None


@dataclass
class _Running:
    """A module that is running: what came in, and whether it has called another."""

    input: Input
    given: tuple[Tensor, int | None] | None = None  # to be measured, should the module turn out to be a layer
    calls: bool = False


@dataclass
class Hooks:
    """Watches a network's first pass, forward and back, and the first step of an optimizer after it."""

    model: nn.Module
    workers: Workers
    entries: list[Entry] = field(default_factory=list)
    passes: int = 0
    left_out: int = 0
    optimizer: str | None = None

    def __post_init__(self) -> None:
        self._on_modules: list[Any] = []
        self._on_tensors: list[Any] = []
        self._on_optimizers: list[Any] = []
        self._running: list[_Running] = []
        self._outermost: list[nn.Module] = []
        self._calls: dict[nn.Module, int] = {}
        self._weighed: dict[nn.Module, Weighed | None] = {}
        self._forget()

    def attach(self) -> None:
        for name, module in self.model.named_modules():
            name = ".".join(part for part in name.split(".") if part != "_orig_mod")
            self._on_modules += [
                module.register_forward_pre_hook(self._begins, with_kwargs=True),
                module.register_forward_hook(partial(self._ends, name), always_call=True),
            ]
        self._on_optimizers += [
            register_optimizer_step_pre_hook(self._before_step),
            register_optimizer_step_post_hook(self._after_step),
        ]

    def detach(self) -> None:
        """Leave everything as it was; what gradients there are by now are the pass's."""
        for handle in (*self._on_modules, *self._on_tensors, *self._on_optimizers):
            handle.remove()
        self._weigh_gradients()
        self._forget()

    def _forget(self) -> None:
        """Of tensors, all but the numbers: a pass's memory is its own."""
        self._lineage = Lineage()
        self._known: Memory[tuple[Entry | None, Summary, float | None]] = Memory()

    def _begins(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not self._running and not self._goes_on(module):
            return
        tensor = next(tensors_in((args, kwargs)), None)
        running = _Running(Input())
        if tensor is not None and next(module.children(), None) is None:
            running.input = self._input(tensor)
        elif tensor is not None:
            running.given = tensor, version_of(tensor)
        self._running.append(running)

    def _goes_on(self, module: nn.Module) -> bool:
        """Whether a module called from outside belongs to the first pass: what is called again does not."""
        if not self._outermost or module is self._outermost[0]:
            self.passes += 1
        if module not in self._outermost:
            self._outermost.append(module)
            return True
        self._stop_watching()
        return False

    def _stop_watching(self) -> None:
        for handle in self._on_modules:
            handle.remove()
        counted = self._outermost[0].register_forward_pre_hook(self._count)
        self._on_modules = [counted]

    def _count(self, _: nn.Module, __: tuple[Any, ...]) -> None:
        self.passes += 1

    def _ends(self, name: str, module: nn.Module, _: tuple[Any, ...], output: Any) -> None:
        if not self._running:
            return
        running = self._running.pop()
        tensor = next(tensors_in(output), None)
        if not running.calls and tensor is not None:
            self._layer(name, module, running, tensor)
        if self._running:
            self._running[-1].calls = True
        else:
            self._forget()

    def _layer(self, name: str, module: nn.Module, running: _Running, output: Tensor) -> None:
        if len(self.entries) == MOST_LAYERS:
            self.left_out += 1
            return
        if running.given and version_of(running.given[0]) == running.given[1]:
            running.input = self._input(running.given[0])
        taken, call = running.input, self._calls.get(module, 0) + 1
        self._calls[module] = call
        channel = channel_of(module, output, taken.channel)
        seen = see(output, channel, bounds_of(activation_of(module)), self.workers)
        entry = Entry(
            name=name,
            call=call,
            module=module,
            input=taken,
            output_shape=list(output.shape),
            dtype=str(output.dtype).removeprefix("torch."),
            device=output.device.type,
            seen=seen,
            channel=channel,
            weights=self._weigh(module, taken.shape, output.shape),
        )
        self.entries.append(entry)
        self._lineage.note(output, len(self.entries))
        self._known.put(output, (entry, _summary(seen), seen.cosine))
        if output.requires_grad:
            hook = partial(self._comes_back, entry)
            self._on_tensors.append(output.register_hook(hook))  # type: ignore[no-untyped-call]

    def _comes_back(self, entry: Entry, gradient: Tensor) -> None:
        if entry.gradient is None and floating(gradient):
            entry.gradient = see_values(gradient, self.workers)

    def _input(self, tensor: Tensor) -> Input:
        shape, origin = list(tensor.shape), self._lineage.of(tensor)
        nearest = self.entries[origin.sources[0] - 1].channel if len(origin.sources) == 1 else None
        if (known := self._known.get(tensor)) is not None:
            made, summary, cosine = known
            same = made is None or made.output_shape[:1] == shape[:1]
            return Input(shape, summary, cosine if same else None, origin, made.channel if made else nearest)
        seen = see(tensor, -1, None, self.workers)
        self._known.put(tensor, (None, _summary(seen), seen.cosine))
        return Input(shape, _summary(seen), seen.cosine, origin, nearest)

    def _weigh(self, module: nn.Module, taken: Sequence[int] | None, given: Sequence[int]) -> Weighed | None:
        if module not in self._weighed:
            self._weighed[module] = weighed(module, taken, given, self.workers)
        return self._weighed[module]

    def _weigh_gradients(self) -> None:
        for each in self._each_weighed():
            gradient = each.now.grad if each.now.is_leaf else None
            if each.gradient_std is None and gradient is not None and floating(gradient):
                each.gradient_std = moments_of(gradient, self.workers).std

    def _before_step(self, optimizer: Optimizer, *_: Any) -> None:
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        if self.optimizer is None and any(id(p) in held for p in self.model.parameters()) and self.entries:
            self.optimizer = type(optimizer).__name__
            self._weigh_gradients()
            for each in self._each_weighed():
                each.before = each.now.detach().clone()

    def _after_step(self, *_: Any) -> None:
        for each in self._each_weighed():
            if each.before is not None:
                each.update_std = moments_of(each.now.detach() - each.before, self.workers).std
                each.before = None

    def _each_weighed(self) -> Iterator[Weighed]:
        return (each for each in self._weighed.values() if each is not None)


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Those that can be measured, of tuples, lists and dicts in each other, in their order."""
    if floating(value):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from tensors_in(item)


def _summary(seen: Seen) -> Summary:
    return Summary(**{name: getattr(seen.output, name) for name in Summary.__dataclass_fields__})
