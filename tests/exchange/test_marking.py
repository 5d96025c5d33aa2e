"""What a person marks as missed opens one incident, with its row and its notices, and says no word of the text."""

from typing import Any

import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.core.ports import StoredRecord
from gateway.exchange.approval_record import By
from gateway.exchange.approving import Approver
from gateway.exchange.marking import MarkedMisses
from gateway.ledger.entry import Appended, Entry
from gateway.ledger.record import ClassesInfo, Detail, Envelope, parse_detail, seal, timestamp
from gateway.store.notices import Notice
from tests.conftest import ManualClock
from tests.exchange.making import NODE, engine

LEDGER = "tn_1"


class Site:
    """A ledger of one tenant, and who is told."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock, self.engine = clock, engine(clock)
        self.appended: list[Entry] = []
        self.before: list[Envelope] = []
        self.told: list[Any] = []
        self.fails = False

    async def exchange(self, exchange: str) -> list[StoredRecord]:
        every = [*self.before, *(one.envelope for one in self.appended)]
        found = [one for one in every if one.exchange == exchange]
        at = timestamp(self.clock.now_us())
        return [
            StoredRecord(seq=seq, envelope=seal(one, seq, bytes(32), at), hash=b"") for seq, one in enumerate(found)
        ]

    async def append(self, entry: Entry) -> Appended:
        if self.fails:
            raise LedgerUnavailable("down")
        self.appended.append(entry)
        return Appended(seq=9, leaf_hash=bytes(32), recorded_at=timestamp(self.clock.now_us()))

    def made(self, tenant: str, document: Any, *, roles: Any = ()) -> tuple[Notice, ...]:
        self.told.append((tenant, dict(document), tuple(roles)))
        return ()

    def kept(self, notices: Any) -> None:
        self.told.append("kept")

    def about(self, **fields: Any) -> Envelope:
        values: dict[str, Any] = {
            "id": "id-7",
            "tenant": LEDGER,
            "event": "exchange.requested",
            "occurred_at": timestamp(self.clock.now_us()),
            "exchange": "ex_7",
            "agent": "cloudy",
            "zone": "cloud",
            "action": "chat",
            **fields,
        }
        return Envelope(**values)

    async def open(self, missed: dict[str, int], seq: int = 7, **fields: Any) -> None:
        who: Any = Approver(
            tenant=LEDGER,
            ledger=self,  # type: ignore[arg-type]
            actor="ac_eve",
            kind="person",
            roles=("privacy",),
            persons=("person-eve",),
            by=By(actor="ac_eve", kind="person", exchange="ex_look", trace="t" * 32, detail=Detail(subject="eve")),
        )
        misses = MarkedMisses(
            records=lambda tenant: self, engine=self.engine, notices=self, clock=self.clock, node=NODE
        )
        await misses.open(who, self.about(**fields), seq, missed)


@pytest.fixture
def site(clock: ManualClock) -> Site:
    return Site(clock)


async def test_the_incident_names_the_message_the_types_and_what_they_make(site: Site) -> None:
    await site.open(
        {"person": 2, "card": 1, "other": 1},
        classes=ClassesInfo(found=("pii",), declared=("internal",), inherited=(), floor=()),
    )
    (entry,) = site.appended
    envelope = entry.envelope
    assert (envelope.event, envelope.exchange, envelope.range) == ("incident.opened", "ex_7", (7, 8))
    assert (envelope.actor, envelope.agent, envelope.zone, envelope.action) == ("ac_eve", "cloudy", "cloud", "chat")
    assert envelope.found == {"card": 1, "other": 1, "person": 2}
    assert envelope.outcome is not None
    assert envelope.outcome.code == "marked"
    assert envelope.engine == site.engine.version
    assert envelope.classes == ClassesInfo(found=("pci", "pii"), declared=("internal",), inherited=(), floor=())
    assert entry.detail is not None
    assert parse_detail(entry.detail) == Detail(subject="eve", reason="A person marked what was missed in it.")
    assert entry.change is not None
    row = entry.change.values
    assert (row["id"], row["exchange"], row["closed_at"]) == (envelope.id, "ex_7", None)
    (made, kept) = site.told
    assert (made[0], made[1]["incident"], made[1]["classes"]) == (LEDGER, envelope.id, ["pci", "pii"])
    assert set(made[2]) == {"compliance", "privacy"}
    assert kept == "kept"


async def test_a_message_has_one_for_an_engine_however_many_judge_it(site: Site) -> None:
    await site.open({"person": 1})
    await site.open({"email": 1})
    assert len(site.appended) == 1
    await site.open({"person": 1}, seq=8)
    assert len(site.appended) == 2, "another message of the exchange is another matter"
    site.appended[:] = []
    site.before = [site.about(event="incident.opened", range=(7, 8), engine="2-of-before", id="id-1")]
    await site.open({"person": 1})
    assert len(site.appended) == 1, "what another engine missed was another miss"


async def test_where_it_cannot_be_on_record_nobody_is_told(site: Site) -> None:
    site.fails = True
    with pytest.raises(LedgerUnavailable):
        await site.open({"person": 1})
    assert "kept" not in site.told
    assert site.appended == []
