"""Tenants and pseudonyms are made once, found again, and say nothing of whom they stand for."""

import asyncio
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from gateway.core.errors import ConfigurationError, LedgerUnavailable
from gateway.core.ids import SYSTEM
from gateway.core.refusal import Refusal
from gateway.store import directory as module
from gateway.store.directory import Directory, normalised
from gateway.store.keyring import Keyring
from gateway.store.tables import pseudonym
from tests.store.kit import Store
from tests.store.ledger_kit import changing, seeing


def directory_of(store: Store) -> Directory:
    return Directory(store.engine, store.keyring, store.clock, "gateway.internal")


async def count(store: Store) -> int:
    async with seeing(store.where) as connection:
        return int(await connection.scalar(select(func.count()).select_from(pseudonym)) or 0)


async def test_a_tenant_is_made_once_with_its_keys_and_found_again(store: Store) -> None:
    directory = directory_of(store)
    assert await directory.find_tenant("default") is None
    ledger = await directory.tenant("default")
    assert ledger.startswith("tn_")
    assert await directory.tenant("default") == ledger
    again = directory_of(store)
    assert await again.tenant("default") == ledger
    origin = await again.origin(ledger)
    assert origin.startswith("gateway.internal/ledger/")
    assert "default" not in origin
    assert ledger not in origin
    assert store.keyring.signer(origin).name == origin
    assert len(store.keyring.search_key(ledger)) == 32


async def test_the_origin_stays_when_the_configured_host_changes(store: Store) -> None:
    ledger = await directory_of(store).tenant("default")
    renamed = Directory(store.engine, store.keyring, store.clock, "elsewhere.internal")
    assert (await renamed.origin(ledger)).startswith("gateway.internal/")
    assert (await renamed.entry("second")).origin.startswith("elsewhere.internal/")


async def test_the_operator_s_ledger_has_its_fixed_id_and_an_origin_like_any_other(store: Store) -> None:
    directory = directory_of(store)
    assert await directory.tenant(SYSTEM) == SYSTEM
    assert "system" not in await directory.origin(SYSTEM)


async def test_tenants_made_by_many_at_once_are_one_tenant_and_leave_no_other_keys(store: Store) -> None:
    directories = [directory_of(store) for _ in range(6)]
    for configured in ("default", SYSTEM):
        made = await asyncio.gather(*(directory.tenant(configured) for directory in directories))
        assert len(set(made)) == 1
    assert len(list((store.directory / "keys").glob("ledger-*.key"))) == 2
    assert len(list((store.directory / "keys").glob("search-*.key"))) == 2
    for configured in ("default", SYSTEM):
        entry = await directories[0].entry(configured)
        assert store.keyring.signer(entry.origin).name == entry.origin
        store.keyring.search_key(entry.ledger)


async def test_a_new_database_beside_an_old_keyring_never_signs_with_the_old_key(store: Store, tmp_path: Path) -> None:
    store.keyring.create_ledger_key("gateway.internal/ledger/00aa")
    store.keyring.create_search_key(SYSTEM)
    search = store.keyring.search_key(SYSTEM)
    entry = await directory_of(store).entry(SYSTEM)
    assert entry.origin != "gateway.internal/ledger/00aa"
    assert store.keyring.search_key(SYSTEM) == search


async def test_a_keyring_that_cannot_be_written_makes_no_tenant(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Keyring, origin: str) -> None:
        raise ConfigurationError("cannot be written")

    monkeypatch.setattr(Keyring, "create_ledger_key", full)
    directory = directory_of(store)
    with pytest.raises(ConfigurationError):
        await directory.tenant("default")
    assert await directory.find_tenant("default") is None


async def test_an_unknown_ledger_has_no_origin(store: Store) -> None:
    with pytest.raises(LedgerUnavailable):
        await directory_of(store).origin("tn_none")


async def test_pseudonyms_are_random_stable_and_apart_by_tenant_kind_and_issuer(store: Store) -> None:
    directory = directory_of(store)
    one, two = await directory.tenant("one"), await directory.tenant("two")
    made = [
        await directory.actor(one, "alice"),
        await directory.actor(two, "alice"),
        await directory.actor(one, "alice", "https://issuer.example"),
        await directory.actor(one, "Alice"),
        await directory.subject(one, "alice"),
    ]
    assert len(set(made)) == 5
    assert [str(item)[:3] for item in made] == ["ac_", "ac_", "ac_", "ac_", "su_"]
    again = directory_of(store)
    assert await again.actor(one, "alice") == made[0]
    assert await again.find_actor(one, "alice") == made[0]
    assert await again.find_actor(one, "alice", "https://issuer.example") == made[2]
    assert await again.find_subject(one, " ALICE ") == made[4]


async def test_looking_for_someone_unknown_makes_nothing(store: Store) -> None:
    directory = directory_of(store)
    ledger = await directory.tenant("default")
    assert await directory.find_actor(ledger, "nobody") is None
    assert await directory.find_subject(ledger, "nobody") is None
    assert await count(store) == 0


async def test_an_issuer_and_a_subject_cannot_be_cut_elsewhere(store: Store) -> None:
    directory = directory_of(store)
    ledger = await directory.tenant("default")
    assert await directory.actor(ledger, "bc", "a") != await directory.actor(ledger, "c", "ab")


async def test_many_at_once_who_see_a_subject_first_agree_on_one_pseudonym(store: Store) -> None:
    directories = [directory_of(store) for _ in range(8)]
    ledger = await directories[0].tenant("default")
    made = await asyncio.gather(*(directory.subject(ledger, "MRN 123") for directory in directories))
    assert len(set(made)) == 1
    assert await count(store) == 1


async def test_the_mapping_holds_no_identifier(store: Store) -> None:
    directory = directory_of(store)
    ledger = await directory.tenant("default")
    await directory.subject(ledger, "canary-4711")
    async with seeing(store.where) as connection:
        row = (await connection.execute(select(pseudonym))).one()
    assert "canary" not in repr(row)
    assert len(row.lookup) == 32


async def test_a_remembered_pseudonym_is_forgotten_in_time_after_its_mapping_was_deleted(store: Store) -> None:
    directory = directory_of(store)
    ledger = await directory.tenant("default")
    first = await directory.subject(ledger, "MRN 123")
    async with changing(store.where) as connection:
        await connection.execute(delete(pseudonym))
    assert await directory.subject(ledger, "MRN 123") == first
    store.clock.advance(30)
    assert await directory.subject(ledger, "MRN 123") != first


async def test_what_was_found_lately_is_known_without_asking_and_for_as_long(store: Store) -> None:
    directory = directory_of(store)
    assert directory.known("default", "ada", None) is None
    ledger = await directory.tenant("default")
    assert directory.known("default", "ada", None) is None
    actor = await directory.actor(ledger, "ada")
    assert directory.known("default", "ada", None) == (ledger, actor)
    for configured, subject, issuer in (("other", "ada", None), ("default", "Ada", None), ("default", "ada", "iss")):
        assert directory.known(configured, subject, issuer) is None
    store.clock.advance(30)
    assert directory.known("default", "ada", None) is None
    assert await directory.actor(ledger, "ada") == actor


async def test_what_is_remembered_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CACHED", 3)
    directory = directory_of(store)
    ledger = await directory.tenant("default")
    made = [await directory.subject(ledger, f"MRN {number}") for number in range(6)]
    assert len(directory._cache) == 3
    assert [await directory.subject(ledger, f"MRN {number}") for number in range(6)] == made


@pytest.mark.parametrize("identifier", ["", "   ", " ", "x" * 257, "ﷺ" * 100])
async def test_an_identifier_that_is_empty_or_too_long_is_refused_without_its_value(
    store: Store, identifier: str
) -> None:
    directory = directory_of(store)
    ledger = await directory.tenant("default")
    refusal = await directory.subject(ledger, identifier)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field) == ("header_invalid", "X-Data-Subject")
    assert await count(store) == 0


async def test_a_database_that_is_gone_is_our_own_error(store: Store) -> None:
    directory = directory_of(store)
    ledger = await directory.tenant("default")
    async with store.bare() as bare:
        await bare.run("pseudonym", "DROP TABLE pseudonym")
    async with store.bare() as bare:
        await bare.run("tenant", "DROP TABLE tenant")
    with pytest.raises(LedgerUnavailable):
        await directory.subject(ledger, "MRN 123")
    with pytest.raises(LedgerUnavailable):
        await directory_of(store).tenant("default")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=20))
def test_normalising_an_identifier_twice_changes_nothing_more(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


def test_every_single_character_is_normal_after_one_pass() -> None:
    unstable = [code for code in range(0x110000) if normalised(once := normalised(chr(code))) != once]
    assert unstable == []


def test_widths_cases_ligatures_and_spaces_do_not_make_another_person() -> None:
    wide = "".join(chr(ord(character) + 0xFEE0) for character in "mrn123")
    assert {normalised(form) for form in ("mrn123", "MRN123", wide, " mrn123\t", "ℳrn123")} == {"mrn123"}
    assert normalised("Straße") == normalised("STRASSE")
    assert normalised("é") == normalised(unicodedata.normalize("NFD", "é"))


@pytest.mark.parametrize("unseen", ["\u200b", "\u2060", "\u00ad", "\ufe0f", "\u3164", "\U000e0100", "\u202e"])
async def test_a_character_that_nobody_sees_makes_no_other_person(store: Store, unseen: str) -> None:
    directory = directory_of(store)
    ledger = await directory.tenant("default")
    assert directory.person(ledger, f"a{unseen}da{unseen}") == directory.person(ledger, "Ada")
    assert directory.person(ledger, "ada b") != directory.person(ledger, "adab")


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb"])
async def test_a_lone_surrogate_is_no_crash(store: Store, text: str) -> None:
    directory = directory_of(store)
    ledger = await directory.tenant("default")
    assert str(await directory.subject(ledger, text)).startswith("su_")
    assert (await directory.actor(ledger, text)).startswith("ac_")


async def test_subjects_of_several_identifiers_are_made_at_once_and_found_again_in_any_writing(store: Store) -> None:
    directory = directory_of(store)
    ledger = await directory.tenant("default")
    before = await count(store)
    wanted = [("mrn", "4711-08"), ("email", "Ann@Clinic.example"), ("mrn", "4711 08"), ("plan-id", "471108")]
    made = await directory.subjects(ledger, wanted)
    assert len(set(made)) == len(made) == 3, "one number in two writings is one person's, in two kinds two persons'"
    assert await count(store) == before + 3
    assert await directory.subjects(ledger, wanted[::-1]) == (made[2], made[0], made[1])
    again = directory_of(store)
    assert await again.subjects(ledger, wanted) == made
    assert await again.find_subject(ledger, "471108", "mrn") == made[0]
    more = await again.subjects(ledger, [("mrn", "4712"), *wanted])
    assert (len(more), more[1:]) == (4, made)
    assert await again.subjects(ledger, []) == ()


async def test_subjects_made_by_many_at_once_are_the_same(store: Store) -> None:
    ledger = await directory_of(store).tenant("default")
    wanted = [("mrn", f"{number:06}") for number in range(9)]
    orders = [wanted, wanted[::-1], wanted[4:] + wanted[:4]]
    found = await asyncio.gather(*(directory_of(store).subjects(ledger, one) for one in orders))
    assert {frozenset(one) for one in found} == {frozenset(found[0])}
    assert len(found[0]) == 9


async def test_a_subject_whose_mapping_goes_while_it_is_made_is_not_made_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = directory_of(store)
    ledger = await directory.tenant("default")

    async def nothing(*_: object) -> dict[tuple[str, bytes], str]:
        return {}

    monkeypatch.setattr(directory, "_stored", nothing)
    with pytest.raises(LedgerUnavailable):
        await directory.subjects(ledger, [("mrn", "4711")])
