"""The entry point of the `gateway` command."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from gateway import __version__
from gateway.cli import (
    advise,
    agents,
    approvals,
    audit,
    backup,
    break_glass,
    check,
    classify,
    demo,
    evidence,
    incidents,
    init,
    keys,
    migrate,
    openapi,
    policy,
    reclassify,
    restore,
    review,
    serve,
    subjects,
    tasks,
    witness,
)
from gateway.cli.common import BAD, WRONG_USE, WrongUse, options, subcommands, warn
from gateway.core.errors import ConfigurationError, GatewayError

_GROUPS = (
    init,
    serve,
    demo,
    check,
    migrate,
    keys,
    policy,
    agents,
    approvals,
    break_glass,
    tasks,
    subjects,
    audit,
    backup,
    restore,
    evidence,
    classify,
    reclassify,
    review,
    incidents,
    advise,
    openapi,
    witness,
)
_INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and leaves the exit code to `main`."""

    def error(self, message: str) -> NoReturn:
        raise WrongUse(f"{self.prog.removeprefix('gateway').strip()}: {message}".removeprefix(": "))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0 success, 1 the thing checked is bad, 2 wrong use."""
    try:
        parsed = parser().parse_args(arguments)
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
        # Whoever read the answer has gone. Nothing more can be said, also not at the interpreter's own last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BAD
    except OSError as error:
        warn(": ".join(str(part) for part in (error.filename, error.strerror or type(error).__name__) if part))
        return BAD


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    common = options()
    root = _Parser(
        prog="gateway", description="On-premise compliance gateway and audit service for agents.", parents=[common]
    )
    root.add_argument("--version", action="version", version=f"gateway {__version__}")
    commands = subcommands(root)
    for group in _GROUPS:
        group.add(commands, common)
    return root
