"""What people judged of a sample becomes a rate of that sample and no other, and nobody's judgement none."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence import strict_json
from gateway.evidence.misses import Misses, lines
from gateway.ledger.record import Envelope, SampleInfo, timestamp

T0 = 1_800_000_000_000_000
REVIEW = "rv_1"


def _record(event: str, seq: int, **fields: Any) -> Envelope:
    at = timestamp(T0 + seq)
    return Envelope(id=f"id-{seq}", tenant="tn_1", event=event, occurred_at=at, recorded_at=at, seq=seq, **fields)


def sampled(seq: int = 100, review: str = REVIEW, records: tuple[int, ...] = (3, 1, 2), **fields: Any) -> Envelope:
    sample = SampleInfo(
        since=timestamp(T0 - 5), until=timestamp(T0), population={"cloud": 4, "in-house": 6}, seed="s", records=records
    )
    return _record("review.sampled", seq, review=review, engine="7-a", sample=sample, **fields)


def marked(seq: int, about: int, actor: str = "ac_1", zone: str = "cloud", **fields: Any) -> Envelope:
    values: dict[str, Any] = {"review": REVIEW, "engine": "7-a", "found": {}, "missed": {}, "wrong": {}, **fields}
    return _record("review.marked", seq, actor=actor, zone=zone, range=(about, about + 1), **values)


def document(*records: Envelope) -> dict[str, Any]:
    misses = Misses()
    for one in records:
        misses.feed(one)
    assert strict_json.load(misses.encoded()) == misses.document()
    assert misses.text().decode() == "\n".join(lines(misses.document())) + "\n"
    return misses.document()


def test_without_a_judgement_there_is_no_figure_and_the_text_says_so() -> None:
    for records in ((), (sampled(),)):
        told = document(*records)
        text = "\n".join(lines(told))
        assert told["measured"] is False
        assert "not measured" in text
        assert "rate" not in json.dumps([one["messages"] for one in told["samples"]])
        assert "(0." not in text


def test_the_rate_counts_messages_and_says_what_it_speaks_of() -> None:
    told = document(
        sampled(),
        marked(101, 3, found={"person": 2, "email": 1}, missed={"person": 1}),
        marked(102, 1, zone="in-house", found={"person": 1}, wrong={"person": 1}),
        marked(103, 2, found={"email": 1}),
    )
    (one,) = told["samples"]
    assert (one["record"], one["exchanges"], one["size"], one["judged"], one["engine"]) == (100, 10, 3, 3, "7-a")
    assert one["messages"] == {"of": 3, "missed": 1, "rate": "0.3333", "low": "0.0084", "high": "0.9058"}
    assert one["zones"]["in-house"]["missed"] == 0
    assert (one["zones"]["cloud"]["of"], one["zones"]["cloud"]["missed"]) == (2, 1)
    person = one["types"]["person"]
    assert person["messages"]["of"] == 1, "what was found wrongly is not held"
    assert person["findings"] == {"held": 3, "missed": 1, "wrong": 1}
    assert one["types"]["email"]["messages"] == {
        "of": 2,
        "missed": 0,
        "rate": "0.0000",
        "low": "0.0000",
        "high": "0.8419",
    }
    text = "\n".join(lines(told))
    assert "miss rate   0.3333 (0.0084 to 0.9058): 1 of 3 messages" in text
    assert "10 exchanges from" in text
    assert "and of no others" in text


def test_of_two_people_what_either_missed_counts_and_that_they_differ_is_told() -> None:
    told = document(
        sampled(),
        marked(101, 3, found={"email": 2}, wrong={"email": 1}),
        marked(102, 3, actor="ac_2", found={"email": 2}, missed={"person": 1}),
        marked(103, 1),
        marked(104, 1, actor="ac_2"),
    )
    (one,) = told["samples"]
    assert (one["judged"], one["judged_twice"], one["disagreed"]) == (2, 2, 1)
    assert one["messages"]["missed"] == 1
    assert one["types"]["email"]["findings"] == {"held": 2, "missed": 0, "wrong": 0}


def test_what_does_not_count_is_told_and_in_no_figure() -> None:
    """Of what was not drawn, by another engine, twice by one person, by a third one."""
    told = document(
        sampled(),
        marked(101, 9, missed={"person": 1}),
        marked(102, 3, engine="8-b", missed={"person": 1}),
        marked(103, 3),
        marked(104, 3, missed={"person": 1}),
        marked(105, 3, actor="ac_2"),
        marked(106, 3, actor="ac_3", missed={"person": 1}),
    )
    (one,) = told["samples"]
    assert (one["not_counted"], one["judged"], one["messages"]["missed"]) == (4, 1, 0)
    assert "4 judgements do not count" in "\n".join(lines(told))


def test_who_looks_and_does_not_judge_is_told() -> None:
    shown = [_record("content.revealed", 100 + seq, review=REVIEW, range=(seq, seq + 1)) for seq in (3, 1)]
    told = document(sampled(), *shown, marked(105, 3))
    assert told["samples"][0]["seen_and_not_judged"] == 1
    assert "1 were looked at and not judged" in "\n".join(lines(told))


def test_judgements_of_samples_that_were_drawn_before_are_counted_and_make_no_figure() -> None:
    told = document(marked(5, 3), _record("content.revealed", 6, approval="ap_1"), _record("audit.read", 7))
    assert (told["measured"], told["samples"], told["marks_of_samples_drawn_before"]) == (False, [], 1)
    assert "1 judgements are of samples that were drawn before" in "\n".join(lines(told))


def test_samples_are_told_apart_and_one_can_be_asked_for() -> None:
    misses = Misses()
    for one in (sampled(), sampled(101, "rv_2"), marked(102, 3, review="rv_2")):
        misses.feed(one)
    assert [one["review"] for one in misses.document()["samples"]] == ["rv_1", "rv_2"]
    assert misses.document("rv_1")["measured"] is False
    assert misses.document("rv_2")["measured"] is True
    assert misses.document("rv_3")["samples"] == []


_COUNTS = st.dictionaries(st.sampled_from(["person", "email", "other"]), st.integers(0, 3), max_size=3)
_MARKS = st.builds(
    lambda seq, about, actor, found, missed, wrong: marked(seq, about, actor, found=found, missed=missed, wrong=wrong),
    st.integers(101, 200),
    st.integers(0, 4),
    st.sampled_from(["ac_1", "ac_2", "ac_3"]),
    _COUNTS,
    _COUNTS,
    _COUNTS,
)


@given(st.lists(_MARKS, max_size=12))
def test_whatever_the_records_say_the_figures_are_within_their_bounds(marks: list[Envelope]) -> None:
    for sample in document(sampled(), *marks)["samples"]:
        figures = [
            sample["messages"],
            *sample["zones"].values(),
            *(one["messages"] for one in sample["types"].values()),
        ]
        for figure in figures:
            assert 0 <= figure["missed"] <= figure["of"] <= sample["judged"] <= sample["size"]
            if figure["of"]:
                assert figure["low"] <= figure["rate"] <= figure["high"]
