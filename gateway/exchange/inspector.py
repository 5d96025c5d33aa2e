"""Step 9: answers on their way back. What may come to the caller is decided against the caller's own zone.

A whole answer is classified, decided on and masked like a request. A stream is enforced in one of two ways:
`mask`, where every class that the caller may not have in clear is masked as it passes, whatever the rest of the text
will show; or `buffer`, where the whole stream is read first, decided on as a whole answer, and replayed.
"""

from collections.abc import Hashable, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import msgspec

from gateway.agents.own_credential import forms
from gateway.checks.classification.engine import Engine
from gateway.checks.classification.stream import StreamScan
from gateway.checks.policy.policy import POLICY_ERROR
from gateway.checks.redaction import CannotRedact
from gateway.core.caller import Caller
from gateway.core.decision import MASKING, Decision, Effect, Ruling, asks, declassified, masks_whole
from gateway.core.finding import Scan
from gateway.core.message import Message, Part
from gateway.core.ports import Adapter, Bounds, Lanes, Route, StreamFilter
from gateway.core.recent import Recent
from gateway.core.refusal import Refusal
from gateway.exchange.concealing import Concealed, ConcealedLanes, conceal
from gateway.exchange.exchange import Classified, all_classes
from gateway.exchange.replaying import Collected, Replayed
from gateway.exchange.router import Router, held_by, redacts, together
from gateway.exchange.turning import Turning, all_but

StreamMode = Literal["auto", "mask", "buffer"]
MAX_RECEPTIONS = 16_384
_Key: TypeAlias = tuple[Hashable, str, frozenset[str], tuple[str, ...], tuple[str, ...]]


class Inspected(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in an answer, what policy said of it, and the masks it asks for; or a refusal to release it."""

    scan: Scan
    classes: tuple[str, ...]
    decision: Decision
    masked: Mapping[str, str]
    explanation: tuple[str, ...]
    refusal: Refusal | None = None
    told: frozenset[str] = frozenset()
    """Classes that whoever gets the answer knows from it: without those that are masked out of it whole, and those
    that a rule declassified."""
    written: int | None = None
    """Bytes of text in a stream, without what stands around it."""


_NO_PLACES: Mapping[str, str] = MappingProxyType({})


class Reception(msgspec.Struct, frozen=True, kw_only=True):
    """What policy says of answers with the same classes to callers of the same standing, and each way it may end."""

    ruling: Ruling
    released: bool
    """Whether it may come to the caller, once what it `redacts` is masked."""
    found: tuple[str, ...]
    classes: tuple[str, ...]
    explanation: tuple[str, ...]
    redacts: bool
    free: Decision
    masked: Decision
    withheld: Decision
    refusal: Refusal
    """What the caller is told of an answer that is withheld."""
    left: frozenset[str]
    """Classes that a rule declassified."""
    told: frozenset[str]
    """As in `Inspected`."""


class StreamPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How a stream to this caller is enforced. `types` are masked unconditionally in mode `mask`; `unread` says whether
    what cannot be scanned may pass in it."""

    mode: Literal["mask", "buffer"]
    types: frozenset[str]
    rulings: Mapping[str, Ruling]
    """What policy says of each class alone."""
    policy: str
    """The digest of the version that says so."""
    unread: bool = False
    free: frozenset[str] = frozenset()
    """Classes that this caller may have as they are."""
    clear: frozenset[str] = frozenset()
    """Those, and classes of which some types pass."""
    left: frozenset[str] = frozenset()
    """Classes that a rule declassifies towards this caller."""


class Inspector:
    """Inspects answers for one policy and engine."""

    def __init__(self, *, router: Router, engine: Engine, bounds: Bounds, stream: StreamMode) -> None:
        self._router, self._engine, self._bounds = router, engine, bounds
        self._mode = stream
        self._receptions: Recent[_Key, Reception] = Recent(MAX_RECEPTIONS)

    def answer(
        self,
        caller: Caller,
        message: Message,
        route: Route,
        parts: tuple[Part, ...],
        *,
        health: bool = False,
        inherited: tuple[str, ...] = (),
        turning: Turning | None = None,
        places: Mapping[str, str] = _NO_PLACES,
    ) -> Inspected:
        """A whole answer's findings, and whether this caller may have it, how. `health`: what came before it was about
        health. `inherited`: classes that it has from what it was made of, with no span that could be masked. `turning`:
        what turns tokens back in these `places`; the answer is then decided on as it is with what they stand for. The
        agent's own credential is masked first, whatever policy says of secrets."""
        own = forms(route)
        concealed = conceal(parts, own) if own else None
        if concealed is None:
            return self._turned(caller, message, route, parts, health, inherited, turning, places, None)
        found = self._turned(caller, message, route, concealed.parts, health, inherited, turning, places, concealed)
        if found.refusal is not None:
            return found
        if concealed.stuck:
            return msgspec.structs.replace(
                found,
                decision=msgspec.structs.replace(found.decision, effect="deny"),
                masked={},
                refusal=Refusal(code="answer_withheld"),
                told=frozenset(),
            )
        return msgspec.structs.replace(
            found,
            decision=msgspec.structs.replace(found.decision, effect="redact"),
            masked={**concealed.texts, **found.masked},
        )

    def _turned(
        self,
        caller: Caller,
        message: Message,
        route: Route,
        parts: tuple[Part, ...],
        health: bool,
        inherited: tuple[str, ...],
        turning: Turning | None,
        places: Mapping[str, str],
        concealed: Concealed | None,
    ) -> Inspected:
        """As `answer`, of parts without the agent's credential."""
        plain = self._answer(caller, message, route, parts, health, inherited, concealed)
        if turning is None or plain.refusal is not None:
            return plain
        withheld, last = frozenset[str](), False
        while True:
            changed, counting = turning.texts(parts, places, all_but(withheld))
            if not changed:
                turning.count(counting)
                return plain
            said = tuple(
                msgspec.structs.replace(part, text=changed[part.pointer]) if part.pointer in changed else part
                for part in parts
            )
            found = self._answer(caller, message, route, said, health, inherited, concealed)
            if found.refusal is None and (last or not found.masked):
                turning.count(counting)
                return msgspec.structs.replace(found, masked={**changed, **found.masked})
            if last:
                # Not so much as one of them may come to this caller: they stay what they are.
                turning.count(turning.texts(parts, places, lambda kind: False)[1])
                return plain
            last = True
            if found.refusal is None:
                withheld = self._hidden(caller, message, route, found.scan, inherited)
            else:
                withheld = self.plan(caller, message, route).types

    def _hidden(
        self, caller: Caller, message: Message, route: Route, scan: Scan, inherited: tuple[str, ...]
    ) -> frozenset[str]:
        """The finding types that are masked in an answer in which this was found."""
        reception = self._reception(caller, message.action, scan.classes, inherited, route)
        classified = Classified(scan=scan, found=reception.found, declared=(), inherited=inherited, floor=())
        return self._router.types(classified, reception.ruling, route)

    def _answer(
        self,
        caller: Caller,
        message: Message,
        route: Route,
        parts: tuple[Part, ...],
        health: bool,
        inherited: tuple[str, ...],
        concealed: Concealed | None,
    ) -> Inspected:
        scan = self._engine.scan(parts, health_context=health or "phi" in route.floor, whose=caller.tenant)
        if concealed is not None:
            scan = concealed.found(scan, parts)
        reception = self._reception(caller, message.action, scan.classes, inherited, route)
        if not reception.released:
            return _withheld(scan, reception)
        masked: dict[str, str] = {}
        if reception.redacts:
            classified = Classified(
                tenant=caller.tenant,
                scan=scan,
                found=reception.found,
                declared=(),
                inherited=inherited,
                floor=(),
            )
            made = self._router.mask(
                parts,
                classified,
                reception.ruling,
                health_context="phi" in reception.classes,
                said=reception.left - set(reception.found) - set(route.floor),
            )
            if isinstance(made, CannotRedact):
                return _withheld(scan, reception)
            masked = made
        return Inspected(
            scan=scan,
            classes=reception.classes,
            decision=reception.masked if masked else reception.free,
            masked=masked,
            explanation=reception.explanation,
            told=reception.told,
        )

    def _reception(
        self, caller: Caller, action: str, classes: frozenset[str], inherited: tuple[str, ...], route: Route
    ) -> Reception:
        """What policy says of an answer with these classes to this caller; from memory where it was asked before."""
        key = (self._router.standing(caller), action, classes, inherited, route.floor)
        known = self._receptions.get(key)
        if known is not None:
            return known
        shown = self._router.implied(classes)
        every = all_classes(shown, inherited, route.floor)
        ruling = self._router.receive(caller, action, every)
        left = declassified(ruling)
        # Of what is inherited, or a floor's, no span is known, so that it cannot be masked; what a rule declassifies is
        # masked where found.
        held = held_by(self._router.implied, route.floor, inherited, ruling)
        found = tuple(name for name in shown if name not in held)
        whole = {verdict.data_class for verdict in ruling.verdicts if masks_whole(verdict.obligations)}
        # People are asked before a message goes, never after: an answer that they would have to approve stays here.
        asked = ruling.allowed and asks(ruling.obligations)
        made = Reception(
            ruling=ruling,
            released=ruling.allowed and not asked,
            found=found,
            classes=every,
            explanation=self._router.explain(ruling),
            redacts=redacts(ruling),
            free=self._decision(caller, "route", ruling),
            masked=self._decision(caller, "redact", ruling),
            withheld=self._decision(caller, "approve" if asked else "deny", ruling),
            refusal=Refusal(code="approval_required" if asked else "answer_withheld"),
            left=left,
            told=frozenset(every) - whole - left - {"public"},
        )
        # What policy could not evaluate, or answered in another minute than it was asked in, is no answer to keep.
        if POLICY_ERROR not in ruling.rules and key[0] == self._router.standing(caller):
            self._receptions.put(key, made)
        return made

    def sent(self, message: Message, classified: Classified, masked: Mapping[str, str]) -> tuple[str, ...]:
        """The classes of what the agent was sent: what an answer made of it inherits."""
        found = classified.found
        if masked:
            parts = [
                Part(part.pointer, masked[part.pointer], part.kind, part.label) if part.pointer in masked else part
                for part in message.parts
            ]
            scan = self._engine.scan(parts, health_context="phi" in classified.classes(), whose=classified.tenant)
            found = self._router.implied(scan.classes)
        return tuple(sorted({*found, *classified.declared, *classified.inherited, *classified.floor}))

    def plan(self, caller: Caller, message: Message, route: Route) -> StreamPlan:
        """How to enforce policy on a stream before a word of it was seen: each class is asked for on its own.

        `auto` masks where every class is either free to this caller or can be masked span by span, and `phi` is no
        stricter than the identifiers it is made of; else it buffers. `mask` masks what is not free, always, but for
        what a floor says of the whole answer: no span of it could be masked, so it is read whole and withheld.
        """
        types: set[str] = set()
        rulings = {"public": self._router.receive(caller, message.action, ("public",))}
        whole = bool(route.floor)
        strict: dict[str, str] = {}
        clear, left = set[str](), set[str]()
        for name in sorted(self._router.known_classes - {"public"}):
            ruling = rulings[name] = self._router.receive(caller, message.action, (name,))
            redacts = [item for item in ruling.obligations if item.partition(":")[0] in MASKING]
            allowed = ruling.allowed and not asks(ruling.obligations)
            if allowed:
                left |= declassified(ruling) & {name}
                clear |= set() if masks_whole(redacts) else {name}
            if allowed and not redacts:
                strict[name] = "free"
                continue
            strict[name] = "mask" if allowed else "deny"
            types |= _types(self._engine.maskable(name), redacts if allowed else [])
            whole = whole or not allowed
        whole = whole or (strict.get("phi", "free") != "free" and strict.get("pii", "free") == "free")
        floored = any(strict.get(name, "free") != "free" for name in self._router.implied(frozenset(route.floor)))
        buffer = self._mode == "buffer" or floored or (self._mode == "auto" and whole)
        return StreamPlan(
            mode="buffer" if buffer else "mask",
            types=frozenset(types),
            rulings=rulings,
            policy=self._router.version(caller),
            unread=strict.get("unscanned") == "free",
            free=frozenset(name for name, how in strict.items() if how == "free"),
            clear=frozenset(clear),
            left=frozenset(left),
        )

    def lanes(self, plan: StreamPlan, route: Route) -> StreamScan:
        """Lanes that mask as the plan says while they scan."""
        return self._engine.stream(plan.types, health_context="phi" in route.floor, unread=plan.unread)

    def concealing(self, lanes: Lanes, scan: StreamScan, route: Route) -> Lanes:
        """The lanes, which are given nothing of the agent's own credential; that it was there is told to the scan."""
        own = forms(route)
        return ConcealedLanes(lanes, own, scan.tell) if own else lanes

    def replay(
        self,
        caller: Caller,
        message: Message,
        route: Route,
        adapter: Adapter,
        raw: bytes,
        *,
        inherited: tuple[str, ...] = (),
        turning: Turning | None = None,
    ) -> tuple[Inspected, StreamFilter, bytes]:
        """A whole stream, read, decided on, and given again masked: what was found, its filter, the bytes to release.

        The same bytes open the same lanes in the same order, so the second pass puts each lane's masked text where
        the first one read it. `AgentError` as for a stream that passes.
        """
        collected = Collected()
        first = adapter.stream(message, collected, self._bounds, route)
        first.feed(raw)
        first.finish()
        inspected = self.answer(
            caller, message, route, collected.parts(), inherited=inherited, turning=turning, places=collected.prose
        )
        inspected = msgspec.structs.replace(inspected, written=collected.written)
        if inspected.refusal is not None:
            return inspected, first, b""
        second = adapter.stream(
            message, Replayed(collected.texts, inspected.masked, collected.afters), self._bounds, route
        )
        return inspected, second, second.feed(raw) + second.finish()

    def shown(self, plan: StreamPlan, lanes: StreamScan, route: Route) -> frozenset[str]:
        """Classes of what has passed so far in mode `mask` and was not masked: as `Inspected.told`."""
        found = self._router.implied(lanes.scan().classes)
        return frozenset(name for name in (*found, *route.floor) if name in plan.clear) - plan.left

    def said(self, lanes: StreamScan, route: Route, inherited: tuple[str, ...] = ()) -> tuple[str, ...]:
        """All classes of what has passed so far in mode `mask`, masked or not: the agent has said it."""
        return self._said(lanes.scan(), route, inherited)

    def _said(self, scan: Scan, route: Route, inherited: tuple[str, ...]) -> tuple[str, ...]:
        return all_classes(self._router.implied(scan.classes), inherited, route.floor)

    def streamed(self, plan: StreamPlan, lanes: StreamScan, route: Route, inherited: tuple[str, ...] = ()) -> Inspected:
        """What passed in mode `mask`, for the record: what it was let back by, as of an answer that is read whole."""
        scan = lanes.scan()
        classes = self._said(scan, route, inherited)
        touched = any(finding.type in plan.types for findings in scan.parts for finding in findings)
        ruling = together([plan.rulings[name] for name in classes if name in plan.rulings])
        decision = Decision(
            effect="redact" if touched else "route",
            agent=None,
            rules=ruling.rules,
            obligations=ruling.obligations,
            policy=plan.policy,
            candidates=(),
        )
        return Inspected(scan=scan, classes=classes, decision=decision, masked={}, explanation=(), written=lanes.taken)

    def _decision(self, caller: Caller, effect: Effect, ruling: Ruling) -> Decision:
        return Decision(
            effect=effect,
            agent=None,
            rules=ruling.rules,
            obligations=ruling.obligations,
            policy=self._router.version(caller),
            candidates=(),
        )


def _withheld(scan: Scan, reception: Reception) -> Inspected:
    return Inspected(
        scan=scan,
        classes=reception.classes,
        decision=reception.withheld,
        masked={},
        explanation=reception.explanation,
        refusal=reception.refusal,
    )


def _types(spans: frozenset[str], redacts: list[str]) -> frozenset[str]:
    """The finding types that are masked for a class: those its rules list, else all that can be (`spans`)."""
    types: set[str] = set()
    for obligation in redacts:
        _, _, listed = obligation.partition(":")
        types |= set(listed.split(",")) if listed else spans
    return frozenset(types) if redacts else spans
