"""Each tenant is decided for, told and shown by a policy version of its own."""

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.bootstrap import Gateway, load_policy_set, open_gateway, open_site
from gateway.bootstrap.digests import config_digest
from gateway.checks.classification.registry import DEFAULT
from gateway.checks.policy.version import to_bytes
from gateway.core.errors import ConfigurationError
from gateway.core.ids import uuid7
from gateway.evidence.manifest import Manifest
from gateway.evidence.selection import Selection
from gateway.evidence.verify import verify
from gateway.exchange.audit_scribe import Reader
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry
from gateway.ledger.record import Detail, Envelope, encode_detail, timestamp
from gateway.settings import Settings
from gateway.store.api_keys import Administrator, Grant, NewKey
from gateway.store.keyring import Keyring
from tests.checks.identity.making import ec_jwk, ec_key
from tests.system.kit import HEALTH, PUBLIC, policies
from tests.system.site import System, settings_for, system

TENANTS = [{"id": "hospital"}, {"id": "moneybank"}]
URL = "http://127.0.0.1:9"
AGENTS: dict[str, dict[str, Any]] = {
    "ward": {"zone": "in-house", "capabilities": ["summarize", "care"], "tenants": ["hospital"]},
    "desk": {"zone": "in-house", "capabilities": ["summarize"], "callers": ["hospital/nurse", "moneybank/tellerbob"]},
    "vaultagent": {"zone": "in-house", "capabilities": ["lendingcap"], "tenants": ["moneybank"]},
}
LINES = (
    "# What the moneybank asked for:",
    "g, caller:moneybank/tellerbob, role:user",
    "f, agent:vaultagent, class:internal",
    'p, 11, role:*, class:pci, capability:lendingcap, *, purpose:*, always, deny, none, cards, "No cards are lent."',
    "p, 12, role:user, class:internal, zone:cloud, *, purpose:*, tenant:moneybank, deny, none, mortgagerule, "
    '"No mortgage."',
)
THEIRS = ("moneybank", "vaultagent", "lendingcap", "tellerbob", "tillhook", "mortgagerule", "cards")
"""Words of what only the bank has."""


def sections(base: Settings, directory: Path) -> dict[str, Any]:
    """Of a configuration in which both tenants have something of each kind."""
    Path(base.base, "jwks.json").write_bytes(msgspec.json.encode({"keys": [ec_jwk(ec_key())]}))
    return {
        "tenant": TENANTS,
        "policy": policies(directory, *LINES),
        "callback": [
            {"id": name, "url": "https://hooks.example", "secret": "env:HOOK", "zone": "in-house", "tenants": [tenant]}
            for name, tenant in (("tillhook", "moneybank"), ("charthook", "hospital"))
        ],
        "issuer": [
            {
                "issuer": f"https://{tenant['id']}.example",
                "audience": "gateway",
                "algorithms": ["ES256"],
                "jwks_file": "jwks.json",
                "tenants": [tenant["id"]],
                "roles": ["clinician"],
            }
            for tenant in TENANTS
        ],
    }


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", "a secret that is long enough for a signature")


async def _key(site: System, tenant: str, *roles: str) -> dict[str, str]:
    writer = await site.gateway.site.writer(tenant)
    grant = Grant(owner="ada", kind="person", roles=roles, zone="in-house", purposes=("TREAT",))
    by = Administrator(ledger=writer, tenant=writer.tenant)
    made = await site.gateway.site.api_keys.create(by, tenant, grant)
    assert isinstance(made, NewKey)
    return {"authorization": f"Bearer {made.plain}"}


async def _chat(site: System, key: dict[str, str], text: str, model: str) -> int:
    return (await site.chat(key["authorization"].removeprefix("Bearer "), text, model=model)).status_code


async def _bundle(gateway: Gateway, tenant: str, directory: Path) -> dict[str, bytes]:
    """The files of a bundle of everything, which was verified by its key alone; what is base64 in them is read too."""
    written = io.BytesIO()
    made = await gateway.auditors[tenant].export(Reader(), Selection(), written)
    assert isinstance(made, Manifest)
    (directory / "bundle.zip").write_bytes(written.getvalue())
    entry = gateway.site.tenants[tenant]
    verify(directory / "bundle.zip", gateway.site.keyring.verifier_key(entry.origin))
    with zipfile.ZipFile(written) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for name in [name for name in files if name.startswith("data/policy/")]:
        for member, text in json.loads(files[name])["members"].items():
            files[f"{name}/{member}"] = base64.b64decode(text)
    lines = next(data for name, data in files.items() if name.endswith("details.jsonl")).splitlines()
    files["details"] = b"".join(base64.b64decode(json.loads(line)["bytes"]) for line in lines)
    return files


def _policies(records: list[dict[str, Any]]) -> set[str]:
    named = {one["policy"] for one in records if "policy" in one}
    return named | {one["decision"]["policy"] for one in records if "decision" in one}


async def test_a_bundle_and_every_record_of_a_tenant_name_its_own_version_and_nothing_of_others(
    database: Settings, tmp_path: Path
) -> None:
    async with system(database, agents=AGENTS, **sections(database, tmp_path)) as site:
        nurse, teller = await _key(site, "hospital", "clinician"), await _key(site, "moneybank", "clerk")
        assert await _chat(site, nurse, HEALTH, "ward") == 200
        assert await _chat(site, nurse, HEALTH, "nobody") == 404
        assert await _chat(site, teller, PUBLIC, "vaultagent") == 200
        assert await _chat(site, teller, HEALTH, "nobody") == 404
        versions = {name: site.gateway.policy.version(name) for name in ("hospital", "moneybank")}
        for tenant, version in versions.items():
            assert _policies(await site.records(tenant)) == {version}
            auditor = await _key(site, tenant, "compliance")
            shown = (await site.http.get("/policy", headers=auditor)).json()
            assert shown["policy"] == version
            assert shown["activated_at"] is not None
            explained = await site.http.post("/policy/explain", json={"roles": ["clerk"]}, headers=auditor)
            assert explained.json()["policy"] == version
            period = {"from": "2020-01-01", "to": "2099-01-01"}
            simulated = (await site.http.post("/policy/simulate", json=period, headers=auditor)).json()
            assert (simulated["draft"], simulated["changed"], simulated["without_version"]) == (version, 0, 0)
            for text in (json.dumps(shown), explained.text) if tenant == "hospital" else ():
                assert not [word for word in THEIRS if word in text]
        files = await _bundle(site.gateway, "hospital", tmp_path)
        assert [name for name in files if name.endswith(".json/structure.json")] == [
            f"data/policy/{versions['hospital'].removeprefix('sha256:')}.json/structure.json"
        ]
        everything = b"".join(files.values())
        assert not [word for word in THEIRS if word.encode() in everything]
        theirs = b"".join((await _bundle(site.gateway, "moneybank", tmp_path)).values())
        assert all(word.encode() in theirs for word in THEIRS), "the bank knows its own"
        assert b"charthook" in everything
        assert b"charthook" not in theirs


async def test_what_another_tenant_gets_is_no_activation_of_a_tenants_policy(
    database: Settings, tmp_path: Path
) -> None:
    Keyring.create(Path(database.base) / "keys").close()
    given = sections(database, tmp_path)
    more = {**AGENTS, "newagent": {"zone": "in-house", "capabilities": ["summarize"], "tenants": ["moneybank"]}}
    versions = []
    for agents in (AGENTS, more):
        settings = settings_for(database, {name: {"url": URL, **one} for name, one in agents.items()}, **given)
        async with open_gateway(settings) as gateway:
            assert (await gateway.readiness.look())["policy"]
            versions.append({name: gateway.policy.version(name) for name in ("hospital", "moneybank")})
    assert versions[0]["hospital"] == versions[1]["hospital"]
    assert await _activations(settings, "hospital") == [(versions[0]["hospital"], None)]
    first, second = await _activations(settings, "moneybank")
    assert first[0] == versions[0]["moneybank"]
    assert second == (versions[1]["moneybank"], ["agent newagent added"])


async def test_a_database_from_before_goes_on_under_four_eyes_and_says_that_only_the_name_is_another(
    database: Settings, tmp_path: Path
) -> None:
    Keyring.create(Path(database.base) / "keys").close()
    given = sections(database, tmp_path)
    given["policy"]["four_eyes"] = True
    settings = settings_for(database, {name: {"url": URL, **one} for name, one in AGENTS.items()}, **given)
    before = await _as_before(settings)
    for _ in range(2):
        async with open_gateway(settings) as gateway:
            assert (await gateway.readiness.look())["policy"]
            versions = {name: gateway.policy.version(name) for name in ("hospital", "moneybank")}
            files = await _bundle(gateway, "hospital", tmp_path)
    assert len({before, *versions.values()}) == 3
    named = {name for name in files if name.startswith("data/policy/") and name.endswith(".json")}
    assert len({name for name in named if name.count("/") == 2}) == 2, "the one of before is the record's of then"
    for tenant, version in versions.items():
        assert await _activations(settings, tenant) == [(before, None), (version, [])]
    _add(given["policy"], "g, caller:moneybank/another, role:user")
    with pytest.raises(ConfigurationError, match="four_eyes"):
        async with open_gateway(settings):
            pass
    assert len(await _activations(settings, "hospital")) == len(await _activations(settings, "moneybank")) == 2


def _add(policy: dict[str, Any], line: str) -> None:
    with Path(policy["directory"], "policy.csv").open("a") as file:
        file.write(f"\n{line}\n")


async def _as_before(settings: Settings) -> str:
    """Activate the set of all tenants for each of them, as was done before there were tenants' own."""
    shared = load_policy_set(settings, DEFAULT.version)
    async with open_site(settings) as site:
        await site.policies.put(to_bytes(shared))
        for tenant in TENANTS:
            ledger, now, salt = site.tenants[tenant["id"]].ledger, site.clock.now_us(), new_salt()
            detail = encode_detail(Detail(reason="activated"))
            envelope = Envelope(
                id=uuid7(now),
                tenant=ledger,
                event="policy.activated",
                occurred_at=timestamp(now),
                policy=shared.digest,
                config=config_digest(settings),
                node=site.node,
                detail=committed(salt, "detail", detail),
            )
            writer = await site.ledgers.open(ledger)
            await writer.append(Entry.of(envelope, detail=detail, salt=salt, activates=shared.digest))
    return shared.digest


async def _activations(settings: Settings, tenant: str) -> list[tuple[str, list[str] | None]]:
    """Each with its digest and what it says of what changed; None where all that there is was added."""
    async with open_site(settings) as site:
        reader = site.reader(tenant)
        found = [
            (json.loads(stored.envelope)["policy"], json.loads(stored.detail or b"{}").get("diff"))
            async for stored in reader.records(0, await reader.size(), details=True)
            if b'"policy.activated"' in stored.envelope
        ]
    return [(policy, None if diff and len(diff) > 10 else diff) for policy, diff in found]
