"""Each event of a record is one of OCSF too, and the manual says which: whoever adds one adds a line to
`gateway/evidence/ocsf.py` and its name to a row of `docs/ocsf.md`."""

import re

from gateway.evidence.ocsf import ACTIVITIES, KINDS, SEVERITIES, STATUSES
from gateway.ledger.record import EVENTS
from tests.house.tree import ROOT

_ROW = re.compile(r"^\| (\w+) \| ([\w ]+) \| ([\w ,]+) \| (`.*`) \|$", re.MULTILINE)


def test_every_event_of_a_record_is_an_event_of_ocsf() -> None:
    assert set(KINDS) == set(EVENTS)


def test_the_manual_says_of_every_event_what_it_is() -> None:
    told: dict[str, tuple[str, str, str]] = {}
    for activity, status, severity, events in _ROW.findall((ROOT / "docs" / "ocsf.md").read_text("utf-8")):
        for event in re.findall(r"`([^`]+)`", events):
            assert event not in told
            told[event] = (activity, status, severity)
    made: dict[str, tuple[str, str, str]] = {}
    for event, kind in KINDS.items():
        status = "by the outcome" if kind.status is None else STATUSES[kind.status]
        severity = SEVERITIES[kind.severity]
        if kind.failed != kind.severity:
            severity += f", {SEVERITIES[kind.failed]} where it failed"
        made[event] = (ACTIVITIES[kind.activity], status, severity)
    assert told == made
