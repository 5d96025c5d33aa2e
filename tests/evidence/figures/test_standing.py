"""What stood when a period began, and what was in force in it."""

import msgspec
import pytest

from gateway.evidence.figures import in_force, standing
from gateway.evidence.figures.facts import Facts
from gateway.evidence.figures.provisions import Question
from gateway.evidence.figures.seen import Known, Seen
from gateway.evidence.figures.standing import Before, Standing, Start, Stood
from gateway.ledger.granted import Granted
from gateway.ledger.record import Detail
from tests.evidence.figures.kit import record
from tests.evidence.figures.test_in_force import at, key

KEYS = Question(
    framework="house",
    id="1",
    title="Keys",
    text="Keys.",
    report="records",
    columns=("event", "actor"),
    queries=({"event": "key.created"}, {"event": "policy.activated"}),
    needs=("key.created: detail.diff",),
    standing=True,
)


def start(*records: Seen, when: float = 100) -> Start:
    before = Before()
    for one in records:
        before.feed(one)
    return before.start(at(when))


def stood(*records: Seen, known_from: int = 0) -> Stood:
    return Stood(start=start(*records), known_from=known_from)


def test_a_period_without_a_change_tells_what_stood_all_along() -> None:
    facts = Facts(Known(), [KEYS])
    facts.begin(
        stood(
            key("created", 1, "ak_a", Granted(owner="Ada", kind="person", zone="clinic", roles=("clerk",))),
            key("created", 2, "ak_b", Granted(owner="Bob")),
            record("policy.activated", 3, at_s=3, policy="p1", actor="ac_1", proposer="ac_2", proposal="pp_1"),
            key("revoked", 4, "ak_b", Granted(owner="Bob")),
        )
    )
    facts.feed(record("audit.read", 10, at_s=200))
    told = facts.document()
    (provision,) = told["provisions"]
    assert (provision["state"], provision["records"], provision["before"]) == ("supported", 2, 2)
    assert provision["rows"] == [[1, "key.created", "ac_admin"], [3, "policy.activated", "ac_1"]]
    (row,) = told["standing"]["keys"]
    assert row[:9] == ["ak_a", "Ada", "person", "clerk", "clinic", "none", "none", at(1), "still in force"]
    assert row[9:] == ["ac_admin", 1, "before the period", "none", "none", "none", "none", "none", "none"]
    (version,) = told["standing"]["policies"]
    assert version == ["p1", at(3), "still in force", "ac_1", "ac_2", "pp_1", 3, "before the period"]


def test_where_nothing_stood_a_state_is_not_evidenced() -> None:
    facts = Facts(Known(), [KEYS])
    facts.begin(stood(key("created", 1, "ak_a", Granted(owner="Ada", ends=at(50)))))
    (provision,) = facts.document()["provisions"]
    assert (provision["state"], provision["records"]) == ("not evidenced", 0)
    assert provision["reasons"] == [
        "no record of the period is of what is asked for, and none before it that still stood at its start"
    ]


def test_that_nothing_stood_is_said_no_further_back_than_somebody_looked() -> None:
    asked = "no record of the period is of what is asked for"
    looked, partly = Facts(Known(), [KEYS]), Facts(Known(), [KEYS])
    partly.begin(stood(known_from=4_096))
    (provision,) = partly.document()["provisions"]
    assert provision["reasons"] == [
        f"{asked}, and none before it from record 4,096 on, the first at hand, that still stood at its start"
    ]
    (provision,) = looked.document()["provisions"]
    assert provision["reasons"] == [f"{asked}; what stood before it was not looked at"]


def test_a_provision_that_asks_for_events_counts_those_of_the_period_alone() -> None:
    facts = Facts(Known(), [msgspec.structs.replace(KEYS, standing=False)])
    facts.begin(stood(key("created", 1, "ak_a", Granted(owner="Ada"))))
    (provision,) = facts.document()["provisions"]
    assert (provision["state"], provision["before"]) == ("not evidenced", 0)


def test_records_of_emergency_ledgers_change_nothing_that_is_in_force() -> None:
    figures = Standing()
    figures.feed(record("ledger.started", 0, config="c9", apart="em_1"))
    assert figures.document()["configurations"] == []


def test_lines_that_nobody_knows_and_details_that_are_gone_are_told() -> None:
    figures = Standing()
    figures.feed(record("key.created", 5, credential="ak_a", detail=Detail(diff=("owner Ada", "colour green"))))
    figures.feed(key("created", 6, "ak_b"))
    figures.feed(key("allowed", 7, "dn_x"))
    told = figures.document()
    assert [row[17] for row in told["keys"]] == ["colour green", "detail deleted"]
    assert told["keys"][1][1:7] == ["detail deleted"] * 6
    assert told["denials"][0][:5] == ["dn_x", "not known", "not known", "not known", "not known"]


def test_what_was_told_is_the_same_told_twice() -> None:
    figures = Standing()
    figures.begin(start(key("created", 1, "ak_a", Granted(owner="Ada"))))
    figures.feed(key("revoked", 200, "ak_a", Granted(owner="Ada")))
    assert figures.document() == figures.document()


def test_changes_that_there_was_no_room_for_are_told_by_the_first_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "MAX_KEYS", 2)
    parts = [Standing(), Standing()]
    for seq in range(5):
        parts[seq // 3].feed(key("created", seq, f"ak_{seq}", Granted(owner="a")))
    parts[0].merge(parts[1])
    told = parts[0].document()
    assert (len(told["keys"]), told["told_to"], parts[0].left_out()) == (2, 2, 3)


def test_what_the_period_brings_beyond_the_room_there_is_is_counted_with_what_stood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (in_force, standing):
        monkeypatch.setattr(module, "MAX_KEYS", 3)
    figures = Standing()
    figures.begin(start(*(key("created", seq, f"ak_{seq}", Granted(owner="a")) for seq in range(3))))
    assert (figures.document()["told_to"], figures.left_out()) == (-1, 0)
    for seq in (200, 201):
        figures.feed(key("created", seq, f"ak_{seq}", Granted(owner="a")))
    told = figures.document()
    assert (len(told["keys"]), told["told_to"], figures.left_out()) == (3, 200, 2)


def test_records_that_do_not_stand_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "MAX_KEYS", 1)
    before = Before()
    for seq in range(0, 20, 2):
        before.feed(key("created", seq, f"ak_{seq}", Granted(owner="a")))
        before.feed(key("revoked", seq + 1, f"ak_{seq}", Granted(owner="a")))
        assert len(before._records) <= 4
    assert before.start(at(100)).records == []
