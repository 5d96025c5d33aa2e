"""Long texts are read once: what they showed is found again, for their tenant alone, and is what reading them shows."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.checks.classification.engine import Engine
from gateway.checks.classification.remembered import LONG, Remembered
from gateway.core.finding import Finding
from gateway.core.message import Part
from tests.checks.classification.conftest import StillClock

PROSE = "Please call Anna Keller on 030 1234567 or write to anna@example.com about invoice 4. " * 20
ROWS = json.dumps(
    [{"id": n, "first": "12", "ssn": "536-22-8731", "name": "MRN", "value": "4481920"} for n in range(40)]
)
FOUND = (Finding("email", 1, 2, 1.0, "shape"),) * 3


def engine() -> Engine:
    return Engine(clock=StillClock(), budget_ms=1e9)


class Counting(Engine):
    """Counts the texts that it reads."""

    walked = 0

    def _walk(self, *args: object) -> bool:
        type(self).walked += 1
        return super()._walk(*args)  # type: ignore[arg-type]


def test_a_text_is_kept_under_its_digest_and_holds_none_of_it() -> None:
    remembered = Remembered()
    key = remembered.key("clinic", PROSE)
    remembered.put(key, FOUND)
    assert remembered.get(remembered.key("clinic", PROSE)) == FOUND
    assert "Keller" not in repr(vars(remembered))


def test_another_tenant_another_text_another_process_and_what_else_it_depends_on_are_other_keys() -> None:
    remembered = Remembered()
    keys = [
        remembered.key("clinic", PROSE),
        remembered.key("bank", PROSE),
        remembered.key("clinic", PROSE + "."),
        remembered.key("clinic", PROSE, 3),
        Remembered().key("clinic", PROSE),
    ]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(("whose", "text"), [("", PROSE), ("clinic", "x" * (LONG - 1))])
def test_what_is_nobodys_or_short_is_not_kept(whose: str, text: str) -> None:
    remembered = Remembered()
    key = remembered.key(whose, text)
    assert key is None
    remembered.put(key, FOUND)
    assert len(remembered) == 0


def test_the_longest_unused_go_when_there_is_no_room() -> None:
    remembered = Remembered(room=9)
    keys = [remembered.key("clinic", PROSE + str(number)) for number in range(3)]
    remembered.put(keys[0], FOUND)
    remembered.put(keys[1], FOUND)
    assert remembered.get(keys[0]) == FOUND
    remembered.put(keys[2], FOUND)
    assert [remembered.get(key) for key in keys] == [FOUND, None, FOUND]
    assert len(remembered) == 8


def test_what_has_no_room_at_all_is_not_kept() -> None:
    remembered = Remembered(room=3)
    remembered.put(remembered.key("clinic", PROSE), FOUND)
    assert len(remembered) == 0


@pytest.mark.parametrize("surrogate", ["\ud800"])
def test_halves_of_pairs_have_a_digest_too(surrogate: str) -> None:
    assert Remembered().key("clinic", surrogate * LONG) is not None


def test_a_conversation_that_is_sent_again_is_not_read_again() -> None:
    one, Counting.walked = Counting(clock=StillClock(), budget_ms=1e9), 0
    history = [Part(f"/messages/{n}/content", f"Turn {n} is this. {PROSE} That is all.") for n in range(5)]
    first = one.scan(history, whose="clinic")
    read, Counting.walked = Counting.walked, 0
    again = one.scan([*history, Part("/messages/5/content", "Call 030 7654321")], whose="clinic")
    assert (read >= 5, Counting.walked) == (True, 1)
    assert again.parts[:5] == first.parts
    assert again.parts[5]


@pytest.mark.parametrize("text", [PROSE, ROWS, "ssn:\n" + "536-22-8731\n" * 200, "\u200b" + PROSE], ids=range(4))
def test_what_is_remembered_is_what_reading_shows(text: str) -> None:
    one = engine()
    parts = [Part("/a", text), Part("/b", text, "text", "patient_name"), Part("/c", text, cuts=(700, 900))]
    fresh = engine().scan(parts)
    assert fresh.parts[0]
    assert [one.scan(parts, whose="clinic") for _ in range(3)] == [fresh] * 3


@given(st.lists(st.sampled_from([PROSE, ROWS, PROSE[7:], "x" * LONG, "4481920", ""]), max_size=5))
def test_messages_in_any_order_show_the_same(texts: list[str]) -> None:
    parts = [Part(f"/{number}", text) for number, text in enumerate(texts)]
    assert _KEEPING.scan(parts, whose="clinic") == _PLAIN.scan(parts)


def test_what_was_not_read_to_its_end_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    one = engine()
    with monkeypatch.context() as less:
        less.setattr("gateway.checks.classification.engine.MAX_FINDINGS", 5)
        assert one.scan([Part("/a", PROSE)], whose="clinic").scanned == "partial"
    assert one.scan([Part("/a", PROSE)], whose="clinic").scanned == "full"


def test_more_findings_than_a_message_may_have_end_it_whether_they_are_remembered_or_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = engine()
    assert one.scan([Part("/a", PROSE)], whose="clinic").scanned == "full"
    monkeypatch.setattr("gateway.checks.classification.engine.MAX_FINDINGS", 5)
    assert one.scan([Part("/a", PROSE)], whose="clinic").scanned == "partial"


_KEEPING, _PLAIN = engine(), engine()
