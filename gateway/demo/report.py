"""What the script tells: the same for people and as data. It holds no text that was found, only what kind it was."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from gateway.demo.material import Conversation, Expectation
from gateway.demo.seen import Seen


class PassedOver(msgspec.Struct, frozen=True, kw_only=True):
    """An agent that was considered before the one that was taken."""

    agent: str
    answer: str
    rule: str | None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation: what was found, where it went and why, and whether that is what was expected."""

    id: str
    desk: str
    title: str
    caller: str
    target: str
    stream: bool
    status: int
    error: str | None
    exchange: str | None
    found: dict[str, int]
    classes: tuple[str, ...]
    decision: str | None
    agent: str | None
    zone: str | None
    passed_over: tuple[PassedOver, ...]
    masked: dict[str, int]
    """Placeholder → how many times it stands where the agent's text was masked."""
    rules: tuple[str, ...]
    because: str
    answered: str | None
    answer_because: str
    pieces: int
    differences: tuple[str, ...]

    @property
    def held(self) -> bool:
        return not self.differences


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was checked beside the conversations."""

    name: str
    held: bool
    told: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run. `bundle` and `key` are files of the demo's directory."""

    held: bool
    conversations: tuple[Told, ...]
    checks: tuple[Check, ...]
    directory: str
    bundle: str
    key: str


def told(conversation: Conversation, expected: Expectation, seen: Seen, differences: Sequence[str]) -> Told:
    """One conversation, told."""
    opening = seen.opening
    agent = opening.get("agent")
    return Told(
        id=conversation.id,
        desk=conversation.desk,
        title=conversation.title,
        caller=conversation.caller,
        target=conversation.body["model"],
        stream=conversation.stream,
        status=seen.reply.status,
        error=seen.reply.code,
        exchange=seen.exchange,
        found=seen.found,
        classes=seen.classes,
        decision=seen.decision,
        agent=agent,
        zone=opening.get("zone"),
        passed_over=tuple(
            PassedOver(agent=item["agent"], answer=item["answer"], rule=item.get("rule"))
            for item in opening.get("candidates") or ()
            if item["agent"] != agent
        ),
        masked=_placeholders(expected, seen),
        rules=seen.rules,
        because=seen.explanation(opening.get("event", "")),
        answered=seen.answered,
        answer_because=seen.explanation("exchange.completed"),
        pieces=seen.reply.pieces,
        differences=tuple(differences),
    )


def _placeholders(expected: Expectation, seen: Seen) -> dict[str, int]:
    """Placeholders that the agents really received, of the kinds that were expected."""
    bodies = "".join(received.body for received in seen.received)
    kinds = {span.placeholder for span in expected.masked}
    return dict(Counter({kind: bodies.count(kind) for kind in sorted(kinds)}))
