"""Keeping freed memory in the process, so that each training step does not pay for its pages again."""

import ctypes
import platform

# From glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4
_NEVER = 2**31 - 1


def keep_freed_memory() -> bool:
    """Make malloc reuse large blocks instead of returning them to the system; True where it took effect.

    Takes effect on Linux with glibc; does nothing elsewhere. Call it before the first large allocation.
    """
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    return bool(libc.mallopt(_M_MMAP_MAX, 0)) and bool(libc.mallopt(_M_TRIM_THRESHOLD, _NEVER))
