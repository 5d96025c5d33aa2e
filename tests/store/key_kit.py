"""Programs and others that wrap secrets, well or badly, and means that open root keys."""

import sys
from pathlib import Path

from gateway.store.root_key import Means

_HEAD = """#!{python} -IS
import base64, json, os, sys, time
asked = json.loads(sys.stdin.readline())
def mixed(data):
    return bytes(byte ^ 0x5A for byte in data)
def b64(data):
    return base64.b64encode(data).decode()
def answer(**said):
    print(json.dumps({{"v": 1, **said}}))
"""
GOOD = """
if asked["op"] == "wrap":
    answer(wrapped=b64(mixed(base64.b64decode(asked["secret"]))))
else:
    answer(secret=b64(mixed(base64.b64decode(asked["wrapped"]))))
"""


def program(directory: Path, body: str = GOOD, name: str = "provider") -> Path:
    """A provider that does this with what it was `asked`."""
    path = directory / name
    path.write_text(_HEAD.format(python=sys.executable) + body)
    path.chmod(0o700)
    return path


class Mixing:
    """A provider in this process."""

    def __init__(self, salt: int = 1) -> None:
        self.salt = salt

    def wrap(self, wrapping: str, secret: bytes) -> bytes:
        return self.unwrap(wrapping, secret)

    def unwrap(self, wrapping: str, wrapped: bytes) -> bytes:
        return bytes(byte ^ self.salt for byte in wrapped)


def by(passphrase: str) -> Means:
    """A passphrase at hand."""
    return Means(passphrase=passphrase.encode)
