"""What a figure was measured on: without it, it says nothing."""

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path

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


def lines(machine: dict[str, object]) -> list[str]:
    """The description for people."""
    packages = machine["packages"]
    told = ", ".join(f"{name} {text}" for name, text in packages.items()) if isinstance(packages, dict) else ""
    return [
        f"{machine['cores']} cores, {machine['cpu']}, {machine['memory_gb']} GB, {machine['system']}, "
        f"files on {machine['file_system']}, load {machine['load_average']} before",
        f"Python {machine['python']}, SQLite {machine['sqlite']}, PostgreSQL {machine['postgresql'] or 'not at hand'}",
        told,
    ]


def _cpu(file: Path = Path("/proc/cpuinfo")) -> str:
    for line in file.read_text().splitlines() if file.exists() else ():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or "unknown processor"
