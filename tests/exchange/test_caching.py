"""An answer is given again only to the same question, of the same rights, under the same policy, and in its time."""

import asyncio
from email.utils import formatdate
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.openai import OpenAIAdapter
from gateway.core.message import WireAnswer
from gateway.exchange.caching import Caching, Kept, MemoryCache, told
from gateway.exchange.exchange import Exchange, Outcome, Routed
from gateway.exchange.forwarder import Delivered
from tests.checks.policy.making import rule
from tests.conftest import ManualClock
from tests.exchange.making import BOUNDS, FRIEND, LOCAL, MAIL, caller, classified, exchange, message, router
from tests.system.site import completion

ADAPTER = OpenAIAdapter(BOUNDS)
ANYTHING = rule("anything", data="class:any") + rule("anywhere", priority=11, agent="zone:*")
CLASSES = frozenset({"public", "internal"})


def wire(*headers: tuple[str, str], text: str = "hi", status: int = 200) -> WireAnswer:
    body = msgspec.json.encode(completion(text))
    return WireAnswer(status=status, headers=(("content-type", "application/json"), *headers), body=body)


def caching(clock: ManualClock, cache: MemoryCache | None = None, **lifetimes: float) -> Caching:
    kept = cache if cache is not None else MemoryCache(100, 1 << 20)
    return Caching(kept, clock, lifetimes=lifetimes or {"local": 60.0}, classes=CLASSES)


class Asked:
    """One request, decided on: what may differ between two of them may be given."""

    def __init__(
        self,
        clock: ManualClock,
        text: str = "hello",
        *,
        headers: tuple[tuple[str, str], ...] = (),
        who: dict[str, Any] | None = None,
        subjects: tuple[str, ...] = (),
        id: str = "ex_1",
        about: dict[str, Any] | None = None,
        rules: str = ANYTHING,
        to: Any = LOCAL,
        classes: dict[str, Any] | None = None,
    ) -> None:
        self.exchange: Exchange = exchange(*headers)
        self.exchange.id = id
        self.exchange.caller = caller(**(who or {}))
        self.exchange.subjects = subjects
        self.exchange.message = msgspec.structs.replace(message(text), **(about or {}))
        self.exchange.classified = classified(clock, self.exchange.message.parts, **(classes or {}))
        routed = router(clock, rules).decide(
            self.exchange.caller, self.exchange.message, self.exchange.classified, (to,), exact=True
        )
        assert isinstance(routed, Routed), routed
        self.routed = routed

    async def find(self, kept: Caching) -> Delivered | None:
        return await kept.find(self.exchange, self.routed, ADAPTER)

    async def answered(
        self, kept: Caching, answer: WireAnswer | None = None, attempts: int = 1, **outcome: Any
    ) -> None:
        """Asked, not found, and answered by its agent."""
        assert await self.find(kept) is None
        values: dict[str, Any] = {"code": "ok", "status": 200, "classes": (), **outcome}
        delivered = Delivered(routed=self.routed, attempts=attempts, wire=answer or wire())
        await kept.keep(self.exchange, delivered, Outcome(**values))


async def test_the_same_question_gets_the_same_answer_with_its_age_and_where_it_is_from(clock: ManualClock) -> None:
    kept = caching(clock)
    await Asked(clock, id="ex_first").answered(kept, wire(("x-secret", "canary")))
    clock.advance(7.9)
    found = await Asked(clock).find(kept)
    assert found is not None
    assert found.answer is not None
    assert (found.attempts, found.kept_of, found.answer.headers[-1]) == (0, "ex_first", ("age", "7"))
    assert "canary" not in str(found.answer.headers)
    assert found.answer.body == wire().body
    outcome = told(found, Outcome(code="ok", status=200))
    assert (outcome.code, outcome.reason) == ("cached", "the answer of exchange ex_first")
    withheld = told(found, Outcome(code="answer_withheld", status=403, reason="why"))
    assert (withheld.code, withheld.reason) == ("answer_withheld", "why: the answer of exchange ex_first")
    fresh = Delivered(routed=found.routed, attempts=1)
    assert told(fresh, Outcome(code="ok", status=200)).code == "ok"


async def test_a_kept_answer_came_over_the_connection_that_it_came_over_then(clock: ManualClock) -> None:
    kept = caching(clock)
    await Asked(clock).answered(kept, msgspec.structs.replace(wire(), tls="TLSv1.3 A"))
    again = Asked(clock)
    assert await again.find(kept) is not None
    assert again.exchange.agent_tls == "TLSv1.3 A"


async def test_an_answer_is_kept_for_its_time_and_no_longer(clock: ManualClock) -> None:
    kept = caching(clock)
    await Asked(clock).answered(kept)
    clock.advance(59.9)
    assert await Asked(clock).find(kept)
    clock.advance(0.1)
    assert await Asked(clock).find(kept) is None


@pytest.mark.parametrize(
    "other",
    [
        {"text": "hello "},
        {"who": {"roles": ("clerk", "clinician")}},
        {"who": {"zone": "cloud"}},
        {"who": {"kind": "agent"}},
        {"who": {"floor": ("internal",)}},
        {"subjects": ("su_1",)},
        {"to": msgspec.structs.replace(LOCAL, model="another")},
        {"to": FRIEND},
        {"rules": ANYTHING + rule("other", priority=9, data="class:phi", agent="zone:cloud", eft="deny")},
    ],
    ids=str,
)
async def test_another_question_other_rights_another_policy_get_nothing(
    clock: ManualClock, other: dict[str, Any]
) -> None:
    kept = caching(clock, local=60.0, friend=60.0)
    await Asked(clock).answered(kept)
    assert await Asked(clock, **other).find(kept) is None
    assert await Asked(clock).find(kept)


@pytest.mark.parametrize(("field", "value"), [("tenant", "other"), ("purpose", "HPAYMT"), ("lent", ("clinician",))])
async def test_another_tenant_or_purpose_or_who_was_lent_a_role_gets_nothing(
    clock: ManualClock, field: str, value: Any
) -> None:
    kept = caching(clock)
    await Asked(clock).answered(kept)
    other = Asked(clock)
    assert other.exchange.caller is not None
    other.exchange.caller = msgspec.structs.replace(other.exchange.caller, **{field: value})
    assert await other.find(kept) is None


async def test_the_same_words_said_to_be_less_get_nothing(clock: ManualClock) -> None:
    """The answer has the classes of what it was asked for, whoever gets it next."""
    kept = caching(clock)
    await Asked(clock, classes={"declared": ("internal",)}).answered(kept)
    assert await Asked(clock).find(kept) is None
    assert await Asked(clock, classes={"declared": ("internal",)}).find(kept)


async def test_of_an_agent_that_confines_it_only_some_actions_are_kept(clock: ManualClock) -> None:
    cache = MemoryCache(10, 1 << 20)
    kept = Caching(
        cache, clock, lifetimes={"local": 60.0}, classes=CLASSES, actions={"local": frozenset({"embed", "respond"})}
    )
    chat = Asked(clock)
    await chat.answered(kept)
    assert (chat.exchange.cache_key, len(cache)) == (None, 0)
    await Asked(clock, about={"action": "embed"}).answered(kept)
    assert await Asked(clock, about={"action": "embed"}).find(kept)
    assert await Asked(clock).find(kept) is None


async def test_who_is_another_person_with_the_same_rights_gets_it(clock: ManualClock) -> None:
    kept = caching(clock)
    await Asked(clock).answered(kept)
    assert await Asked(clock, who={"subject": "bob", "credential": "ck_2", "roles": ("clerk",)}).find(kept)


@pytest.mark.parametrize(
    "asked",
    [
        {"to": FRIEND},
        {"text": f"mail {MAIL}"},
        {"classes": {"declared": ("phi",)}},
        {"classes": {"inherited": ("pii",)}},
        {"classes": {"floor": ("secret",)}},
        {"to": msgspec.structs.replace(LOCAL, floor=("phi",))},
        {"about": {"stream": True}},
        {"about": {"action": "tool:x"}},
        {"about": {"sessions": ("mcp:1",)}},
        {"about": {"references": ("file:1",)}},
        {"headers": (("cache-control", "max-age=0, No-Store"),)},
        {"headers": (("cache-control", "max-age=0"), ("cache-control", "no-store"))},
    ],
    ids=str,
)
async def test_what_may_not_be_kept_is_not(clock: ManualClock, asked: dict[str, Any]) -> None:
    """No `cache_s`, classes that are excluded, streams, what changes something, sessions, and where anybody says no."""
    cache = MemoryCache(10, 1 << 20)
    one = Asked(clock, **asked)
    await one.answered(caching(clock, cache))
    assert one.exchange.cache_key is None
    assert len(cache) == 0


async def test_where_no_content_may_be_kept_no_answer_is(clock: ManualClock) -> None:
    cache, one = MemoryCache(10, 1 << 20), Asked(clock)
    decision = msgspec.structs.replace(one.routed.decision, obligations=("no-content",))
    one.routed = msgspec.structs.replace(one.routed, decision=decision)
    await one.answered(caching(clock, cache))
    assert len(cache) == 0


@pytest.mark.parametrize(
    "answered",
    [
        {"code": "answer_withheld"},
        {"code": "client_disconnected"},
        {"classes": ("pii",)},
        {"classes": ("public", "unscanned")},
        {"classes": None},
        {"sessions": ("openai-response:1",)},
        {"attempts": 2},
        {"answer": wire(status=201)},
        {"answer": wire(("cache-control", "no-store"))},
        {"answer": wire(("cache-control", "max-age=60, Private"))},
        {"answer": wire(("cache-control", "max-age=60"), ("cache-control", "no-cache"))},
        {"answer": wire(("cache-control", "max-age=0"))},
        {"answer": wire(("vary", "*"))},
        {"answer": wire(("vary", "accept"), ("vary", "origin, *"))},
        {"answer": wire(("pragma", "no-cache"))},
        {"answer": wire(("expires", "0"))},
        {"answer": wire(("expires", "999"))},
        {"answer": wire(("expires", "Thu, 01 Jan 1970 00:00:00 GMT"))},
        {"answer": wire(("cache-control", "max-age=60"), ("age", "60"))},
        {"answer": wire(("cache-control", "max-age=60"), ("age", "soon"))},
        {"answer": wire(("set-cookie", "a=b"))},
    ],
    ids=str,
)
async def test_an_answer_that_may_not_be_kept_is_not(clock: ManualClock, answered: dict[str, Any]) -> None:
    cache = MemoryCache(10, 1 << 20)
    await Asked(clock).answered(caching(clock, cache), **answered)
    assert len(cache) == 0


async def test_an_agent_may_shorten_the_time_and_not_lengthen_it(clock: ManualClock) -> None:
    kept = caching(clock)
    await Asked(clock).answered(kept, wire(("cache-control", "max-age=10")))
    await Asked(clock, "other").answered(kept, wire(("cache-control", "max-age=1000")))
    clock.advance(10)
    assert await Asked(clock).find(kept) is None
    clock.advance(49)
    assert await Asked(clock, "other").find(kept)
    clock.advance(1)
    assert await Asked(clock, "other").find(kept) is None


async def test_what_an_answer_was_kept_for_before_it_came_counts(clock: ManualClock) -> None:
    kept = caching(clock)
    await Asked(clock).answered(kept, wire(("cache-control", "max-age=30"), ("age", "20")))
    clock.advance(9)
    assert await Asked(clock).find(kept)
    clock.advance(1)
    assert await Asked(clock).find(kept) is None


async def test_an_agent_may_say_the_instant_in_the_place_of_seconds(clock: ManualClock) -> None:
    kept = caching(clock)
    until = formatdate(clock.now_us() // 1_000_000 + 20, usegmt=True)
    await Asked(clock).answered(kept, wire(("expires", until)))
    await Asked(clock, "other").answered(kept, wire(("expires", until), ("cache-control", "max-age=40")))
    clock.advance(21)
    assert await Asked(clock).find(kept) is None
    assert await Asked(clock, "other").find(kept)


async def test_no_cache_asks_the_agent_and_keeps_its_answer(clock: ManualClock) -> None:
    kept = caching(clock)
    await Asked(clock).answered(kept, wire(text="old"))
    await Asked(clock, headers=(("cache-control", "no-cache"),)).answered(kept, wire(text="new"))
    found = await Asked(clock).find(kept)
    assert found is not None
    assert found.answer is not None
    assert b"new" in found.answer.body


async def test_what_is_erased_or_decided_under_another_policy_is_gone(clock: ManualClock) -> None:
    cache = MemoryCache(10, 1 << 20)
    kept = caching(clock, cache)
    for text, id, subjects in (("a", "ex_a", ("su_1",)), ("b", "ex_b", ("su_1", "su_2")), ("c", "ex_c", ("su_2",))):
        await Asked(clock, text, id=id, subjects=subjects).answered(kept)
    await kept.forget(frozenset({"su_2", "su_never"}))
    assert len(cache) == 1
    assert await Asked(clock, "a", subjects=("su_1",)).find(kept)
    await kept.clear()
    assert (len(cache), cache.size) == (0, 0)


async def test_what_was_under_way_about_somebody_who_was_erased_meanwhile_is_not_kept(clock: ManualClock) -> None:
    cache = MemoryCache(10, 1 << 20)
    kept = caching(clock, cache)
    asked = Asked(clock, "a", id="ex_a", subjects=("su_1", "su_2"))
    assert await asked.find(kept) is None
    await kept.forget(frozenset({"su_2"}))
    await asked.answered(kept)
    assert len(cache) == 0
    await Asked(clock, "b", subjects=("su_3",)).answered(kept)
    assert len(cache) == 1


async def test_a_kept_answer_that_can_no_longer_be_read_is_asked_for_again(clock: ManualClock) -> None:
    kept = caching(clock)
    bad = WireAnswer(status=200, headers=(("content-type", "application/json"),), body=b'{"choices": 1}')
    await Asked(clock).answered(kept, bad)
    assert await Asked(clock).find(kept) is None


def entry(size: int, name: str = "ex", until: int = 10) -> Kept:
    answer = WireAnswer(status=200, headers=(), body=b"x" * size)
    return Kept(wire=answer, exchange=name, subjects=(name,), since=0, until=until)


async def test_the_longest_unused_go_first_and_what_is_too_large_is_not_kept() -> None:
    cache = MemoryCache(2, 10_000)
    for name in (b"a", b"b"):
        await cache.put(name, entry(1))
    assert await cache.get(b"a", 0)
    await cache.put(b"c", entry(1))
    assert await cache.get(b"b", 0) is None
    await cache.put(b"a", entry(20_000))
    assert await cache.get(b"a", 0) is None, "and what it replaces is gone"
    assert await cache.get(b"c", 0)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["put", "get", "forget"]), st.integers(0, 5), st.integers(0, 3000), st.integers(0, 20)
        ),
        max_size=40,
    )
)
def test_it_never_holds_more_than_it_may_nor_gives_what_is_over(doings: list[tuple[str, int, int, int]]) -> None:
    cache = MemoryCache(4, 6000)

    async def play() -> None:
        for doing, number, size, when in doings:
            key = bytes([number])
            if doing == "put":
                await cache.put(key, entry(size, str(number), when))
            elif doing == "get":
                kept = await cache.get(key, when)
                assert kept is None or kept.until > when
            else:
                await cache.forget_subject(str(number))
            assert len(cache) <= 4
            assert 0 <= cache.size <= 6000
            assert (cache.size == 0) is (len(cache) == 0)

    asyncio.run(play())
