"""The installation that a generated year is written into: with what is configured when the year is over."""

import json
from collections.abc import Mapping
from pathlib import Path

from benchmarks import year_register as made
from benchmarks.year_messages import NIGHT, OFFERED
from benchmarks.year_own import OWN
from benchmarks.year_versions import TENANT
from gateway.cli.init import write_installation

SQLITE = "sqlite:///gateway.db"
ADVISE: Mapping[str, object] = {
    **dict.fromkeys(("orchestration", "observability", "on_call", "accelerators"), True),
    **dict.fromkeys(("operations", "security", "models"), "strong"),
    "sensitive": ["pci"],
    "plain_share": 0.1,
}
"""What is answered of the house, so that what a request costs decides; `cloud` is not answered."""
RANGE = 4_096
"""Records of one archive: as few as there can be."""
_AGENTS = {"ward-scribe": "in-house", "letters": "partner", "cloud-writer": "cloud"}


def install(directory: Path, url: str = SQLITE) -> Path:
    """Make it in `directory`, with the frameworks that ship and one of an operator's own; its configuration's file.
    `url`: of a database, which `gateway migrate` has made if it is no SQLite file."""
    write_installation(directory, configuration(url))
    own = directory / "policies" / "frameworks" / "house-rules.toml"
    own.write_text(OWN)
    return directory / "gateway.toml"


def configuration(url: str) -> str:
    """As TOML. A processor of the traffic is not configured: an agent that names it would not be."""
    parts = [
        f"[database]\nurl = {_text(url)}",
        f'[archive]\ndirectory = "archive"\nrange_records = {RANGE}',
        "[advise]\n" + "\n".join(f"{name} = {_text(value)}" for name, value in ADVISE.items()),
        _table("tenant", id=TENANT, name=made.TENANT_NAME, retention_days=made.NOW.retention_days),
        *(
            _table("zone", id=zone, trusted=zone in made.NOW.trusted, region=region)
            for zone, region in made.ZONES.items()
        ),
        *(_processor(name, one) for name, one in made.NOW.processors.items()),
        *(_agent(name, zone) for name, zone in _AGENTS.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _processor(name: str, one: made.Processor) -> str:
    text = _table(
        "processor",
        id=name,
        legal_name=one.legal_name,
        address=one.address,
        country=one.country,
        no_training=one.no_training == "yes",
    )
    if not one.valid_until:
        return text
    agreement = {"kind": one.safeguard, "digest": one.document, "valid_until": one.valid_until, "classes": one.classes}
    return f"{text}\nagreement = {_inline(agreement)}"


def _agent(name: str, zone: str) -> str:
    processor = made.AGENTS[name]
    known = {"processor": processor} if processor in made.NOW.processors else {}
    values = {"id": name, "protocol": "openai", "url": f"https://{name}.example/v1", "zone": zone, **known}
    return _table("agent", **values, capabilities=(OFFERED[name], *((NIGHT,) if name == "ward-scribe" else ())))


def _table(kind: str, **values: object) -> str:
    return "\n".join([f"[[{kind}]]", *(f"{name} = {_text(value)}" for name, value in values.items())])


def _inline(values: Mapping[str, object]) -> str:
    return "{ " + ", ".join(f"{name} = {_text(value)}" for name, value in values.items()) + " }"


def _text(value: object) -> str:
    """As TOML has it: JSON writes strings, integers, booleans and lists of them likewise."""
    return json.dumps(value, ensure_ascii=False)
