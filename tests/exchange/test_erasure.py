"""What an erasure destroys is gone whatever kills the process in between, and what it must not touch is there."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.exchange import erasure as erasures
from gateway.exchange.emergency_persons import Reached
from gateway.exchange.erasure import SETTLE_US
from gateway.exchange.subjects import Meant
from gateway.ledger.content import part_of, until_of
from gateway.ledger.entry import Appended, Entry
from gateway.ledger.record import Envelope, parse_detail
from gateway.store.directory import Directory
from gateway.store.erasure import ErasureStore
from gateway.store.kept_check import KeptTally
from gateway.store.reader import StoreReader
from gateway.store.sealing import Sealer
from gateway.store.subject_cases import Case, CaseStore, moved
from gateway.store.subjects import marked
from gateway.store.verification import LedgerVerification
from tests.exchange.erasure_kit import (
    CANARY,
    HOUR_US,
    UNTIL,
    asked_for,
    case,
    erasing,
    erasure,
    exchanged,
    guessed,
    later,
    readable,
    sealed_of,
)
from tests.exchange.subject_kit import Registry, called, registry
from tests.store.conftest import store as store
from tests.store.kit import LEDGER, Store, entry


class Killed(Exception):
    """The process is gone."""


class Dying:
    """Stands before a store or a keyring, and dies at the n-th call of what writes, before it or after it."""

    def __init__(self, inner: Any, at: int, *, names: tuple[str, ...]) -> None:
        self.inner, self.left, self.names = inner, at, names

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        return self._deadly(found) if name in self.names else found

    def _deadly(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def blocking(*given: Any) -> Any:
            self._count()
            done = function(*given)
            self._count()
            return done

        async def waiting(*given: Any) -> Any:
            self._count()
            done = await function(*given)
            self._count()
            return done

        return blocking if self.names == ("destroy",) else waiting

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


WRITES = ("forget", "replace", "purge", "settle")


async def _two(found: Registry) -> tuple[list[str], list[int]]:
    """Ann, Bob, and three exchanges: about her, about both, about him."""
    ann, bob = await found.named("ann", "bob")
    return [ann, bob], [
        await exchanged(found, ann, agent="ward"),
        await exchanged(found, ann, bob, agent="desk"),
        await exchanged(found, bob, agent="ward"),
    ]


async def _gone(found: Registry, ann: str, seqs: list[int]) -> None:
    """Everything that must hold after Ann's erasure."""
    reader = StoreReader(found.store.engine, LEDGER)
    details = [one.detail is not None for seq in seqs if (one := await reader.record(seq)) is not None]
    assert details == [False, False, True]
    assert await readable(found, seqs[0]) == []
    assert await sealed_of(found, seqs[0]) == []
    assert await readable(found, seqs[1]) == [b"[masked]"]  # sealed again for Bob alone
    assert [part.part for part in await sealed_of(found, seqs[1])] == [part_of(until_of(UNTIL), masked=True)]
    assert not await guessed(found, seqs[1])
    assert await guessed(found, seqs[2])  # what is kept whole is what the record commits to
    assert await readable(found, seqs[2]) == [CANARY.encode(), None]
    fresh = Directory(found.store.engine, found.store.keyring, found.store.clock, "gateway.test")
    assert await fresh.find_subject(LEDGER, "ann") is None
    assert await fresh.subject(LEDGER, "ann") != ann
    assert found.store.keyring.subject_keys(ann) == ()
    key, _ = found.store.keyring.new_data_key(ann)
    found.store.keyring.persist([key])
    assert found.store.keyring.data_key(key.id) is None  # nobody makes her one again


async def _ended(found: Registry) -> Envelope:
    events = [one for one in await found.events() if one.event == "subject.erased"]
    assert len(events) == 1
    received = {one.began for one in await found.events() if one.case is not None}
    assert len(received) == 1, "each record of the case says when it was asked for"
    assert None not in received
    return events[0]


async def test_what_emergency_ledgers_say_defers_it_and_is_on_record_with_whom_to_tell(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with registry(store) as found:
        (_, bob), _ = await _two(found)
        held = {bob}
        own = Reached(records={"em_1": 3}, agents=frozenset({"night"}), beside=frozenset({bob}), unread=("em_2",))

        async def reached(*_: object) -> Reached:
            return own

        async def holds(_: CaseStore, tenant: str, ids: tuple[str, ...]) -> bool:
            return tenant == LEDGER and not held.isdisjoint(ids)

        async def alone(*_: object) -> tuple[str, ...]:
            return ()

        monkeypatch.setattr(erasures, "reached", reached)
        monkeypatch.setattr(CaseStore, "held", holds)
        monkeypatch.setattr(ErasureStore, "companions", alone)  # on the main ledger nobody is named beside
        made = await asked_for(found, "ann")
        later(found, 72 * HOUR_US)
        await erasure(found).advance(LEDGER, found.writer)
        assert case(await found.cases.get(LEDGER, made.id) or made).state == "deferred"
        held.clear()
        await erasure(found).advance(LEDGER, found.writer)
        begun = case(await found.cases.get(LEDGER, made.id) or made)
        assert (begun.state, begun.terms.recipients, begun.terms.reached) == ("erasing", ("desk", "night", "ward"), 5)
        reader = StoreReader(store.engine, LEDGER)
        last = await reader.record(await reader.size() - 1)
        assert last is not None
        diff = parse_detail(last.detail or b"").diff or ()
        assert {"emergency em_1: 3 records", "emergency em_2: its file could not be read"} <= set(diff)


async def test_after_the_delay_all_of_it_goes_and_every_proof_still_holds(store: Store) -> None:
    async with registry(store) as found:
        (ann, bob), seqs = await _two(found)
        keys = store.keyring.subject_keys(ann)
        made = await asked_for(found, "ann")
        later(found, 72 * HOUR_US - 1_000_000)
        assert await erasure(found).advance(LEDGER, found.writer) == 0
        assert await readable(found, seqs[0]) == [CANARY.encode(), None]
        later(found, 1_000_000)
        assert await erasure(found).advance(LEDGER, found.writer) == 0  # begun; what is late is waited for
        assert await readable(found, seqs[0]) == []
        assert case(await found.cases.get(LEDGER, made.id) or made).state == "erasing"
        refused = await erasing(found).refuse(found.who(), made.id, "e", "too late")
        assert getattr(refused, "code", "") == "conflict"
        late = await exchanged(found, ann)  # a node that remembered the pseudonym
        later(found, SETTLE_US)
        assert await erasure(found).advance(LEDGER, found.writer) == 1
        assert await sealed_of(found, late) == []
        await _gone(found, ann, seqs)
        told = await _ended(found)
        assert (told.subject, told.case, told.keys, told.count) == (ann, made.id, keys, 2)
        assert (told.recipients, told.legal_basis) == (("desk", "ward"), "Art. 17(1)(b)")
        assert told.backups_until is not None
        assert await erasure(found).advance(LEDGER, found.writer) == 0
        store.keyring.create_ledger_key("gateway.test/ledger/" + "0" * 32)
        verifier = store.keyring.signer("gateway.test/ledger/" + "0" * 32).verifier
        verdict = await LedgerVerification(store.engine, LEDGER, verifier, Sealer(store.keyring)).run(None)
        assert verdict.failure is None
        assert verdict.content == KeptTally(open=1, masked=1, gone=2)
        assert bob in await found.named("bob")


@pytest.mark.parametrize("at", range(1, 9))
async def test_killed_before_or_after_any_write_it_is_finished_by_who_comes_next(store: Store, at: int) -> None:
    async with registry(store) as found:
        (ann, _), seqs = await _two(found)
        await asked_for(found, "ann")
        later(found, 72 * HOUR_US)
        dying = Dying(ErasureStore(store.engine), at, names=WRITES)
        with pytest.raises(Killed):
            await erasure(found, store=dying).advance(LEDGER, found.writer)
        later(found, SETTLE_US)
        assert await erasure(found).advance(LEDGER, found.writer) == 1
        await _gone(found, ann, seqs)
        await _ended(found)


@pytest.mark.parametrize("at", [1, 2])
async def test_killed_around_the_destruction_of_keys_it_is_finished(store: Store, at: int) -> None:
    async with registry(store) as found:
        (ann, _), seqs = await _two(found)
        await asked_for(found, "ann")
        later(found, 72 * HOUR_US)
        dying = Dying(store.keyring, at, names=("destroy",))
        with pytest.raises(Killed):
            await erasure(found, keys=dying).advance(LEDGER, found.writer)
        later(found, SETTLE_US)
        assert await erasure(found).advance(LEDGER, found.writer) == 1
        await _gone(found, ann, seqs)


async def test_a_hold_on_another_who_is_named_beside_defers_it_and_the_subject_stays_restricted(store: Store) -> None:
    async with registry(store) as found:
        (ann, _), seqs = await _two(found)
        held = case(await found.holds.hold(found.who(), called("bob"), "lawsuit"))
        made = await asked_for(found, "ann")
        later(found, 100 * HOUR_US)
        for _ in range(2):
            assert await erasure(found).advance(LEDGER, found.writer) == 0
        assert case(await found.cases.get(LEDGER, made.id) or made).state == "deferred"
        assert await readable(found, seqs[0]) == [CANARY.encode(), None]
        assert (await found.flags.reload(LEDGER)).of((ann,))
        codes = [one.outcome.code for one in await found.events() if one.outcome and one.event == "subject.erasure"]
        assert codes.count("deferred") == 1
        case(await found.holds.lift(found.who(), held.id, "settled"))
        await erasure(found).advance(LEDGER, found.writer)
        later(found, SETTLE_US)
        assert await erasure(found).advance(LEDGER, found.writer) == 1
        await _gone(found, ann, seqs)


@pytest.mark.parametrize("whose", ["ann", "bob"])
@pytest.mark.parametrize("then", ["goes on", "is killed", "cannot look"])
async def test_a_hold_that_is_on_record_before_the_beginning_would_be_defers_it_whatever_comes_then(
    store: Store, monkeypatch: pytest.MonkeyPatch, whose: str, then: str
) -> None:
    """Bob is named beside Ann, who is to be erased."""

    async def away(*_: object) -> bool:
        raise LedgerUnavailable("for a moment")

    async with registry(store) as found:

        class Meanwhile:
            """A ledger before whose record of the beginning somebody else's hold comes, and after it an accident."""

            async def submit(self, entry: Entry) -> Appended | None:
                outcome = entry.envelope.outcome
                comes = outcome is not None and outcome.code == "begun" and not holds
                if comes:
                    holds.append(case(await found.holds.hold(found.who(), called(whose), "lawsuit")))
                done = await found.writer.submit(entry)
                if comes and then == "is killed":
                    raise Killed
                if comes and then == "cannot look":
                    monkeypatch.setattr(CaseStore, "held", away)
                return done

        holds: list[Case] = []
        ledger: Any = Meanwhile()
        (ann, _), seqs = await _two(found)
        made = await asked_for(found, "ann")
        later(found, 72 * HOUR_US)
        with suppress(Killed, LedgerUnavailable):
            assert await erasure(found).advance(LEDGER, ledger) == 0
        monkeypatch.undo()
        for _ in range(2):
            assert await erasure(found).advance(LEDGER, ledger) == 0
            later(found, SETTLE_US)
            assert case(await found.cases.get(LEDGER, made.id) or made).state == "deferred"
            assert await readable(found, seqs[0]) == [CANARY.encode(), None]
            assert store.keyring.subject_keys(ann)
        codes = [one.outcome.code for one in await found.events() if one.outcome]
        assert codes[-2:] == ["placed", "deferred"], "that it had begun is on no record"
        case(await found.holds.lift(found.who(), holds[0].id, "settled"))
        await erasure(found).advance(LEDGER, found.writer)
        later(found, SETTLE_US)
        assert await erasure(found).advance(LEDGER, found.writer) == 1
        await _gone(found, ann, seqs)


async def test_that_it_has_begun_names_all_whom_it_is_for(store: Store) -> None:
    """A copy that is restored is emptied by it."""
    async with registry(store) as found:
        (ann, bob), _ = await _two(found)
        keys = {key for one in (ann, bob) for key in store.keyring.subject_keys(one)}
        await found.subjects.merge(found.who(), called("bob"), called("ann"), "one person")
        await asked_for(found, "ann")
        later(found, 72 * HOUR_US)
        await erasure(found).advance(LEDGER, found.writer)
        (begun,) = [one for one in await found.events() if one.outcome and one.outcome.code == "begun"]
        assert begun.keys is not None
        assert (begun.keys[0], set(begun.keys[1:])) == (bob, keys)


async def test_on_whom_is_being_destroyed_there_is_no_hold(store: Store) -> None:
    async with registry(store) as found:
        (ann, bob), _ = await _two(found)
        await asked_for(found, "ann")
        later(found, 72 * HOUR_US)

        class Meanwhile:
            """A ledger before whose record of a hold somebody else's erasure begins."""

            async def submit(self, entry: Entry) -> Appended | None:
                await erasure(found).advance(LEDGER, found.writer)
                return await found.writer.submit(entry)

        ledger: Any = Meanwhile()
        who = msgspec.structs.replace(found.who(), ledger=ledger)
        refused = await found.holds.hold(who, Meant(subject=ann), "lawsuit")
        assert (getattr(refused, "code", ""), getattr(refused, "field", "")) == ("conflict", None)
        refused = await found.holds.hold(found.who(), Meant(subject=ann), "lawsuit")
        assert (getattr(refused, "code", ""), getattr(refused, "field", "")) == ("conflict", "subject")
        assert "subject.held" not in {one.event for one in await found.events()}
        case(await found.holds.hold(found.who(), Meant(subject=bob), "lawsuit"))


async def test_who_became_one_with_the_person_later_is_not_erased(store: Store) -> None:
    """Whatever put it into the database: nobody has asked for it or agreed."""
    async with registry(store) as found:
        (ann, bob), seqs = await _two(found)
        made = await asked_for(found, "ann")
        row = await found.flags.row(LEDGER, bob)
        await found.writer.append(Entry(draft=entry("subject.merged").draft, change=marked(row, merged=ann)))
        assert await found.flags.group(LEDGER, ann) == tuple(sorted((ann, bob)))
        later(found, 72 * HOUR_US)
        await erasure(found).advance(LEDGER, found.writer)
        later(found, SETTLE_US)
        assert await erasure(found).advance(LEDGER, found.writer) == 1
        await _gone(found, ann, seqs)
        assert case(await found.cases.get(LEDGER, made.id) or made).terms.subjects == (ann,)
        assert store.keyring.subject_keys(bob)
        assert bob in await found.named("bob")
        assert bob not in store.keyring.erased()


async def test_of_whom_requests_are_let_through_nothing_is_destroyed(store: Store) -> None:
    """As where another case of an earlier version took the mark away."""
    async with registry(store) as found:
        (ann, _), seqs = await _two(found)
        made = await asked_for(found, "ann")
        row = await found.flags.row(LEDGER, ann)
        await found.writer.append(Entry(draft=entry("subject.erasure").draft, change=marked(row, erasing=None)))
        later(found, 72 * HOUR_US)
        for _ in range(2):
            assert await erasure(found).advance(LEDGER, found.writer) == 0
        assert case(await found.cases.get(LEDGER, made.id) or made).state == "deferred"
        assert await readable(found, seqs[0]) == [CANARY.encode(), None]
        assert isinstance(await erasing(found).refuse(found.who(), made.id, "withdrawn", "asked anew"), Case)
        await asked_for(found, "ann")


async def test_a_case_from_before_whom_it_is_for_was_kept_is_for_who_bears_its_mark(store: Store) -> None:
    async with registry(store) as found:
        (ann, bob), seqs = await _two(found)
        made = await asked_for(found, "ann")
        older = msgspec.structs.replace(made, terms=msgspec.structs.replace(made.terms, subjects=()))
        await found.writer.append(Entry(draft=entry("subject.erasure").draft, change=moved(made, older)))
        row = await found.flags.row(LEDGER, bob)
        await found.writer.append(Entry(draft=entry("subject.merged").draft, change=marked(row, merged=ann)))
        later(found, 72 * HOUR_US)
        await erasure(found).advance(LEDGER, found.writer)
        later(found, SETTLE_US)
        assert await erasure(found).advance(LEDGER, found.writer) == 1
        await _gone(found, ann, seqs)
        assert store.keyring.subject_keys(bob)


async def test_what_is_under_way_is_waited_for_and_another_node_does_not_work_beside(store: Store) -> None:
    async with registry(store) as found:
        (ann,) = await found.named("ann")
        await exchanged(found, ann, opens=True)
        await asked_for(found, "ann")
        later(found, 72 * HOUR_US)
        assert await erasure(found).advance(LEDGER, found.writer) == 0
        assert [one.outcome.code for one in await found.events() if one.outcome][-1] == "approved"
        assert await erasure(found, holder="nd_2/bt_2/er_2").advance(LEDGER, found.writer) == 0


async def test_content_that_cannot_be_masked_dies_with_the_keys(store: Store) -> None:
    async with registry(store) as found:
        _, seqs = await _two(found)
        await asked_for(found, "ann")
        later(found, 72 * HOUR_US)
        await erasure(found, mask=lambda data: None).advance(LEDGER, found.writer)
        assert await sealed_of(found, seqs[1]) == []
        assert [part.part for part in await sealed_of(found, seqs[2])] == [UNTIL, "request"]
