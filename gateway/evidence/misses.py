"""How much classification misses of what goes out here: measured by people on samples, from the records alone.

What is counted is messages, because messages are what was drawn: the share of those judged in which something was
missed; and of each finding type the share of those that hold it in which one was missed. Findings of one message are
not independent of each other, so the shares of findings are told without an interval.

A figure speaks of one sample: of the exchanges of one period of which a rule had content kept, and of one version of
the engine. Samples are not added up, since an exchange may be in two. Where two people judged one message, what either
of them says was missed was missed, and what only one of them calls wrong is not.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gateway.evidence import strict_json
from gateway.evidence.interval import interval, nearest, share
from gateway.ledger.record import Envelope

SAMPLED, MARKED, REVEALED = "review.sampled", "review.marked", "content.revealed"
EVENTS = (SAMPLED, MARKED, REVEALED)
INTERVAL = "Clopper-Pearson, 95 %"
MARKS = 2
"""How many people may judge one message."""
NOT_MEASURED = "not measured"
Counts = Mapping[str, int]


class Mark(msgspec.Struct, frozen=True):
    """One person's judgement of one message: its zone, and by type what was found, missed and wrongly found."""

    actor: str
    zone: str
    found: Counts
    missed: Counts
    wrong: Counts


class _Drawn(msgspec.Struct, kw_only=True):
    """A sample, and what has become of it."""

    seq: int
    told: Envelope
    marks: dict[int, list[Mark]] = msgspec.field(default_factory=dict)
    """By the record judged."""
    seen: set[int] = msgspec.field(default_factory=set)
    foreign: int = 0
    """Judgements that do not count: of what was not drawn, by another engine, by the same person or a third one."""


class Misses:
    """Takes the records of a range in order, and has the figures of the samples drawn in it. Memory: what was drawn and
    judged."""

    def __init__(self) -> None:
        self._drawn: dict[str, _Drawn] = {}
        self._elsewhere = 0

    def feed(self, envelope: Envelope) -> None:
        """One record; most are none of its business."""
        if envelope.event not in EVENTS or envelope.review is None:
            return
        if envelope.event == SAMPLED:
            if envelope.sample is not None and envelope.seq is not None:
                self._drawn.setdefault(envelope.review, _Drawn(seq=envelope.seq, told=envelope))
            return
        sample = self._drawn.get(envelope.review)
        if sample is None:
            self._elsewhere += envelope.event == MARKED
        elif envelope.event == REVEALED:
            if envelope.range is not None:
                sample.seen.add(envelope.range[0])
        else:
            sample.foreign += not _kept(sample, envelope)

    def document(self, only: str | None = None) -> dict[str, Any]:
        """All figures, or those of one sample, as canonical JSON may hold them: shares are texts of four decimals."""
        wanted = {review: one for review, one in self._drawn.items() if only in (None, review)}
        return {
            "v": 1,
            "measured": any(one.marks for one in wanted.values()),
            "interval": INTERVAL,
            "samples": [_sample(review, one) for review, one in wanted.items()],
            "marks_of_samples_drawn_before": self._elsewhere,
        }

    def encoded(self) -> bytes:
        """The figures as a bundle holds them."""
        return strict_json.dump(self.document())

    def text(self) -> bytes:
        """The figures for who reads them."""
        return "".join(f"{line}\n" for line in lines(self.document())).encode()


def lines(document: Mapping[str, Any]) -> Iterable[str]:
    """A document of `Misses` as text for people."""
    yield "LOCAL MISS RATE"
    yield ""
    if not document["measured"]:
        yield f"{NOT_MEASURED}: nobody has judged a sample in these records, so that no rate can be told."
    for sample in document["samples"]:
        yield ""
        yield from _whole(sample)
    elsewhere = document["marks_of_samples_drawn_before"]
    if elsewhere:
        yield ""
        yield f"{elsewhere} judgements are of samples that were drawn before these records, and in no figure here."
    if document["measured"]:
        yield ""
        yield f"Intervals: {document['interval']}, rounded outward."


def told(document: Mapping[str, Any]) -> Iterable[str]:
    """One line for each sample that has a figure, or the one that none has."""
    if not document["measured"]:
        yield NOT_MEASURED
    for sample in document["samples"]:
        if sample["messages"]["of"]:
            yield (
                f"{_figure(sample['messages'], 'messages')}; sample {sample['review']} of {sample['exchanges']}"
                f" exchanges from {sample['from'][:10]} until {sample['to'][:10]}, engine {sample['engine']}"
            )


def _kept(sample: _Drawn, envelope: Envelope) -> bool:
    """Add a judgement; False where it does not count."""
    told = sample.told
    if envelope.range is None or told.sample is None or envelope.actor is None:
        return False
    seq = envelope.range[0]
    if seq not in told.sample.records or envelope.engine != told.engine:
        return False
    before = sample.marks.setdefault(seq, [])
    if len(before) >= MARKS or any(one.actor == envelope.actor for one in before):
        return False
    before.append(
        Mark(
            envelope.actor,
            envelope.zone or "",
            dict(envelope.found or {}),
            dict(envelope.missed or {}),
            dict(envelope.wrong or {}),
        )
    )
    return True


class _Judged(msgspec.Struct, frozen=True):
    """One message as it counts: by type what it holds, what of it was missed, and what was found wrongly."""

    zone: str
    holds: Counts
    missed: Counts
    wrong: Counts


def _judged(marks: list[Mark]) -> _Judged:
    missed: dict[str, int] = {}
    for one in marks:
        for kind, count in one.missed.items():
            missed[kind] = max(missed.get(kind, 0), count)
    wrong = {kind: min(one.wrong.get(kind, 0) for one in marks) for kind in marks[0].wrong}
    found = marks[0].found
    holds = {kind: max(0, found.get(kind, 0) - wrong.get(kind, 0)) + missed.get(kind, 0) for kind in {*found, *missed}}
    return _Judged(marks[0].zone, holds, missed, wrong)


def _sample(review: str, one: _Drawn) -> dict[str, Any]:
    told, marks = one.told, {seq: marks for seq, marks in one.marks.items() if marks}
    drawn = told.sample
    if drawn is None:
        raise TypeError("a sample without what was drawn is not kept")
    judged = [_judged(given) for given in marks.values()]
    population = dict(drawn.population)
    return {
        "review": review,
        "record": one.seq,
        "drawn_at": told.occurred_at,
        "from": drawn.since,
        "to": drawn.until,
        "engine": told.engine or "",
        "seed": drawn.seed,
        "population": population,
        "exchanges": sum(population.values()),
        "size": len(drawn.records),
        "judged": len(judged),
        "judged_twice": sum(len(given) > 1 for given in marks.values()),
        "disagreed": sum(len(given) > 1 and _differ(given) for given in marks.values()),
        "seen_and_not_judged": len(one.seen - set(marks)),
        "not_counted": one.foreign,
        "messages": _share(sum(any(item.missed.values()) for item in judged), len(judged)),
        "zones": {
            zone: _share(
                sum(any(item.missed.values()) for item in judged if item.zone == zone),
                sum(item.zone == zone for item in judged),
            )
            for zone in sorted({*population, *(item.zone for item in judged)})
        },
        "types": _types(judged),
    }


def _differ(marks: list[Mark]) -> bool:
    return _some(marks[0].missed) != _some(marks[1].missed) or _some(marks[0].wrong) != _some(marks[1].wrong)


def _some(counts: Counts) -> dict[str, int]:
    return {kind: count for kind, count in counts.items() if count}


def _types(judged: list[_Judged]) -> dict[str, Any]:
    held, missed, wrong = (Counter[str]() for _ in range(3))
    holding, missing = (Counter[str]() for _ in range(2))
    for item in judged:
        held.update(item.holds)
        missed.update(item.missed)
        wrong.update(item.wrong)
        holding.update(kind for kind, count in item.holds.items() if count)
        missing.update(kind for kind, count in item.missed.items() if count)
    return {
        kind: {
            "messages": _share(missing[kind], holding[kind]),
            "findings": {"held": held[kind], "missed": missed[kind], "wrong": wrong[kind]},
        }
        for kind in sorted({*_some(held), *_some(wrong)})
    }


def _share(missed: int, total: int) -> dict[str, Any]:
    """Of so many messages these many. Without a message there is no figure."""
    if not total:
        return {"of": 0, "missed": 0}
    low, high = interval(missed, total)
    return {
        "of": total,
        "missed": missed,
        "rate": share(nearest(missed, total)),
        "low": share(low),
        "high": share(high),
    }


def _whole(sample: Mapping[str, Any]) -> Iterable[str]:
    yield f"sample      {sample['review']}, record {sample['record']}, drawn {sample['drawn_at']}"
    yield (
        f"speaks of   {sample['exchanges']} exchanges from {sample['from']} until {sample['to']} of which content was"
        " kept when it was drawn, and of no others"
    )
    yield f"engine      {sample['engine']}"
    yield f"seed        {sample['seed']}"
    yield (
        f"judged      {sample['judged']} of {sample['size']} drawn, {sample['judged_twice']} by two people, who"
        f" differed on {sample['disagreed']}"
    )
    if sample["seen_and_not_judged"]:
        yield f"            {sample['seen_and_not_judged']} were looked at and not judged: the rate may be flattered"
    if sample["not_counted"]:
        yield f"            {sample['not_counted']} judgements do not count"
    yield f"miss rate   {_figure(sample['messages'], 'messages')}"
    for zone, figure in sample["zones"].items():
        exchanges = sample["population"].get(zone, 0)
        yield f"  to {zone or 'no zone'} ({exchanges} exchanges): {_figure(figure, 'messages')}"
    for kind, one in sample["types"].items():
        counts = one["findings"]
        yield (
            f"  {kind}: {_figure(one['messages'], 'messages that hold one')}; {counts['missed']} of {counts['held']}"
            f" missed, {counts['wrong']} more found wrongly"
        )


def _figure(figure: Mapping[str, Any], what: str) -> str:
    if not figure["of"]:
        return NOT_MEASURED
    return f"{figure['rate']} ({figure['low']} to {figure['high']}): {figure['missed']} of {figure['of']} {what}"
