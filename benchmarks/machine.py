"""What a figure was measured on: without it, it says nothing."""

import os
import platform
import sqlite3
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile

from benchmarks.load import quantile

PACKAGES = ("uvicorn", "uvloop", "httptools", "litestar", "pyreqwest", "msgspec", "asyncpg", "cryptography", "casbin")


def describe(directory: Path, postgres: str | None = None) -> dict[str, object]:
    """Cores, processor, memory, Python, databases, packages, and the file system that `directory` lies on."""
    return {
        "cores": cores(),
        "cpu": _cpu(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": postgres,
        "file_system": file_system(directory),
        "sync_ms": sync_ms(directory),
        "load_average": round(os.getloadavg()[0], 2),
        "packages": {name: version(name) for name in PACKAGES},
    }


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def file_system(directory: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """The type of the file system a directory lies on; on `tmpfs` a sync costs nothing and durability is no figure."""
    found = ("", "unknown")
    for line in mounts.read_text().splitlines() if mounts.exists() else ():
        _, place, kind, *_ = line.split()
        if directory.resolve().is_relative_to(place) and len(place) >= len(found[0]):
            found = (place, kind)
    return found[1]


def sync_ms(directory: Path, times: int = 200) -> tuple[float, float]:
    """Median and 99th percentile of the milliseconds in which 32 KB are on the disk: every commit waits for as much."""
    data, took = os.urandom(32_768), []
    with TemporaryFile(dir=directory) as file:
        for number in range(times):
            began = time.perf_counter()
            os.pwrite(file.fileno(), data, number * len(data))
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return round(quantile(took, 0.5), 2), round(quantile(took, 0.99), 2)


def lines(machine: dict[str, object]) -> list[str]:
    """The description for people."""
    packages = machine["packages"]
    told = ", ".join(f"{name} {text}" for name, text in packages.items()) if isinstance(packages, dict) else ""
    return [
        f"{machine['cores']} cores, {machine['cpu']}, {machine['memory_gb']} GB, {machine['system']}, "
        f"files on {machine['file_system']}, load {machine['load_average']} before",
        "32 KB are synced in {} ms, at the 99th percentile in {}".format(*_pair(machine["sync_ms"])),
        f"Python {machine['python']}, SQLite {machine['sqlite']}, PostgreSQL {machine['postgresql'] or 'not at hand'}",
        told,
    ]


def _pair(found: object) -> tuple[object, object]:
    return found if isinstance(found, tuple) else (found, found)


def _cpu(file: Path = Path("/proc/cpuinfo")) -> str:
    for line in file.read_text().splitlines() if file.exists() else ():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or "unknown processor"
