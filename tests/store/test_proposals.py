"""Proposals are kept as they are read; one activation at most is under way, and the last is known by its number."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from gateway.core.errors import LedgerUnavailable
from gateway.store.proposals import Party, Proposal, ProposalStore, Terms
from tests.store.kit import Store
from tests.store.ledger_kit import changing

KEY = b"k" * 32
TERMS = Terms(
    origin="directory",
    base={"tn_1": "sha256:a"},
    versions={"tn_1": "sha256:b"},
    changes={"tn_1": ("rule later added",)},
    proposer=Party(kind="person", actors={"tn_1": "ac_1"}, tenant="ward", persons=("p1",), names=("n1",), key="key_1"),
    reason="because",
)


def proposal(proposal_id: str = "pp_1", **fields: Any) -> Proposal:
    values: dict[str, Any] = {"digest": "sha256:d", "state": "open", "terms": TERMS, "created_us": 10, **fields}
    return Proposal(id=proposal_id, **values)


async def test_it_comes_back_as_it_was_and_the_newest_first(store: Store) -> None:
    proposals = ProposalStore(store.engine, KEY)
    assert await proposals.put(proposal())
    assert await proposals.put(proposal("pp_2", created_us=11, digest="sha256:e"))
    assert await proposals.get("pp_1") == proposal()
    assert await proposals.get("pp_9") is None
    assert [one.id for one in await proposals.newest(9)] == ["pp_2", "pp_1"]
    assert [one.id for one in await proposals.open(1)] == ["pp_2"]
    assert (await proposals.known("sha256:e"), await proposals.known("sha256:f")) == (True, False)
    assert (await proposals.activating(), await proposals.activated()) == (None, None)


async def test_one_activation_at_most_is_under_way(store: Store) -> None:
    proposals = ProposalStore(store.engine, KEY)
    first, second = proposal("pp_1"), proposal("pp_2")
    for one in (first, second):
        await proposals.put(one)
    begun = msgspec.structs.replace(first, state="activating", activated_us=20, number=1)
    assert await proposals.change(first, begun)
    assert not await proposals.change(first, begun), "it is another one by now"
    assert not await proposals.change(second, msgspec.structs.replace(second, state="activating", number=2))
    assert not await proposals.put(proposal("pp_3", state="activating", number=2))
    under_way = await proposals.activating()
    assert under_way is not None
    assert (under_way.id, under_way.number, under_way.version) == ("pp_1", 1, 1)
    assert await proposals.change(under_way, msgspec.structs.replace(under_way, state="activated"))
    assert not await proposals.put(proposal("pp_3", state="activating", number=1)), (
        "who makes it has not seen the first"
    )
    assert await proposals.put(proposal("pp_3", state="activating", number=2, created_us=1))
    last = await proposals.last()
    assert last is not None
    assert (last.id, last.state) == ("pp_3", "activating")


async def test_the_last_activation_is_the_one_with_the_highest_number_whatever_clocks_say(store: Store) -> None:
    proposals = ProposalStore(store.engine, KEY)
    for number, name in enumerate(("pp_1", "pp_2", "pp_3")):
        assert await proposals.put(proposal(name, state="activating", number=number + 1, created_us=100 - number))
        one = await proposals.activating()
        assert one is not None
        assert await proposals.change(one, msgspec.structs.replace(one, state="activated"))
    last = await proposals.activated()
    assert last is not None
    assert (last.id, last.number) == ("pp_3", 3)
    assert [one.id for one in await proposals.history(2)] == ["pp_3", "pp_2"]


async def test_what_came_too_late_is_not_known(store: Store) -> None:
    proposals = ProposalStore(store.engine, KEY)
    await proposals.put(proposal(state="activating", number=1))
    one = await proposals.activating()
    assert one is not None
    assert await proposals.change(one, msgspec.structs.replace(one, state="dropped", number=None))
    assert (await proposals.known("sha256:d"), await proposals.last()) == (False, None)


async def test_a_row_that_cannot_be_read_activates_nothing(store: Store) -> None:
    proposals = ProposalStore(store.engine, KEY)
    await proposals.put(proposal())
    async with changing(store.where) as connection:
        await connection.execute(text("UPDATE policy_proposal SET terms = '{}'"))
    with pytest.raises(LedgerUnavailable):
        await proposals.get("pp_1")


async def test_the_same_id_twice_is_kept_once(store: Store) -> None:
    proposals = ProposalStore(store.engine, KEY)
    assert await proposals.put(proposal())
    assert not await proposals.put(proposal(digest="sha256:e"))
    assert await proposals.get("pp_1") == proposal()


@pytest.mark.parametrize(
    "change",
    [
        "id = 'pp_2'",
        "version = 1",
        "digest = 'sha256:e'",
        "state = 'activated'",
        "terms = replace(terms, 'because', 'or not')",
        "created_us = 11",
        "number = 1",
        "activated_us = 12",
        "seal = NULL",
        "seal = ''",
        "seal = 'ß'",
    ],
)
async def test_a_row_that_anything_was_changed_in_is_not_sealed(store: Store, change: str) -> None:
    proposals = ProposalStore(store.engine, KEY)
    assert await proposals.put(proposal())
    async with changing(store.where) as connection:
        await connection.execute(text(f"UPDATE policy_proposal SET {change}"))
    (found,) = await proposals.newest(1)
    assert not found.sealed


async def test_a_row_is_sealed_anew_as_it_is_changed_and_under_the_key_alone(store: Store) -> None:
    proposals = ProposalStore(store.engine, KEY)
    assert await proposals.put(proposal())
    was = await proposals.get("pp_1")
    assert was is not None
    assert await proposals.change(was, msgspec.structs.replace(was, digest="sha256:e"))
    assert await proposals.get("pp_1") == proposal(digest="sha256:e", version=1, sealed=True)
    assert await ProposalStore(store.engine, b"K" * 32).get("pp_1") == proposal(
        digest="sha256:e", version=1, sealed=False
    )
