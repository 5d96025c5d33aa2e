"""What must be durable goes to the ledger of whoever it concerns."""

from typing import Any

from gateway.exchange.ledgers import Ledgers
from gateway.exchange.parts import Parts, first, stays
from tests.exchange.making import caller, exchange


class Kept:
    def __init__(self) -> None:
        self.entries: list[object] = []

    async def submit(self, entry: object) -> None:
        self.entries.append(entry)


def parts(**fields: Any) -> Parts:
    values: dict[str, Any] = dict.fromkeys(Parts.__struct_fields__)
    return Parts(**{**values, **fields})


async def test_a_node_takes_no_other_policy_over_unless_it_is_told_how() -> None:
    assert not await stays()
    assert first() == 0


async def test_records_go_to_the_tenants_ledger_and_the_operators_own_while_nobody_is_known() -> None:
    kept: dict[str, Any] = {"_system": Kept(), "tn_1": Kept()}
    one, given = exchange(), parts(ledgers=Ledgers(kept))
    entries: tuple[Any, Any] = ("first", "second")
    await given.append(one, entries[0])
    one.caller = caller()
    assert one.appended
    await given.append(one, entries[1])
    assert (kept["_system"].entries, kept["tn_1"].entries) == (["first"], ["second"])


async def test_where_nobody_waits_at_an_instant_it_passes() -> None:
    seen: list[str] = []

    async def failpoint(name: str) -> None:
        seen.append(name)

    await parts().pause("intent.recorded")
    await parts(failpoint=failpoint).pause("intent.recorded")
    assert seen == ["intent.recorded"]
