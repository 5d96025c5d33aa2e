"""An intent is durable under the policy and the deny-list that hold when it is written, or nothing leaves."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.core.errors import DenialsMoved, LedgerUnavailable, PolicyMoved
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Approved
from gateway.exchange.intending import MAX_CHECKS, intend, taken
from tests.exchange.making import LOCAL, exchange

ROUTED: Any = SimpleNamespace(route=LOCAL, decision=SimpleNamespace(effect="allow"))


class Parts:
    """The pipeline's parts as far as step 7 knows them. `ends`: what becomes of each entry, in turn."""

    def __init__(self, *ends: Exception | None, again: Refusal | None = None) -> None:
        self.ends, self.told = list(ends), list[str]()
        self.scribe = SimpleNamespace(intent=lambda *_, **__: "entry")
        self.policy = SimpleNamespace(digest="")
        self.sessions = SimpleNamespace(grown=lambda _: ())
        self.metrics = SimpleNamespace(decision=lambda *_: self.told.append("decision"))
        self.admission = SimpleNamespace(again=self._noting("again", again))
        self.caching = SimpleNamespace(clear=self._noting("cleared", None))
        self.pause = self._noting("pause", None)
        self.approvals = SimpleNamespace(give_back=self._noting("given back", None))
        self.underway = SimpleNamespace(opened=lambda _: self.told.append("under way"))

    def _noting(self, name: str, value: Any) -> Any:
        async def noted(*_: object) -> Any:
            self.told.append(name)
            return value

        return noted

    def ledger(self, _: object) -> Any:
        return self

    def submit(self, _: object) -> "asyncio.Future[None]":
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        end = self.ends.pop(0)
        if end is None:
            written.set_result(None)
        else:
            written.set_exception(end)
        return written


async def test_what_was_classified_under_another_policy_is_not_handed_to_the_ledger() -> None:
    one, parts = exchange(), Parts(None)
    one.under, one.approval = "sha256:before", Approved(id="ap_1")
    given: Any = parts
    assert await intend(given, one, ROUTED, asked=True) == Refusal(code="policy_changed", retry_after=1)
    assert (parts.ends, parts.told, one.appended, one.intended) == ([None], ["given back"], False, False)


async def test_what_is_taken_over_while_the_caller_is_looked_at_again_is_found_before_it_is_written_again() -> None:
    one, given = exchange(), Parts(DenialsMoved(), None)

    async def again(_: object) -> None:
        given.policy.digest = "sha256:after"

    given.admission = SimpleNamespace(again=again)
    parts: Any = given
    assert await intend(parts, one, ROUTED, asked=True) == Refusal(code="policy_changed", retry_after=1)
    assert (given.ends, one.opened) == ([None], False)


async def test_an_intent_that_is_written_opens_the_exchange() -> None:
    one, parts = exchange(), Parts(None)
    given: Any = parts
    assert await intend(given, one, ROUTED, asked=True) is None
    assert (one.appended, one.intended, one.opened) == (True, True, True)
    assert parts.told == ["under way", "decision", "pause"]


async def test_a_caller_is_looked_at_again_where_the_deny_list_moved_and_not_for_ever() -> None:
    one, parts = exchange(), Parts(DenialsMoved(), None)
    given: Any = parts
    assert await intend(given, one, ROUTED, asked=True) is None
    assert parts.told == ["again", "under way", "decision", "pause"]
    denied: Any = Parts(DenialsMoved(), again=Refusal(code="credential_denied"))
    one = exchange()
    assert await intend(denied, one, ROUTED, asked=True) == Refusal(code="credential_denied")
    assert (one.appended, one.opened) == (False, False)
    moving: Any = Parts(*[DenialsMoved() for _ in range(MAX_CHECKS)])
    assert await intend(moving, exchange(), ROUTED, asked=True) == Refusal(code="credential_unchecked", retry_after=1)


async def test_what_another_policy_was_asked_for_is_not_sent_and_nothing_kept_is_given() -> None:
    one, parts = exchange(), Parts(PolicyMoved())
    given: Any = parts
    assert await intend(given, one, ROUTED, asked=True) == Refusal(code="policy_changed", retry_after=1)
    assert (one.appended, one.opened) == (False, False)
    assert parts.told == ["cleared"]


async def test_what_could_not_be_written_opens_nothing() -> None:
    one, parts = exchange(), Parts(LedgerUnavailable("no space left"))
    given: Any = parts
    with pytest.raises(LedgerUnavailable):
        await intend(given, one, ROUTED, asked=True)
    assert (one.appended, one.opened) == (True, False)


async def test_a_message_that_begins_no_session_cannot_find_it_taken() -> None:
    given: Any = Parts()
    assert await taken(given, exchange(), ROUTED) is None


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (PolicyMoved(), ["cleared", "given back"]),
        (DenialsMoved(), ["again", "given back"]),
        (LedgerUnavailable("no space left"), ["given back"]),
        (None, ["under way", "decision", "pause"]),
    ],
)
async def test_what_was_used_up_for_an_intent_that_came_to_nothing_is_given_back(
    end: Exception | None, told: list[str]
) -> None:
    one, parts = exchange(), Parts(end, again=Refusal(code="credential_denied"))
    one.approval, given = Approved(id="ap_1"), parts
    anything: Any = given
    with suppress(LedgerUnavailable):
        await intend(anything, one, ROUTED, asked=True)
    assert parts.told == told
