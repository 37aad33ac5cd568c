"""How kernels are compiled: once a machine, kept on disk, by threads that need nothing of the interpreter."""

import hashlib
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import llvmlite.binding
import numba
from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

F = TypeVar("F", bound=Callable[..., Any])

AS_WRITTEN: set[str] = set()
EXACT = {"contract"}  # a product and a sum may be rounded once
SUMS = {"contract", "reassoc", "nsz"}  # and sums be taken in any order, the same on any machine of a kind


class _State:
    lock = threading.Lock()
    ready = False


_SIGNATURES: dict[Any, str] = {}  # of every kernel
_CACHES: list["_Cache"] = []


class _Cache(FunctionCache):  # type: ignore[misc] # of a library without types
    """A cache on disk that costs time where it fails, never an answer; its folder alone knows the sources.

    Kernels contain each other, and what LLVM makes of one depends on whether it saw the others' source: so nothing is
    fetched before all of them were compiled by one process, and every process computes the same bits.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        base = self._impl.filename_base
        self._cache_file = IndexDataCacheFile(str(FOLDER), base, source_stamp="")
        self.done = Path(str(FOLDER)) / f"{base}.done"

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        if not self.done.exists():
            return None
        try:
            return super().load_overload(sig, target_context)
        except Exception:
            self.done.unlink(missing_ok=True)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except Exception:
            self._start_anew(sig, data)

    def _start_anew(self, sig: Any, data: Any) -> None:
        try:
            self.flush()
            super().save_overload(sig, data)
        except OSError:
            self.disable()


def cache_folder() -> Path | None:
    """Where compiled kernels are kept, a folder for every version of their source; None where nothing can be."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    sources = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    known = b"".join([__name__.encode(), *sources])
    folder = Path(home) / "initscope" / hashlib.sha256(known).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def use_wide_vectors() -> None:
    """Let LLVM use all 512 bits where a processor has them, which it avoids for code that is seldom so dense."""
    try:
        features = llvmlite.binding.get_host_cpu_features()
    except RuntimeError:  # LLVM does not know them for this processor
        return
    if features.get("avx512f") and numba.config.CPU_FEATURES is None and numba.config.CPU_NAME is None:
        numba.config.CPU_NAME = llvmlite.binding.get_host_cpu_name()
        numba.config.CPU_FEATURES = f"{features.flatten()},-prefer-256-bit"


use_wide_vectors()
FOLDER = cache_folder()


def kernel(signature: str, fastmath: set[str] = EXACT) -> Callable[[F], F]:
    """Compile a function for arguments of these types, by `prepare`: whoever calls one before compiles them all.

    What LLVM makes of a kernel depends on which others it has seen: compiled alone it would round otherwise.
    """

    def decorate(function: F) -> F:
        dispatcher = njit(nogil=True, error_model="numpy", fastmath=fastmath)(function)
        if FOLDER is not None:
            before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(FOLDER)
            try:
                dispatcher._cache = _Cache(function)
                _CACHES.append(dispatcher._cache)
            except (OSError, RuntimeError):  # the folder has gone, or may not be written after all
                pass
            finally:
                numba.config.CACHE_DIR = before
        _SIGNATURES[dispatcher] = signature

        def first_called(*_: Any) -> Any:
            prepare()
            (only,) = dispatcher.overloads.values()
            return only.entry_point

        dispatcher._compile_for_args = first_called
        return dispatcher  # type: ignore[no-any-return]

    return decorate


def inlined(function: F) -> F:
    """A formula that kernels are made of."""
    return njit(inline="always", error_model="numpy", fastmath=EXACT)(function)  # type: ignore[no-any-return]


def prepare(stop: Callable[[], bool] = lambda: False) -> None:
    """Compile every kernel, or fetch it from disk: the first time in seconds.

    It stops between two kernels when told to: a process must not end while one is being compiled.
    """
    with _State.lock:
        for dispatcher, signature in _SIGNATURES.items():
            if stop():
                return
            if not dispatcher.overloads:
                dispatcher.compile(signature)
                dispatcher.disable_compile()
        with suppress(OSError):
            for cache in _CACHES:
                cache.done.touch()
        _State.ready = True


def ready() -> bool:
    """Whether `prepare` has been through."""
    return _State.ready
