"""Exchanges of a generated year: requests of persons, services and agents, what becomes of each, and how it ends."""

from typing import Any, NamedTuple

import msgspec

from benchmarks import year_messages as made
from benchmarks.year_hand import Drawn, Hand
from benchmarks.year_messages import AGENTS, Agent, Message, Ruled
from gateway.core.ids import uuid7
from gateway.ledger.record import (
    CandidateInfo,
    DecisionInfo,
    Detail,
    Envelope,
    ObservedInfo,
    OutcomeInfo,
    timestamp,
)


class Exchange(NamedTuple):
    """What was drawn of one, for what follows from it."""

    id: str
    at: int
    agent: Agent
    message: Message
    detail: Detail
    record: Envelope
    """`exchange.requested` or `exchange.denied`."""


class Exchanges:
    """Draws exchanges."""

    def __init__(self, hand: Hand) -> None:
        self._hand, self._truth = hand, hand.truth
        self._sendings = 0
        self.waiting: list[Exchange] = []
        """Those that wait for people, until somebody takes them from here."""

    def draw(self, at: int, about: tuple[str, ...] | None, *, apart: bool = False, followed: bool = False) -> Exchange:
        """One exchange. `apart`: on an emergency ledger, where nobody can be asked; `followed`: an incident will be
        about it, so that it goes to an agent, and not to one in house."""
        hand, draw = self._hand, self._hand.random
        name, message = uuid7(at, draw.randbytes(10)), made.message(hand)
        if followed:
            hand.followed.add(name)
        agent = hand.pick(AGENTS[1:], 0.6) if followed else hand.pick(AGENTS, 0.6, 0.75)
        ruled = made.ruled(hand, message.all, agent.zone, people=not apart)
        ruled = made.refused(hand, ruled.effect or "") or ruled
        if followed:
            ruled = Ruled("redact", "redact", ("mask-outside",), ("redact",))
        kind = hand.pick(("person", "service", "agent"), 0.85, 0.95)
        common = self._common(at, name, message, ruled, kind) | _asked(at, agent, goes=ruled.code is None)
        detail = made.told(hand, kind, about, agent if ruled.code is None else None)
        self._request(at, ruled, common, message)
        if ruled.code is not None:
            found = self._stopped(at, ruled, common, message, detail)
        elif not followed and hand.chance(0.02):
            found = self._answered(at, common, message, detail)
        else:
            found = self._sent(at, ruled, agent, common, message, detail)
        self._told(found, message, common)
        exchange = Exchange(name, at, agent, message, detail, found.envelope)
        if ruled.code == "approval_required":
            self.waiting.append(exchange)
        return exchange

    def _common(self, at: int, name: str, message: Message, ruled: Ruled, kind: str) -> dict[str, Any]:
        """Fields of the first record."""
        hand, draw = self._hand, self._hand.random
        purpose = hand.pick(made.PURPOSES, 0.4, 0.5, 0.55, 0.75, 0.85)
        common: dict[str, Any] = {
            "actor": hand.actor(),
            "actor_kind": kind,
            "caller_zone": hand.pick(("in-house", "partner", None), 0.9, 0.98),
            "exchange": name,
            "action": "POST /v1/chat/completions",
            "purpose": purpose,
            "legal_basis": "consent" if purpose not in (None, made.NO_BASIS) else None,
        }
        if kind == "agent":
            common["parent"] = uuid7(at, draw.randbytes(10))
        if hand.chance(0.05):
            common["session"] = hand.name("se")
        if kind == "person" and hand.chance(0.006):
            common["break_glass"] = hand.name("bg")
        if ruled.code not in ("rate_limited", "message_invalid") or hand.chance(0.5):
            common["scanned"] = hand.pick(("full", "partial", "none"), 0.95, 0.98)
            common["found"], common["classes"] = message.found, message.classes
            common["engine"] = made.engine(at)
        if ruled.effect is not None:
            common["decision"] = self._decision(at, ruled)
        return common

    def _decision(self, at: int, ruled: Ruled) -> DecisionInfo:
        observed = None
        if ruled.asked and self._hand.chance(0.02):
            effect = "deny" if self._hand.chance(0.7) else "redact"
            watched = ("trial-phi",) if self._hand.chance(0.6) else ("trial-phi", "trial-letters")
            observed = ObservedInfo(effect=effect, rules=(watched[0],), watched=watched)
            for rule in watched:
                self._truth.watched[rule, effect] += 1
        return DecisionInfo(
            effect=ruled.effect or "",
            rules=ruled.rules,
            obligations=ruled.obligations,
            policy=made.version(at),
            observed=observed,
        )

    def _request(self, at: int, ruled: Ruled, common: dict[str, Any], message: Message) -> None:
        truth, text = self._truth, timestamp(at)
        caller = (common["actor"], common["actor_kind"], common["caller_zone"] or "none")
        version = None if ruled.effect is None else made.version(at)
        truth.decided(text, ruled.word, ruled.rules, version, common["purpose"], caller)
        if "scanned" in common:
            truth.scanned[common["scanned"]] += 1
            truth.engines.add(text, common["engine"])
        if "break_glass" in common:
            truth.lent[ruled.word] += 1

    def _told(self, found: Drawn, message: Message, common: dict[str, Any]) -> None:
        """What only a detail says, and whether it is still there."""
        if "classes" in common and not made.PERSONAL.isdisjoint(message.all):
            word = "with a subject" if found.detail and found.detail.subjects else "without a subject"
            self._truth.personal["detail deleted" if found.gone else word] += 1
        if found.detail is not None:
            self._truth.told(found.envelope.occurred_at, common["actor"], found.detail)

    def _stopped(self, at: int, ruled: Ruled, common: dict[str, Any], message: Message, detail: Detail) -> Drawn:
        truth, code = self._truth, ruled.code or ""
        truth.refusals[code] += 1
        if "classes" in common:
            for name in message.all or ("public",):
                truth.zones[name, "not sent"] += 1
            if ruled.effect is not None:
                truth.not_sent(message.all, message.found)
        if ruled.asked:
            seen = CandidateInfo(agent="cloud-writer", zone="cloud", healthy=True, answer=ruled.effect or "deny")
            common["candidates"] = (seen,)
        if code == "approval_required":
            common["approval"] = self._hand.name("ap")
        return self._hand.put("exchange.denied", at, detail, outcome=OutcomeInfo(code=code, status=403), **common)

    def _answered(self, at: int, common: dict[str, Any], message: Message, detail: Detail) -> Drawn:
        """An answer that had been kept: nobody is sent anything."""
        hand, truth = self._hand, self._truth
        truth.kept_answers += 1
        truth.not_sent(message.all, message.found)
        truth.outcomes["cached"] += 1
        found = hand.put("exchange.requested", at, detail, attempt=0, **common)
        end = at + hand.random.randrange(1_000, 9_000)
        ended = OutcomeInfo(code="cached", status=200)
        hand.put(
            "exchange.completed", end, exchange=common["exchange"], attempt=0, outcome=ended, about=detail.subjects
        )
        return found

    def _sent(
        self, at: int, ruled: Ruled, agent: Agent, common: dict[str, Any], message: Message, detail: Detail
    ) -> Drawn:
        hand, truth = self._hand, self._truth
        if ruled.word == "approve":
            common["approval"] = hand.name("ap")
        truth.sent_as(message.all, message.found, made.masked(ruled.obligations, message.all))
        self._goes(at, ruled, agent, common, message, detail)
        found = hand.put("exchange.requested", at, detail, attempt=1, **common, **agent.fields(at))
        attempt, began = 1, at
        if hand.chance(0.04):
            other, later = self._fallback(agent), at + hand.random.randrange(10_000, 4_000_000)
            again = made.ruled(hand, message.all, other.zone, people=False)
            if again.code is None:
                attempt, began, agent = 2, later, other
                detail = msgspec.structs.replace(detail, destination=other.host)
                self._goes(began, again, agent, common, message, detail)
                common = {**common, "decision": self._plain(began, again)}
                hand.put("exchange.attempted", began, detail, attempt=attempt, **common, **agent.fields(began))
        self._ends(began, common, agent, attempt, detail)
        return found

    def _plain(self, at: int, ruled: Ruled) -> DecisionInfo:
        """The decision on a further agent: nobody counts what was watched in it, for it is the same request."""
        rules, said = ("watch-again",), ("trial-phi",)
        observed = ObservedInfo(effect="deny", rules=rules, watched=said) if self._hand.chance(0.1) else None
        return DecisionInfo(
            effect=ruled.effect or "",
            rules=ruled.rules,
            obligations=ruled.obligations,
            policy=made.version(at),
            observed=observed,
        )

    def _fallback(self, agent: Agent) -> Agent:
        return self._hand.random.choice([one for one in AGENTS if one is not agent])

    def _goes(
        self, at: int, ruled: Ruled, agent: Agent, common: dict[str, Any], message: Message, detail: Detail
    ) -> None:
        truth, purpose = self._truth, common["purpose"]
        place = (agent.agent, agent.zone, agent.region, agent.processor)
        about = self._hand.found(detail.subjects or ())
        truth.flowed(timestamp(at), place, made.version(at), message.all, (purpose, common["legal_basis"]), about)
        truth.models.add(timestamp(at), agent.agent, *agent.runs(at))
        said = [one for one in ruled.obligations if one == "no-content" or one.startswith("keep-content")]
        truth.kept[said[0] if said else "not kept"] += 1

    def _ends(self, at: int, common: dict[str, Any], agent: Agent, attempt: int, detail: Detail) -> None:
        hand, truth = self._hand, self._truth
        name, about, end = common["exchange"], detail.subjects, at + hand.random.randrange(50_000, 9_000_000)
        self._sendings += 1
        if self._sendings % 1_000 == 500:
            truth.open += 1
        elif self._sendings % 300 == 100:
            hand.put("exchange.interrupted", end, exchange=name, outcome=OutcomeInfo(code="interrupted"))
            if self._sendings % 600 == 100:
                late = OutcomeInfo(code="ok", status=200)
                hand.put("exchange.late", end + 2_000_000, detail, exchange=name, outcome=late, attempt=attempt)
        else:
            code, status = hand.pick(_OUTCOMES, 0.95, 0.97, 0.99)
            truth.outcomes[code] += 1
            fields = {key: common[key] for key in _ON_OUTCOMES if key in common}
            fields |= {"found": {}} if code in ("ok", "response_denied") else {}
            if code == "response_denied" or hand.chance(0.05):  # decided anew, on its way back
                effect = "deny" if code == "response_denied" else "redact"
                answered = DecisionInfo(effect=effect, rules=("answers",), obligations=(), policy=made.version(at))
                fields |= {"decision": answered, "found": {"person": 1}}
            # Who was sent it and did not answer is marked; of those that took too long every other was not reached.
            missed = "found" not in fields and (code == "agent_failed" or self._sendings % 2 == 0)
            secured = agent.secured(end) if missed or "found" in fields else None
            ended = hand.put(
                "exchange.completed",
                end,
                msgspec.structs.replace(detail, agent_tls=secured) if hand.chance(0.2) else None,
                about=about,
                attempt=attempt,
                outcome=OutcomeInfo(
                    code=code, status=status, latency_us=end - at, unanswered=missed or None, **_used(agent, end)
                ),
                **fields,
                **agent.fields(end),
            )
            if ended.detail is not None and (missed or "found" in fields):
                truth.reached(agent.agent, agent.zone, secured)


_OUTCOMES = (("ok", 200), ("agent_timeout", 504), ("agent_failed", 502), ("response_denied", 403))
_ON_OUTCOMES = (
    *("actor", "actor_kind", "caller_zone", "exchange", "action", "purpose"),
    *("scanned", "classes", "decision", "session", "parent", "capability"),
)


def _asked(at: int, agent: Agent, *, goes: bool) -> dict[str, Any]:
    """What was asked for: a capability, or the agent itself; and the capability of what goes, mostly."""
    asked = {"route_requested": agent.agent if at % 3 == 0 else agent.does(at)}
    return {**asked, "capability": agent.does(at)} if goes and at % 7 else asked


def _used(agent: Agent, at: int) -> dict[str, int]:
    """Tokens and their price, of most answers; each agent has another."""
    if at % 9 == 0:
        return {}
    given, written = 100 + at % 800, 10 + at % 300
    cost = {"in-house": 2, "partner": 3, "cloud": 5}[agent.zone] * (given + 3 * written)
    return {"tokens_in": given, "tokens_out": written, **({"cost": cost} if at % 5 else {})}
