"""`gateway init`: a new installation in a directory. What is there already is kept, never overwritten."""

import argparse
import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from gateway.bootstrap import shipped_policies
from gateway.cli.common import OK, Commands, say
from gateway.cli.migrate import upgrade
from gateway.core.errors import ConfigurationError, LedgerUnavailable
from gateway.settings import Settings, load
from gateway.store.engine import target
from gateway.store.keyring import Keyring, means_of, wrapping_of
from gateway.store.root_key import kek_of

CONFIGURATION = "gateway.toml"
TEMPLATE = Path(__file__).with_name("template.toml")
_UNFINISHED = ".gateway-init-"


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """What was made and what was there, as paths below the directory where they lie in it."""

    directory: str
    written: tuple[str, ...]
    kept: tuple[str, ...]
    left: tuple[str, ...] = ()
    """What is somebody else's to make."""


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "init", parents=[common], help="make a new installation: configuration, policies, keys"
    )
    parser.add_argument("directory", nargs="?", type=Path, default=Path(), metavar="DIR", help="where (default: here)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    made = write_installation(arguments.directory)
    lines = [f"wrote  {name}" for name in made.written] + [f"kept   {name}" for name in made.kept]
    lines += [f"left   {name}" for name in made.left]
    say(arguments, made, lines)
    return OK


def write_installation(directory: Path, toml_text: str | None = None) -> Installation:
    """Make what a gateway needs in `directory`: `gateway.toml` (of this text, or the shipped one with its comments),
    the policy directory, the keyring and, where it is SQLite, the database.

    A crash in between leaves each of the four whole or absent; running it again makes the rest. `ConfigurationError`
    for a configuration that is there, or was given, and cannot be used.
    """
    written: list[str] = []
    kept: list[str] = []
    left: list[str] = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        new = _write_configuration(directory / CONFIGURATION, toml_text)
        (written if new else kept).append(CONFIGURATION)
        settings = load(directory / CONFIGURATION)
        policies = settings.path(settings.policy.directory)
        (written if _write_policies(policies) else kept).append(_name(policies, settings))
        keys = settings.path(settings.keys.directory)
        (written if _write_keys(keys, settings) else kept).append(_name(keys, settings))
    except OSError as error:
        said = f"{directory} cannot be written: {error.strerror or 'it is no directory'}"
        raise ConfigurationError(said + _rest(written)) from error
    where = target(settings)
    if where.kind == "sqlite":
        try:
            before, after = asyncio.run(upgrade(settings))
        except (ConfigurationError, LedgerUnavailable) as error:
            raise type(error)(f"{error}{_rest(written)}") from error
        (kept if before == after else written).append(_name(where.path, settings))
    else:
        left.append("the database: run `gateway migrate`, as its owner")
    if settings.keys.data_keys is not None:
        left.append("the database of the data keys: run `gateway migrate`")
    return Installation(directory=str(directory.resolve()), written=tuple(written), kept=tuple(kept), left=tuple(left))


def _rest(written: list[str]) -> str:
    """What is there already and what to do, where something was made before it could not go on."""
    if not written:
        return ""
    return (
        f". {', '.join(written)} {'is' if len(written) == 1 else 'are'} made and whole, the rest is missing: put that "
        "right and run `gateway init` again, which keeps what is there and makes the rest"
    )


def _write_configuration(file: Path, text: str | None) -> bool:
    """Whether it was written; a file that is there is kept. Whole or not at all: it is linked once it is complete."""
    if file.exists():
        return False
    content = TEMPLATE.read_text("utf-8") if text is None else text
    descriptor, temporary = tempfile.mkstemp(prefix=_UNFINISHED, dir=file.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(content)
            os.fchmod(opened.fileno(), 0o644)
        try:
            os.link(temporary, file)
        except FileExistsError:  # another one was faster
            return False
    finally:
        os.unlink(temporary)
    return True


def _write_policies(directory: Path) -> bool:
    """Whether they were written. A directory that holds anything is the operator's, and is kept as it is."""
    if _in_use(directory):
        return False

    def copy(place: Path) -> None:
        shipped = shipped_policies()  # one by one: of a whole tree the system's own reason would be lost
        for source in sorted(shipped.rglob("*")):
            copied = place / source.relative_to(shipped)
            if source.is_dir():
                copied.mkdir()
            else:
                shutil.copyfile(source, copied)
        place.chmod(0o755)

    _in_one_step(directory, copy)
    return True


def _write_keys(directory: Path, settings: Settings) -> bool:
    """Whether a keyring was made, its root key wrapped as the settings say; one that is there must open, without its
    data keys where those are elsewhere."""
    if (directory / "kek").exists():
        if settings.keys.data_keys is not None:
            kek_of(directory, means_of(settings))
        else:
            Keyring.open(directory, means=means_of(settings)).close()
        return False
    wrap = wrapping_of(settings)
    if _in_use(directory):  # by something else: the keyring says what it does not like
        Keyring.create(directory, wrap).close()
    else:
        _in_one_step(directory, lambda place: Keyring.create(place, wrap).close())
    return True


def _in_use(directory: Path) -> bool:
    return directory.exists() and (not directory.is_dir() or any(directory.iterdir()))


def _in_one_step(directory: Path, make: Callable[[Path], None]) -> None:
    """A directory with all that `make` puts in it, or none; an empty one in its place is replaced."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=directory.parent))
    try:
        make(made)
        made.rename(directory)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _name(path: Path, settings: Settings) -> str:
    base = Path(settings.base)
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
