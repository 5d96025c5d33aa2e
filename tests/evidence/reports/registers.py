"""What reads registers of policy versions, made up."""

from collections.abc import Collection, Mapping

import msgspec

from gateway.evidence.reports.register import NOT_KEPT, Declared, Party, Register
from gateway.ledger.record import parse
from tests.evidence.making import SIGNER, MemoryLedger, ledger

INC = Register(
    retention_days=400,
    processors={
        "inc": Party(
            legal_name="Inc.",
            address="1 Way",
            country="US",
            safeguard="SCC",
            valid_until="2099-12-31",
            classes=("pii",),
            no_training=True,
        )
    },
)


class Told:
    """Reads these, and remembers which versions were asked for."""

    def __init__(self, registers: Mapping[str, Register | str] | None = None) -> None:
        self._registers = registers or {}
        self.asked: list[str] = []

    async def declared(self, versions: Collection[str]) -> Declared:
        self.asked += versions
        return Declared(registers={one: self._registers.get(one, NOT_KEPT) for one in versions})


NOTHING = Told()
"""Knows no version."""


def sent_to(processor: str) -> MemoryLedger:
    """A ledger of a request that this processor's agent was sent, and of its end."""
    made = MemoryLedger(SIGNER)
    placeless = {"seq": None, "prev": None, "recorded_at": None, "detail": None}
    for one in ledger(2).stored:
        made.append(msgspec.structs.replace(parse(one.envelope), processor=processor, **placeless), None, None)
    made.publish()
    return made
