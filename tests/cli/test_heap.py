"""Threads that share the C library's one heap."""

import os
import platform
import subprocess
import sys

import pytest

from gateway.cli.heap import one_heap
from tests.cli.kit import environment

HEAPS = """
import os, sys, threading
from gateway.cli.heap import one_heap

def heaps(asked):
    held = []
    work = lambda: held.append([b"x" * 2_000 + bytes([n % 256]) for n in range(500)])
    threads = [threading.Thread(target=work) for _ in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    # What glibc reserves for a thread's own heap: 64 MB at an address that is a multiple of as much, most of it closed.
    lines = [line.split() for line in open("/proc/self/maps")]
    places = [(*(int(end, 16) for end in line[0].split("-")), line[1]) for line in lines]
    print(asked, sum(
        first % (64 << 20) == 0 and (used, then, rest - first) == ("rw-p", "---p", 64 << 20)
        for (first, _, used), (_, rest, then) in zip(places, places[1:])
    ))
    sys.stdout.flush()

if os.fork() == 0:
    heaps(False)
    os._exit(0)
os.wait()
heaps(one_heap())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc gives each thread a heap; this is another library")
def test_all_threads_share_one_heap() -> None:
    """In two processes that have read in the same."""
    command = [sys.executable, "-c", HEAPS]
    told = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True).stdout.split()
    assert told[2:] == ["True", "0"]
    assert (told[0], int(told[1]) > 0) == ("False", True), "this test could not fail"


@pytest.mark.parametrize("said", ["musl 1.2.5", "", None])
def test_another_library_has_one_heap_anyway(monkeypatch: pytest.MonkeyPatch, said: str | None) -> None:
    monkeypatch.setattr(os, "confstr", lambda name: said)
    assert one_heap() is False


def test_so_has_a_system_that_does_not_know_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> str:
        raise ValueError(name)

    monkeypatch.setattr(os, "confstr", unknown)
    assert one_heap() is False
