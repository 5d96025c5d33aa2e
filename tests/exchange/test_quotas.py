"""All that an exchange may use is reserved at once, told to the caller, settled with its end, and recorded if soft."""

from typing import Any

import pytest

from gateway.checks.counters import MemoryCounters
from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.exchange.applying import Applying
from gateway.exchange.exchange import Exchange, Outcome
from gateway.exchange.quotas import Passed, Quotas, words
from gateway.exchange.usage import Prices
from gateway.settings import Limit, Limits, Price
from tests.conftest import ManualClock
from tests.exchange.making import LOCAL, SKY, caller, classified, exchange, identity, message

ENDED = Outcome(code="ok", status=200, agent=LOCAL, attempts=1, tokens_in=3, tokens_out=4)


class Kit:
    """Quotas over counters in memory, and what was counted."""

    def __init__(self, clock: ManualClock, *table: Limit, prices: tuple[Price, ...] = (), common: bool = False) -> None:
        self.clock, self.counters = clock, MemoryCounters(clock)
        self.counted: list[tuple[str, str, bool]] = []
        known = Prices(prices)
        self.quotas = Quotas(
            Applying(Limits(), table, known, common=common),
            known,
            self.counters,
            clock,
            output_tokens=50,
            count=lambda tenant, limit, what, hard: self.counted.append((limit, what, hard)),
        )

    def begun(self, text: str = "hello", **fields: Any) -> Exchange:
        made = exchange()
        made.id = f"ex_{id(made)}"
        made.identity, made.caller = identity(), caller()
        made.message = message(text, **fields)
        made.classified = classified(self.clock, made.message.parts)
        made.held = []
        return made

    def used(self) -> dict[str, int]:
        """What is counted, by tenant and limit."""
        totals = {_short(key): total for key, _, total in self.counters.totals()}
        return totals | {_short(key): 1 for key, _ in self.counters.leases()}


def _short(key: str) -> str:
    return ":".join(key.split(":")[:2])


def limit(name: str = "l", what: Any = "tokens", count: int = 100, **fields: Any) -> Limit:
    return Limit(name=name, what=what, count=count, **fields)


def refused(answer: object) -> Refusal:
    assert isinstance(answer, Refusal)
    return answer


async def test_tokens_are_reserved_as_estimated_and_settled_as_said(clock: ManualClock) -> None:
    kit = Kit(clock, limit())
    begun = kit.begun("hello there!")
    assert await kit.quotas.reserve(begun, LOCAL) == ()
    reserved = kit.used()["tn_1:l"]
    assert reserved > 50
    assert dict(begun.rate) == {
        "RateLimit": f'"l";r={100 - reserved};t=61',
        "RateLimit-Policy": '"l";q=100;qu="tokens";w=60',
    }
    begun.opened = True
    assert kit.quotas.settle(begun, ENDED) == ENDED
    begun.give_back()
    assert kit.used() == {"tn_1:l": 7}


async def test_a_hard_limit_refuses_in_its_own_words_and_counts_nothing_of_the_request(clock: ManualClock) -> None:
    for what, code in (
        ("requests", "rate_limited"),
        ("concurrency", "concurrency_limited"),
        ("tokens", "quota_exceeded"),
        ("bytes", "quota_exceeded"),
        ("spend", "budget_exceeded"),
    ):
        count = {"tokens": 100, "bytes": len(message("hello").body) + 20}.get(what, 1)
        kit = Kit(
            clock, limit("first", count=999), limit(what=what, count=count), prices=(Price(agent="local", request=1),)
        )
        begun = kit.begun()
        assert await kit.quotas.reserve(kit.begun(max_tokens=1 if what != "tokens" else 60), LOCAL) == ()
        before = kit.used()
        refusal = refused(await kit.quotas.reserve(begun, LOCAL))
        assert (refusal.code, refusal.status) == (code, 429)
        assert refusal.hint is not None
        assert refusal.hint.endswith("the limit l")
        assert kit.used() == before
        assert '"l";r=0' in dict(begun.rate)["RateLimit"]
        assert kit.counted == [("l", what, True)]
        assert begun.reservation is None


@pytest.mark.parametrize("what", ["tokens", "bytes", "spend"])
async def test_a_request_that_alone_is_beyond_a_limit_is_not_told_to_come_back(clock: ManualClock, what: str) -> None:
    kit = Kit(clock, limit(what=what, count=1), prices=(Price(agent="local", request=2),))
    begun = kit.begun()
    refusal = refused(await kit.quotas.reserve(begun, LOCAL))
    assert (refusal.code, refusal.status, refusal.retry_after) == ("request_over_limit", 413, None)
    assert (refusal.hint or "").endswith("the limit l")
    assert ("the longest answer" in (refusal.hint or "")) == (what != "bytes")
    assert (kit.used(), kit.counted, begun.reservation) == ({}, [("l", what, True)], None)


async def test_what_does_not_get_as_far_as_its_intent_gives_everything_back(clock: ManualClock) -> None:
    kit = Kit(clock, limit(), limit("r", "requests"), limit("c", "concurrency"))
    begun = kit.begun()
    await kit.quotas.reserve(begun, LOCAL)
    assert set(kit.used()) == {"tn_1:l", "tn_1:r", "tn_1:c"}
    begun.give_back()
    assert kit.used() == {}


async def test_an_end_that_comes_after_everything_was_given_back_settles_what_was_sent(clock: ManualClock) -> None:
    """A caller who goes away: its request is cancelled, and its end follows in a task of its own."""
    kit = Kit(clock, limit(), limit("c", "concurrency"))
    begun = kit.begun()
    await kit.quotas.reserve(begun, LOCAL)
    begun.opened = True
    begun.give_back()
    assert set(kit.used()) == {"tn_1:l"}
    kit.quotas.settle(begun, ENDED)
    assert kit.used() == {"tn_1:l": 7}


async def test_a_soft_limit_is_told_and_recorded_once_a_window_and_goes_on(clock: ManualClock) -> None:
    kit = Kit(clock, limit(what="requests", count=1, hard=False), limit("c", "concurrency", count=1, hard=False))
    soft = Passed(name="l", what="requests", count=1, window_s=60, key="tn_1:l:requests:60")
    at_once = Passed(name="c", what="concurrency", count=1, window_s=0, key="tn_1:c:concurrency:0")
    assert await kit.quotas.reserve(kit.begun(), LOCAL) == ()
    second = kit.begun()
    assert await kit.quotas.reserve(second, LOCAL) == (soft, at_once)
    assert dict(second.rate)["RateLimit"] == '"l";r=0;t=61'
    assert await kit.quotas.reserve(kit.begun(), LOCAL) == ()
    assert kit.counted == [("l", "requests", False), ("c", "concurrency", False)] * 2
    clock.advance(62)
    assert await kit.quotas.reserve(kit.begun(), LOCAL) == (at_once,)
    assert words(soft) == "beyond 1 requests in 60 s: the soft limit l"
    assert words(at_once) == "beyond 1 requests at once: the soft limit c"


async def test_a_soft_limit_that_could_not_be_put_on_record_is_told_again(clock: ManualClock) -> None:
    kit = Kit(clock, *(limit(name, "requests", count=1, hard=False) for name in ("a", "b", "c")))
    await kit.quotas.reserve(kit.begun(), LOCAL)
    written = list[str]()

    async def write(passed: Passed) -> None:
        if passed.name == "b":
            raise LedgerUnavailable("gone")
        written.append(passed.name)

    found = await kit.quotas.reserve(kit.begun(), LOCAL)
    assert isinstance(found, tuple)
    with pytest.raises(LedgerUnavailable):
        await kit.quotas.record(found, write)
    again = await kit.quotas.reserve(kit.begun(), LOCAL)
    assert isinstance(again, tuple)
    assert (written, [passed.name for passed in again]) == (["a"], ["b", "c"])
    assert await kit.quotas.reserve(kit.begun(), LOCAL) == ()


async def test_limits_are_told_after_those_that_are_there_and_rates_of_the_whole_tenant_are_not(
    clock: ManualClock,
) -> None:
    kit = Kit(clock, limit(what="bytes", count=1000), common=True)
    begun = kit.begun()
    begun.rate = (("RateLimit", '"credential";r=1;t=2'), ("RateLimit-Policy", '"credential";q=3;w=4'))
    await kit.quotas.reserve(begun, LOCAL)
    told = dict(begun.rate)
    assert begun.message is not None
    assert told["RateLimit"] == f'"credential";r=1;t=2, "l";r={1000 - len(begun.message.body)};t=61'
    assert told["RateLimit-Policy"] == '"credential";q=3;w=4, "l";q=1000;qu="content-bytes";w=60'


async def test_a_further_agent_has_limits_of_its_own_and_what_is_common_is_reserved_once(clock: ManualClock) -> None:
    kit = Kit(
        clock, limit("all", count=1000), limit("sky", count=60, agents=("sky",)), limit("local", agents=("local",))
    )
    begun = kit.begun()
    await kit.quotas.reserve(begun, LOCAL)
    before = kit.used()
    begun.routed = _routed()
    assert await kit.quotas.further(begun, SKY, undone=True) == ()
    assert kit.used() == {"tn_1:all": before["tn_1:all"], "tn_1:sky": before["tn_1:all"]}
    other = kit.begun()
    await kit.quotas.reserve(other, LOCAL)
    other.routed = _routed()
    assert refused(await kit.quotas.further(other, SKY, undone=False)).code == "quota_exceeded"
    assert kit.used()["tn_1:local"] == before["tn_1:local"]


async def test_a_further_agent_may_be_the_first_that_is_limited(clock: ManualClock) -> None:
    kit = Kit(clock, limit("sky", agents=("sky",)))
    begun = kit.begun()
    assert await kit.quotas.reserve(begun, LOCAL) == ()
    assert begun.reservation is None
    assert await kit.quotas.further(begun, LOCAL, undone=True) == ()
    assert await kit.quotas.further(begun, SKY, undone=True) == ()
    begun.give_back()
    assert kit.used() == {}


PRICED = (Price(agent="local", output=1_000_000), Price(agent="sky", output=10_000_000))


async def test_a_dearer_agent_after_one_that_did_nothing_is_asked_on_its_own_price(clock: ManualClock) -> None:
    kit = Kit(clock, limit(what="spend", count=1_000), limit("t", count=1_000), prices=PRICED)
    begun = kit.begun(max_tokens=50)
    await kit.quotas.reserve(begun, LOCAL)
    reserved = kit.used()
    assert reserved["tn_1:l"] == 50
    begun.routed, begun.opened = _routed(), True
    clock.advance(2)
    assert await kit.quotas.further(begun, SKY, undone=True) == ()
    assert kit.used() == {"tn_1:l": 500, "tn_1:t": reserved["tn_1:t"]}
    ended = Outcome(code="ok", status=200, agent=SKY, attempts=2, tokens_in=3, tokens_out=4)
    assert kit.quotas.settle(begun, ended).cost == 40
    assert kit.used() == {"tn_1:l": 40, "tn_1:t": 7}
    other = kit.begun(max_tokens=97)
    await kit.quotas.reserve(other, LOCAL)
    before = kit.used()
    other.routed = _routed()
    assert refused(await kit.quotas.further(other, SKY, undone=True)).code == "budget_exceeded"
    assert kit.used() == before


async def test_what_an_agent_may_have_done_before_another_was_asked_stays_as_estimated(clock: ManualClock) -> None:
    kit = Kit(
        clock, limit(what="spend", count=1_000), limit("n", "requests"), limit("b", "bytes", 1_000), prices=PRICED
    )
    begun = kit.begun(max_tokens=50)
    assert begun.message is not None
    size = len(begun.message.body)
    await kit.quotas.reserve(begun, LOCAL)
    begun.routed, begun.opened = _routed(), True
    assert await kit.quotas.further(begun, SKY, undone=False) == ()
    assert kit.used() == {"tn_1:l": 550, "tn_1:n": 1, "tn_1:b": size}
    ended = Outcome(code="ok", status=200, agent=SKY, attempts=2, tokens_in=3, tokens_out=4, size=9)
    assert kit.quotas.settle(begun, ended).cost == 40
    assert kit.used() == {"tn_1:l": 90, "tn_1:n": 1, "tn_1:b": size + 9}


async def test_an_agent_that_was_never_reached_gives_back_its_own_and_not_what_one_before_may_have_used(
    clock: ManualClock,
) -> None:
    for agent, reason in ((SKY, "connect_failed"), (LOCAL, "policy_changed")):
        kit = Kit(clock, limit(what="spend", count=1_000), prices=PRICED)
        begun = kit.begun(max_tokens=50)
        await kit.quotas.reserve(begun, LOCAL)
        begun.routed, begun.opened = _routed(), True
        assert await kit.quotas.further(begun, SKY, undone=False) == ()
        ended = Outcome(code="agent_unavailable", status=502, agent=agent, attempts=2, reason=reason)
        assert kit.quotas.settle(begun, ended).cost is None, "nobody knows"
        assert kit.used() == {"tn_1:l": 50}


async def test_the_outcome_says_what_it_cost_where_something_has_a_price(clock: ManualClock) -> None:
    kit = Kit(clock, prices=(Price(agent="local", input=1_000_000),))
    begun = kit.begun()
    assert await kit.quotas.reserve(begun, LOCAL) == ()
    assert kit.quotas.settle(begun, ENDED).cost == 3
    begun.message = None
    assert kit.quotas.settle(begun, ENDED).cost is None


def _routed() -> Any:
    class Routed:
        route = LOCAL

    return Routed()
