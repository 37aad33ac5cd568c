"""What is known of a tensor, by its memory, and from which layers it has come, by its graph."""

from typing import Any, Generic, NamedTuple, TypeVar

import torch
from torch import Tensor, UntypedStorage
from torch.multiprocessing.reductions import StorageWeakRef

from .modules import APPLIED

FAR = 512  # functions between two layers

K = TypeVar("K")


class Origin(NamedTuple):
    """The layers whose outputs a tensor was made of, by number.

    `joined`: it depends on them by several ways, or one cannot tell. `applied`: an activation on the way from the one.
    """

    sources: list[int]
    joined: bool
    applied: str | None = None


class Memory(Generic[K]):
    """What is known of tensors, as long as their memory holds what it did."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int], tuple[StorageWeakRef, K]] = {}

    def put(self, tensor: Tensor, known: K) -> None:
        memory = tensor.untyped_storage()
        if (key := _key(tensor, memory)) is not None:
            self._known[key] = StorageWeakRef(memory), known  # type: ignore[no-untyped-call]

    def get(self, tensor: Tensor) -> K | None:
        """What was known of a tensor of the same numbers, seen in whatever shape."""
        key = _key(tensor, tensor.untyped_storage())
        found = self._known.get(key) if key else None
        if found is None or found[0].expired():  # type: ignore[no-untyped-call]
            return None
        return found[1]


class Lineage:
    """Remembers which layer made what, while a pass lasts."""

    def __init__(self) -> None:
        self._by_graph: dict[Any, int] = {}

    def note(self, tensor: Tensor, number: int) -> None:
        """This is the output of the layer of this number."""
        if tensor.grad_fn is not None:
            self._by_graph[tensor.grad_fn] = number

    def of(self, tensor: Tensor) -> Origin:
        """Where a tensor comes from whose memory says nothing."""
        if tensor.grad_fn is None:
            # Without a graph functions leave no trace: data, or anything at all.
            return Origin([], bool(self._by_graph) or not torch.is_grad_enabled())
        return self._back(tensor.grad_fn)

    def _back(self, function: Any) -> Origin:
        """Along functions of one input each, to the nearest layer; from where there are several, to all of theirs."""
        applied: str | None = None
        for _ in range(FAR):
            if function in self._by_graph:
                return Origin([self._by_graph[function]], False, applied)
            applied = APPLIED.get(function.name(), applied)
            before = _inputs(function)
            if not before:
                return Origin([], False, applied)
            if len(before) > 1:
                return Origin(self._nearest(before), True)
            function = before[0]
        return Origin([], True)

    def _nearest(self, functions: list[Any]) -> list[int]:
        found: set[int] = set()
        seen: set[Any] = set()
        ahead = list(functions)
        while ahead and len(seen) < FAR:
            function = ahead.pop()
            if function in seen:
                continue
            seen.add(function)
            if function in self._by_graph:
                found.add(self._by_graph[function])
            else:
                ahead += _inputs(function)
        return sorted(found)


def version_of(tensor: Tensor) -> int | None:
    """How often its memory has been written over; None where torch does not count."""
    return None if tensor.is_inference() else tensor._version


def _key(tensor: Tensor, memory: UntypedStorage) -> tuple[int, int, int] | None:
    version = version_of(tensor)
    return None if version is None else (memory._cdata, tensor.numel(), version)


def _inputs(function: Any) -> list[Any]:
    return [before for before, _ in function.next_functions if before is not None]
