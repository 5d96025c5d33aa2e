"""What a message continues decides where it may go; what an exchange adds to it is said by its records."""

from typing import Any

import msgspec
import pytest

from gateway.core.caller import Caller
from gateway.core.decision import Decision, Ruling, Verdict
from gateway.core.ports import Route
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Classified, Joined, Outcome, Routed
from gateway.exchange.sessions import MAX_NAMES, Sessions, sticking
from gateway.ledger.entry import SessionGrowth
from gateway.settings import Settings
from gateway.store.engine import open_engine, target
from gateway.store.sessions import SessionStore, StoredSession
from tests.conftest import ManualClock
from tests.exchange.making import LOCAL, SKY, caller, classified, exchange, message

DAY_S = 86_400


class Kept:
    """A store in memory, with the one rule of the real one: what is somebody's stays theirs."""

    def __init__(self) -> None:
        self.rows: dict[bytes, StoredSession] = {}
        self.asked = 0

    def key(self, name: str) -> bytes:
        return b"key of " + name.encode()

    def principal(self, chain: tuple[str, ...]) -> bytes:
        return ",".join(chain).encode()

    async def find(self, keys: Any) -> dict[bytes, StoredSession]:
        self.asked += 1
        return {key: self.rows[key] for key in keys if key in self.rows}

    async def put(self, tenant: str, growths: Any) -> None:
        for growth in growths:
            known = self.rows.get(growth.key)
            if known is None:
                fields = {name: getattr(growth, name) for name in StoredSession.__struct_fields__ if name != "tenant"}
                fields |= {"tenant": tenant, "sent": frozenset(growth.sent), "said": frozenset(growth.said)}
                self.rows[growth.key] = StoredSession(**fields)
            elif (known.actor, known.agent) == (growth.actor, growth.agent):
                self.rows[growth.key] = msgspec.structs.replace(
                    known,
                    sent=known.sent | set(growth.sent),
                    said=known.said | set(growth.said),
                    expires_us=growth.expires_us,
                )


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def sessions(kept: Kept, clock: ManualClock) -> Sessions:
    store: Any = kept
    return Sessions(store, clock, idle_days=30)


def routed(route: Route = LOCAL, **fields: Any) -> Routed:
    decision = Decision(effect="route", agent=route.id, rules=(), obligations=(), policy="sha256:1", candidates=())
    return Routed(decision=decision, route=route, masked={}, rest=(), inputs={}, explanation=(), **fields)


async def joined(sessions: Sessions, *names: str, who: Caller | None = None, known: tuple[str, ...] = ()) -> Joined:
    """What a message continues that names these sessions, and those references."""
    found = await sessions.join(who or caller(), asking(*names, references=known))
    assert isinstance(found, Joined), found
    return found


def asking(*names: str, references: tuple[str, ...] = ()) -> Any:
    return msgspec.structs.replace(message(), sessions=names, references=references)


def seen(clock: ManualClock, joined: Joined | None = None, **fields: Any) -> Classified:
    return classified(clock, message().parts, joined=joined, **fields)


async def test_what_nobody_has_continued_before_begins_now_and_is_public(sessions: Sessions) -> None:
    found = await joined(sessions, "a2a-context:1")
    assert (found.known, found.started) == ((), (b"key of a2a-context:1",))
    assert (found.unknown, found.sent, found.said, found.holders) == (False, frozenset(), frozenset(), frozenset())


async def test_classes_of_the_intent_and_of_the_outcome_are_inherited_by_what_comes_later(
    sessions: Sessions, kept: Kept, clock: ManualClock
) -> None:
    first = await joined(sessions, "a2a-context:1")
    await kept.put("tn_1", sessions.sending(caller(), seen(clock, first, declared=("phi",)), routed()))
    second = await joined(sessions, "a2a-context:1")
    assert (second.sent, second.said, second.id) == (frozenset({"phi"}), frozenset(), first.id)
    classes = seen(clock, second, inherited=("phi",))
    await kept.put("tn_1", sessions.said(caller(), classes, routed(), (), ("pci", "public")))
    third = await joined(sessions, "a2a-context:1")
    assert (third.sent, third.said, third.holders) == (
        frozenset({"phi"}),
        frozenset({"pci"}),
        frozenset({("local", "in-house")}),
    )


async def test_names_that_an_answer_gives_away_carry_on_what_the_exchange_has_so_far(
    sessions: Sessions, kept: Kept, clock: ManualClock
) -> None:
    opened = sessions.said(caller(), seen(clock, floor=("internal",)), routed(), ("openai-response:1",), ("pii",))
    await kept.put("tn_1", opened)
    first = await joined(sessions, "openai-response:1", known=("openai-response:1",))
    assert (first.sent, first.said, first.unknown, first.started) == (
        frozenset({"internal"}),
        frozenset({"pii"}),
        False,
        (),
    )
    classes = seen(clock, first, inherited=("internal", "pii"))
    await kept.put("tn_1", sessions.said(caller(), classes, routed(), ("openai-response:2",), ()))
    second = await joined(sessions, "openai-response:2")
    assert second.sent | second.said == {"internal", "pii"}
    assert second.id == first.id == opened[0].id


async def test_an_answer_that_adds_nothing_writes_nothing(sessions: Sessions, kept: Kept, clock: ManualClock) -> None:
    await kept.put("tn_1", sessions.said(caller(), seen(clock), routed(), ("mcp:1",), ("pii",)))
    found = await joined(sessions, "mcp:1")
    classes = seen(clock, found, inherited=("pii",))
    assert sessions.said(caller(), classes, routed(), ("mcp:1",), ("pii", "public")) == ()
    assert [growth.sent for growth in sessions.sending(caller(), classes, routed())] == [()]
    assert sessions.sending(caller(), seen(clock), routed()) == ()
    await sessions.announce(caller(), classes, routed(), ("mcp:1",))
    assert kept.rows[b"key of mcp:1"].said == {"pii"}


async def test_a_reference_that_is_not_known_is_unscanned_and_stays_so(
    sessions: Sessions, kept: Kept, clock: ManualClock
) -> None:
    found = await joined(sessions, known=("file:1",))
    assert (found.sent, found.unknown, found.started) == (frozenset({"unscanned"}), True, ())
    both = await joined(sessions, "openai-response:9", known=("openai-response:9",))
    assert (both.sent, both.unknown, both.started) == (frozenset({"unscanned"}), True, ())
    mixed = await joined(sessions, "a2a-context:1", known=("file:1",))
    classes = seen(clock, mixed, inherited=("unscanned",))
    await kept.put("tn_1", sessions.sending(caller(), classes, routed()))
    assert (await joined(sessions, "a2a-context:1")).sent == {"unscanned"}
    assert (await joined(sessions, "a2a-context:1")).unknown is False


async def test_each_of_several_sessions_that_a_message_continues_has_what_any_of_them_had(
    sessions: Sessions, kept: Kept, clock: ManualClock
) -> None:
    first = await joined(sessions, "a2a-context:1")
    await kept.put("tn_1", sessions.sending(caller(), seen(clock, first, declared=("phi",)), routed()))
    await kept.put("tn_1", sessions.said(caller(), seen(clock, first), routed(), (), ("pci",)))
    both = await joined(sessions, "a2a-context:1", "a2a-context:2")
    classes = seen(clock, both, inherited=("pci", "phi"))
    grown = sessions.sending(caller(), classes, routed())
    assert [(one.sent, one.said) for one in grown] == [((), ()), (("phi",), ("pci",))]
    await kept.put("tn_1", grown)
    other = await joined(sessions, "a2a-context:2")
    assert (sorted(other.sent), sorted(other.said)) == (["phi"], ["pci"])


async def test_a_task_that_no_answer_gave_away_is_refused_like_anothers(
    sessions: Sessions, kept: Kept, clock: ManualClock
) -> None:
    """Only agents make them up: whoever names one that is not known here was not given it."""
    await kept.put("tn_1", sessions.said(caller(), seen(clock), routed(), ("a2a-task:local/1",), ()))
    other = msgspec.structs.replace(caller(), actor="ac_2")
    for who, asked in (
        (caller(), asking("a2a-task:local/2")),
        (caller(), asking(references=("a2a-task:local/2",))),
        (caller(), asking("a2a-context:1", "a2a-task:local/2")),
        (other, asking("a2a-task:local/1")),
    ):
        assert await sessions.join(who, asked) == Refusal(code="not_found")
    assert isinstance(await sessions.join(caller(), asking("a2a-task:local/1")), Joined)


async def test_which_of_many_names_are_the_callers_own_with_an_agent(
    sessions: Sessions, kept: Kept, clock: ManualClock
) -> None:
    names = tuple(f"a2a-task:local/{number}" for number in range(1_200))
    for name in (names[0], names[700], names[1_199]):
        await kept.put("tn_1", sessions.said(caller(), seen(clock), routed(), (name,), ()))
    await kept.put("tn_1", sessions.said(caller(), seen(clock), routed(SKY), (names[5],), ()))
    other = msgspec.structs.replace(caller(), actor="ac_2")
    assert await sessions.owned(caller(), names, LOCAL) == {names[0], names[700], names[1_199]}
    assert await sessions.owned(other, names, LOCAL) == frozenset()
    assert await sessions.owned(caller(), (), LOCAL) == frozenset()
    clock.advance(31 * DAY_S)
    assert await sessions.owned(caller(), names, LOCAL) == frozenset()


@pytest.mark.parametrize(
    "other",
    [
        msgspec.structs.replace(caller(), actor="ac_2"),
        msgspec.structs.replace(caller(), tenant="tn_2"),
        caller(on_behalf_of=("grace",)),
    ],
)
async def test_what_is_another_callers_is_refused_as_if_it_were_not_there(
    sessions: Sessions, kept: Kept, clock: ManualClock, other: Caller
) -> None:
    await kept.put("tn_1", sessions.said(caller(), seen(clock), routed(), ("mcp:1", "file:1"), ("phi",)))
    for asked in (asking("mcp:1"), asking(references=("file:1",)), asking("mcp:2", "mcp:1")):
        assert await sessions.join(other, asked) == Refusal(code="not_found")
    assert isinstance(await sessions.join(caller(), asking("mcp:1")), Joined)


async def test_a_session_pin_that_expired_with_its_cache(sessions: Sessions, kept: Kept, clock: ManualClock) -> None:
    """Others forgot where a session was pinned when a cache entry ran out, and went on as if it were new. Here it is
    read from its row each time; each message moves its end; and past its end it is refused, not begun again."""
    await kept.put("tn_1", sessions.said(caller(), seen(clock), routed(), ("mcp:1",), ("phi",)))
    for _ in range(5):
        clock.advance(29 * DAY_S)
        found = await joined(sessions, "mcp:1")
        assert (found.said, found.holders) == (frozenset({"phi"}), frozenset({("local", "in-house")}))
        await kept.put("tn_1", sessions.sending(caller(), seen(clock, found, inherited=("phi",)), routed()))
    assert kept.asked == 5
    clock.advance(30 * DAY_S)
    for asked in (asking("mcp:1"), asking(references=("mcp:1",))):
        assert await sessions.join(caller(), asked) == Refusal(code="not_found")


async def test_two_that_begin_one_session_at_once_do_not_both_have_it(
    sessions: Sessions, kept: Kept, clock: ManualClock
) -> None:
    other = msgspec.structs.replace(caller(), actor="ac_2")
    mine, theirs = await joined(sessions, "a2a-context:1"), await joined(sessions, "a2a-context:1", who=other)
    await kept.put("tn_1", sessions.sending(caller(), seen(clock, mine), routed()))
    await kept.put("tn_1", sessions.sending(other, seen(clock, theirs), routed()))
    assert await sessions.began(caller(), mine, routed())
    assert not await sessions.began(other, theirs, routed())
    assert not await sessions.began(caller(), mine, routed(SKY))
    again = await joined(sessions, "a2a-context:1")
    before = kept.asked
    assert await sessions.began(caller(), again, routed(SKY))
    assert kept.asked == before


async def test_an_exchange_adds_its_intent_and_its_outcome_once_all_is_known(
    sessions: Sessions, clock: ManualClock
) -> None:
    one, ended = exchange(), Outcome(code="ok", status=200, sessions=("mcp:1",), classes=("pii",))
    assert sessions.grown(one) == sessions.grown(one, ended) == ()
    one.caller, one.classified, one.routed = caller(), seen(clock), routed()
    assert sessions.grown(one) == ()
    (given,) = sessions.grown(one, ended)
    assert (given.id, given.said) == (one.session, ("pii",))
    one.classified = seen(clock, await joined(sessions, "a2a-context:1"), declared=("phi",))
    (intended,) = sessions.grown(one)
    assert (intended.sent, intended.said) == (("phi",), ())


async def test_a_message_continues_only_so_much(sessions: Sessions) -> None:
    names = tuple(f"a2a-context:{number}" for number in range(MAX_NAMES + 1))
    refused = await sessions.join(caller(), asking(*names))
    assert isinstance(refused, Refusal)
    assert refused.code == "feature_unsupported"
    assert len((await joined(sessions, *names[1:])).started) == MAX_NAMES


def test_what_was_masked_whole_does_not_stick_and_what_was_only_stated_does(clock: ManualClock) -> None:
    verdicts = (
        Verdict(data_class="pii", allowed=True, rule="r", obligations=("redact",)),
        Verdict(data_class="pci", allowed=True, rule="r", obligations=("redact:card",)),
        Verdict(data_class="internal", allowed=True, rule="r", obligations=("redact",)),
    )
    ruling = Ruling(allowed=True, rules=("r",), obligations=("redact",), verdicts=verdicts)
    seen_in = msgspec.structs.replace(seen(clock, floor=("internal",)), found=("internal", "pci", "pii"))
    sent = routed(SKY, ruling=ruling)
    assert sticking(seen_in, sent) == {"internal", "pci", "pii"}
    masked = msgspec.structs.replace(sent, masked={"/a": "x"})
    assert sticking(seen_in, masked) == {"internal", "pci"}
    declared = msgspec.structs.replace(seen_in, declared=("pii",))
    assert sticking(declared, masked) == {"internal", "pci", "pii"}


async def test_what_a_stream_has_said_is_known_of_all_that_it_continues_and_begins_before_it_ends(
    sessions: Sessions, kept: Kept, clock: ManualClock
) -> None:
    first = await joined(sessions, "a2a-context:1")
    await kept.put("tn_1", sessions.sending(caller(), seen(clock, first), routed()))
    classes = seen(clock, first)
    await sessions.announce(caller(), classes, routed(), (), ("public",))
    assert kept.rows[b"key of a2a-context:1"].said == frozenset()
    await sessions.announce(caller(), classes, routed(), ("a2a-task:1",), ("public", "phi"))
    assert [kept.rows[f"key of {name}".encode()].said for name in ("a2a-context:1", "a2a-task:1")] == [{"phi"}] * 2
    before = dict(kept.rows)
    await sessions.announce(caller(), seen(clock), routed(), (), ("phi",))
    assert kept.rows == before


async def test_the_real_store_answers_as_the_one_in_memory(sqlite_settings: Settings, clock: ManualClock) -> None:
    engine = open_engine(target(sqlite_settings))
    try:
        store = SessionStore(engine, bytes(32))
        real = Sessions(store, clock, idle_days=30)
        await real.announce(caller(), seen(clock, declared=("phi",)), routed(), ("a2a-task:1",))
        found = await joined(real, "a2a-task:1")
        assert (found.sent, found.holders) == (frozenset({"phi"}), frozenset({("local", "in-house")}))
        growths: tuple[SessionGrowth, ...] = real.sending(caller(), seen(clock, found, inherited=("phi",)), routed())
        assert [growth.sent for growth in growths] == [()]
    finally:
        await engine.dispose()
