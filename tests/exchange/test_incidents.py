"""A person who did not send what left says what it was, once, and that is on record."""

from asyncio import Future, get_running_loop

import pytest

from gateway.core.ports import StoredRecord
from gateway.core.refusal import Refusal
from gateway.exchange.approval_record import By
from gateway.exchange.approving import MAX_REASON, Approver
from gateway.exchange.incidents import Incidents, described
from gateway.ledger.entry import Appended, Entry
from gateway.ledger.record import Detail, Envelope, encode_detail, parse_detail, seal, timestamp
from gateway.store.incidents import Incident, IncidentStore
from tests.conftest import ManualClock
from tests.exchange.making import NODE
from tests.store.test_incidents import INCIDENT, incident

WHY = "It named nobody."


class Site(IncidentStore):
    """One open incident of what ada sent for zoe, in memory."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.one: Incident | None = incident(tenant="tn_1")
        self.taken = False
        self.appended: list[Entry] = []
        self.detail: Detail | None = Detail(subject="ada", on_behalf_of=("zoe",))

    async def get(self, tenant: str, incident_id: str) -> Incident | None:
        return self.one if (tenant, incident_id) == ("tn_1", INCIDENT) else None

    async def newest(self, tenant: str, limit: int, *, closed: bool) -> tuple[Incident, ...]:
        return () if self.one is None or closed else (self.one,)

    async def exchange(self, exchange: str) -> list[StoredRecord]:
        found = []
        for seq, event in enumerate(("exchange.requested", "exchange.completed")):
            at = timestamp(self.clock.now_us())
            envelope = Envelope(id=f"id-{seq}", tenant="tn_1", event=event, occurred_at=at, actor="ac_ada")
            detail = None if self.detail is None else encode_detail(self.detail)
            found.append(StoredRecord(seq=seq, envelope=seal(envelope, seq, bytes(32), at), hash=b"", detail=detail))
        return found

    def submit(self, entry: Entry, only_if_open: bool = False) -> "Future[Appended | None]":
        done: Future[Appended | None] = get_running_loop().create_future()
        if not self.taken:
            self.appended.append(entry)
        at = timestamp(self.clock.now_us())
        done.set_result(None if self.taken else Appended(seq=9, leaf_hash=bytes(32), recorded_at=at))
        return done

    async def append(self, entry: Entry) -> Appended:
        raise AssertionError("records come with their rows")

    def missed(self) -> None:
        raise AssertionError

    def who(self, name: str = "eve", *, kind: str = "person", role: str = "privacy") -> Approver:
        return Approver(
            tenant="tn_1",
            ledger=self,
            actor=f"ac_{name}",
            kind=kind,
            roles=(role,),
            persons=(f"person-{name}",),
            by=By(actor=f"ac_{name}", kind=kind, exchange="ex_close", detail=Detail(subject=name)),
        )

    @property
    def incidents(self) -> Incidents:
        return Incidents(
            store=self,
            records=lambda ledger: self,
            person_of=lambda tenant, name: f"person-{name}",
            clock=self.clock,
            node=NODE,
        )


@pytest.fixture
def site(clock: ManualClock) -> Site:
    return Site(clock)


async def _refused(site: Site, who: Approver, disposition: str = "no_breach", reason: str = WHY) -> str:
    done = await site.incidents.close(who, INCIDENT, disposition, reason)
    assert isinstance(done, Refusal)
    assert site.appended == []
    return done.code


async def test_it_is_closed_with_a_word_on_record_and_the_reason_beside_it(site: Site) -> None:
    done = await site.incidents.close(site.who(), INCIDENT, "no_breach", WHY)
    assert isinstance(done, Incident)
    shown = described(done)
    assert (shown["disposition"], shown["closed_by"], "tenant" in shown) == ("no_breach", "ac_eve", False)
    (entry,) = site.appended
    envelope = entry.envelope
    assert (envelope.event, envelope.incident, envelope.parent) == ("incident.closed", INCIDENT, "ex_1")
    assert envelope.outcome is not None
    assert envelope.outcome.code == "no_breach"
    assert parse_detail(entry.detail or b"").reason == WHY
    assert WHY not in str(envelope)
    assert await site.incidents.listed("tn_1") == (site.one,)


@pytest.mark.parametrize(("kind", "role"), [("service", "privacy"), ("person", "auditor")])
async def test_only_people_of_the_roles_close_it(site: Site, kind: str, role: str) -> None:
    assert await _refused(site, site.who(kind=kind, role=role)) == "role_required"


@pytest.mark.parametrize("name", ["ada", "zoe"])
async def test_nobody_closes_what_they_sent_or_what_was_sent_for_them(site: Site, name: str) -> None:
    assert await _refused(site, site.who(name)) == "approver_barred"
    site.detail = None
    assert await _refused(site, site.who("ada")) == "approver_barred", "known by its pseudonym too"


async def test_what_is_closed_or_not_there_is_not_closed_again(site: Site) -> None:
    site.taken = True
    assert await _refused(site, site.who()) == "conflict"
    site.one = incident(tenant="tn_1", closed_at="2026-11-24T01:02:03.000004Z")
    assert await _refused(site, site.who()) == "conflict"
    site.one = None
    assert await _refused(site, site.who()) == "not_found"
    done = await site.incidents.close(site.who(), "swordfish", "no_breach", WHY)
    assert isinstance(done, Refusal)
    assert "swordfish" not in str(done)


@pytest.mark.parametrize(
    ("disposition", "reason"),
    [("forget it", WHY), ("breach", ""), ("breach", "  "), ("breach", "x" * (MAX_REASON + 1))],
)
async def test_a_word_that_is_none_and_no_reason_are_refused(site: Site, disposition: str, reason: str) -> None:
    assert await _refused(site, site.who(), disposition, reason) == "parameter_invalid"
