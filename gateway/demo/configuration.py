"""The demo's installation: a directory with configuration, policies, keyring and database, and its callers' keys."""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gateway.demo.processes import DemoError, gateway_command, run

MARK = ".gateway-demo"
"""A file that says that a directory is the demo's own, which it may empty."""
_MADE = ("gateway.toml", "policies", "keys", "logs", "bundles")
_CLAIM = "gateway.db.serving"
_MADE_BY_NAME = ("gateway.db*", "*.zip", "*.vkey")

WARD, DESK, ORACLE = "ward-summarizer", "desk-assistant", "cloud-oracle"
AGENTS: Mapping[str, str] = {ORACLE: "oracle", WARD: "ward", DESK: "desk"}
"""Agent id → the program in `gateway.demo.agents`, in the operator's order of preference."""
STRANGER = f"gwk_{'0' * 12}_{'0' * 43}"
"""A key of the right form that was never issued."""


class DirectoryRefusedError(DemoError):
    """The directory is not one that the demo may empty: somebody else's, or served from."""


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who an API key of the demo is made for."""

    name: str
    role: str
    zone: str = "in-house"
    kind: str = "person"
    purposes: tuple[str, ...] = ()


HOLDERS = (
    Holder(name="clinician", role="clinician", purposes=("TREAT", "HOPERAT")),
    Holder(name="clerk", role="clerk", purposes=("HPAYMT",)),
    Holder(name="teller", role="clerk"),
    Holder(name="support", role="analyst"),
    Holder(name="cloud-agent", role="agent", zone="cloud", kind="agent", purposes=("TREAT",)),
    Holder(name="partner-agent", role="agent", zone="partner", kind="agent"),
    Holder(name="auditor", role="auditor"),
)

_SETTINGS = """\
# Written by `gateway demo`. Three agents, each a process of its own on this machine; one of them plays the cloud.

[server]
port = {port}

[database]
url = "sqlite:///gateway.db"

[policy]
directory = "policies"

[keys]
directory = "keys"

[ledger]
checkpoint_interval_s = 1.0

# A machine that does other things too may stop in the middle of a message for longer than the default lets scanning
# take; what is left then is `unscanned`, and goes elsewhere than the demo expects.
[classification]
budget_ms = 10000.0

# Some of the callers are agents of others, which this gateway sends nothing to.
[delegation]
unregistered = true

[[zone]]
id = "in-house"
trusted = true
region = "IE"

[[zone]]
id = "partner"

[[zone]]
id = "cloud"

# Who runs the cloud agent, and what the agreement with them covers: personal identifiers, and no health data.
[[processor]]
id = "cumulus"
legal_name = "Cumulus Example Ltd."
address = "1 Example Quay, Dublin"
country = "IE"
no_training = true
agreement = {{ kind = "DPA", digest = "sha256:{agreement}", valid_until = "2099-12-31", classes = ["pii"] }}

# In the order of preference. What may not go to the first one goes to the next that offers the same capability.
[[agent]]
id = "cloud-oracle"
protocol = "openai"
url = "http://127.0.0.1:{oracle}/v1"
zone = "cloud"
processor = "cumulus"
capabilities = ["summarize", "answer", "rewrite"]

[[agent]]
id = "ward-summarizer"
protocol = "openai"
url = "http://127.0.0.1:{ward}/v1"
zone = "in-house"
capabilities = ["summarize"]

[[agent]]
id = "desk-assistant"
protocol = "openai"
url = "http://127.0.0.1:{desk}/v1"
zone = "in-house"
capabilities = ["lookup", "summarize"]
"""


def prepare(directory: Path, port: int, agents: Mapping[str, int]) -> None:
    """Make an installation in `directory`, which is the demo's own or new; what an earlier run left there is removed.

    `agents` are the ports of the programs. `DemoError` for a directory that holds something else.
    """
    _empty(directory)
    settings = _SETTINGS.format(
        port=port,
        agreement=hashlib.sha256(b"The agreement of the demo, which nobody ever signed.").hexdigest(),
        **{AGENTS[name]: agents[name] for name in AGENTS},
    )
    (directory / "gateway.toml").write_text(settings, "utf-8")
    _gateway(directory, "init", ".")  # keeps the configuration that is there, and makes the rest


def create_key(directory: Path, holder: Holder) -> str:
    """An API key for one of the demo's callers, as `gateway keys create` gives it, once."""
    options = ["--owner", holder.name, "--role", holder.role, "--zone", holder.zone, "--kind", holder.kind]
    for purpose in holder.purposes:
        options += ["--purpose", purpose]
    created = json.loads(_gateway(directory, "keys", "create", *options, "--json"))
    key = created.get("key") if isinstance(created, dict) else None
    if not isinstance(key, str):
        raise DemoError("`gateway keys create --json` gave no key")
    return key


def write_verifier(directory: Path, name: str) -> None:
    """The public key of the ledger, as a file beside the bundle: what an auditor would have been given long before."""
    _gateway(directory, "keys", "verifier", "--out", name)


def _gateway(directory: Path, *arguments: str) -> str:
    done = run(gateway_command(*arguments), directory)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-6:]
        raise DemoError("\n".join([f"`gateway {' '.join(arguments[:2])}` failed:", *said]))
    return done.stdout


def _empty(directory: Path) -> None:
    """A directory with nothing in it but the mark."""
    if directory.exists() and not (directory / MARK).exists() and any(directory.iterdir()):
        raise DirectoryRefusedError(
            f"{directory} holds something that is not the demo's: choose another one with --dir"
        )
    directory.mkdir(parents=True, exist_ok=True)
    (directory / MARK).touch()
    with _unserved(directory):
        for name in _MADE:
            path = directory / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        for pattern in _MADE_BY_NAME:
            for path in directory.glob(pattern):
                path.unlink()


@contextmanager
def _unserved(directory: Path) -> Iterator[None]:
    """Nobody serves from the directory meanwhile; `DemoError` where somebody does: whose database is deleted goes on
    without it. By the lock that who serves from a SQLite file holds (`store.node.Claim`)."""
    with (directory / _CLAIM).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DirectoryRefusedError(
                f"a gateway serves from {directory}: stop it first, or choose another directory with --dir"
            ) from error
        yield
