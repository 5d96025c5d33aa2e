"""The entry point of the `gateway` command."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from gateway import __version__
from gateway.cli.common import BAD, WRONG_USE, WrongUse, hush, named, options, subcommands, warn
from gateway.core.errors import ConfigurationError, GatewayError

_GROUPS = (
    "init",
    "serve",
    "demo",
    "check",
    "migrate",
    "keys",
    "policy",
    "agents",
    "approvals",
    "break-glass",
    "tasks",
    "subjects",
    "audit",
    "backup",
    "restore",
    "evidence",
    "classify",
    "reclassify",
    "review",
    "incidents",
    "advise",
    "openapi",
    "witness",
)
"""Commands, each in a module of its name, which adds it."""
_PARTED = frozenset({"evidence"})
"""Those that add of their parts what is asked for."""
_INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and leaves the exit code to `main`."""

    def error(self, message: str) -> NoReturn:
        raise WrongUse(f"{self.prog.removeprefix('gateway').strip()}: {message}".removeprefix(": "))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0 success, 1 the thing checked is bad, 2 wrong use."""
    if sys.stdout is None:  # it was closed (`>&-`): nobody listens, and what is asked for is done all the same
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # for as long as the process lives
    try:
        parsed = parser(sys.argv[1:] if arguments is None else arguments).parse_args(arguments)
        code: int = parsed.run(parsed)
        sys.stdout.flush()
        return code
    except (ConfigurationError, WrongUse) as error:
        warn(str(error))
        return WRONG_USE
    except GatewayError as error:
        warn(str(error))
        return BAD
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        hush()
        return BAD
    except OSError as error:
        warn(": ".join(str(part) for part in (error.filename, error.strerror or type(error).__name__) if part))
        return BAD


def parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The commands that these arguments may name, with their options; all of them, where they name none. Only what is
    named is imported: most of the time that a command takes would be imports of the others."""
    common = options()
    root = _Parser(
        prog="gateway", description="On-premise compliance gateway and audit service for agents.", parents=[common]
    )
    root.add_argument("--version", action="version", version=f"gateway {__version__}")
    commands = subcommands(root)
    nothing = "--version" in arguments and not set(_GROUPS).intersection(arguments)
    for name in () if nothing else named(_GROUPS, arguments):
        module = import_module(f"gateway.cli.{name.replace('-', '_')}")
        module.add(commands, common, *((arguments,) if name in _PARTED else ()))
    return root
