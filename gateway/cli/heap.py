"""The C library's heap, of a process that serves."""

import ctypes
import os

_M_ARENA_MAX = -8
"""mallopt(3)'s number for how many heaps there may be."""


def one_heap() -> bool:
    """Let all threads of this process share the C library's one heap; to be called before there are others.

    glibc gives each thread a heap of its own, and what one thread makes and another frees leaves holes in it: resident
    memory went on growing by a fifth over 200,000 requests. What the threads do at once they do in SQLite and the disk,
    not in the allocator. False where the library is another one: musl has one heap anyway.
    """
    try:
        if not (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc"):
            return False
    except ValueError:  # a name that this system does not know
        return False
    return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1))
