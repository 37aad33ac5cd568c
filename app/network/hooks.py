"""What is attached to a network's modules while it is recorded, and to its tensors and optimizers.

A module that calls no other while it runs is a layer. Nothing is changed: hooks return nothing, statistics are taken of
tensors as they pass, and what is kept are counts and numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from .lineage import Lineage, Memory, Origin, version_of
from .measure import Powers, Seen, floating, see, see_gradient
from .modules import activation_of, bounds_of, channel_of, role_of
from .recording import MOST_LAYERS, Role
from .weighed import Weighed, weighed

FEW = 2**14  # numbers that are kept in less time than they are counted
ROOM = 2**22  # numbers that are kept in all: 16 MiB


@dataclass
class Input:
    """What went into a layer, as far as it can be measured; `same`: what was seen has the same samples."""

    origin: Origin
    shape: list[int] | None = None
    seen: Seen | None = None
    same: bool = False
    channel: int | None = None


NOTHING = Input(Origin([], False))


@dataclass
class Entry:
    """One call of a layer, as it was seen."""

    name: str
    call: int
    kind: str
    role: Role
    activation: str | None
    input: Input
    output_shape: list[int]
    dtype: str
    device: str
    seen: Seen
    channel: int
    weights: Weighed | None
    gradient: Seen | None = None


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
        self._room = ROOM
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
        self._known: Memory[tuple[int | None, Seen]] = Memory()  # with the layer that made it

    def _begins(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not self._running and not self._goes_on(module):
            return
        tensor = tensor_in((args, kwargs))
        running = _Running(NOTHING)
        if tensor is not None and not module._modules:
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
        tensor = tensor_in(output)
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
        activation, channel = activation_of(module), channel_of(module, output, taken.channel)
        entry = Entry(
            name=name,
            call=call,
            kind=type(module).__name__,
            role=role_of(module),
            activation=activation,
            input=taken,
            output_shape=list(output.shape),
            dtype=str(output.dtype).removeprefix("torch."),
            device=output.device.type,
            seen=see(output, channel, bounds_of(activation), later=self._later(output)),
            channel=channel,
            weights=self._weigh(module, taken.shape, output.shape),
        )
        self.entries.append(entry)
        self._lineage.note(output, len(self.entries))
        self._known.put(output, (len(self.entries), entry.seen))
        if output.requires_grad:
            hook = partial(self._comes_back, entry)
            self._on_tensors.append(output.register_hook(hook))  # type: ignore[no-untyped-call]

    def _comes_back(self, entry: Entry, gradient: Tensor) -> None:
        if entry.gradient is None and floating(gradient):
            entry.gradient = see_gradient(gradient, later=self._later(gradient))

    def _input(self, tensor: Tensor) -> Input:
        shape, (number, seen) = list(tensor.shape), self._known.get(tensor) or (None, None)
        if seen is not None and number is not None:
            made = self.entries[number - 1]
            same = made.output_shape[:1] == shape[:1]
            return Input(Origin([number], False), shape, seen, same, made.channel)
        if seen is None:
            seen = see(tensor, later=self._later(tensor))
            self._known.put(tensor, (None, seen))
        origin = self._lineage.of(tensor)
        nearest = self.entries[origin.sources[0] - 1].channel if len(origin.sources) == 1 else None
        return Input(origin, shape, seen, True, nearest)

    def _later(self, tensor: Tensor) -> bool:
        """Whether there is room to keep a tensor and count it when the network has run: only small ones are."""
        kept = tensor.numel() <= min(FEW, self._room)
        self._room -= tensor.numel() if kept else 0
        return kept

    def _weigh(self, module: nn.Module, taken: Sequence[int] | None, given: Sequence[int]) -> Weighed | None:
        if module not in self._weighed:
            self._weighed[module] = weighed(module, taken, given)
        return self._weighed[module]

    def _weigh_gradients(self) -> None:
        for each, weights in self._each_weighed():
            gradient = weights.grad if weights.is_leaf else None
            if each.gradient is None and gradient is not None and floating(gradient):
                each.gradient = Powers(gradient)

    def _before_step(self, optimizer: Optimizer, *_: Any) -> None:
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        if self.optimizer is None and any(id(p) in held for p in self.model.parameters()) and self.entries:
            self.optimizer = type(optimizer).__name__
            self._weigh_gradients()
            for each, weights in self._each_weighed():
                each.before = weights.detach().clone()

    def _after_step(self, *_: Any) -> None:
        for each, weights in self._each_weighed():
            if each.before is not None:
                each.update = Powers(weights.detach() - each.before)
                each.before = None

    def _each_weighed(self) -> Iterator[tuple[Weighed, Tensor]]:
        """With the weights as they are now."""
        return ((each, each.of(module)) for module, each in self._weighed.items() if each is not None)


def tensor_in(value: Any) -> Tensor | None:
    """The first that can be measured, of tuples, lists and dicts in each other."""
    if floating(value):
        found: Tensor = value
        return found
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple | list) else ()
    for item in inner:
        if (tensor := tensor_in(item)) is not None:
            return tensor
    return None
