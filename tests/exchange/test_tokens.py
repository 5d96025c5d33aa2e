"""The tokens of a session are durable before anything is sent, and the same whoever was first."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from gateway.core.decision import Decision
from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.core.tokens import MAX_TOKENS, Book, Meant
from gateway.exchange.exchange import Exchange, Joined, Outcome, Routed
from gateway.exchange.tokens import MAX_PAGES, MAX_TRIES, Tokens
from gateway.ledger.entry import DataKey
from gateway.store.session_tokens import Pages
from tests.conftest import ManualClock
from tests.exchange.making import SKY, caller, classified, exchange, message

ADA = Meant("person", "Ada Lovelace")


class Kept:
    """A store in memory. `rival` adds a page before each of the next ones that are tried."""

    def __init__(self) -> None:
        self.pages: dict[str, list[tuple[tuple[str, Meant], ...]]] = {}
        self.rival: list[tuple[tuple[str, Meant], ...]] = []
        self.forgotten: list[str] = []

    async def find(self, ledger: str, session: str, after: int = 0) -> Pages:
        pages = self.pages.get(session, [])
        return Pages(len(pages), tuple(entry for page in pages[after:] for entry in page))

    async def add(self, ledger: str, session: str, page: int, entries: Any, key: Any) -> bool:
        pages = self.pages.setdefault(session, [])
        if self.rival:
            pages.append(self.rival.pop(0))
        if page != len(pages):
            return False
        pages.append(entries)
        return True

    async def forget(self, ledger: str, session: str) -> None:
        self.forgotten.append(session)


class Key:
    def __init__(self, *new: str) -> None:
        self.new = tuple(DataKey(id=name, subject=None, wrapped=b"") for name in new)


def joined(*known: bytes) -> Joined:
    return Joined(
        id="se_1",
        known=known,
        started=(),
        unknown=False,
        holders=frozenset(),
        sent=frozenset(),
        said=frozenset(),
    )


def tokens(kept: Any, key: Key | None = None, persisted: list[str] | None = None, *, used: bool = True) -> Tokens:
    def persist(keys: Sequence[DataKey]) -> None:
        if persisted is None:
            raise OSError("no space left")
        persisted.extend(one.id for one in keys)

    own: Any = key or Key()
    return Tokens(kept, key=lambda exchange: own, persist=persist, used=used)


def asked(clock: ManualClock, book: Book | None, held: Joined | None, *obligations: str) -> tuple[Exchange, Routed]:
    one = exchange()
    one.caller, one.message = caller(), message()
    one.classified = msgspec.structs.replace(classified(clock, one.message.parts), joined=held, tokens=book)
    decision = Decision(
        effect="tokenize", agent="sky", rules=(), obligations=obligations, policy="sha256:1", candidates=()
    )
    masked = {} if book is None else {"/messages/0/content": " ".join(book.fresh)}
    one.routed = Routed(decision=decision, route=SKY, masked=masked, rest=(), inputs={}, explanation=())
    return one, one.routed


async def test_a_book_is_what_the_session_has_and_there_is_none_where_no_rule_makes_tokens() -> None:
    kept = Kept()
    kept.pages["se_1"] = [(("[PERSON_a]", ADA),)]
    assert await tokens(kept, used=False).book(caller(), joined(b"k")) is None
    known = await tokens(kept).book(caller(), joined(b"k"))
    assert known is not None
    assert (known.meant("[PERSON_a]"), known.pages, known.fresh) == (ADA, 1, {})
    for none in (None, joined()):
        assert len(await tokens(kept).book(caller(), none) or ()) == 0


async def test_a_page_is_stored_under_a_key_that_is_durable_first(clock: ManualClock) -> None:
    kept, persisted, book = Kept(), list[str](), Book()
    token = str(book.token(*msgspec.structs.astuple(ADA)))
    one, routed = asked(clock, book, joined(), "tokenize")
    with pytest.raises(LedgerUnavailable):
        await tokens(kept, Key("dk_1")).keep(one, routed)
    assert not kept.pages
    assert await tokens(kept, Key("dk_1"), persisted).keep(one, routed) is routed
    assert (persisted, one.key_sent) == (["dk_1"], True)
    assert kept.pages == {"se_1": [((token, ADA),)]}
    assert await tokens(kept).keep(one, routed) is routed, "and nothing is fresh any more"


async def test_of_two_at_once_the_first_one_s_token_counts_for_both(clock: ManualClock) -> None:
    kept, book = Kept(), Book()
    mine, alone = str(book.token(*msgspec.structs.astuple(ADA))), str(book.token("phone", "1"))
    theirs = str(Book().token(*msgspec.structs.astuple(ADA)))
    kept.rival = [((theirs, ADA),)]
    one, routed = asked(clock, book, joined(), "tokenize")
    settled = await tokens(kept).keep(one, routed)
    assert isinstance(settled, Routed)
    assert settled.masked == {"/messages/0/content": f"{theirs} {alone}"}
    assert kept.pages["se_1"] == [((theirs, ADA),), ((alone, Meant("phone", "1")),)]
    assert book.meant(mine) is None

    only = Book()
    only.token(*msgspec.structs.astuple(ADA))
    one, routed = asked(clock, only, joined(), "tokenize")
    settled = await tokens(kept).keep(one, routed)
    assert isinstance(settled, Routed)
    assert settled.masked == {"/messages/0/content": theirs}
    assert len(kept.pages["se_1"]) == 2, "nothing was left to add"


async def test_who_is_always_second_gives_up(clock: ManualClock) -> None:
    kept, book = Kept(), Book()
    book.token(*msgspec.structs.astuple(ADA))
    kept.rival = [((f"[PHONE_{number}]", Meant("phone", str(number))),) for number in range(MAX_TRIES)]
    with pytest.raises(LedgerUnavailable):
        await tokens(kept).keep(*asked(clock, book, joined(), "tokenize"))


@pytest.mark.parametrize("obligations", [("redact",), ("no-content", "tokenize")])
async def test_nothing_is_stored_of_what_is_not_tokenised_or_not_to_be_kept(
    clock: ManualClock, obligations: tuple[str, ...]
) -> None:
    kept, book = Kept(), Book()
    book.token(*msgspec.structs.astuple(ADA))
    one, routed = asked(clock, book, joined(), *obligations)
    assert await tokens(kept).keep(one, routed) is routed
    one.classified = msgspec.structs.replace(one.classified, joined=None) if one.classified else None
    if "no-content" in obligations:
        await tokens(kept).named(one, ("openai-response:1",))
    assert not kept.pages


async def test_what_continues_nothing_is_stored_once_its_answer_gives_away_a_name(clock: ManualClock) -> None:
    kept, book = Kept(), Book()
    token = str(book.token(*msgspec.structs.astuple(ADA)))
    one, routed = asked(clock, book, None, "tokenize")
    assert await tokens(kept).keep(one, routed) is routed
    await tokens(kept).named(one, ())
    assert not kept.pages
    await tokens(kept).named(one, ("openai-response:1",))
    await tokens(kept).named(one, ("openai-response:1", "openai-conversation:2"))
    assert kept.pages == {one.session: [((token, ADA),)]}
    held, _ = asked(clock, book, joined(b"k"), "tokenize")
    await tokens(kept).named(held, ("openai-response:1",))
    assert list(kept.pages) == [one.session]


async def test_a_full_book_ends_the_exchange(clock: ManualClock) -> None:
    book = Book()
    for number in range(MAX_TOKENS + 1):
        book.token("person", str(number))
    refused = await tokens(Kept()).keep(*asked(clock, book, joined(), "tokenize"))
    assert isinstance(refused, Refusal)
    assert refused.code == "tokens_full"
    much = Book()
    much.token("person", "Ada")
    much.pages = MAX_PAGES
    refused = await tokens(Kept()).keep(*asked(clock, much, joined(), "tokenize"))
    assert isinstance(refused, Refusal)
    assert refused.code == "tokens_full"


async def test_a_session_that_its_caller_ends_takes_its_tokens_with_it(clock: ManualClock) -> None:
    kept, book = Kept(), Book()
    book.token(*msgspec.structs.astuple(ADA))
    one, _ = asked(clock, book, joined(b"k"), "tokenize")
    await tokens(kept).ended(one, Outcome(code="ok", status=200))
    assert not kept.forgotten
    assert one.message is not None
    inbound = msgspec.structs.replace(one.message.inbound, method="DELETE")
    one.message = msgspec.structs.replace(one.message, protocol="mcp", inbound=inbound)
    await tokens(kept).ended(one, Outcome(code="agent_refused", status=404))
    assert not kept.forgotten
    await tokens(kept).ended(one, Outcome(code="ok", status=204))
    assert kept.forgotten == ["se_1"]
