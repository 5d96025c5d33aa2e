"""What SQLite asks of the disk, seen where it asks: every write to a write-ahead log and every sync of one, in the
order in which they were done, beside whatever else a process notes.

Each of SQLite's accesses to a file goes through the function table that its VFS gave the file when it was opened
(sqlite.org/vfs.html). `watched` puts its own two functions into the tables of logs opened from then on; both do what
the original does and note it. For a process of its own: what is opened meanwhile stays watched.
"""

import _sqlite3
import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

_OPEN_WAL = 0x00080000
"""SQLITE_OPEN_WAL: what is opened is a write-ahead log (sqlite.org/c3ref/c_open_autoproxy.html)."""
_OK = 0
_Open = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_Write = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_Sync = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


class _Methods(ctypes.Structure):
    """`sqlite3_io_methods` of version 3 (sqlite.org/c3ref/io_methods.html)."""

    _fields_ = (
        ("version", ctypes.c_int),
        *((name, ctypes.c_void_p) for name in ("close", "read", "write", "truncate", "sync", "size")),
        *((name, ctypes.c_void_p) for name in ("lock", "unlock", "reserved", "control", "sector", "device")),
        *((name, ctypes.c_void_p) for name in ("shm_map", "shm_lock", "shm_barrier", "shm_unmap", "fetch", "unfetch")),
    )


class _File(ctypes.Structure):
    """The beginning of a `sqlite3_file` (sqlite.org/c3ref/file.html)."""

    _fields_ = (("methods", ctypes.POINTER(_Methods)),)


class _Vfs(ctypes.Structure):
    """The beginning of a `sqlite3_vfs` (sqlite.org/c3ref/vfs.html)."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("version", "file_size", "longest")),
        *((name, ctypes.c_void_p) for name in ("next", "name", "data", "open")),
    )


class Noted(msgspec.Struct, frozen=True):
    """One thing that was done: a `write` to a log or a `sync` of one, with the log's name and the bytes; or whatever
    else whoever notes has a word for."""

    what: str
    file: str = ""
    data: bytes = b""


def durable(noted: Sequence[Noted], file: str, text: bytes) -> None:
    """`AssertionError` unless this text was written to the log, and all of it was synced after."""
    writes = [at for at, one in enumerate(noted) if (one.what, one.file) == ("write", file) and text in one.data]
    assert writes, "it was not written"
    assert Noted("sync", file) in noted[writes[-1] + 1 :], "it was written, and not synced"


Note = Callable[[Noted], None]
_kept: list[Any] = []
"""What SQLite may call or read for as long as the process lives."""


def library() -> ctypes.CDLL | None:
    """The SQLite that Python's own module uses; None where it cannot be reached (built in, its names hidden)."""
    found = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    if not hasattr(found, "sqlite3_vfs_find"):
        return None
    found.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    return found


@contextmanager
def watched(note: Note) -> Iterator[None]:
    """Each write and sync of the logs that are opened meanwhile is noted once it is done; what failed is not."""
    found = library()
    if found is None:
        raise AssertionError("SQLite cannot be reached")
    vfs = found.sqlite3_vfs_find(None).contents
    before = vfs.open
    original = _Open(before)

    # The name is handed on as the address that it came as: SQLite goes on reading it there while the file is open.
    def opened(of: int, name: int | None, file: int, flags: int, out: int | None) -> int:
        code: int = original(of, name, file, flags, out)
        if code == _OK and name is not None and flags & _OPEN_WAL:
            _watch(_File.from_address(file), Path(ctypes.string_at(name).decode()).name, note)
        return code

    mine = _Open(opened)
    _kept.append(mine)
    vfs.open = ctypes.cast(mine, ctypes.c_void_p).value
    try:
        yield
    finally:
        vfs.open = before


def _watch(file: _File, name: str, note: Note) -> None:
    methods = _Methods.from_buffer_copy(file.methods.contents)
    write, sync = _Write(methods.write), _Sync(methods.sync)

    def written(of: int, data: int, size: int, offset: int) -> int:
        code: int = write(of, data, size, offset)
        if code == _OK:
            note(Noted("write", name, ctypes.string_at(data, size)))
        return code

    def synced(of: int, flags: int) -> int:
        code: int = sync(of, flags)
        if code == _OK:
            note(Noted("sync", name))
        return code

    mine = _Write(written), _Sync(synced)
    methods.write, methods.sync = (ctypes.cast(one, ctypes.c_void_p).value for one in mine)
    _kept.extend((methods, *mine))
    file.methods = ctypes.pointer(methods)
