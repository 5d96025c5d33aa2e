"""What the command's tests share: running it in this process, and as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[2]


class Result(msgspec.Struct, frozen=True):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The one line of JSON that it printed."""
        assert self.out.endswith("\n")
        assert self.out.count("\n") == 1
        return msgspec.json.decode(self.out)


Run = Callable[..., Result]


def environment() -> dict[str, str]:
    """This process's environment, so that a process finds the package and no setting of this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return {**kept, "PYTHONPATH": str(ROOT)}


def command(*arguments: str) -> list[str]:
    """The command as a process."""
    return [sys.executable, "-m", "gateway.cli", *arguments]


def process(directory: Path, *arguments: str, said: str = "") -> Result:
    """Run the command as a process of its own, to its end."""
    done = subprocess.run(
        command(*arguments),
        cwd=directory,
        env=environment(),
        input=said,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def change(file: Path, old: str, new: str) -> None:
    """Replace what must be there once in a text file."""
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")


def tree(directory: Path) -> dict[str, bytes]:
    """Every file below a directory by its name."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
