"""The installation that is measured: so many rules, ten roles, callers with keys and callers with tokens.

Everything is as `gateway init` makes it, except for what a benchmark must not run into: its rates, and how much may be
under way at once.
"""

import json
import os
import shutil
import time
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jose import jwt

from benchmarks.bodies import Body
from gateway.bootstrap import open_site
from gateway.settings import Settings, load
from gateway.store.api_keys import Administrator, Grant, NewKey
from gateway.store.keyring import Keyring

SHIPPED = Path(__file__).parents[1] / "policies"
RULES = 100
CALLING = 10
"""Roles that send requests. There may be more."""
SUBJECTS = 10
"""Persons with a token, in each role."""
ISSUER, AUDIENCE, KEY_ID = "https://login.bench.example", "gateway", "bench-1"
PURPOSES = ("HOPERAT", "TREAT")
METHODS = ("api-key", "jwt")
AT_ONCE = 4096
"""Requests that may be under way at once, at each agent too."""
_TEAM_RULES = (
    ("class:internal", "zone:partner", "chat", "always", "allow", "none", "sends internal data to partners' agents"),
    (
        "class:pii",
        "zone:cloud",
        "chat",
        "contract:valid",
        "allow",
        "redact",
        "sends personal data masked, to the cloud",
    ),
    ("class:phi", "zone:in-house", "chat", "zone:trusted", "allow", "none", "uses health data in the house"),
    ("class:pci", "zone:in-house", "chat", "zone:trusted", "allow", "none", "uses card data in the house"),
    ("class:pii", "zone:in-house", "chat", "always", "allow", "none", "uses personal data in the house"),
    ("class:public", "zone:cloud", "chat", "always", "allow", "none", "sends public data to the cloud"),
    ("class:internal", "zone:in-house", "chat", "always", "allow", "none", "uses internal data in the house"),
    (
        "class:internal",
        "zone:cloud",
        "tool:*",
        "always",
        "deny",
        "none",
        "hands no internal data to tools in the cloud",
    ),
)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends requests: a role, and the credential for it."""

    role: str
    credential: str
    method: str


def departments(rules: int) -> tuple[str, ...]:
    """The roles that so many rules in all are about: each department has one for every kind of rule."""
    return tuple(f"team-{number:02}" for number in range(-(-(rules - _shipped_rules()) // len(_TEAM_RULES))))


def calling(rules: int) -> tuple[str, ...]:
    """The roles that send requests: some of the first departments, some of the last."""
    roles = departments(rules)
    return tuple(roles[number * len(roles) // CALLING] for number in range(CALLING))


def policy(rules: int) -> str:
    """The shipped rules, and before them those of the departments: so many in all."""
    shipped, roles = _shipped(), departments(rules)
    lines = [shipped, *(f"g, role:{role}, role:user" for role in roles)]
    # One priority for each kind of rule: those of one kind never stand against each other.
    places = [(priority, role, rule) for priority, rule in enumerate(_TEAM_RULES, 120) for role in roles]
    for index, (priority, role, rule) in enumerate(places[: rules - _shipped_rules()]):
        data, zone, action, when, effect, duty, text = rule
        row = f"{priority}, role:{role}, {data}, {zone}, {action}, purpose:*, {when}, {effect}, {duty}"
        lines.append(f'p, {row}, bench-{index:02}, "{role} {text}."')
        if (data, zone) == ("class:internal", "zone:partner"):
            lines.append(f'o, bench-{index:02}, {data}, "It is meant to, for {role}."')
    return "\n".join(lines) + "\n"


def _shipped() -> str:
    return (SHIPPED / "policy.csv").read_text("utf-8")


def _shipped_rules() -> int:
    return sum(line.startswith("p,") for line in _shipped().splitlines())


def configuration(database: str, agent_url: str, roles: Sequence[str], ca: Path | None = None) -> str:
    """`gateway.toml`: three zones, five agents of one capability, all at the benchmark's agent."""
    agents = (
        ("cloud", "cloud", 'processor = "cloud-inc"'),
        ("cloud-2", "cloud", 'processor = "cloud-inc"'),
        ("partner", "partner", 'processor = "cloud-inc"'),
        ("ward", "in-house", ""),
        ("desk", "in-house", ""),
    )
    trust = "" if ca is None else f'ca = "{ca}"\n'
    tables = "\n".join(
        f'[[agent]]\nid = "{name}"\nprotocol = "openai"\nurl = "{agent_url}"\nzone = "{zone}"\n'
        f'{trust}capabilities = ["summarize"]\nconcurrency = {AT_ONCE}\nmax_connections = {AT_ONCE}\n{more}\n'
        for name, zone, more in agents
    )
    rate = "900000000/minute"
    return f"""
[database]
url = "{database}"
[limits]
credential = "{rate}"
tenant = "{rate}"
target = "{rate}"
concurrency = {AT_ONCE}
[[zone]]
id = "in-house"
trusted = true
region = "DE"
[[zone]]
id = "partner"
[[zone]]
id = "cloud"
region = "US"
[[processor]]
id = "cloud-inc"
legal_name = "Cloud Inc."
address = "1 Cloud Way"
country = "US"
[processor.agreement]
kind = "BAA"
digest = "sha256:{"0" * 64}"
valid_until = "2099-12-31"
classes = ["pii", "phi"]
[[issuer]]
issuer = "{ISSUER}"
audience = "{AUDIENCE}"
algorithms = ["ES256"]
jwks_file = "jwks.json"
roles = {json.dumps(roles)}
purposes = {json.dumps(PURPOSES)}
zone = "in-house"
{tables}"""


def lay_out(
    directory: Path, database: str, agent_url: str, rules: int = RULES, ca: Path | None = None
) -> tuple[Settings, list[Caller]]:
    """Write configuration, policy, keys and the token issuer's keys; the callers with tokens. `ca`: whom agents are
    trusted by, under TLS.

    The database is not touched: see `keyed`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copytree(SHIPPED, directory / "policies")
    (directory / "policies" / "policy.csv").write_text(policy(rules), "utf-8")
    key = ec.generate_private_key(ec.SECP256R1())
    (directory / "jwks.json").write_text(json.dumps({"keys": [_jwk(key)]}), "utf-8")
    file = directory / "gateway.toml"
    file.write_text(configuration(database, agent_url, departments(rules), ca), "utf-8")
    settings = load(file, {})
    Keyring.create(settings.path(settings.keys.directory)).close()
    return settings, _tokens(key, calling(rules))


async def keyed(settings: Settings, roles: Sequence[str]) -> list[Caller]:
    """An API key for each role."""
    callers = []
    async with open_site(settings) as site:
        writer = await site.writer("default")
        by = Administrator(ledger=writer, tenant=writer.tenant)
        for role in roles:
            grant = Grant(owner=f"{role}-service", kind="service", roles=(role,), zone="in-house", purposes=PURPOSES)
            made = await site.api_keys.create(by, "default", grant)
            if not isinstance(made, NewKey):
                raise TypeError("the benchmark's grant was refused")
            callers.append(Caller(role=role, credential=made.plain, method="api-key"))
    return callers


def requests(sent: list[Body], callers: list[Caller]) -> list[bytes]:
    """Each body once for each way in which the callers say who they are, as whole HTTP requests.

    Roles change with every twelve bodies, so that each meets every class, and persons within a role with every round.
    """
    roles = tuple(dict.fromkeys(one.role for one in callers))
    made = []
    for method in sorted({one.method for one in callers}):
        by_role = {role: [one for one in callers if (one.role, one.method) == (role, method)] for role in roles}
        for index, body in enumerate(sent):
            choice = by_role[roles[index // 12 % len(roles)]]
            made.append((index, request(body, choice[index // (12 * len(roles)) % len(choice)], index)))
    # The ways in turn.
    return [data for _, data in sorted(made, key=lambda item: item[0])]


def request(body: Body, caller: Caller, number: int) -> bytes:
    """One whole HTTP request, as a client library would write it."""
    head = [
        "POST /v1/chat/completions HTTP/1.1",
        "host: 127.0.0.1",
        "accept: application/json",
        "content-type: application/json",
        "user-agent: bench/1",
        f"authorization: Bearer {caller.credential}",
        f"content-length: {len(body.data)}",
    ]
    if body.data_class == "internal":
        head.append("x-data-class: internal")
    if number % 3 == 0:
        head.append("x-purpose: TREAT")
    return "\r\n".join((*head, "", "")).encode() + body.data


def _jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    x, y = (urlsafe_b64encode(value.to_bytes(32)).rstrip(b"=").decode() for value in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "kid": KEY_ID, "use": "sig", "alg": "ES256", "x": x, "y": y}


def _tokens(key: ec.EllipticCurvePrivateKey, roles: Sequence[str]) -> list[Caller]:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    now = int(time.time())
    callers = []
    for role in roles:
        for number in range(SUBJECTS):
            claims = {
                "iss": ISSUER,
                "aud": AUDIENCE,
                "sub": f"{role}-person-{number}",
                "iat": now,
                "exp": now + 6 * 3600,
                "jti": os.urandom(8).hex(),
                "roles": [role],
            }
            token = jwt.encode(claims, pem, algorithm="ES256", headers={"kid": KEY_ID})
            callers.append(Caller(role=role, credential=token, method="jwt"))
    return callers
