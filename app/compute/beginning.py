"""How a process begins that computes beside another: gently, so this module imports nothing that takes time."""

import multiprocessing
import os
import sys
import threading
from collections.abc import Iterable
from importlib import import_module
from typing import Any

LEAST = 19  # niceness, there is none above


def begin(modules: Iterable[str], *told: Any) -> None:
    """Do what `process.compute` does, once these modules are imported and kernels are at hand; as long as the process
    lives that began this one.

    A thread that has once been this nice may not be less so again: another one computes.
    """
    threading.Thread(target=_end_with_parent, name="watching", daemon=True).start()
    importing = threading.Thread(target=_import, args=(modules,), name="importing")
    importing.start()
    importing.join()
    from .process import compute

    compute(*told)


def _import(modules: Iterable[str]) -> None:
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LEAST)
    for module in (f"{__package__}.process", *modules):
        import_module(module)
    from ..lab.kernels import compiling

    compiling.prepare()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
