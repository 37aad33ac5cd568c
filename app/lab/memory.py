"""Where glibc is the C library: freed memory is kept for what comes next.

Else every run would wait for the kernel to clear the pages it has just given back.
"""

import ctypes
import sys

KEPT = 2**27  # bytes
LARGEST = 2**25  # bytes of an allocation that freed memory is kept for: the most glibc allows
TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8  # as glibc's malloc.h numbers them


def keep_freed() -> None:
    """Do so from now on, in one place for all threads."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        for option, value in ((TRIM_THRESHOLD, KEPT), (MMAP_THRESHOLD, LARGEST), (ARENA_MAX, 1)):
            mallopt(option, value)
