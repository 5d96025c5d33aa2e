"""Reports of a period: of the records written in it, on record before any is read, refused by field."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from benchmarks.year_versions import TEXTS
from gateway.bootstrap import open_site, proposed, reporter_of
from gateway.bootstrap.site import Site
from gateway.core.errors import FormatError, RecordsArchived, VerificationError
from gateway.core.ports import StoredRecord
from gateway.core.refusal import Refusal
from gateway.evidence.figures.facts import Facts
from gateway.evidence.figures.standing import Stood
from gateway.evidence.reports.document import Cell, Document, Fields, Table
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.emergency_trail import EmergencyTrail
from gateway.exchange.reporting import Reporter, Wanted
from gateway.exchange.stood import StoodReader
from gateway.exchange.trail import Trail
from gateway.ledger.record import ClassesInfo, DecisionInfo, Detail, OutcomeInfo, parse, parse_detail, timestamp
from gateway.settings import Settings
from gateway.store.api_keys import Administrator, Grant, NewKey
from gateway.store.archives import Archived, ArchiveStore
from gateway.store.denials import Denial
from gateway.store.reader import StoreReader
from gateway.store.sealing import Sealer
from gateway.store.stamps import KeptStamp, StampStore
from tests.bootstrap.kit import configured
from tests.conftest import ManualClock
from tests.evidence.making import ledger
from tests.store.kit import entry

DAY_US = 86_400_000_000
BY = Reader(actor="ac_auditor", kind="person", detail=Detail(subject="auditor@clinic.example"))
PHI = ClassesInfo(found=("phi",), declared=(), inherited=(), floor=())


@asynccontextmanager
async def reporting(
    settings: Settings, clock: ManualClock, reports: str = "default", **sections: Any
) -> AsyncIterator[tuple[Site, Reporter]]:
    settings = configured(settings, **sections)
    policy, shared = proposed(settings)
    async with open_site(settings, clock=clock) as site:
        auditor = await site.auditor(reports)
        yield site, await reporter_of(site, reports, auditor, policy, shared)


async def written(site: Site, event: str, *subjects: str, **fields: Any) -> int:
    """One record about these subjects, now: its number."""
    writer = await site.writer("default")
    made = entry(event, ledger=writer.tenant, us=site.clock.now_us(), subjects=subjects, **fields)
    return (await writer.append(made)).seq


def tables(document: Document | Refusal) -> dict[str, Table]:
    assert isinstance(document, Document)
    return {one.caption: one for section in document.sections for one in section.blocks if isinstance(one, Table)}


def period(clock: ManualClock, kind: str = "period", days: int = 1, **fields: Any) -> Wanted:
    """The last `days` up to now and a little."""
    now = clock.now_us()
    return Wanted(kind=kind, since=timestamp(now - days * DAY_US), until=timestamp(now + 1_000_000), **fields)


async def test_a_period_is_the_records_that_were_written_in_it(sqlite_settings: Settings, clock: ManualClock) -> None:
    async with reporting(sqlite_settings, clock) as (site, reporter):
        places = []
        for _ in range(5):
            places.append(await written(site, "audit.read", actor="ac_1"))
            clock.advance(86_400)
        begin = clock.now_us() - 4 * DAY_US
        wanted = Wanted(kind="period", since=timestamp(begin), until=timestamp(begin + 2 * DAY_US))
        found = await reporter.report(BY, wanted)
        assert isinstance(found, Document)
        assert (found.first, found.end) == (places[1], places[3])
        nothing = await reporter.report(BY, Wanted(kind="period", since=wanted.since, until=timestamp(begin + 1)))
        assert isinstance(nothing, Document)
        assert nothing.end - nothing.first == 1
        later = Wanted(kind="period", since=timestamp(begin + 90 * DAY_US), until=timestamp(begin + 91 * DAY_US))
        size = await site.reader("default").size()
        early = await reporter.report(BY, later)
        assert isinstance(early, Refusal)
        assert (early.field, await site.reader("default").size()) == ("from", size)
        clock.advance(90 * 86_400)
        empty = await reporter.report(BY, later)
        assert isinstance(empty, Document)
        assert empty.first == empty.end


async def test_that_a_report_is_made_is_on_record_with_what_was_asked(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    async with reporting(sqlite_settings, clock) as (site, reporter):
        await written(site, "audit.read")
        found = await reporter.report(BY, period(clock, "framework", framework="hipaa"))
        assert isinstance(found, Document)
        reader = site.reader("default")
        last = await reader.record(await reader.size() - 1)
        assert last is not None
        envelope, detail = parse(last.envelope), parse_detail(last.detail or b"")
        assert (envelope.event, envelope.actor, envelope.range) == ("audit.exported", "ac_auditor", (0, found.end))
        assert detail.query is not None
        assert {name: detail.query[name] for name in ("report", "framework")} == {
            "report": "framework",
            "framework": "hipaa",
        }
        assert "164.312(b)" in {row[0] for row in tables(found)["Provisions"].rows}


WRONG: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"kind": "swordfish"}, "kind", "one of period, framework"),
    ({"until": timestamp(0)}, "to", "after from"),
    ({"subject": "su_1"}, "subject", "none for a report of period"),
    ({"kind": "disclosures"}, "subject", "a pseudonym"),
    ({"kind": "disclosures", "subject": "jane@clinic.example"}, "subject", "a pseudonym"),
    ({"framework": "hipaa"}, "framework", "none for a report of period"),
    ({"kind": "framework"}, "framework", "one of eu-ai-act, gdpr, hipaa"),
    ({"kind": "framework", "framework": "swordfish"}, "framework", "one of eu-ai-act, gdpr, hipaa"),
)


async def test_what_cannot_be_asked_for_is_refused_by_its_field_and_leaves_no_record(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    async with reporting(sqlite_settings, clock) as (site, reporter):
        before = await site.reader("default").size()
        for fields, field, hint in WRONG:
            found = await reporter.report(BY, msgspec.structs.replace(period(clock), **fields))
            assert isinstance(found, Refusal)
            assert (found.code, found.field) == ("parameter_invalid", field)
            assert hint in (found.hint or "")
            assert "swordfish" not in (found.hint or "")
        assert await site.reader("default").size() == before


async def test_disclosures_are_those_of_one_person_and_of_whom_it_was_merged_with(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    to = {"agent": "ward", "zone": "in-house", "purpose": "HRESCH", "attempt": 1, "classes": PHI}
    async with reporting(sqlite_settings, clock) as (site, reporter):
        await written(site, "exchange.requested", "su_one", **to)
        await written(site, "exchange.requested", "su_two", **to)
        await written(site, "exchange.requested", "su_one", **{**to, "purpose": "TREAT"})
        await written(site, "subject.access", "su_one", subject="su_one", outcome=OutcomeInfo(code="answered"))
        clock.advance(0.001)
        found = tables(await reporter.report(BY, period(clock, "disclosures", subject="su_one")))
        (row,) = found["Accounting of disclosures"].rows
        assert (row[1], row[3], row[7], row[8]) == (1, "ward", "phi", "HRESCH")
        assert found["Excluded"].rows == (("TREAT", 1),)
        receipt = tables(await reporter.report(BY, period(clock, "access-receipt", subject="su_one")))
        assert [row[2] for row in receipt["Cases"].rows] == ["answered"]
        later = Wanted(
            kind="disclosures",
            since=timestamp(clock.now_us() + 1),
            until=timestamp(clock.now_us() + 2_000_000),
            subject="su_one",
        )
        clock.advance(1)
        nothing = tables(await reporter.report(BY, later))
        assert nothing["Accounting of disclosures"].rows == ()


async def test_a_person_whom_no_record_names_gets_no_accounting_of_nothing(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reporting(sqlite_settings, clock) as (site, reporter):
        size = await site.reader("default").size()
        for kind in ("disclosures", "access-receipt", "erasure-receipt"):
            nobody = await reporter.report(BY, period(clock, kind, subject="su_nobody"))
            assert isinstance(nobody, Refusal)
            assert (nobody.code, nobody.field) == ("not_found", "subject")
            assert "su_nobody" not in (nobody.hint or "")
        assert await site.reader("default").size() == size

        stored = await site.reader("default").record(await written(site, "audit.read"))
        assert stored is not None

        async def met(*_: object) -> AsyncIterator[list[StoredRecord]]:
            yield [stored]

        monkeypatch.setattr(EmergencyTrail, "about", met)
        assert isinstance(await reporter.report(BY, period(clock, "disclosures", subject="su_nobody")), Document)


async def test_a_breach_pack_names_whom_the_records_of_the_exchange_are_about(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    async with reporting(sqlite_settings, clock) as (site, reporter):
        detail = Detail(subjects=("su_one",))
        await written(site, "exchange.requested", exchange="ex_1", agent="ward", attempt=1, detail=detail)
        await written(site, "incident.opened", exchange="ex_1", agent="ward", classes=PHI)
        await written(site, "incident.opened", exchange="ex_1", agent="ward", classes=PHI)
        found = await reporter.report(BY, period(clock, "breach"))
        assert isinstance(found, Document)
        assert b"su_one" in msgspec.json.encode(found)
        (affected,) = (section for section in found.sections if section.id == "affected")
        (told,) = (dict(block.rows) for block in affected.blocks if isinstance(block, Fields))
        assert (told["Incidents"], told["Persons named, each once"]) == (2, 1)
        assert told["Incidents that were not looked up"] == 0


async def test_another_tenants_data_subject_is_nobody(sqlite_settings: Settings, clock: ManualClock) -> None:
    to = {"agent": "ward", "zone": "in-house", "purpose": "HRESCH", "attempt": 1, "classes": PHI}
    tenants = [{"id": "default"}, {"id": "bank"}]
    async with reporting(sqlite_settings, clock, tenant=tenants, reports="bank") as (site, reporter):
        await written(site, "exchange.requested", "su_one", **to)
        key = Sealer(site.keyring).exchange_key(("su_one",))  # which does not say whose data subject it is
        site.keyring.persist(key.new)
        found = await reporter.report(BY, period(clock, "disclosures", subject="su_one"))
        nobody = await reporter.report(BY, period(clock, "disclosures", subject="su_none"))
        for one in (found, nobody):
            assert isinstance(one, Refusal)
            assert (one.code, one.field) == ("not_found", "subject")


async def test_a_record_that_is_not_in_its_form_is_no_report(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reporting(sqlite_settings, clock) as (site, reporter):
        await written(site, "audit.read")

        def broken(*_: object) -> None:
            raise FormatError("not in canonical form")

        monkeypatch.setattr(Facts, "take", broken)
        with pytest.raises(VerificationError, match="not in its form"):
            await reporter.report(BY, period(clock))


async def test_a_period_is_looked_for_in_the_archives_alone_that_it_begins_and_ends_in(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = ledger(12).stored
    times = [parse(one.envelope).recorded_at or "" for one in kept]
    rows = tuple(archived(first, first + 4, times[first + 3]) for first in (0, 4))

    async def all_of(*_: object) -> tuple[Archived, ...]:
        return rows

    async def record(_: Trail, seq: int) -> StoredRecord:
        if seq < 4:
            raise RecordsArchived(["ar_0"])
        return kept[seq]

    async with reporting(sqlite_settings, clock) as (site, _):
        auditor = await site.auditor("default")
        monkeypatch.setattr(ArchiveStore, "all", all_of)
        monkeypatch.setattr(StoreReader, "size", size_of(12))
        monkeypatch.setattr(Trail, "record", record)
        spans = [(first, end) for first in range(4, 12) for end in range(first, 12)]
        assert [await auditor.written_between(times[first], times[end]) for first, end in spans] == spans
        assert await auditor.written_between(times[6], "9999") == (6, 12)
        assert await auditor.written_between("9998", "9999") == (12, 12)
        with pytest.raises(RecordsArchived):
            await auditor.written_between(times[2], times[6])


def archived(first: int, end: int, at: str) -> Archived:
    hashed = {"digest": f"sha256:{'0' * 64}", "last_hash": bytes(32)}
    told = {
        "id": f"ar_{first}",
        "size": 1,
        "first_at": at,
        "last_at": at,
        "recorded_at": at,
        "checkpoint": end,
        "at_us": 1,
    }
    return Archived(first=first, end=end, **hashed, **told)  # type: ignore[arg-type]  # as a test says it


def size_of(number: int) -> Callable[..., Awaitable[int]]:
    async def size(*_: object) -> int:
        return number

    return size


async def test_what_lies_in_an_archive_that_is_not_at_hand_is_named_and_no_report_is_made(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> StoredRecord | None:
        raise RecordsArchived(["ar_1"])

    async def holding(*_: object) -> tuple[Archived, ...]:
        raise RecordsArchived(["ar_2"])

    async with reporting(sqlite_settings, clock) as (site, reporter):
        await written(site, "audit.read", "su_one")
        size = await site.reader("default").size()
        monkeypatch.setattr(Trail, "demand", holding)
        apart = await reporter.report(BY, period(clock, "disclosures", subject="su_one"))
        assert isinstance(apart, Refusal)
        assert (apart.code, apart.hint) == ("archived", "ar_2")
        monkeypatch.undo()

        async def elsewhere(*_: object) -> None:
            raise RecordsArchived(["em_1"])

        monkeypatch.setattr(EmergencyTrail, "demand", elsewhere)
        apart = await reporter.report(BY, period(clock, "disclosures", subject="su_one"))
        assert isinstance(apart, Refusal)
        assert (apart.code, apart.hint) == ("archived", "em_1")
        monkeypatch.setattr(Trail, "record", away)
        found = await reporter.report(BY, period(clock))
        assert isinstance(found, Refusal)
        assert (found.code, found.hint) == ("archived", "ar_1")
        assert await site.reader("default").size() == size


async def test_a_report_tells_who_else_knows_of_its_records_and_that_a_bundle_proves_it(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    async with reporting(sqlite_settings, clock) as (site, reporter):
        await written(site, "audit.read")
        point = await (await site.checkpointer("default")).publish(force=True)
        assert point is not None
        stamp = KeptStamp(size=point.size, tsa="clock", at_us=clock.now_us(), kept_us=clock.now_us(), reply=b"reply")
        await StampStore(site.engine, site.tenants["default"].ledger).add(stamp)
        clock.advance(2)
        document = await reporter.report(BY, period(clock))
        found = tables(document)
        (row,) = found["Time-stamps (RFC 3161)"].rows
        assert isinstance(document, Document)
        assert row[:3] == ("clock", point.size, timestamp(stamp.at_us))
        assert row[3] == f"records {document.first} to {point.size - 1}", "the record of the checkpoint came after it"
        assert found["Cosigned by witnesses"].rows == ()
        assert b"the bundle's verifier proves it" in msgspec.json.encode(document)


# -------------------------------------------------------------------------------------------------- what was in force


GRANT = Grant(owner="Dr. Ada Ward", kind="person", roles=("clinician",), zone="clinic", purposes=("TREAT",))


async def administrator(site: Site) -> Administrator:
    writer = await site.writer("default")
    return Administrator(ledger=writer, tenant=writer.tenant, actor="ac_admin", actor_kind="person")


def states(document: Document | Refusal) -> dict[str, tuple[Any, ...]]:
    """Provision → itself, its subject, how far it is evidenced, by how many records, why no further."""
    rows = tables(document)["Provisions"].rows
    return {str(one): (one, subject, state, records, why) for one, state, why, records, subject in rows}


async def test_a_quarter_without_a_change_is_evidenced_by_what_was_made_before_it(
    database: Settings, clock: ManualClock
) -> None:
    """And what was revoked before it, or expired, is not in force."""
    async with reporting(database, clock) as (site, reporter):
        by, keys = await administrator(site), site.api_keys
        made = await keys.create(by, "default", GRANT)
        gone = await keys.create(by, "default", GRANT)
        brief = msgspec.structs.replace(GRANT, expires_us=clock.now_us() + 5 * DAY_US)
        short = await keys.create(by, "default", brief)
        assert isinstance(made, NewKey)
        assert isinstance(gone, NewKey)
        assert isinstance(short, NewKey)
        await keys.revoke(by, "default", gone.record.id)
        denied = await site.denials.deny(by, "subject", "Mallory")
        assert isinstance(denied, Denial)
        await written(site, "policy.activated", policy="sha256:" + "1f" * 32, actor="ac_1", proposer="ac_2")
        clock.advance(30 * 86_400)
        await written(site, "audit.read", actor="ac_1")
        told = await reporter.report(BY, period(clock, kind="access-review"))
        held = tables(told)["Keys in force in the period"]
        (row,) = held.rows
        assert row[:7] == (made.record.id, "Dr. Ada Ward", "person", "clinician", "clinic", "TREAT", "none")
        assert row[8] == "still in force"
        (came,) = tables(told)["How these keys came and went"].rows
        assert came[1:4] == ("ac_admin", (await _record_of(site, made.record.id)).seq, "before the period")
        (entry_row,) = tables(told)["Deny-list in the period"].rows
        assert entry_row[:4] == (denied.id, "subject", "Mallory", "-")
        framework = await reporter.report(BY, period(clock, kind="framework", framework="hipaa"))
        found = states(framework)
        assert found["164.316(b)(2)(i)"][2] == "supported"
        assert (found["164.308(a)(3)-(4)"][2], found["164.308(a)(3)-(4)"][3]) == ("in part", 2)
        (version,) = tables(framework)["Policy versions in force"].rows[-1:]
        assert (version[0], version[3], version[4]) == ("sha256:" + "1f" * 32, "ac_1", "ac_2")


async def test_an_erasure_that_is_never_carried_out_is_a_lack_in_each_period_after_it_was_due(
    database: Settings, clock: ManualClock
) -> None:
    """However little is on record of that, and while it is not due yet it is told as open."""
    async with reporting(database, clock) as (site, reporter):
        asked = {"began": timestamp(clock.now_us()), "legal_basis": "Art. 17(1)(a)", "outcome": OutcomeInfo(code="any")}
        await written(site, "subject.erasure", case="sc_1", subject="su_1", **asked)
        found, said = [], ""
        for days in (1, 40, 40):
            clock.advance(days * 86_400)
            told = await reporter.report(BY, period(clock, kind="framework", days=days - 1, framework="gdpr"))
            (row,) = tables(told)["Requests"].rows
            found.append((states(told)["17"][2], row[-1]))
            said = str(states(told)["17"][4])
        late = ("in part", "open, overdue")
        assert found == [("supported", "open, not due yet"), late, late]
        assert "1 of 1 cases had no end" in said
        over = {"recipients": (), "backups_until": timestamp(clock.now_us())}
        await written(site, "subject.erased", case="sc_1", subject="su_1", **asked, **over)
        told = await reporter.report(BY, period(clock, kind="framework", framework="gdpr"))
        (row,) = tables(told)["Requests"].rows
        assert (states(told)["17"][2], row[-2:]) == ("supported", (81, "ended late"))


async def test_an_overdue_emergency_and_an_open_incident_are_told_in_each_period_until_they_end(
    database: Settings, clock: ManualClock
) -> None:
    async with reporting(database, clock) as (site, reporter):
        lent = Detail(reason="so", diff=("role clinician", f"until {timestamp(clock.now_us())}", "reviewer privacy"))
        await written(site, "alert.review_overdue", break_glass="bg_1", detail=lent)
        opened = await written(site, "incident.opened", exchange="ex_1", agent="ward", classes=PHI)
        found = []
        for _ in range(2):
            clock.advance(90 * 86_400)
            await written(site, "audit.read", actor="ac_1")
            told = await reporter.report(BY, period(clock, kind="framework", framework="hipaa"))
            found.append([states(told)[name][2:4] for name in ("164.308(a)(6)", "164.312(a)(2)(ii)")])
            (emergency,) = tables(told)["Emergencies whose review was overdue when the period began"].rows
            (incident,) = tables(told)["Open when the period began"].rows
            assert (emergency[:2], emergency[5:]) == (("bg_1", "clinician"), ("none", "none", "none"))
            assert incident[9:] == ("none", "none", "none")
        assert found == [[("in part", 1), ("in part", 1)]] * 2
        stored = await site.reader("default").record(opened)
        assert stored is not None
        over = {"incident": parse(stored.envelope).id, "outcome": OutcomeInfo(code="mistaken"), "actor": "ac_1"}
        await written(site, "incident.closed", **over, detail=Detail(reason="so"))
        judged = OutcomeInfo(code="justified")
        await written(site, "alert.reviewed", break_glass="bg_1", actor="ac_1", outcome=judged, detail=lent)
        told = await reporter.report(BY, period(clock, kind="framework", framework="hipaa"))
        assert {states(told)[name][2] for name in ("164.308(a)(6)", "164.312(a)(2)(ii)")} == {"supported"}
        (pack,) = tables(await reporter.report(BY, period(clock, "breach")))["Open when the period began"].rows
        assert pack[10:] == ("mistaken", "ac_1")
        clock.advance(90 * 86_400)
        told = await reporter.report(BY, period(clock, kind="framework", framework="hipaa"))
        assert {states(told)[name][2] for name in ("164.308(a)(6)", "164.312(a)(2)(ii)")} == {"not evidenced"}
        assert tables(told)["Open when the period began"].rows == ()


async def test_of_a_period_that_is_not_over_no_case_is_overdue_before_its_day(
    database: Settings, clock: ManualClock
) -> None:
    async with reporting(database, clock) as (site, reporter):
        asked = {"began": timestamp(clock.now_us()), "legal_basis": "Art. 17(1)(a)", "outcome": OutcomeInfo(code="any")}
        await written(site, "subject.erasure", case="sc_1", subject="su_1", **asked)
        clock.advance(1)
        wanted = msgspec.structs.replace(
            period(clock, kind="framework", framework="gdpr"), until=timestamp(clock.now_us() + 90 * DAY_US)
        )
        told = await reporter.report(BY, wanted)
        (row,) = tables(told)["Requests"].rows
        assert (states(told)["17"][2], row[-1]) == ("supported", "open, not due yet")


async def test_what_falls_due_and_ends_while_a_report_is_made_is_not_told_as_open(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read is what was on record when it was begun, and so is what is due."""
    async with reporting(sqlite_settings, clock) as (site, reporter):
        asked = {"began": timestamp(clock.now_us()), "legal_basis": "Art. 17(1)(a)", "outcome": OutcomeInfo(code="any")}
        await written(site, "subject.erasure", case="sc_1", subject="su_1", **asked)
        clock.advance(3_600)
        reading = reporter._auditor.whole.records

        async def slowly(*given: Any, **how: Any) -> AsyncIterator[Any]:
            clock.advance(40 * 86_400)
            async for one in reading(*given, **how):
                yield one

        monkeypatch.setattr(reporter._auditor.whole, "records", slowly)
        told = await reporter.report(BY, period(clock, kind="framework", framework="gdpr"))
        (row,) = tables(told)["Requests"].rows
        assert (states(told)["17"][2], row[-1]) == ("supported", "open, not due yet")


async def test_a_quarter_in_which_nothing_stood_is_not_evidenced(database: Settings, clock: ManualClock) -> None:
    async with reporting(database, clock) as (site, reporter):
        by = await administrator(site)
        brief = msgspec.structs.replace(GRANT, expires_us=clock.now_us() + 5 * DAY_US)
        assert isinstance(await site.api_keys.create(by, "default", brief), NewKey)
        clock.advance(30 * 86_400)
        await written(site, "audit.read", actor="ac_1")
        found = states(await reporter.report(BY, period(clock, kind="framework", framework="hipaa")))
        for name in ("164.316(b)(2)(i)", "164.308(a)(3)-(4)"):
            assert found[name][2:4] == ("not evidenced", 0)
            assert "none before it that still stood at its start" in str(found[name][4])


async def test_a_key_that_is_rotated_and_revoked_in_the_period_is_told_with_its_days(
    database: Settings, clock: ManualClock
) -> None:
    async with reporting(database, clock) as (site, reporter):
        by, keys = await administrator(site), site.api_keys
        old = await keys.create(by, "default", GRANT)
        assert isinstance(old, NewKey)
        clock.advance(30 * 86_400)
        new = await keys.rotate(by, "default", old.record.id, overlap_s=3_600)
        assert isinstance(new, NewKey)
        ends = timestamp(clock.now_us() + 3_600_000_000)
        clock.advance(7_200)
        await keys.revoke(by, "default", new.record.id)
        revoked = timestamp(clock.now_us())
        found = tables(await reporter.report(BY, period(clock, kind="access-review")))
        held = {row[0]: row for row in found["Keys in force in the period"].rows}
        came = {row[0]: row for row in found["How these keys came and went"].rows}
        assert held[old.record.id][8] == ends
        assert came[old.record.id][6:8] == ("replaced", "ac_admin")
        assert held[new.record.id][8] == revoked
        assert came[new.record.id][4] == old.record.id
        assert came[new.record.id][6:8] == ("revoked", "ac_admin")


async def test_reports_that_tell_no_state_look_at_nothing_before_their_period(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reporting(sqlite_settings, clock) as (site, reporter):
        asked: list[int] = []
        look = StoodReader.before

        async def before(self: StoodReader, first: int, at: str) -> Stood:
            asked.append(first)
            return await look(self, first, at)

        monkeypatch.setattr(StoodReader, "before", before)
        await written(site, "exchange.requested", "su_one", agent="ward", attempt=1)
        for kind in ("disclosures", "access-receipt"):
            assert isinstance(await reporter.report(BY, period(clock, kind=kind, subject="su_one")), Document)
        assert asked == []
        assert isinstance(await reporter.report(BY, period(clock, kind="policy-history")), Document)
        assert len(asked) == 1


async def test_who_got_something_is_told_by_the_version_of_then_and_not_by_what_is_configured(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    processor = {"id": "big-cloud", "legal_name": "Of now", "address": "Now", "country": "LI"}
    async with reporting(sqlite_settings, clock, processor=[processor]) as (site, reporter):
        made, times = period(clock, kind="processing"), []
        for version, text in TEXTS.items():
            assert await site.policies.put(text) == version
            times.append(timestamp(site.clock.now_us()))
            await written(site, "policy.activated", policy=version)
            decision = DecisionInfo(effect="route", obligations=(), policy=version, rules=())
            said = {"agent": "cloud-writer", "zone": "cloud", "processor": "big-cloud", "attempt": 1}
            await written(site, "exchange.requested", classes=PHI, decision=decision, **said)
            clock.advance(60)
        told = tables(await reporter.report(BY, msgspec.structs.replace(made, until=timestamp(clock.now_us() + 1))))
    rows = [(row[1], row[3], *row[10:]) for row in told["Register of processors"].rows if row[0] == "big-cloud"]
    assert rows == [
        ("Big Cloud Inc.", "US", times[0], times[1]),
        ("Big Cloud Europe Ltd", "IE", times[1], "still in force"),
    ]
    assert {row[5:8] for row in told["Processing by purpose"].rows} == {
        ("Big Cloud Inc.", "US", "SCC"),
        ("Big Cloud Europe Ltd", "IE", "DPA"),
    }


async def _record_of(site: Site, key: str) -> StoredRecord:
    reader = site.reader("default")
    for seq in range(await reader.size()):
        stored = await reader.record(seq)
        if stored is not None and parse(stored.envelope).credential == key:
            return stored
    raise AssertionError(key)


async def test_what_is_the_oldest_record_that_is_kept_is_told_with_what_lies_in_archives(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reporting(sqlite_settings, clock) as (site, reporter):
        assert await reporter._kept() is None
        began = timestamp(clock.now_us())
        for _ in range(3):
            await written(site, "audit.read")
            clock.advance(1)
        keeping = await _keeping(reporter, clock)
        assert (keeping["Oldest record in the database"], keeping["Archives of records before it"]) == (0, 0)
        assert (str(keeping["It occurred at"])[:19], keeping["First record in them"]) == (began[:19], "none")

        one = Archived(
            id="ar_1",
            first=0,
            end=2,
            digest="sha256:" + "0" * 64,
            size=1,
            first_at=began,
            last_at=began,
            last_hash=bytes(32),
            recorded_at=began,
            checkpoint=2,
            at_us=0,
        )

        async def one_archive(*_: object) -> tuple[Archived, ...]:
            return (one,)

        monkeypatch.setattr(ArchiveStore, "all", one_archive)
        keeping = await _keeping(reporter, clock)
        assert (keeping["Oldest record in the database"], keeping["Archives of records before it"]) == (2, 1)
        assert (keeping["First record in them"], keeping["The earliest in them occurred at"]) == (0, began)


async def _keeping(reporter: Reporter, clock: ManualClock) -> dict[str, Cell]:
    now = clock.now_us()
    wanted = Wanted(kind="dpia", since=timestamp(now - 1_500_000), until=timestamp(now + 1_000_000))
    found = await reporter.report(BY, wanted)
    assert isinstance(found, Document)
    (section,) = (one for one in found.sections if one.id == "keeping")
    (fields,) = (dict(block.rows) for block in section.blocks if isinstance(block, Fields))
    return fields
