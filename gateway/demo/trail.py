"""What the trail as a whole must show after all conversations, asked over the audit API."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gateway.demo.api import Api
from gateway.demo.configuration import ORACLE
from gateway.demo.material import Conversation, Expectation
from gateway.demo.report import Check, Told

_STAYS = frozenset({"phi", "pci", "special-category", "secret", "unscanned", "internal"})
"""Classes that the cloud agent may not be sent."""
_SHORT = 6
"""Texts shorter than this may stand anywhere by chance."""


class Sensitive:
    """Texts that must not be on record: keys, what was found and masked, what an answer had to keep back."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._texts = set(keys)

    def note(self, conversation: Conversation, expected: Expectation) -> None:
        """Add those of one conversation: its identifiers of data subjects, too."""
        held = [conversation.headers.get("X-Data-Subject", ""), *expected.answer.lacks]
        held += [span.text for span in expected.masked]
        self._texts |= {text for text in held if len(text) >= _SHORT}

    def within(self, told: str) -> int:
        """How many of them stand in a text."""
        return sum(text in told for text in self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def checks(
    api: Api, done: Sequence[Told], expected: Mapping[str, Expectation], sensitive: Sensitive
) -> Iterator[Check]:
    """Everything that is looked at in the trail, in order."""
    records = list(api.records(order="asc"))
    yield _whole(done, expected, records)
    yield _numbered(records)
    yield _denied(api, expected)
    yield _kept_in(api)
    yield _by_class(api, done)
    yield _without_content(records, sensitive)
    reads = sum(1 for _ in api.records(event="audit.read"))
    yield Check(name="reading the trail is on it", held=reads > len(done), told=f"{reads} records of reading")


def _whole(done: Sequence[Told], expected: Mapping[str, Expectation], records: Sequence[dict[str, Any]]) -> Check:
    """Each exchange of somebody known has exactly one beginning or refusal, and one end if it began."""
    events: dict[str, list[str]] = {}
    for record in records:
        envelope = record["record"]
        if str(envelope["event"]).startswith("exchange."):
            events.setdefault(envelope["exchange"], []).append(envelope["event"])
    wanted = {
        str(one.exchange): ["exchange.denied"]
        if expected[one.id].agent is None
        else ["exchange.requested", "exchange.completed"]
        for one in done
        if expected[one.id].decision is not None
    }
    odd = sorted(name for name in events.keys() | wanted.keys() if events.get(name) != wanted.get(name))
    return Check(
        name="every exchange is on record, and no other",
        held=not odd,
        told=f"{len(wanted)} exchanges" if not odd else f"{len(odd)} differ",
    )


def _numbered(records: Sequence[dict[str, Any]]) -> Check:
    numbers = [record["seq"] for record in records]
    return Check(
        name="records are numbered without a gap",
        held=bool(numbers) and numbers == list(range(len(numbers))),
        told=f"0 to {len(numbers) - 1}",
    )


def _denied(api: Api, expected: Mapping[str, Expectation]) -> Check:
    """Requests and answers that policy kept back, by the filter `decision`."""
    found = sum(1 for _ in api.records(decision="deny"))
    wanted = sum("deny" in (one.decision, one.answer.decision) for one in expected.values())
    return Check(name="decision=deny", held=found == wanted, told=f"{found} records, {wanted} expected")


def _kept_in(api: Api) -> Check:
    """Nothing that must stay in the house has gone to the cloud: no intent names its agent with such a class."""
    sent = [record["record"] for record in api.records(agent=ORACLE, event="exchange.requested")]
    wrong = [
        envelope for envelope in sent if _STAYS & {name for names in envelope["classes"].values() for name in names}
    ]
    told = f"{len(sent)} requests went there, {len(wrong)} with {', '.join(sorted(_STAYS))}"
    return Check(name=f"what {ORACLE} was sent", held=bool(sent) and not wrong, told=told)


def _by_class(api: Api, done: Sequence[Told]) -> Check:
    """The filter `data_class` finds exactly the requests that carried health data."""
    openings = [record["record"] for record in api.records(data_class="phi") if "agent" in record["record"]]
    found = {envelope["exchange"] for envelope in openings if envelope["event"] == "exchange.requested"}
    wanted = {one.exchange for one in done if "phi" in one.classes and one.agent is not None}
    return Check(name="data_class=phi", held=found == wanted, told=f"{len(found)} requests, {len(wanted)} expected")


def _without_content(records: Sequence[dict[str, Any]], sensitive: Sensitive) -> Check:
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    found = sum(sensitive.within(line) for line in lines)
    told = f"{found} of {len(sensitive)} keys and personal texts stand in {len(lines)} records"
    return Check(name="records hold no content", held=found == 0, told=told)
