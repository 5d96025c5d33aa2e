"""What the command's tests share: running it in this process, and as a process of its own."""

import contextlib
import io
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.cli.main import main
from tests.forked import forked

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


def here(directory: Path, *arguments: str) -> Result:
    """Run the command in this process and in that directory: for what is made once, and copied for each test."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
            patch.delenv(name)
        patch.chdir(directory)
        code = main(arguments)
    return Result(code, *(said.buffer.getvalue().decode() for said in (out, err)))


def copied(template: Path, directory: Path) -> Path:
    """An installation that was made once, copied into a directory that is there; its keyring for its owner alone."""
    shutil.copytree(template, directory, dirs_exist_ok=True)
    (directory / "keys").chmod(0o700)
    return directory


def environment() -> dict[str, str]:
    """This process's environment, so that a process finds the package and no setting of this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return {**kept, "PYTHONPATH": str(ROOT)}


def command(*arguments: str) -> list[str]:
    """The command as a process."""
    return [sys.executable, "-m", "gateway.cli", *arguments]


def process(directory: Path, *arguments: str, said: str = "") -> Result:
    """Run the command as a process of its own, to its end: its main function, in one that has loaded it already."""
    with forked(main, list(arguments), directory, said) as running:
        out, err = running.communicate(60)
        return Result(running.wait(60), out, err)


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
