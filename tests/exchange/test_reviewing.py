"""Who is shown what was sent is on record first, judges once and never their own, and says no word of the text."""

from asyncio import Future, get_running_loop
from typing import Any

import msgspec
import pytest

from gateway.core.errors import LedgerUnavailable, VerificationError
from gateway.core.message import Part
from gateway.core.refusal import Refusal
from gateway.exchange import kept
from gateway.exchange.approval_record import By
from gateway.exchange.approving import Approver
from gateway.exchange.metrics import Metrics
from gateway.exchange.reviewing import MAX_COUNT, Item, Marked, Progress, Reviewing
from gateway.ledger.commitment import matches
from gateway.ledger.entry import Appended, Entry, SealedPart
from gateway.ledger.record import Detail, Envelope, encode_detail, parse_detail, seal, timestamp
from gateway.store.kept import KeptContent
from gateway.store.reviews import MARK, Note, Review
from gateway.store.sealing import Opening
from tests.conftest import ManualClock
from tests.exchange.making import MAIL, NODE, engine

LEDGER = "tn_1"
TEXT = f"Write to {MAIL} and greet those from upstairs \ud83d"
REVIEW = "rv_1"


class Key(msgspec.Struct, frozen=True):
    new: tuple[Any, ...] = ()


class Site:
    """Everything that reviewing is given, in memory: a sample of two messages of ada's."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock, self.metrics = clock, Metrics()
        self.engine = engine(clock)
        self.opening: Opening | Exception | None = Opening(
            b"r" * 32, kept.encode((Part("/messages/0/content", TEXT),), {}, health_context=False)
        )
        self.gone: set[int] = set()
        self.detail: Detail | None = Detail(subject="ada", on_behalf_of=("zoe",), subjects=("su_7",))
        self.envelope: dict[str, Any] = {"found": {"us-ssn": 1}, "actor": "ac_ada"}
        self.appended: list[Entry] = []
        self._notes: list[Note] = []
        self.review: Review | None = Review(
            tenant=LEDGER,
            id=REVIEW,
            created_us=clock.now_us(),
            since="2026-01-01T00:00:00.000000Z",
            until="2026-02-01T00:00:00.000000Z",
            engine=self.engine.version,
            population=5,
            items=((7, "ex_7"), (4, "ex_4")),
        )
        self.fails = False
        self.late: list[Note] = []
        """What others write between a look at the notes and the next record."""
        self.sealed_for: list[tuple[str, ...]] = []
        self.misses: Any = None

    async def get(self, tenant: str, review_id: str) -> Review | None:
        return self.review if (tenant, review_id) == (LEDGER, REVIEW) else None

    async def newest(self, tenant: str, limit: int) -> tuple[Review, ...]:
        return () if self.review is None or tenant != LEDGER else (self.review,)

    async def notes(self, tenant: str, review_id: str) -> tuple[Note, ...]:
        return tuple(self._notes)

    async def one(self, ledger: str, seq: int) -> KeptContent | None:
        if seq in self.gone:
            return None
        at = timestamp(self.clock.now_us())
        envelope = Envelope(
            id=f"id-{seq}",
            tenant=LEDGER,
            event="exchange.requested",
            occurred_at=at,
            exchange=f"ex_{seq}",
            agent="cloudy",
            zone="cloud",
            action="chat",
            purpose="TREAT",
            **self.envelope,
        )
        beside = None if self.detail is None else encode_detail(self.detail)
        part = SealedPart(part="content:x", key="dk_1", nonce=b"n", ciphertext=b"c")
        return KeptContent(seq=seq, envelope=seal(envelope, seq, bytes(32), at), detail=beside, sealed=part)

    def open(self, *, tenant: str, record: str, sealed: SealedPart) -> Opening | None:
        if isinstance(self.opening, Exception):
            raise self.opening
        return self.opening

    def exchange_key(self, subjects: tuple[str, ...] = ()) -> Key:
        self.sealed_for.append(subjects)
        return Key()

    def seal(self, *, tenant: str, record: str, part: str, opening: bytes, value: bytes | None, key: Key) -> SealedPart:
        assert value is None, "what was shown is not kept a second time"
        return SealedPart(part=part, key=record, nonce=opening, ciphertext=b"")

    def submit(self, entry: Entry, only_if_open: bool = False) -> "Future[Appended | None]":
        done: Future[Appended | None] = get_running_loop().create_future()
        if self.fails:
            done.set_exception(LedgerUnavailable("down"))
            return done
        while self.late:
            self._notes.append(self.late.pop())
        assert entry.change is not None
        values = {name: value for name, value in entry.change.values.items() if name != "review"}
        for name in ("persons", "found"):
            values[name] = msgspec.json.decode(str(values[name]))
        note = msgspec.convert(values, Note)
        if any((one.place, one.slot) == (note.place, note.slot) for one in self._notes):
            done.set_result(None)
            return done
        self._notes.append(note)
        self.appended.append(entry)
        done.set_result(Appended(seq=9, leaf_hash=bytes(32), recorded_at=timestamp(self.clock.now_us())))
        return done

    async def append(self, entry: Entry) -> Appended:
        raise AssertionError("records come with their rows")

    def missed(self) -> None:
        raise AssertionError

    def who(self, name: str = "eve", *, kind: str = "person", roles: tuple[str, ...] = ("privacy",)) -> Approver:
        return Approver(
            tenant=LEDGER,
            ledger=self,
            actor=f"ac_{name}",
            kind=kind,
            roles=roles,
            persons=(f"person-{name}",),
            by=By(actor=f"ac_{name}", kind=kind, exchange="ex_look", trace="t" * 32, detail=Detail(subject=name)),
        )

    @property
    def reviewing(self) -> Reviewing:
        return Reviewing(
            samples=self,
            kept=self,
            sealer=self,
            engine=self.engine,
            person_of=lambda tenant, name: f"person-{name}",
            clock=self.clock,
            node=NODE,
            metrics=self.metrics,
            misses=self.misses,
        )

    async def show(self, who: Approver | None = None, place: int | None = None) -> Item | Refusal:
        return await self.reviewing.show(who or self.who(), REVIEW, place)

    async def mark(self, who: Approver | None = None, place: int = 1, **said: dict[str, int]) -> Marked | Refusal:
        counts: dict[str, dict[str, int]] = {"missed": {}, "wrong": {}, **said}
        return await self.reviewing.mark(who or self.who(), REVIEW, place, **counts)


@pytest.fixture
def site(clock: ManualClock) -> Site:
    return Site(clock)


def code(found: object) -> str:
    assert isinstance(found, Refusal), found
    return found.code


async def test_what_is_shown_is_on_record_first_with_a_commitment_and_without_a_word(site: Site) -> None:
    item = await site.show()
    assert isinstance(item, Item)
    assert (item.place, item.agent, item.found) == (1, "cloudy", {"email": 1, "us-ssn": 1})
    (part,) = item.parts
    (found,) = part["findings"]
    assert part["text"][found["start"] : found["end"]] == MAIL
    assert part["text"].endswith("upstairs ?"), "half of a surrogate pair cannot be shown"
    (entry,) = site.appended
    envelope = entry.envelope
    assert (envelope.event, envelope.review, envelope.range) == ("content.revealed", REVIEW, (7, 8))
    assert (envelope.exchange, envelope.parent, envelope.actor) == ("ex_look", "ex_7", "ac_eve")
    assert envelope.response is not None
    assert envelope.response.commitment is not None
    (sealed,) = entry.sealed
    shown = msgspec.json.encode(item, order="sorted")
    assert matches(envelope.response.commitment, sealed.nonce, "response", shown)
    assert (site.sealed_for, entry.subjects) == ([("su_7",)], ("su_7",))
    assert MAIL not in str(entry)
    assert b"upstairs" not in (entry.detail or b"")


class Misses:
    """Notes what an incident would be opened of, and how many judgements there were then."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.opened: list[tuple[Any, ...]] = []
        self.fails = False

    async def open(self, who: Approver, about: Envelope, seq: int, missed: dict[str, int]) -> None:
        if self.fails:
            raise LedgerUnavailable("down")
        self.opened.append((who.actor, about.exchange, seq, dict(missed), len(self.site.appended)))


async def test_a_miss_opens_an_incident_before_the_judgement_is_on_record_where_that_is_wanted(site: Site) -> None:
    misses = site.misses = Misses(site)
    await site.show(site.who("max"))
    await site.show()
    misses.fails = True
    with pytest.raises(LedgerUnavailable):
        await site.mark(missed={"person": 2})
    assert len(site.appended) == 2, "no judgement without its incident"
    misses.fails = False
    assert isinstance(await site.mark(missed={"person": 2}), Marked)
    assert misses.opened == [("ac_eve", "ex_7", 7, {"person": 2}, 2)]
    assert isinstance(await site.mark(site.who("max")), Marked)
    assert code(await site.mark(missed={"nonsense": 1})) == "approver_barred"
    assert len(misses.opened) == 1


async def test_where_the_record_cannot_be_written_nothing_is_shown(site: Site) -> None:
    site.fails = True
    with pytest.raises(LedgerUnavailable):
        await site.show()


async def test_each_look_is_a_record_of_its_own(site: Site) -> None:
    first, second = await site.show(place=2), await site.show(place=2)
    assert first == second
    assert len(site.appended) == 2


@pytest.mark.parametrize(
    ("kind", "roles"),
    [("service", ("privacy",)), ("agent", ("compliance",)), ("person", ("auditor", "admin")), ("person", ())],
)
async def test_whoever_is_no_person_of_the_roles_sees_and_judges_nothing(
    site: Site, kind: str, roles: tuple[str, ...]
) -> None:
    who = site.who(kind=kind, roles=roles)
    assert code(await site.show(who)) == "role_required"
    assert code(await site.mark(who)) == "role_required"
    assert site.appended == []


@pytest.mark.parametrize("name", ["ada", "zoe"])
async def test_nobody_is_shown_what_they_sent_or_what_was_sent_for_them(site: Site, name: str) -> None:
    assert code(await site.show(site.who(name), 1)) == "approver_barred"
    assert code(await site.show(site.who(name))) == "not_found"
    assert code(await site.mark(site.who(name))) == "conflict"
    site.detail = None
    assert (code(await site.show(site.who("ada"), 1))) == "approver_barred", "known by its pseudonym too"
    assert site.appended == []


async def test_the_next_one_is_the_first_that_nobody_has_judged_and_that_is_there(site: Site) -> None:
    assert isinstance(await site.show(), Item)
    assert isinstance(await site.mark(), Marked)
    item = await site.show(site.who("max"))
    assert isinstance(item, Item)
    assert item.place == 2
    site.gone = {4}
    assert code(await site.show()) == "not_found"
    assert code(await site.show(place=2)) == "conflict"
    assert [code(await site.show(place=place)) for place in (0, 3)] == ["not_found", "not_found"]
    assert [code(await site.mark(place=place)) for place in (0, 3)] == ["not_found", "not_found"]


@pytest.mark.parametrize(
    "opening", [None, Opening(b"r" * 32, None), Opening(b"r" * 32, b"{"), VerificationError("changed")]
)
async def test_what_cannot_be_opened_any_more_is_not_there_to_be_judged(
    site: Site, opening: Opening | Exception | None
) -> None:
    site.opening = opening
    assert code(await site.show(place=1)) == "conflict"
    assert site.appended == []


async def test_a_judgement_is_on_record_by_types_and_numbers(site: Site) -> None:
    assert code(await site.mark()) == "conflict", "nobody judges what they have not seen"
    await site.show()
    done = await site.mark(missed={"person": 2, "other": 1}, wrong={"us-ssn": 1})
    assert done == Marked(review=REVIEW, place=1, number=1, outcome="missed")
    envelope = site.appended[-1].envelope
    assert (envelope.event, envelope.range, envelope.zone) == ("review.marked", (7, 8), "cloud")
    assert (envelope.found, envelope.missed, envelope.wrong) == (
        {"email": 1, "us-ssn": 1},
        {"other": 1, "person": 2},
        {"us-ssn": 1},
    )
    assert envelope.outcome is not None
    assert envelope.outcome.code == "missed"
    assert parse_detail(site.appended[-1].detail or b"").subject == "eve"
    assert b'gateway_reviews_total{event="missed",tenant="tn_1"} 1.0' in site.metrics.exposition()


async def test_a_second_person_may_judge_and_nobody_twice_or_as_the_third(site: Site) -> None:
    for name in ("eve", "max", "kim"):
        await site.show(site.who(name), 1)
    assert isinstance(await site.mark(), Marked)
    assert code(await site.mark()) == "approver_barred"
    second = await site.mark(site.who("max"), missed={"person": 1})
    assert isinstance(second, Marked)
    assert second.number == 2
    assert code(await site.mark(site.who("kim"))) == "conflict"
    (progress,) = await site.reviewing.listed(LEDGER)
    assert (progress.judged, progress.judged_twice, progress.open, progress.population) == (1, 1, (2,), 5)
    assert await site.reviewing.progress(LEDGER, REVIEW) == progress
    assert code(await site.reviewing.progress(LEDGER, "rv_2")) == "not_found"
    assert await site.reviewing.listed("tn_2") == ()


async def test_of_two_at_once_one_is_the_first_and_one_the_second(site: Site) -> None:
    await site.show()
    site.late = [Note(place=1, slot=f"{MARK}1", actor="ac_max", persons=("person-max",), at_us=1)]
    done = await site.mark()
    assert isinstance(done, Marked)
    assert done.number == 2


async def test_the_same_person_at_once_by_two_keys_judges_once(site: Site) -> None:
    await site.show()
    site.late = [Note(place=1, slot=f"{MARK}1", actor="ac_eve2", persons=("person-eve",), at_us=1)]
    assert code(await site.mark()) == "approver_barred"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"missed": {"swordfish": 1}}, "missed"),
        ({"missed": {"person": 0}}, "missed"),
        ({"missed": {"person": MAX_COUNT + 1}}, "missed"),
        ({"wrong": {"person": 1}}, "wrong"),
        ({"wrong": {"email": 2}}, "wrong"),
    ],
)
async def test_types_that_are_none_and_numbers_that_cannot_be_are_refused(
    site: Site, said: dict[str, dict[str, int]], field: str
) -> None:
    await site.show()
    refused = await site.mark(None, 1, **said)
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.field) == ("parameter_invalid", field)
    assert "swordfish" not in str(refused)
    assert len(site.appended) == 1


async def test_a_sample_is_judged_with_the_engine_that_it_was_drawn_for(site: Site) -> None:
    assert site.review is not None
    site.review = msgspec.structs.replace(site.review, engine="6-old")
    assert code(await site.show()) == "conflict"
    assert code(await site.mark()) == "conflict"
    site.review = None
    assert code(await site.show()) == "not_found"


async def test_what_is_committed_but_never_answered_may_be_looked_at_again(site: Site) -> None:
    """Where the ledger fails after the row of a mark nobody was told of, the next try says that it is there."""
    await site.show()
    site.fails = True
    with pytest.raises(LedgerUnavailable):
        await site.mark()
    site.fails = False
    assert isinstance(await site.mark(), Marked)
    assert isinstance((await site.reviewing.listed(LEDGER))[0], Progress)
