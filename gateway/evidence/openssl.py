"""Whether authorities that are believed vouch for a time-stamp, found out by `openssl ts -verify`.

In a bundle's `verify.py` this stands in the place of `gateway.ledger.vouching`. Where there is no OpenSSL nothing is
said of signatures: `able` is false, and who reports says so.
"""

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from gateway.core.errors import VerificationError
from gateway.ledger import stamp, tsa
from gateway.ledger.stamp import Stamp

_LIMIT_S = 60.0
_GOOD = ("OpenSSL 1.1.1", "OpenSSL 3.", "OpenSSL 4.")


@cache
def program() -> str | None:
    """Where an OpenSSL is that can verify time-stamps as of their time; None where there is none."""
    found = shutil.which("openssl")
    if found is None:
        return None
    said = _run(found, "version")
    return found if said is not None and said.stdout.startswith(_GOOD) else None


class Authorities:
    """Those that are believed."""

    def __init__(self, pem: bytes) -> None:
        """`FormatError` unless it is a file of authorities (`tsa.roots`)."""
        tsa.roots(pem)
        self._pem = pem

    @property
    def able(self) -> bool:
        """Whether signatures can be checked here."""
        return program() is not None

    def verify(self, reply: bytes, message: bytes) -> Stamp:
        """As `gateway.ledger.vouching.Authorities.verify`."""
        # 1. It is a stamp in its one form, of this message.
        found = stamp.parse(reply)
        found.demand_over(message)
        # 2. The chain of who signed ends with one of these, and the signature holds.
        if not self._vouched(reply, message, found.at_us // 1_000_000):
            raise VerificationError("time-stamp: not signed under the authorities that are believed")
        return found

    def _vouched(self, reply: bytes, message: bytes, at_s: int) -> bool:
        openssl = program()
        if openssl is None:
            return False
        with tempfile.TemporaryDirectory() as name:
            files = {"stamp.tsr": reply, "message": message, "authorities.pem": self._pem}
            for file, content in files.items():
                Path(name, file).write_bytes(content)
            given, over, by = (str(Path(name, file)) for file in files)
            done = _run(openssl, "ts", "-verify", "-attime", str(at_s), "-in", given, "-data", over, "-CAfile", by)
        return done is not None and done.returncode == 0 and "Verification: OK" in done.stdout.splitlines()


def _run(program: str, *arguments: str) -> "subprocess.CompletedProcess[str] | None":
    """What it said; None where it could not be run, or did not end."""
    try:
        return subprocess.run(  # noqa: S603 — no shell, and no argument that a bundle could choose
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
