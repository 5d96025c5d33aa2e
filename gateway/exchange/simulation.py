"""What another policy would have decided of what is on record: no content is needed, only what decisions rest on.

Equal questions are asked once. Each is put to the version that decided it then and to the draft, by the same steps, and
what differs between the two is told: so a fall-back, or an agent that was not healthy, is no change of the draft's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import NamedTuple

import msgspec

from gateway.checks.classification.classes import Own, maskable
from gateway.checks.policy.policy import Policy
from gateway.core.decision import Question, Ruling, effect_of
from gateway.exchange.exchange import all_classes
from gateway.exchange.named import NOBODY, Named
from gateway.exchange.replayed import MAX_EXAMPLES, Asked, Group, Replayed
from gateway.exchange.router import held_by, masking_of
from gateway.store.decided import Decided

MAX_CHANGES = 200
TURN = 100
"""Records that are taken, or questions asked, before others have their turn on the loop: some milliseconds."""
_Names = tuple[str, ...]


class Decision(NamedTuple):
    """Where a message goes, or whether an answer comes back, by one policy."""

    effect: str
    agent: str | None
    rules: _Names

    @property
    def told(self) -> str:
        """In a word, or two."""
        return _word(self.effect, self.agent)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Exchanges that the draft would have decided otherwise, all in the same way."""

    what: str
    """`request`, or `answer` for what came back."""
    before: str
    """The effect, and of a request that goes somewhere the agent."""
    after: str
    classes: _Names
    roles: _Names
    action: str
    purpose: str | None
    rules_before: _Names
    rules_after: _Names
    count: int
    examples: _Names
    """Ids of exchanges, at most five."""


class Simulated(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a replay."""

    draft: str
    requests: int
    answers: int
    questions: int
    """How many different ones there were among them."""
    changed: int
    changes: tuple[Change, ...]
    """The most frequent first, at most 200 kinds."""
    kinds_left_out: int
    without_detail: int
    """Records whose caller's roles are no longer there: not replayed."""
    onward: int
    """Requests that some agent was denied for what it would have contacted itself, which is not on record: not
    replayed."""
    beyond: int
    """Records that would have been one more question than 100,000: not replayed."""
    without_version: int
    """Records under a version that is not in the database, or is of an older form: not replayed."""
    otherwise: int
    """Requests that the version of then, replayed, decides otherwise than is on record: masks that could not be made,
    agents that were not there, roles that were lent."""


class Simulation:
    """Takes records in, in any order, and tells what would change. `tenant`: the configured id of whose they are."""

    def __init__(self, draft: Policy, tenant: str, named: Named) -> None:
        """`named`: whether policy means those subjects of an issuer that it calls by name."""
        self._draft, self._tenant = draft, tenant
        self._replayed = Replayed(draft, tenant, named)

    async def take(self, chunk: Iterable[Decided], version: Callable[[str], Awaitable[Policy | None]]) -> None:
        """Count these records. `version` gives the policy of a digest, None where there is none any more."""
        await self._replayed.take(chunk, version)

    async def result(self) -> Simulated:
        """What was found so far. Others have their turn on the loop while it is worked out."""
        changes: dict[Hashable, Change] = {}
        sums = {False: 0, True: 0}
        changed = otherwise = 0
        replayed = self._replayed
        for number, (asked, group) in enumerate(replayed.groups.items()):
            if number % TURN == 0:
                await asyncio.sleep(0)
            sums[asked.given] += group.count
            then = replayed.then(asked)
            before = self._decide(then, asked, group.at_us)
            after = self._decide(self._draft, self._redrafted(asked, then), group.at_us)
            if not asked.given:
                otherwise += group.count - sum(
                    count for (effect, agent), count in group.recorded.items() if _word(effect, agent) == before.told
                )
            if before.told != after.told:
                changed += group.count
                change = _change(asked, before, after, group)
                key = msgspec.structs.replace(change, count=0, examples=())
                changes[key] = _added(changes.get(key), change)
        found = sorted(changes.values(), key=lambda one: (-one.count, one.before, one.after, one.classes, one.roles))
        return Simulated(
            draft=self._draft.version(self._tenant),
            requests=sums[False],
            answers=sums[True],
            questions=len(replayed.groups),
            changed=changed,
            changes=tuple(found[:MAX_CHANGES]),
            kinds_left_out=max(0, len(found) - MAX_CHANGES),
            without_detail=replayed.without_detail,
            onward=replayed.onward,
            beyond=replayed.beyond,
            without_version=replayed.without_version,
            otherwise=otherwise,
        )

    def _redrafted(self, asked: Asked, then: Policy) -> Asked:
        """The question with the floors of roles and of what was named as the draft has them, in the place of those of
        the version that decided it; what is left is the credential's own."""
        floors = [
            policy.floor(asked.roles, asked.target, tenant=self._tenant, subject=asked.subject)
            for policy in (then, self._draft)
        ]
        if floors[0] == floors[1]:
            return asked
        return asked._replace(floor=tuple(sorted({*asked.floor} - floors[0] | floors[1])))

    def _decide(self, policy: Policy, asked: Asked, at_us: int) -> Decision:
        classes = all_classes(asked.found, asked.declared, asked.inherited, asked.floor)
        question = Question(
            tenant=self._tenant,
            subject=asked.subject,
            named=asked.subject != NOBODY,
            roles=asked.roles,
            zone=asked.zone,
            action=asked.action,
            purpose=asked.purpose,
            classes=classes,
            source=asked.way[0],
            strength=asked.way[1],
        )
        if asked.given:
            ruling = policy.receive(question, now_us=at_us)
            return _decision(ruling, asked, None, self._replayed.own(asked))
        candidates = _as_seen(policy.candidates(asked.target, self._tenant), asked.seen)
        first = candidates[:1] if not policy.reroutes(question) else candidates
        closest: Decision | None = None
        for agent in first:
            if agent in asked.unfit:
                continue
            floor = policy.agents[agent].floor
            there = msgspec.structs.replace(question, classes=all_classes(classes, floor)) if floor else question
            ruling, carried = policy.ruling(there, agent, now_us=at_us), () if asked.continued else asked.inherited
            held = held_by(policy.implied, (*asked.declared, *asked.floor, *floor), carried, ruling)
            found = _decision(ruling, asked, agent, self._replayed.own(asked), held)
            if found.effect != "deny":
                return found
            closest = closest or found
        return closest or Decision("deny", None, ())


def _as_seen(candidates: _Names, seen: _Names) -> _Names:
    """Those that were looked at then come as they came then: an order that was measured cannot be had again."""
    if not seen:
        return candidates
    return (*(agent for agent in seen if agent in candidates), *(agent for agent in candidates if agent not in seen))


def _decision(
    ruling: Ruling, asked: Asked, agent: str | None, own: Own, held: frozenset[str] = frozenset()
) -> Decision:
    """`own`: what else could be masked then; `held`: as `held_by`. Nothing is searched again: what was found then is
    what there is."""
    effect = effect_of(ruling)
    masking = masking_of(ruling, frozenset(asked.found) - held, spans_of=lambda name: maskable(name, own))
    if effect != "deny" and masking.impossible is not None:
        effect = "deny"
    return Decision(effect, None if effect == "deny" else agent, ruling.rules)


def _word(effect: str, agent: str | None) -> str:
    return effect if effect == "deny" or agent is None else f"{effect} {agent}"


def _change(asked: Asked, before: Decision, after: Decision, group: Group) -> Change:
    return Change(
        what="answer" if asked.given else "request",
        before=before.told,
        after=after.told,
        classes=all_classes(asked.found, asked.declared, asked.inherited, asked.floor),
        roles=asked.roles,
        action=asked.action,
        purpose=asked.purpose,
        rules_before=before.rules,
        rules_after=after.rules,
        count=group.count,
        examples=tuple(group.examples),
    )


def _added(known: Change | None, change: Change) -> Change:
    if known is None:
        return change
    examples = (*known.examples, *change.examples)[:MAX_EXAMPLES]
    return msgspec.structs.replace(known, count=known.count + change.count, examples=examples)
