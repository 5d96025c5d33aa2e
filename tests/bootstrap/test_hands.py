"""Who acts is known by name to the own tenant's record, and to the others' as the account that ran the command."""

import msgspec

from gateway.bootstrap import open_site
from gateway.bootstrap.hands import api_hand, machine_hand
from gateway.core.caller import Identity
from gateway.ledger.record import Detail
from gateway.settings import Settings
from tests.bootstrap.kit import configured

ACCOUNT = Detail(subject="root@host", issuer="urn:gateway:command-line", method="command-line")
ADA = Identity(
    tenant="ward",
    subject="ada",
    kind="person",
    roles=("compliance",),
    method="api-key",
    credential="key_1",
    purposes=(),
    zone="in-house",
    on_behalf_of=("Grace",),
)


async def test_a_caller_of_the_api_is_confined_to_its_own_ledger(sqlite_settings: Settings) -> None:
    settings = configured(sqlite_settings, tenant=[{"id": "ward"}, {"id": "bank"}])
    async with open_site(settings) as site:
        ward = site.tenants["ward"].ledger
        hand = await api_hand(site, ADA, Detail(subject="ada"))
        assert (hand.only, set(hand.party.actors), set(hand.details)) == (ward, {ward}, {ward})
        assert hand.person
        assert (len(hand.party.persons), hand.party.key, hand.party.tenant) == (2, "key_1", "ward")


async def test_a_person_is_the_same_in_every_tenant_and_under_every_spelling(sqlite_settings: Settings) -> None:
    settings = configured(sqlite_settings, tenant=[{"id": "ward"}, {"id": "bank"}])
    async with open_site(settings) as site:
        ward, bank = (site.tenants[name].ledger for name in ("ward", "bank"))
        one = await machine_hand(site, ACCOUNT, "urn:gateway:command-line", (ADA, Detail(subject="ada")))
        other = msgspec.structs.replace(ADA, tenant="bank", subject="ADA", on_behalf_of=(), issuer="https://i")
        two = await machine_hand(site, ACCOUNT, "urn:gateway:command-line", (other, Detail(subject="ADA")))
        assert set(two.party.persons) < set(one.party.persons)
        assert (one.details[ward].subject, one.details[bank].subject) == ("ada", "root@host")
        assert (two.details[ward].subject, two.details[bank].subject) == ("root@host", "ADA")
        assert one.party.actors[bank] == await site.directory.actor(bank, "root@host", "urn:gateway:command-line")
        assert one.only is None


async def test_an_account_and_an_agents_caller_are_no_persons(sqlite_settings: Settings) -> None:
    settings = configured(sqlite_settings, tenant=[{"id": "ward"}])
    agent = msgspec.structs.replace(settings.agent[0], callers=("ward/ada",))
    async with open_site(msgspec.structs.replace(settings, agent=(agent,))) as site:
        account = await machine_hand(site, ACCOUNT, "urn:gateway:command-line")
        assert (account.person, account.party.kind, account.party.persons) == (False, "service", ())
        called = await api_hand(site, ADA, Detail(subject="ada"))
        assert (called.person, called.party.kind) == (False, "agent")
