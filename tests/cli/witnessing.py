"""A real `gateway witness`, in a process of its own that has loaded it already."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gateway.cli.main import main
from tests.forked import Forked, forked

NAME = "witness.example/w1"


class Running:
    """A witness that serves."""

    def __init__(self, running: Forked, url: str, vkey: str) -> None:
        self.process, self.url, self.vkey = running, url, vkey

    def kill(self) -> None:
        """As `kill -9`."""
        self.process.kill()
        self.process.wait(60)


def made(directory: Path, *vkeys: str, name: str = NAME) -> str:
    """Make its directory, for ledgers with these keys; its own public key."""
    assert main(["witness", str(directory), "--init", name]) == 0
    for number, vkey in enumerate(vkeys):
        (directory / "logs" / f"{number}.vkey").write_text(vkey)
    return (directory / "witness.vkey").read_text().strip()


@contextmanager
def witnessing(directory: Path, *, port: int = 0) -> Iterator[Running]:
    """It serves, and is killed at the end."""
    with forked(main, ["witness", str(directory), "--port", str(port), "--json"], directory) as running:
        line = running.stdout.readline()
        assert line, running.communicate(60)[1]
        told = msgspec.json.decode(line)
        yield Running(running, told["url"], told["witness"])
