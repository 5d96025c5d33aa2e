"""The report as people read it."""

import msgspec

from gateway.evidence.misses import Misses
from gateway.evidence.report import Report, lines

REPORT = Report(
    attachments=(),
    recorded=("2026-01-01T00:00:00.000000Z", "2026-01-02T00:00:00.000000Z"),
    scope=None,
    origin="gateway.example/ledger/1",
    created="2026-11-24T01:02:03.000004Z",
    first=3,
    end=9,
    checkpoint=12,
    filters={"decision": "deny", "zone": "cloud"},
    selected=2,
    opened=1,
    commitment_only=1,
    contents={"asked": False, "committed": 0, "open": 0, "expired": 0, "erased": 0, "erasures": []},
    uncovered=0,
    misses=Misses().document(),
    policies=("sha256:a",),
    missing_policies=("sha256:b",),
    verifier="00",
    notes=("mind this",),
)


def test_every_figure_has_its_line() -> None:
    text = "\n".join(lines(REPORT))
    for part in (
        "3 to 8, all 6",
        "decision=deny, zone=cloud: 2",
        "1 open, 1 commitment only",
    ):
        assert part in text
    assert "1 in the bundle, 1 named but missing" in text
    assert "not proven   mind this" in text
    assert "miss rate    not measured" in text


def test_a_bundle_about_something_has_not_selected_every_record_of_its_range() -> None:
    about = {"kind": "exchange", "ids": ["ex_1"], "exchanges": 1, "exchanges_found": 1}
    chosen = [
        next(line for line in lines(msgspec.structs.replace(REPORT, filters={}, scope=scope)) if "selection" in line)
        for scope in (None, about)
    ]
    assert chosen == ["selection    every record: 2", "selection    what it is about: 2"]
