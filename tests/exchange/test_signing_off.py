"""A review of activity is signed off by a person who may, when its period is over, and the next one tells of it."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from gateway.bootstrap import incidents_of, open_site, proposed, reporter_of, sign_offs_of
from gateway.bootstrap.site import Site
from gateway.core.errors import RecordsArchived
from gateway.core.ports import StoredRecord
from gateway.core.refusal import Refusal
from gateway.evidence.reports.document import Document, Table
from gateway.exchange.approval_record import By
from gateway.exchange.approving import MAX_REASON, Approver
from gateway.exchange.audit_scribe import Made
from gateway.exchange.reporting import Wanted
from gateway.exchange.signing_off import Review, Signed, SignOffs
from gateway.exchange.trail import Trail
from gateway.ledger.record import Detail, Envelope, OutcomeInfo, parse, parse_detail, timestamp
from gateway.settings import Settings
from gateway.store.incidents import opened
from tests.bootstrap.kit import configured
from tests.conftest import ManualClock
from tests.exchange.test_reporting import BY, written
from tests.store.kit import entry
from tests.store.test_incidents import INCIDENT, incident

DAY_US = 86_400_000_000
DATA = b"what a reviewer looked at"
REPORT = "sha256:" + hashlib.sha256(DATA).hexdigest()
WHY = "Two failed log-ins of a nurse: a forgotten password."


@asynccontextmanager
async def signing(settings: Settings, clock: ManualClock) -> AsyncIterator[tuple[Site, SignOffs, Approver]]:
    async with open_site(configured(settings), clock=clock) as site:
        ledger = site.tenants["default"].ledger
        detail = Detail(subject="eve@clinic.example", roles=("compliance",))
        who = Approver(
            tenant=ledger,
            ledger=await site.writer("default"),
            actor="ac_eve",
            kind="person",
            roles=("compliance",),
            persons=("eve",),
            by=By(actor="ac_eve", detail=detail),
        )
        yield site, sign_offs_of(site, "default", await site.auditor("default")), who


async def reported(site: Site, wanted: Review, data: bytes = DATA, *, kind: str = "activity-review") -> Made:
    """A report of this kind and the period of that review is made, and these bytes are its file."""
    reporter = await reporter_of(site, "default", await site.auditor("default"), *proposed(site.settings))
    made = await reporter.report(BY, Wanted(kind=kind, since=wanted.since, until=wanted.until))
    assert isinstance(made, Document)
    return await reporter.given(BY, made, "html", data)


def review(clock: ManualClock, **fields: Any) -> Review:
    """Of the day up to now, with nothing found."""
    now = clock.now_us()
    said: dict[str, Any] = {"report": REPORT, "disposition": "no_findings", "reason": WHY, **fields}
    return Review(**{"since": timestamp(now - DAY_US), "until": timestamp(now), **said})


async def _last(site: Site) -> tuple[int, Envelope, Detail]:
    reader = site.reader("default")
    stored = await reader.record(await reader.size() - 1)
    assert stored is not None
    return stored.seq, parse(stored.envelope), parse_detail(stored.detail or b"")


async def test_a_sign_off_is_on_record_with_reviewer_period_report_and_disposition(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    async with signing(sqlite_settings, clock) as (site, sign_offs, who):
        first = await written(site, "audit.read")
        clock.advance(DAY_US / 1_000_000 - 1)
        last = await written(site, "audit.read")
        clock.advance(2)
        await written(site, "audit.read")
        since, until = timestamp(clock.now_us() - DAY_US), timestamp(clock.now_us())
        made = await reported(site, review(clock))
        (_, its_record, its_detail) = await _last(site)
        assert (its_record.event, its_record.action, its_record.digest) == ("audit.exported", made.kind, REPORT)
        assert (its_record.range, its_record.outcome) == ((made.first, made.end), OutcomeInfo(code="made"))
        assert its_detail.query == {"report": "activity-review", "format": "html"}
        done = await sign_offs.sign(who, review(clock))
        assert isinstance(done, Signed)
        assert done.made == its_record.id
        assert first < done.first <= last < done.end
        seq, envelope, detail = await _last(site)
        assert (envelope.event, envelope.actor, envelope.actor_kind) == ("review.signed", "ac_eve", "person")
        assert (done.seq, envelope.id, envelope.occurred_at) == (seq, done.id, done.signed_at)
        assert (envelope.range, envelope.digest, envelope.incident) == ((done.first, done.end), REPORT, None)
        assert envelope.outcome is not None
        assert envelope.outcome.code == "no_findings"
        assert detail.query == {"report": "activity-review", "from": since, "to": until, "made": done.made}
        assert (detail.reason, detail.subject) == (WHY, "eve@clinic.example")
        assert WHY not in msgspec.json.encode(envelope).decode()


async def test_the_next_review_tells_of_it_and_its_provision_is_evidenced(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    async with signing(sqlite_settings, clock) as (site, sign_offs, who):
        await written(site, "audit.read")
        clock.advance(1)
        await reported(site, review(clock))
        done = await sign_offs.sign(who, review(clock))
        assert isinstance(done, Signed)
        clock.advance(1)
        auditor = await site.auditor("default")
        reporter = await reporter_of(site, "default", auditor, *proposed(site.settings))
        period = {"since": timestamp(0), "until": timestamp(clock.now_us())}
        made = await reporter.report(BY, Wanted(kind="activity-review", **period))
        assert isinstance(made, Document)
        tables = [one for section in made.sections for one in section.blocks if isinstance(one, Table)]
        ((_, who_signed, *_, disposition, about, digest, its_record),) = next(
            one.rows for one in tables if one.caption == "Reviews signed off"
        )
        assert (who_signed, disposition, about, digest) == ("ac_eve", "no_findings", "none", REPORT)
        assert its_record == done.made
        exports = next(one.rows for one in tables if one.caption == "Exports")
        assert ("made", REPORT) in [(row[4], row[6]) for row in exports]


async def test_a_review_of_access_is_signed_off_as_one_and_its_provision_is_evidenced(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    async with signing(sqlite_settings, clock) as (site, sign_offs, who):
        await written(site, "audit.read")
        clock.advance(1)
        await reported(site, review(clock), kind="access-review")
        done = await sign_offs.sign(who, msgspec.structs.replace(review(clock), kind="access-review"))
        assert isinstance(done, Signed)
        assert done.kind == "access-review"
        _, envelope, detail = await _last(site)
        assert (envelope.action, (detail.query or {})["report"]) == ("access-review", "access-review")
        clock.advance(1)
        reporter = await reporter_of(site, "default", await site.auditor("default"), *proposed(site.settings))
        period = {"since": timestamp(0), "until": timestamp(clock.now_us())}
        access = await reporter.report(BY, Wanted(kind="access-review", **period))
        assert isinstance(access, Document)
        tables = [one for section in access.sections for one in section.blocks if isinstance(one, Table)]
        (row,) = next(one.rows for one in tables if one.caption == "Reviews signed off")
        assert row[1:3] == ("ac_eve", "access-review")
        hipaa = await reporter.report(BY, Wanted(kind="framework", framework="hipaa", **period))
        assert isinstance(hipaa, Document)
        tables = [one for section in hipaa.sections for one in section.blocks if isinstance(one, Table)]
        found = {one.caption: one for one in tables}
        assert "review.signed" in [row[2] for row in found["Records for 164.308(a)(3)-(4)"].rows]
        activity = found.get("Records for 164.308(a)(1)(ii)(D)")
        assert activity is None or "review.signed" not in [row[2] for row in activity.rows]


async def test_an_incident_is_named_where_it_is_the_tenants_own(sqlite_settings: Settings, clock: ManualClock) -> None:
    async with signing(sqlite_settings, clock) as (site, sign_offs, who):
        await written(site, "audit.read")
        clock.advance(1)
        missing = await sign_offs.sign(who, review(clock, disposition="findings", incident=INCIDENT))
        assert isinstance(missing, Refusal)
        assert (missing.code, missing.field) == ("not_found", "incident")
        left = incident(tenant=who.tenant)
        await who.ledger.append(_opening(who.tenant, left))
        assert [one.id for one in await incidents_of(site).listed(who.tenant)] == [INCIDENT]
        await reported(site, review(clock))
        done = await sign_offs.sign(who, review(clock, disposition="findings", incident=INCIDENT))
        assert isinstance(done, Signed)
        assert (await _last(site))[1].incident == INCIDENT


def _opening(ledger: str, left: Any) -> Any:
    return msgspec.structs.replace(entry(ledger=ledger), change=opened(left))


REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"since": timestamp(4_000_000_000_000_000)}, "to"),
    ({"until": timestamp(4_000_000_000_000_000)}, "to"),
    ({"report": "swordfish"}, "report"),
    ({"kind": "swordfish"}, "kind"),
    ({"report": REPORT.upper()}, "report"),
    ({"disposition": "swordfish"}, "disposition"),
    ({"reason": "  "}, "reason"),
    ({"reason": "x" * (MAX_REASON + 1)}, "reason"),
    ({"since": timestamp(0), "until": timestamp(1)}, "from"),
)


async def test_what_cannot_be_signed_is_refused_by_its_field_and_leaves_no_record(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    async with signing(sqlite_settings, clock) as (site, sign_offs, who):
        await written(site, "audit.read")
        clock.advance(1)
        before = await site.reader("default").size()
        for fields, field in REFUSED:
            done = await sign_offs.sign(who, review(clock, **fields))
            assert isinstance(done, Refusal), fields
            assert (done.code, done.field) == ("parameter_invalid", field)
            assert "swordfish" not in (done.hint or "")
        for other in ({"kind": "service"}, {"roles": ("admin", "operator")}):
            done = await sign_offs.sign(msgspec.structs.replace(who, **other), review(clock))
            assert isinstance(done, Refusal)
            assert done.code == "role_required"
        assert await site.reader("default").size() == before


async def test_a_period_whose_archive_is_not_at_hand_is_not_signed(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with signing(sqlite_settings, clock) as (site, sign_offs, who):
        await written(site, "audit.read")
        clock.advance(1)

        async def away(self: Trail, seq: int) -> StoredRecord | None:
            raise RecordsArchived("ar_1")

        monkeypatch.setattr(Trail, "record", away)
        done = await sign_offs.sign(who, review(clock))
        assert isinstance(done, Refusal)
        assert done.code == "archived"


async def test_a_file_that_is_no_report_of_this_kind_and_period_is_not_signed(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    async with signing(sqlite_settings, clock) as (site, sign_offs, who):
        await written(site, "audit.read")
        clock.advance(1)
        asked = review(clock)
        early = msgspec.structs.replace(asked, until=timestamp(clock.now_us() + 5_000_000))
        await reported(site, early, b"made before the period was over")
        await reported(site, asked, kind="access-review")
        await reported(
            site, msgspec.structs.replace(asked, since=timestamp(clock.now_us() - 500_000)), b"of another period"
        )
        clock.advance(10)
        size = await site.reader("default").size()
        for data, said in (
            (b"a file of somebody's own", asked),
            (DATA, asked),
            (b"made before the period was over", early),
            (b"of another period", asked),
        ):
            digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
            done = await sign_offs.sign(who, msgspec.structs.replace(said, report=digest))
            assert isinstance(done, Refusal), data
            assert (done.code, done.field) == ("parameter_invalid", "report")
            assert "made here" in (done.hint or "")
        assert await site.reader("default").size() == size
