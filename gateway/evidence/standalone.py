"""The verifier of bundles as one file of its own: Python's standard library and `cryptography`, no more.

The file holds the sources of `gateway.ledger` and `gateway.evidence` that verification needs, byte for byte, and
installs them as modules; in place of msgspec's structs come dataclasses, and in place of the typed decoder `plain`. So
what an auditor reads in `verify.py` is what the gateway itself runs, and a test runs both on the same bundles.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from gateway.core import errors
from gateway.evidence import (
    bag,
    container,
    contents,
    dsse,
    edge,
    emergencies,
    emergency_chosen,
    emergency_file,
    glance,
    interval,
    manifest,
    misses,
    openssl,
    places,
    plain,
    records,
    report,
    scope,
    selection,
    shapes,
    split,
    stamped,
    strict_json,
    told,
    verdict,
    verify,
    witnessed,
)
from gateway.ledger import (
    chain,
    checkpoint,
    commitment,
    content,
    cosignature,
    der,
    emergency,
    encoding,
    merkle,
    note,
    proof,
    published,
    rotation,
    stamp,
    times,
    trust,
    tsa,
)
from gateway.ledger import verify as ledger_verify

_PLAIN: dict[ModuleType, str] = {
    glance: "gateway.ledger.record",
    openssl: "gateway.ledger.vouching",
    places: "gateway.ledger.lots",
}
"""Modules that go in under the name of another, which they stand for."""
_MODULES = (
    *(errors, chain, encoding, times, commitment, merkle, note, rotation, checkpoint, cosignature, trust),
    *(der, tsa, stamp, openssl),
    *(strict_json, shapes, plain, glance, content, emergency, proof, published, places, ledger_verify),
    *(container, dsse, edge, selection, scope, manifest, bag, contents, witnessed, stamped, interval, misses, records),
    *(told, emergency_chosen, emergency_file, emergencies, split, report, verdict, verify),
)
"""In an order in which each imports only those before it."""

_HEAD = '''\
#!/usr/bin/env python3
"""Verifies an evidence bundle. Needs Python 3.11 and the package `cryptography`; no network, no configuration.

    python3 verify.py --key KEY.vkey BUNDLE.zip [--checkpoint FILE] [--trust FILE] [--tsa-ca FILE] [--processes N]

Exits 0 if the bundle holds, 1 if it does not, 2 on wrong use. The key must come from elsewhere than the bundle, and so
should this file: a copy inside a bundle is a convenience only. What is checked is said at the top of the last module.

Generated. The texts below are modules of the gateway, byte for byte, but for `gateway.evidence.shapes`, which is data.
Licensed under the Apache License 2.0.
"""

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path
from types import ModuleType

if sys.version_info < (3, 11):
    print("verify.py needs Python 3.11 or newer", file=sys.stderr)
    sys.exit(2)
try:
    import cryptography
except ImportError:  # nothing was looked at: this is no verdict on the bundle
    print("verify.py needs the package cryptography: python3 -m pip install cryptography", file=sys.stderr)
    sys.exit(2)


class Struct:
    """What the modules use of msgspec: frozen records. Here they are dataclasses."""

    def __init_subclass__(cls, frozen: bool = False, kw_only: bool = False) -> None:
        dataclasses.dataclass(cls, frozen=frozen, kw_only=kw_only)


def install(name: str, source: str) -> None:
    module = ModuleType(name)
    module.__package__ = name.rpartition(".")[0]
    sys.modules[name] = module
    exec(compile(source, f"verify.py: {name}", "exec"), module.__dict__)
    parent, _, child = name.rpartition(".")
    setattr(sys.modules[parent], child, module)


msgspec = ModuleType("msgspec")
msgspec.Struct = Struct
msgspec.field = dataclasses.field
sys.modules["msgspec"] = msgspec
for package in ("gateway", "gateway.core", "gateway.ledger", "gateway.evidence"):
    sys.modules[package] = ModuleType(package)
    if "." in package:
        setattr(sys.modules["gateway"], package.rpartition(".")[2], sys.modules[package])

'''

_MAIN = """\
from gateway.core.errors import FormatError
from gateway.evidence.split import MAX_PROCESSES
from gateway.evidence.verdict import document, lines
from gateway.evidence.verify import judge, verify


def say(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Who reads has read enough, as `| head` does: the exit code says the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> int:
    parser = argparse.ArgumentParser(prog="verify.py", description="Verify an evidence bundle.")
    parser.add_argument("bundle", type=Path, help="the bundle, a .zip file")
    parser.add_argument("--key", type=Path, help="file with the ledger's public key, from elsewhere")
    parser.add_argument("--trust", type=Path, help="a trust policy (C2SP tlog-policy): logs, witnesses and a quorum")
    parser.add_argument("--tsa-ca", type=Path, help="PEM file of who must have time-stamped it; needs OpenSSL")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint of the same ledger, from elsewhere")
    parser.add_argument("--processes", type=int, default=2, help="how many go over a large bundle (default: 2)")
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    wanted = parser.parse_args()
    if not 1 <= wanted.processes <= MAX_PROCESSES:
        parser.error(f"--processes must be 1 to {MAX_PROCESSES}")
    try:
        vkey = None if wanted.key is None else wanted.key.read_text("utf-8")
        trust = None if wanted.trust is None else wanted.trust.read_bytes()
        checkpoint = None if wanted.checkpoint is None else wanted.checkpoint.read_bytes()
        authorities = None if wanted.tsa_ca is None else wanted.tsa_ca.read_bytes()
        with wanted.bundle.open("rb") as bundle:
            verdict = judge(bundle, vkey, checkpoint, trust, wanted.processes, authorities)
    except (OSError, UnicodeDecodeError, FormatError) as error:
        print(f"cannot verify: {error}", file=sys.stderr)
        return 2
    if wanted.json:
        say(json.dumps(document(verdict), ensure_ascii=False, separators=(",", ":")))
    else:
        say("\\n".join(lines(verdict)))
    return 0 if verdict.ok else 1


if __name__ == "__main__":
    sys.exit(main())
"""


@cache
def generate() -> str:
    """The text of `verify.py`: the same for the same release."""
    parts = [_HEAD]
    for module in _MODULES:
        name = _PLAIN.get(module, module.__name__)
        source = _data() if module is shapes else Path(str(module.__file__)).read_text("utf-8")
        if "'''" in source:
            raise TypeError(f"{name} cannot be put between triple quotes")
        parts.append(f"install({name!r}, r'''{source}''')\n\n")
    return "".join((*parts, _MAIN))


def digest() -> str:
    """SHA-256 of `verify.py`, in hex, to be published beside a release."""
    return sha256(generate().encode()).hexdigest()


def _data() -> str:
    """`shapes` as data, without what it is made from."""
    document = strict_json.dump(shapes.SHAPES).decode()
    if "'" in document:
        raise TypeError("a record's field has a form that cannot be put between quotes")
    return (
        f'"""The fields of records and details, version {shapes.VERSION}."""\n\n'
        "import json\n\n"
        f"EVENTS = {shapes.EVENTS!r}\n"
        f"GENESIS = {shapes.GENESIS!r}\n"
        f"MAX_BYTES = {shapes.MAX_BYTES}\n"
        f"VERSION = {shapes.VERSION}\n"
        f'SHAPES = json.loads(r"""{document}""")\n'
    )
