"""A small configuration and policies to ask: what the tests of this folder share."""

from pathlib import Path
from typing import Any

from gateway import settings
from gateway.checks.policy.load import Rules, load
from gateway.checks.policy.model import MODEL
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.structure import Structure, structure
from gateway.checks.policy.version import PolicySet, policy_set
from gateway.core.decision import Question

NOON_US = 1_767_614_400_000_000
"""Monday 2026-01-05, 12:00 UTC."""
DAY_US = 86_400_000_000
ENGINE = "1-0123456789ab"
SHIPPED = Path(__file__).parents[3] / "policies"

GROUPS = """\
g, role:clerk, role:user
g, role:clinician, role:user
g2, class:public, class:any
g2, class:internal, class:any
g2, class:pii, class:any
g2, class:phi, class:any
g2, class:pci, class:any
g2, class:secret, class:any
g2, class:special-category, class:any
g2, class:unscanned, class:any
g2, class:personal, class:any
g2, class:pii, class:personal
g2, class:phi, class:personal
g2, class:pci, class:personal
g2, class:special-category, class:personal
g2, class:phi, class:pii
"""


def document(**changed: Any) -> dict[str, Any]:
    """A gateway.toml: one agent in the house, one partner's, one in the cloud under a BAA until the end of 2026."""
    base: dict[str, Any] = {
        "zone": [
            {"id": "in-house", "trusted": True, "region": "DE"},
            {"id": "partner", "region": "FR"},
            {"id": "cloud"},
        ],
        "network": [{"id": "ward", "addresses": ["10.1.0.0/16"]}, {"id": "guests", "addresses": ["10.9.0.0/16"]}],
        "processor": [
            {
                "id": "acme",
                "legal_name": "Acme Inc.",
                "address": "1 Main Street",
                "country": "US",
                "agreement": {
                    "kind": "BAA",
                    "digest": "sha256:" + "0" * 64,
                    "valid_until": "2026-12-31",
                    "classes": ["pii", "phi"],
                },
            }
        ],
        "agent": [
            {"id": "local", "protocol": "openai", "url": "http://l", "zone": "in-house", "capabilities": ["triage"]},
            {"id": "friend", "protocol": "openai", "url": "http://f", "zone": "partner", "capabilities": ["triage"]},
            {
                "id": "sky",
                "protocol": "openai",
                "url": "https://c",
                "zone": "cloud",
                "processor": "acme",
                "capabilities": ["triage"],
            },
        ],
    }
    return base | changed


def configured(**changed: Any) -> settings.Settings:
    return settings.parse(document(**changed), {}, Path("/nowhere"))


def facts(**changed: Any) -> Structure:
    return structure(configured(**changed), ENGINE)


def rule(
    id: str = "a-rule",
    priority: object = 10,
    role: str = "role:user",
    data: str = "class:public",
    agent: str = "zone:in-house",
    action: str = "*",
    purpose: str = "purpose:*",
    when: str = "always",
    eft: str = "allow",
    obligations: str = "none",
    text: str = "A sentence in words.",
) -> str:
    """One `p` line."""
    columns = (str(priority), role, data, agent, action, purpose, when, eft, obligations, id, text)
    return ", ".join(["p", *(f'"{column}"' for column in columns)]) + "\n"


def files(*lines: str, groups: str = GROUPS, **others: bytes) -> dict[str, bytes]:
    return {"model.conf": MODEL.encode(), "policy.csv": (groups + "".join(lines)).encode(), **others}


def rules(*lines: str, groups: str = GROUPS, profile: str = "", **changed: Any) -> Rules:
    """Loaded, without the traps."""
    members = {"policy.csv": (groups + "".join(lines)).encode(), "profile.csv": profile.encode()}
    return load(members, facts(**changed))


def policy(*lines: str, groups: str = GROUPS, **changed: Any) -> Policy:
    config = configured(**changed)
    return Policy(policy_set(files(*lines, groups=groups), config, ENGINE), config)


def shipped_files() -> dict[str, bytes]:
    return {str(path.relative_to(SHIPPED)): path.read_bytes() for path in SHIPPED.rglob("*") if path.is_file()}


def shipped_set(**changed: Any) -> PolicySet:
    return policy_set(shipped_files(), configured(**changed), ENGINE)


def shipped(**changed: Any) -> Policy:
    config = configured(**changed)
    return Policy(policy_set(shipped_files(), config, ENGINE), config)


def question(*classes: str, **changed: Any) -> Question:
    """A clerk in the house who chats for treatment."""
    base: dict[str, Any] = {
        "tenant": "default",
        "subject": "alice",
        "roles": ("clerk",),
        "zone": "in-house",
        "action": "chat",
        "purpose": "TREAT",
        "classes": tuple(sorted(classes)) or ("public",),
    }
    return Question(**(base | changed))
