"""What a later engine finds in what went out comes on record once, and is an incident where it should not have gone."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

import pytest

from gateway.checks.classification.further import Further
from gateway.checks.policy.policy import Policy
from gateway.core.errors import GatewayError, LedgerUnavailable, VerificationError
from gateway.core.finding import Finding
from gateway.core.message import Part
from gateway.core.ports import StoredRecord
from gateway.exchange import kept
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.reclassifying import AGAIN, INCIDENT, MISSED, Reclassified, Reclassifier
from gateway.ledger.entry import Appended, Entry, SealedPart
from gateway.ledger.record import (
    ClassesInfo,
    DecisionInfo,
    Detail,
    Envelope,
    NodeInfo,
    encode_detail,
    parse_detail,
    seal,
    timestamp,
)
from gateway.store.kept import KeptContent
from gateway.store.notices import Notice
from gateway.store.sealing import Opening
from tests.checks.policy.making import GROUPS, NOON_US, policy, rule
from tests.conftest import ManualClock
from tests.exchange.making import MAIL, engine
from tests.store.test_notices import notice

DIGEST = "sha256:" + "0" * 64
EXCHANGE = "01890000-0000-7000-8000-000000000001"
BY = Reader(actor="ac_1", kind="person", detail=Detail(subject="alice"))
PUBLIC = rule("public", 1, obligations="keep-content:30")
LEAD = "g, caller:default/alice, role:lead\n"
PERIOD = ("2020-01-01T00:00:00.000000Z", "2100-01-01T00:00:00.000000Z")
HELLO = Part("/messages/0/content", "hello")
TO_JANE = Part("/messages/0/content", f"write to {MAIL}")


class Site:
    """Everything that a reclassifier is given, in memory."""

    def __init__(self, clock: ManualClock, *lines: str, part: Part = TO_JANE, then: Policy | None = None) -> None:
        self.clock, self.then = clock, then or policy(PUBLIC, *lines)
        self.opening: Opening | Exception | None = Opening(b"r" * 32, kept.encode((part,), {}, health_context=False))
        self.appended: list[Entry] = []
        self.fails = ""
        self.busy = self.lost = False
        self.further: Further | None = None
        self.asked: list[str] = []
        self.missing = False
        self.documents: list[tuple[dict[str, object], tuple[str, ...]]] = []
        self.delivered = 0
        self.envelope: dict[str, Any] = {
            "id": EXCHANGE,
            "tenant": "tn_1",
            "event": "exchange.requested",
            "occurred_at": timestamp(NOON_US),
            "exchange": EXCHANGE,
            "agent": "local",
            "zone": "in-house",
            "caller_zone": "in-house",
            "action": "chat",
            "engine": "0-then",
            "classes": ClassesInfo(found=(), declared=(), inherited=(), floor=()),
            "decision": DecisionInfo(effect="route", rules=("public",), obligations=(), policy=DIGEST),
        }
        self.detail: Detail | None = Detail(subject="alice", roles=("clerk",))

    async def of(self, ledger: str, since: str, until: str) -> AsyncIterator[list[KeptContent]]:
        detail = None if self.detail is None else encode_detail(self.detail)
        data = seal(Envelope(**self.envelope), 3, bytes(32), timestamp(NOON_US))
        part = SealedPart(part="content:x", key="dk_1", nonce=b"n", ciphertext=b"c")
        yield [KeptContent(seq=3, envelope=data, detail=detail, sealed=part)]

    def open(self, *, tenant: str, record: str, sealed: SealedPart) -> Opening | None:
        if isinstance(self.opening, Exception):
            raise self.opening
        return self.opening

    async def take(self) -> bool:
        return not self.busy

    async def keep(self) -> bool:
        return not self.lost

    async def release(self) -> None:
        assert not self.busy

    async def rereading(self, by: Reader, engine: str, since: str, until: str) -> None:
        self.asked.append(since)

    async def version(self, digest: str) -> Policy | None:
        assert digest == DIGEST
        return None if self.missing else self.then

    def made(self, tenant: str, document: Mapping[str, object], *, roles: Iterable[str] = ()) -> tuple[Notice, ...]:
        self.documents.append((dict(document), tuple(roles)))
        return (notice("no_1", tenant=tenant),)

    def kept(self, notices: Sequence[Notice]) -> None:
        self.delivered += len(notices)

    async def exchange(self, exchange: str) -> list[StoredRecord]:
        found = [seal(entry.envelope, 4, bytes(32), timestamp(NOON_US)) for entry in self.appended]
        return [StoredRecord(seq=4, envelope=data, hash=b"") for data in found]

    async def append(self, entry: Entry) -> Appended:
        if entry.envelope.event == self.fails:
            raise LedgerUnavailable("down")
        self.appended.append(entry)
        return Appended(seq=4, leaf_hash=bytes(32), recorded_at=timestamp(NOON_US))

    @property
    def told(self) -> list[tuple[str, str]]:
        found = [entry.envelope for entry in self.appended]
        return [(one.event, one.outcome.code if one.outcome else "") for one in found]

    async def run(self) -> Reclassified | None:
        return await Reclassifier(
            tenant="default",
            ledger_id="tn_1",
            ledger=self,
            store=self,
            sealer=self,
            exchanges=self,
            trail=self,
            engine=engine(self.clock),
            further=self.further,
            named=lambda issuer: True,
            lease=self,
            notices=self,
            clock=self.clock,
            node=NodeInfo(id="nd_1", boot="bt_1"),
        ).run(BY, *PERIOD)

    async def found(self) -> Reclassified:
        found = await self.run()
        assert found is not None
        return found


async def test_what_was_missed_and_would_have_been_denied_is_an_incident_and_holds_no_text(clock: ManualClock) -> None:
    site = Site(clock, rule("no-pii", 2, data="class:pii", eft="deny", text="Persons are nobody's business."))
    found = await site.found()
    assert (found.reclassified, found.more, found.incident_count, found.incidents) == (1, 1, 1, (EXCHANGE,))
    assert found.classes == {"pii": 1}
    assert site.told == [(INCIDENT, MISSED), (AGAIN, MISSED)]
    envelope, detail = site.appended[0].envelope, parse_detail(site.appended[0].detail or b"")
    assert (envelope.range, envelope.found, envelope.agent) == ((3, 4), {"email": 1}, "local")
    assert "Persons are nobody's business." in (detail.explanation or "")
    assert detail.reason == "found beyond what was known: email 1; classes that were not known: pii"
    assert all(MAIL not in str(entry) and MAIL.encode() not in (entry.detail or b"") for entry in site.appended)
    assert site.asked == [PERIOD[0]]


async def test_an_incident_is_listed_and_told_with_its_record_or_not_at_all(clock: ManualClock) -> None:
    site = Site(clock, rule("no-pii", 2, data="class:pii", eft="deny"))
    site.fails = INCIDENT
    with pytest.raises(LedgerUnavailable):
        await site.run()
    assert site.delivered == 0
    site.fails, site.documents = "", []
    await site.found()
    (entry, again) = site.appended
    assert again.change is None
    assert entry.change is not None
    assert (entry.change.table, entry.change.values["id"]) == ("incident", entry.envelope.id)
    assert entry.change.values["exchange"] == EXCHANGE
    assert [one.table for one in entry.change.beside] == ["notice"]
    ((document, roles),) = site.documents
    assert (document["incident"], document["classes"], roles) == (entry.envelope.id, ["pii"], ("compliance", "privacy"))
    assert site.delivered == 1


async def test_once_for_an_engine_also_after_a_crash_between_the_two(clock: ManualClock) -> None:
    site = Site(clock, rule("no-pii", 2, data="class:pii", eft="deny"))
    site.fails = AGAIN
    with pytest.raises(LedgerUnavailable):
        await site.run()
    site.fails = ""
    assert (await site.found()).incident_count == 1
    assert site.told == [(INCIDENT, MISSED), (AGAIN, MISSED)]
    again = await site.found()
    assert (again.known, again.reclassified, len(site.appended)) == (1, 0, 2)


async def test_the_engine_of_then_has_nothing_to_add(clock: ManualClock) -> None:
    site = Site(clock)
    site.envelope["engine"] = engine(clock).version
    found = await site.found()
    assert (found.kept, found.known, site.appended) == (1, 1, [])


async def test_more_that_might_go_is_no_incident_and_nothing_new_neither(clock: ManualClock) -> None:
    site = Site(clock, rule("pii", 2, data="class:pii"))
    found = await site.found()
    assert (found.more, found.incident_count, site.told) == (1, 0, [(AGAIN, "ok")])
    site = Site(clock, part=HELLO)
    found = await site.found()
    assert (found.more, found.incident_count, found.reclassified) == (0, 0, 1)


@pytest.mark.parametrize(
    ("obligations", "said"),
    [
        ("redact", "What should have been masked is still there."),
        ("generalise", "What should have been masked is still there."),
        ("approve:privacy", "It should have been asked first: approve:privacy."),
    ],
)
async def test_what_policy_would_have_asked_for_and_was_not_done_is_an_incident(
    clock: ManualClock, obligations: str, said: str
) -> None:
    site = Site(clock, rule("pii", 2, data="class:pii", obligations=obligations))
    assert (await site.found()).incident_count == 1
    assert said in (parse_detail(site.appended[0].detail or b"").explanation or "")


async def test_the_floor_of_the_agent_is_asked_about_again_with_what_was_found(clock: ManualClock) -> None:
    internal = rule("internal", 3, data="class:internal", obligations="approve:privacy")
    lines = (rule("pii", 2, data="class:pii"), internal)
    assert (await Site(clock, *lines).found()).incident_count == 0
    site = Site(clock, *lines, "f, agent:local, class:internal\n")
    assert (await site.found()).incident_count == 1
    assert "approve:privacy" in (parse_detail(site.appended[0].detail or b"").explanation or "")


async def test_what_was_masked_is_not_there_any_more_and_no_incident(clock: ManualClock) -> None:
    site = Site(clock, rule("pii", 2, data="class:pii", obligations="redact"), part=Part("/a", "write to [email]"))
    site.envelope["found"] = {"email": 1}
    site.envelope["classes"] = ClassesInfo(found=("pii",), declared=(), inherited=(), floor=())
    site.envelope["decision"] = DecisionInfo(effect="redact", rules=("pii",), obligations=("redact",), policy=DIGEST)
    found = await site.found()
    assert (found.more, found.incident_count, site.told) == (0, 0, [(AGAIN, "ok")])


async def test_what_stands_behind_a_mask_is_no_incident(clock: ManualClock) -> None:
    part = Part("/a", "Phone: [PHONE], order 4500123456")
    site = Site(clock, rule("pii", 2, data="class:pii", obligations="redact"), part=part)
    found = await site.found()
    assert (found.more, found.incident_count, site.told) == (0, 0, [(AGAIN, "ok")])


async def test_a_class_that_cannot_be_masked_should_not_have_gone(clock: ManualClock) -> None:
    site = Site(clock, rule("un", 2, data="class:unscanned", obligations="redact"), part=Part("/a", "", "unreadable"))
    found = await site.found()
    assert (found.classes, found.incident_count) == ({"unscanned": 1}, 1)


async def test_without_anything_new_a_replay_that_denies_has_missed_nothing(clock: ManualClock) -> None:
    """A role that was lent then is not among those on record."""
    site = Site(clock, rule("pii", 2, data="class:pii", role="role:clinician"))
    site.envelope["classes"] = ClassesInfo(found=("pii",), declared=(), inherited=(), floor=())
    assert ((await site.found()).incident_count, site.told) == (0, [(AGAIN, "ok")])


async def test_what_cannot_be_opened_is_counted_and_told_apart(clock: ManualClock) -> None:
    site = Site(clock)
    for opening, counts in (
        (None, (1, 0)),
        (VerificationError("changed"), (0, 1)),
        (Opening(b"r" * 32, b"nonsense"), (0, 1)),
        (Opening(b"r" * 32, None), (1, 0)),
    ):
        site.opening = opening
        found = await site.found()
        assert (found.erased, found.broken) == counts
        assert (found.reclassified, site.appended) == (0, [])


@pytest.mark.parametrize("lacking", ["version", "detail", "agent"])
async def test_what_cannot_be_judged_any_more_is_searched_and_said_to_be_undecided(
    clock: ManualClock, lacking: str
) -> None:
    site = Site(clock, rule("no-pii", 2, data="class:pii", eft="deny"))
    if lacking == "version":
        site.missing = True
    elif lacking == "detail":
        site.detail = None
    else:
        site.envelope["agent"] = "gone"
    found = await site.found()
    assert (found.undecided, found.more, found.incident_count, found.reclassified) == (1, 1, 0, 1)
    assert site.told == [(AGAIN, "undecided")]


async def test_one_run_at_a_time(clock: ManualClock) -> None:
    site = Site(clock)
    site.busy = True
    assert await site.run() is None
    assert (site.asked, site.appended) == ([], [])


class BackEnd:
    """One that fails of these texts, or of all."""

    name = "model-1"

    def __init__(self, *texts: str) -> None:
        self._fails = texts

    async def read(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        if not self._fails or set(texts) & set(self._fails):
            raise GatewayError("the NER back end answered with status 500")
        return [()] * len(texts)


async def test_a_message_that_a_back_end_cannot_read_holds_up_no_other(clock: ManualClock) -> None:
    site = Site(clock)
    site.further = BackEnd(TO_JANE.text)
    found = await site.found()
    assert (found.kept, found.unread, found.reclassified, site.appended) == (1, 1, 0, [])

    site.further = BackEnd("nothing of it")
    found = await site.found()
    assert (found.unread, found.reclassified, site.told[-1]) == (0, 1, (AGAIN, MISSED))


async def test_a_back_end_that_reads_nothing_ends_the_run_and_names_the_exchange(clock: ManualClock) -> None:
    site = Site(clock)
    site.further = BackEnd()
    with pytest.raises(GatewayError, match=f"status 500; it was asked about exchange {EXCHANGE}"):
        await site.run()
    assert site.appended == []


async def test_a_run_that_another_has_taken_over_from_writes_nothing_more(clock: ManualClock) -> None:
    site = Site(clock, rule("no-pii", 2, data="class:pii", eft="deny"))
    site.lost = True
    with pytest.raises(GatewayError, match="another run has taken over"):
        await site.run()
    assert site.appended == []


async def test_a_caller_that_policy_calls_by_name_is_asked_about_by_name(clock: ManualClock) -> None:
    lead = policy(PUBLIC, rule("lead", 2, data="class:pii", role="role:lead"), groups=GROUPS + LEAD)
    site = Site(clock, then=lead)
    assert (await site.found()).incident_count == 0
    site = Site(clock, then=lead)
    site.detail = Detail(subject="bob", roles=("clerk",))
    assert (await site.found()).incident_count == 1
