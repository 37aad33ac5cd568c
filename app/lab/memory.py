"""What a process that computes for long holds on to, and what it does not."""

import ctypes
import os
import sys

KEPT = 2**27  # bytes
LARGEST = 2**25  # bytes of an allocation that freed memory is kept for: the most glibc allows
TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8  # as glibc's malloc.h numbers them
PRIMITIVES = 64  # that oneDNN keeps compiled, one a shape: its own 1,024 of torch's GELU take 24 MB


def keep_freed() -> None:
    """Where glibc is the C library, keep freed memory for what comes next, in one place for all threads.

    Else every run would wait for the kernel to clear the pages it has just given back.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        for option, value in ((TRIM_THRESHOLD, KEPT), (MMAP_THRESHOLD, LARGEST), (ARENA_MAX, 1)):
            mallopt(option, value)


def keep_few_primitives() -> None:
    """Let oneDNN forget code it compiled for shapes long gone. It must be told before it first compiles any."""
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(PRIMITIVES))
