"""Memory that stays in the process and lies in large pages, so that a training step does not pay for pages again.

On a CPU (2 cores, Zen 5) large pages gave 4 to 6 % more images/s (November 2026, studies/LOG.md).
"""

import ctypes
import os
import platform

# From glibc's malloc.h and Linux's mman-common.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4
_M_ARENA_MAX = -8
_NEVER = 2**31 - 1
_MADV_HUGEPAGE = 14

LARGE_PAGE = 2 * 2**20
LARGEST_HEAP = 1792 * 2**20
"""Of addresses, not of memory: what is never used costs nothing. Of 2 GiB malloc would give all back at once."""


def keep_freed_memory() -> bool:
    """Make malloc reuse large blocks instead of returning them, and ask for large pages; True where it took effect.

    Takes effect on Linux with glibc; does nothing elsewhere. Call it before the first large allocation.
    """
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    # One heap for all threads: others are taken down and set up again with each step.
    is_kept = all(
        libc.mallopt(option, value)
        for option, value in ((_M_ARENA_MAX, 1), (_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _NEVER))
    )
    if is_kept:
        _ask_for_large_pages(libc)
    return is_kept


def _ask_for_large_pages(libc: ctypes.CDLL) -> None:
    """Let the heap grow at once by what a training may need, and tell the system where it lies."""
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    size = min(LARGEST_HEAP, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4)
    start = libc.malloc(size)
    if not start:  # a limit on addresses: then small pages have to do
        return
    first = -(-start // LARGE_PAGE) * LARGE_PAGE
    libc.madvise(first, start + size - first, _MADV_HUGEPAGE)
    libc.free(start)
