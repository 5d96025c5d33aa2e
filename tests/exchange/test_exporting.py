"""What decides what is in a bundle is fixed once: what happens later changes nothing of it."""

import io
import zipfile
from contextlib import closing

import msgspec
import pytest

from gateway.core.refusal import Refusal
from gateway.evidence import bag
from gateway.evidence import bundle as bundles
from gateway.evidence.figures.standing import Start, Stood
from gateway.evidence.selection import Scope, Selection
from gateway.exchange.exporting import Basis
from gateway.ledger.granted import Granted
from gateway.ledger.record import Detail, timestamp
from gateway.settings import Settings
from tests.exchange.test_bundling import BY, Opened, opened
from tests.store.kit import entry


async def built(site: Opened, basis: Basis, selection: Selection) -> bytes:
    with closing(io.BytesIO()) as file:
        found = await site.auditor.exporting.build(basis, selection, file)
        assert not isinstance(found, Refusal), found
        return file.getvalue()


async def basis_of(site: Opened, selection: Selection, *attach: str) -> Basis:
    found = await site.auditor.exporting.basis(selection, attach)
    assert isinstance(found, Basis)
    return msgspec.json.decode(msgspec.json.encode(found), type=Basis)


async def test_the_same_basis_gives_the_same_bundle_whatever_comes_later(sqlite_settings: Settings) -> None:
    async with opened(sqlite_settings) as site:
        for _ in range(3):
            await site.auditor.scribe.record("audit.read", BY, {"page": "1"})
        for selection in (Selection(), Selection(first=1, end=3)):
            basis = await basis_of(site, selection)
            before = await built(site, basis, selection)
            site.clock.advance(3_600)
            await site.auditor.scribe.record("audit.read", BY, {"page": "2"})
            await site.auditor.publisher.publish(force=True)
            assert await built(site, basis, selection) == before
            assert (await basis_of(site, selection)).created_us > basis.created_us


async def test_the_policy_version_that_stood_when_the_range_began_is_in_the_bundle(database: Settings) -> None:
    async with opened(database) as site:
        await site.auditor.scribe.record("audit.read", BY, {"page": "1"})
        version = await site.auditor.exporting._policies.put(b'{"a":"policy"}')
        made = entry("policy.activated", ledger=site.auditor._id, us=site.clock.now_us(), policy=version)
        seq = (await site.auditor.scribe._ledger.append(msgspec.structs.replace(made, activates=version))).seq
        await site.auditor.scribe.record("audit.read", BY, {"page": "1"})
        selection = Selection(first=seq + 1, end=seq + 2)
        basis = await basis_of(site, selection)
        with zipfile.ZipFile(io.BytesIO(await built(site, basis, selection))) as bundle:
            records, kept = bundle.read(bag.RECORDS).decode(), bundle.read(bag.policy_path(version))
        assert version not in records, "none of the records names it"
        assert (basis.standing, kept) == (version, b'{"a":"policy"}')
        assert (await basis_of(site, Selection(first=seq, end=seq + 1))).standing == version, "from its own record on"
        assert (await basis_of(site, Selection(first=0, end=seq))).standing is None, "nothing stood yet"


async def _another(ledger: str) -> str:
    return f"another of {ledger}"


async def test_it_stands_for_this_version_and_for_what_attachments_are_told(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(sqlite_settings) as site:
        await site.auditor.scribe.record("audit.read", BY, {"page": "1"})
        plain, attached = await basis_of(site, Selection()), await basis_of(site, Selection(), "disclosures")
        exporting = site.auditor.exporting
        assert await exporting.stands(plain, Selection())
        assert await exporting.stands(attached, Selection(), ("disclosures",))
        monkeypatch.setattr(exporting._policies, "active", _another)
        assert await exporting.stands(plain, Selection()), "which tells nothing of that"
        assert not await exporting.stands(attached, Selection(), ("disclosures",))
        monkeypatch.setattr(bundles, "GENERATOR", "agent-compliance-gateway next")
        assert not await exporting.stands(plain, Selection())


async def test_what_stood_before_the_range_is_part_of_what_decides_a_bundle(database: Settings) -> None:
    """And so a detail that was deleted since has it begun anew."""
    async with opened(database) as site:
        told = Granted(owner="Ada Ward", roles=("clerk",))
        writer = site.auditor.scribe._ledger
        ledger = site.auditor._id
        made = entry(
            "key.created", ledger=ledger, us=site.clock.now_us(), credential="ak_1", detail=Detail(diff=told.lines())
        )
        seq = (await writer.append(made)).seq
        await site.auditor.scribe.record("audit.read", BY, {"page": "1"})
        range_ = Selection(first=seq + 1)
        basis = await basis_of(site, range_, "reports")
        exporting = site.auditor.exporting
        assert await exporting.stands(basis, range_, ("reports",))
        assert not await exporting.stands(basis, Selection(), ("reports",))
        stood = await exporting._stood(("reports",), Selection(first=seq + 1))
        assert stood is not None
        assert [one.name for one in stood.start.book.of("key")] == ["ak_1"]
        assert await exporting._stood(("csv",), Selection(first=seq + 1)) is None
        # What a record before a period has put in force stood when that began, also where the range holds the record.
        day = Scope(kind="period", period=(timestamp(site.clock.now_us() + 1), "2100-01-01T00:00:00.000000Z"))
        edge = await exporting._stood(("reports",), Selection(first=seq, scope=day))
        assert edge is not None
        assert [one.name for one in edge.start.book.of("key")] == ["ak_1"]
        within = Scope(kind="period", period=("2000-01-01T00:00:00.000000Z", "2100-01-01T00:00:00.000000Z"))
        nothing = await exporting._stood(("reports",), Selection(first=seq, scope=within))
        assert nothing is not None
        assert nothing.start.book.of("key") == [], "it was put in force in the period"
        assert await exporting._attached(("reports",), stood) == basis.attached
        (counted,) = stood.start.records
        gone = Start(book=stood.start.book, records=[msgspec.structs.replace(counted, detail=None)])
        assert await exporting._attached(("reports",), Stood(start=gone)) != basis.attached
        site.clock.advance(60)
        again = await basis_of(site, range_, "reports")
        assert again.attached == basis.attached
        with closing(io.BytesIO()) as file:
            await exporting.build(basis, range_, file, attach=("reports",))
            first = file.getvalue()
        with closing(io.BytesIO()) as file:
            await exporting.build(basis, range_, file, attach=("reports",))
            assert file.getvalue() == first
