"""A change of an issuer's keys is on record: whose, how many there are now, and which came and went."""

import json
from typing import Any

from gateway.agents.issuers import KeysChange
from gateway.exchange.issuers import IssuerRecords
from gateway.ledger.entry import Appended, Entry
from gateway.ledger.record import NodeInfo
from tests.conftest import ManualClock

NODE = NodeInfo(id="nd_1", boot="bt_1")


class Kept:
    def __init__(self) -> None:
        self.entries: list[Entry] = []

    async def append(self, entry: Entry) -> Appended:
        self.entries.append(entry)
        return Appended(seq=0, leaf_hash=bytes(32), recorded_at="")


async def test_the_record_counts_the_keys_and_its_detail_names_them(clock: ManualClock) -> None:
    ledger = Kept()
    records = IssuerRecords(ledger=ledger, tenant="_system", clock=clock, node=NODE)
    await records.changed(
        KeysChange(issuer="https://login.example", count=2, added=("kid b, sha256:2",), removed=("kid a, sha256:1",))
    )
    (entry,) = ledger.entries
    envelope = entry.envelope
    assert (envelope.tenant, envelope.event, envelope.count) == ("_system", "issuer.keys_changed", 2)
    assert envelope.actor is None
    found: Any = json.loads(entry.detail or b"")
    assert found == {"issuer": "https://login.example", "diff": ["+ kid b, sha256:2", "- kid a, sha256:1"]}
