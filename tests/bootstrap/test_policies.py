"""A policy is served with once it is on record, and only then."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from gateway.bootstrap import load_policy_set, open_gateway, open_site
from gateway.bootstrap.policies import InForce, frameworks_of, proposals_of, proposed, served, settled
from gateway.checks.classification.registry import DEFAULT
from gateway.core.errors import ConfigurationError
from gateway.core.ids import uuid7
from gateway.exchange.proposals import Hand
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry
from gateway.ledger.record import Detail, Envelope, encode_detail, timestamp
from gateway.settings import Settings, parse
from gateway.store.proposals import Party, Proposal
from tests.bootstrap.kit import LATER, activations, configured
from tests.system.kit import policies


async def test_a_policy_is_activated_on_record_once_however_often_the_gateway_starts(database: Settings) -> None:
    settings = configured(database)
    for _ in range(2):
        async with open_gateway(settings) as gateway:
            assert (await gateway.readiness.look())["policy"]
            digest = gateway.policy.version("default")
    (one,) = await activations(settings)
    assert one["policy"] == digest


async def test_another_directory_is_another_activation_and_its_detail_names_what_changed(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with open_gateway(configured(sqlite_settings)):
        pass
    changed = configured(sqlite_settings, policy=policies(tmp_path, LATER))
    async with open_gateway(changed):
        pass
    first, second = await activations(changed)
    assert first["policy"] != second["policy"]
    assert "later" in str(second["diff"])


async def test_with_four_eyes_a_directory_that_differs_does_not_start(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    first = configured(sqlite_settings, policy={**policies(tmp_path), "four_eyes": True})
    async with open_gateway(first):
        pass
    with (tmp_path / "policies" / "policy.csv").open("a") as file:
        file.write(f"\n{LATER}\n")
    with pytest.raises(ConfigurationError, match="four_eyes"):
        async with open_gateway(first):
            pass
    assert len(await activations(first)) == 1


async def test_a_proposal_of_another_gateway_toml_is_told_with_what_would_be_right(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    """The directory waits with the settings it was proposed with, and the active version is of others."""
    first = configured(sqlite_settings, policy={**policies(tmp_path), "four_eyes": True})
    async with open_gateway(first):
        pass
    agents = (*first.agent, msgspec.structs.replace(first.agent[0], id="another"))
    second = msgspec.structs.replace(first, agent=agents)
    async with open_site(second) as site:
        party = Party(kind="person", actors={}, tenant="default", persons=("person ada",), names=())
        found = load_policy_set(second, DEFAULT.version)
        assert isinstance(await proposals_of(site).propose(Hand(party=party, details={}), found, None), Proposal)
    with pytest.raises(ConfigurationError, match=r"start with the gateway\.toml that the active version .*activate"):
        async with open_gateway(second):
            pass
    async with open_gateway(first):
        pass


async def test_a_node_knows_whether_its_policy_is_in_force_and_asks_where_it_must_be_sure(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    first = configured(sqlite_settings)
    async with open_gateway(first) as gateway:
        site, ledger = gateway.site, gateway.site.tenants["default"].ledger
        mine = InForce(site, site.ledgers.writers, gateway.policy)
        assert (mine.known(ledger), await mine.asked(ledger)) == (True, True)
        assert (mine.known("tn_x"), await mine.asked("tn_x")) == (False, False)
        before = gateway.policy
    async with open_gateway(configured(sqlite_settings, policy=policies(tmp_path, LATER))) as gateway:
        site = gateway.site
        writers: Any = {ledger: SimpleNamespace(policy=before.version("default"))}
        old = InForce(site, writers, before)
        assert (old.known(ledger), await old.asked(ledger)) == (True, False), "it has not written since"
        assert not InForce(site, site.ledgers.writers, before).known(ledger)


async def test_what_was_active_in_a_form_that_is_not_read_any_more_is_told_as_that(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    settings = configured(sqlite_settings)
    async with open_gateway(settings) as gateway:
        site = gateway.site
        unread = await site.policies.put(b'{"members":{},"v":0}')
        later = configured(sqlite_settings, policy=policies(tmp_path, LATER))
        shared = load_policy_set(later, DEFAULT.version)
        _, versions = served(shared, later)
        writer = await site.writer("default")
        now, salt = site.clock.now_us(), new_salt()
        detail = encode_detail(Detail(reason="activated"))
        envelope = Envelope(
            id=uuid7(now),
            tenant=writer.tenant,
            event="policy.activated",
            occurred_at=timestamp(now),
            policy=unread,
            node=site.node,
            detail=committed(salt, "detail", detail),
        )
        await writer.append(Entry.of(envelope, detail=detail, salt=salt, activates=unread))
        for _ in range(2):
            assert await settled(site, shared) == shared
    last = (await activations(settings))[-1]
    assert (last["policy"], last["diff"]) == (
        versions.digests()["default"],
        ["the version before is of a form that is not read any more: what changed is not known"],
    )


def test_a_policy_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="gateway init"):
        load_policy_set(parse({}, {}, tmp_path), "1-0")


def test_a_framework_that_asks_for_what_is_not_there_is_not_served_with(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    settings = configured(sqlite_settings, policy=policies(tmp_path))
    folder = settings.path(settings.policy.directory) / "frameworks"
    own = folder / "own.toml"
    own.write_text((folder / "gdpr.toml").read_text("utf-8").replace('id = "gdpr"', 'id = "own"'), "utf-8")
    policy, shared = proposed(settings)
    assert [one.id for one in frameworks_of(policy, shared)] == ["eu-ai-act", "gdpr", "hipaa", "own", "pci-dss", "soc2"]
    own.write_text(own.read_text("utf-8").replace("subject.linked", "subject.forgotten"), "utf-8")
    with pytest.raises(ConfigurationError, match=r"frameworks/own\.toml: provision\[\d\]\.query\[\d\]\.event"):
        proposed(settings)
