"""What runs, and under which settings: named in records by digest."""

import hashlib
from functools import cache
from pathlib import Path

import msgspec

import gateway
from gateway.settings import Settings


def config_digest(settings: Settings) -> str:
    """Digest of the settings in force (which hold references to secrets, never secrets)."""
    data = msgspec.json.encode(msgspec.structs.replace(settings, base="."), order="sorted")
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@cache
def build_digest() -> str:
    """Digest of the running code: SHA-256 over the package's source files, by name, as they were when it began."""
    package = Path(gateway.__file__).parent
    total = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        total.update(path.relative_to(package).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return f"sha256:{total.hexdigest()}"
