"""The threads that torch computes with, lent to whoever measures between two of its operations.

OpenMP's threads do not sleep after an operation: each spins on its core, waiting for the next, and any other thread
would take turns with one of them. So it is they who do the work. How many they are stays as it is, and so do the last
bits of torch's own results.
"""

import ctypes
import os
from collections.abc import Callable, Sequence

import torch

_Work = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def _openmp() -> ctypes.CDLL | None:
    """GNU's OpenMP, if torch has loaded it: the one that begins a parallel region by a plain call."""
    try:
        return ctypes.CDLL("libgomp.so.1", os.RTLD_NOLOAD)
    except (OSError, AttributeError):
        return None


_OPENMP = _openmp()


def size() -> int:
    """How many threads `each` works on."""
    return torch.get_num_threads() if _OPENMP else 1


def each(pieces: Sequence[Callable[[], object]]) -> None:
    """Do all of them, in any order and at once, the calling thread too; what one raises is raised here."""
    if len(pieces) == 1 or _OPENMP is None:
        for piece in pieces:
            piece()
        return
    ahead, raised = iter(pieces), list[BaseException]()

    def work(_: int | None) -> None:
        try:
            for piece in ahead:
                piece()
        except BaseException as error:  # no exception passes through OpenMP
            raised.append(error)

    _OPENMP.GOMP_parallel(_Work(work), None, len(pieces), 0)
    if raised:
        raise raised[0]
