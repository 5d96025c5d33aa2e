"""Which policy is in force: proposed by one, activated by another where two are asked for, taken back, and on record.

One policy set serves all tenants, and each has a version of its own of it. So what is proposed is a set; the records of
it stand in the ledger of each tenant whose version it changes. A version is in force in a ledger from the record of its
activation on, which moves the head's digest in the same transaction: a request that was decided under another one is
refused at the append, on whichever node.

An activation is begun in one row (`activating`), of which there is one at most, and is then carried out ledger by
ledger. A crash in between leaves that row, and whoever looks next carries it out to its end in the same way (`finish`).

What is active is what the newest record of an activation says (`activations`); a head that says otherwise is another's
work, and nothing is served by it, or built on it. Rows of proposals are sealed (`store.proposals`): one that is not is
none, whatever it says, so that nobody has proposed, approved or begun anything who was not asked by a process of this
installation. A row of before that is put back in its place begins nothing again: an activation is carried out only on
top of the records that it was begun on (`Terms.since`).

Two people are asked for where the settings or an active version say so (`policy.four_eyes`): that a version asks for
two is part of the version, so that taking it back takes two.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from gateway.checks.policy.version import PolicySet, from_bytes, to_bytes
from gateway.core.errors import ConfigurationError, FormatError, LedgerUnavailable, PolicyMoved, VerificationError
from gateway.core.ids import random_id, uuid7
from gateway.core.ports import Clock, Failpoint
from gateway.core.refusal import Refusal
from gateway.exchange.activations import Activations, Recorded
from gateway.exchange.comparing import Cut, Standing, compared
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry, Ledger
from gateway.ledger.record import Detail, Envelope, NodeInfo, encode_detail, timestamp
from gateway.settings import Channel
from gateway.store.policies import PolicyStore
from gateway.store.proposals import Origin, Party, Proposal, ProposalStore, State, Terms

MAX_OPEN = 100
"""Proposals that wait at once."""
MAX_REASON = 2_000
"""Characters of a reason."""
_TRIES = 8
AT_START = "single-person: activated at start, from the policy directory"
_FORGED = (
    "policy: the table policy_proposal says that an activation is under way that no process of this installation has "
    "begun, or one of a version that sealed no rows (0.1): nothing is activated by it; set its state to dropped, and "
    "its number to NULL"
)
_NOT_SEALED = (
    "a policy that was active before this one and whose activation this version has kept: those that there are were "
    "kept by one that sealed no rows (0.1), or by no process of this installation; propose the files that are wanted"
)
_UNBORNE = (
    "policy: the table policy_proposal says that a policy was activated of which the ledgers tell nothing: set the "
    "state of its newest row to dropped, and its number to NULL"
)
_UNKNOWN = (
    "the policy directory differs from the active version, which was activated by an earlier version of the gateway or "
    "by nobody: put what is to be active into the directory, or `gateway policy propose` and `activate` it"
)
_UNPROPOSED = (
    "the policy directory differs from the active version, and policy.four_eyes is on: "
    "`gateway policy propose` proposes it, and another person activates it"
)
_BACK_AGAIN = (
    "policy: what is active was gone back to by a rollback, and the policy directory is another one that nobody has "
    "proposed: it is activated, and what the rollback took back is in force again wherever the directory still has it"
)
_UNSEALED = "propose it again: its row is not as a process of this installation has kept it"
_log = logging.getLogger("gateway.policy")
_AGAIN = "propose it again: another version has been activated since, so that this would change something else"


class Hand(msgspec.Struct, frozen=True, kw_only=True):
    """Who proposes or activates. `details`: what is known of them, by ledger; `only`: the ledger beyond which they may
    change nothing; None for who runs the installation."""

    party: Party
    details: Mapping[str, Detail]
    only: str | None = None

    @property
    def person(self) -> bool:
        return self.party.kind == "person" and bool(self.party.persons)


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """What a start does with a policy directory: it serves by what is active (`serves`, the digest of the set), is
    refused (`refusal`), or else activates the directory. `undoes`: whether that undoes a rollback; `changes`: how many
    lines of each tenant's version are then otherwise."""

    serves: str | None = None
    refusal: str | None = None
    undoes: bool = False
    changes: tuple[tuple[str, int], ...] = ()


class Proposals:
    """Makes policy sets active. Tenants are named by their configured ids, ledgers by their random ones."""

    def __init__(
        self,
        *,
        store: ProposalStore,
        policies: PolicyStore,
        activations: Activations,
        ledgers: Mapping[str, str],
        writer: Callable[[str], Awaitable[Ledger]],
        cut: Cut,
        channels: tuple[Channel, ...],
        four_eyes: bool,
        void: Callable[[Party], Awaitable[bool]],
        clock: Clock,
        node: NodeInfo,
        config: str,
        failpoint: Failpoint | None = None,
    ) -> None:
        """`ledgers`: by tenant; `writer`: of a tenant; `void`: whether a party may not act any more."""
        self._store, self._policies, self._ledgers, self._writer = store, policies, dict(ledgers), writer
        self._cut, self._channels, self._four_eyes, self._void = cut, channels, four_eyes, void
        self._clock, self._node, self._config = clock, node, config
        self._activations, self._failpoint = activations, failpoint
        self._told: set[str] = set()
        """Rows that the log has told of."""

    # -------------------------------------------------------------------------------------------------- what people do

    async def propose(
        self, by: Hand, shared: PolicySet, reason: str | None, *, origin: Origin = "directory"
    ) -> Proposal | Refusal:
        """Put a set forward. A crash after the records and before the row: nothing can be activated by them.
        `ConfigurationError` for one that must not be served by; `VerificationError` where somebody else has written
        what is active, as for all that people do here."""
        await self.finish()
        standing = await self.standing(shared)
        refusal = _unfit(reason) or self._unentitled(by, standing) or self._beyond(by, standing.changes)
        if refusal is not None:
            return refusal
        if not standing.changes:
            return Refusal(code="conflict", hint="a policy that differs from the active one")
        if len(await self._store.open(MAX_OPEN)) >= MAX_OPEN:
            return Refusal(code="conflict", hint=f"at most {MAX_OPEN} proposals that wait")
        one = self._made(shared, standing, origin, state="open", proposer=by.party, reason=reason)
        await self._keep(shared, standing)
        for tenant, ledger in self._ledgers.items():
            if ledger in standing.changes:
                writer = await self._writer(tenant)
                await writer.append(self._entry("policy.proposed", one, ledger, by.party, reason, by.details))
        await self._store.put(one)
        return one

    async def activate(self, by: Hand, name: str, reason: str | None) -> Proposal | Refusal:
        """Activate what was proposed: `name` is the proposal's id, or the digest of its set or of a tenant's version of
        it (then the newest that waits)."""
        await self.finish()
        one = await self._named(by, name)
        if one is None:
            return Refusal(code="not_found", field="proposal")
        if one.state != "open":
            return Refusal(code="conflict", field="proposal", hint="one that waits: this one was activated")
        if not one.sealed:
            return Refusal(code="conflict", field="proposal", hint=_UNSEALED)
        shared, number = await self._set(one.digest), await self._next()
        try:
            standing = await self.standing(shared)
        except ConfigurationError as error:
            return Refusal(code="conflict", field="proposal", hint=f"one that this node can serve by: {error}")
        if dict(standing.base) != dict(one.terms.base):
            return Refusal(code="conflict", field="proposal", hint=_AGAIN)
        refusal = _unfit(reason) or self._unentitled(by, standing) or self._beyond(by, one.terms.changes)
        if refusal is None and standing.four_eyes:
            refusal = await self._second(by, one)
        if refusal is not None:
            return refusal
        if {ledger: version.digest for ledger, version in standing.versions.items()} != dict(one.terms.versions):
            return Refusal(code="conflict", field="proposal", hint="propose it again: gateway.toml is another by now")
        since = _places(await self._recorded())
        terms = msgspec.structs.replace(one.terms, activator=by.party, why=reason, details=by.details, since=since)
        now = self._clock.now_us()
        begun = msgspec.structs.replace(one, state="activating", terms=terms, activated_us=now, number=number)
        await self._pause("policy.before_begin")
        # A crash before: nothing has happened. After: it is decided, and whoever looks next carries it out.
        if not await self._store.change(one, begun):
            return Refusal(code="conflict", field="proposal", hint="this again: another one was activated just now")
        await self._pause("policy.after_begin")
        await self.finish()
        done = await self._store.get(one.id) or begun
        if done.state == "open":
            return Refusal(code="conflict", field="proposal", hint=_AGAIN)
        return done

    async def rollback(self, by: Hand, reason: str | None) -> Proposal | Refusal:
        """Go back to the set that was active before the one that is: at once, or by a proposal that somebody else
        activates, where two are asked for."""
        await self.finish()
        active = await self._active()
        former = [one for one in await self._store.history(MAX_OPEN) if dict(one.terms.versions) != active]
        kept = next((one for one in former if one.sealed), None)
        if kept is None:
            return Refusal(code="conflict", hint=_NOT_SEALED if former else "a policy that was active before this one")
        shared = await self._set(kept.digest)
        try:
            one = await self.propose(by, shared, reason, origin="rollback")
            two = (await self.standing(shared)).four_eyes
        except ConfigurationError as error:
            return Refusal(code="conflict", hint=f"a former version that this node can serve by: {error}")
        if isinstance(one, Refusal) or two:
            return one
        return await self.activate(by, one.id, reason)

    async def listed(self, only: str | None = None) -> tuple[tuple[Proposal, bool], ...]:
        """The newest, each with whether it is one that waits for something else than what is active by now. `only`:
        the ledger beyond which nothing is to be seen."""
        active = await self._heads()
        found = await self._store.newest(MAX_OPEN)
        return tuple((one, dict(one.terms.base) != active) for one in found if _seen_by(one, only))

    # ------------------------------------------------------------------------------------------------ what processes do

    async def finish(self) -> None:
        """Carry out an activation that has begun, whoever began it; nothing where none has. `VerificationError` for a
        row that says so and that nobody here has kept.

        None but this one can move a head now. So what is active is what it was begun on, or what it makes active; where
        it is anything else it came too late, or was put back in its place, and is taken back."""
        one = await self._store.activating()
        if one is None:
            return
        if not one.sealed:
            raise VerificationError(_FORGED)
        recorded, terms = await self._recorded(), one.terms
        ended = msgspec.structs.replace(terms, details={}, since={})
        if not all(_begun_on(terms, ledger, recorded.get(ledger)) for ledger in self._ledgers.values()):
            state: State = "dropped" if terms.origin == "start" else "open"
            back = msgspec.structs.replace(ended, activator=None, why=None)
            again = msgspec.structs.replace(one, state=state, terms=back, number=None, activated_us=None)
            await self._store.change(one, again)
            return
        for tenant, ledger in self._ledgers.items():
            if ledger in terms.versions:
                await self._move(one, tenant, ledger)
                await self._pause("policy.after_move")
        # A crash before: done again, which finds every ledger moved. Another one may have done it meanwhile.
        await self._store.change(one, msgspec.structs.replace(one, state="activated", terms=ended))
        await self._pause("policy.after_end")

    async def start(self, shared: PolicySet, at: str) -> PolicySet:
        """The set that a process is to serve by which starts with this one, from its directory: this, activated unless
        it is; or the active one, where this one waits for somebody or was taken back. `at`: what its records say.

        `ConfigurationError` where two people are asked for and nobody has proposed it; `VerificationError` where the
        database says that something is active, or being activated, of which the ledgers and the seals tell nothing."""
        for _ in range(_TRIES):
            await self.finish()
            number, standing = await self._next(), await self.standing(shared)
            course = await self._course(shared, standing)
            if await self._next() != number:
                # Another process began to activate while this one looked: what it saw of that is neither what was
                # active before nor what will be, and its own set may have been "known" for no longer than that.
                continue
            if course.refusal is not None:
                raise ConfigurationError(course.refusal)
            if course.serves is not None:
                return shared if course.serves == shared.digest else await self._set(course.serves)
            if course.undoes:
                _log.warning("%s", _BACK_AGAIN)
            made = self._made(shared, standing, "start", state="activating", reason=at)
            terms = msgspec.structs.replace(made.terms, since=_places(await self._recorded()))
            one = msgspec.structs.replace(made, number=number, terms=terms)
            await self._keep(shared, standing)
            await self._pause("policy.before_begin")
            # A crash before: nothing has happened. After: whoever looks next carries it out.
            if await self._store.put(one):
                await self._pause("policy.after_begin")
                await self.finish()
                done = await self._store.get(one.id)
                if done is not None and done.state == "activated":
                    return shared
        raise LedgerUnavailable("other processes activate policies all the time")

    async def foreseen(self, shared: PolicySet) -> Course:
        """What a start with this set would do, now. Changes nothing; `VerificationError` as for a start."""
        return await self._course(shared, await self.standing(shared))

    async def _course(self, shared: PolicySet, standing: Standing) -> Course:
        current = await self._current()
        if not standing.changes:
            same = current is not None and current.sealed and current.digest == shared.digest
            # Where it is not, it is activated: so that what came before it can be gone back to, and this too.
            return Course(serves=shared.digest if same else None)
        if standing.free:
            return Course(changes=self._counted(standing))
        held = current if current is not None and current.sealed and await self._holds(current) else None
        known = await self._known(shared, standing)
        if known and held is not None and (standing.four_eyes or held.terms.origin != "start"):
            return Course(serves=held.digest)
        if standing.four_eyes:
            return Course(refusal=_UNPROPOSED)
        if known and current is not None and not current.sealed:
            return Course(refusal=_UNKNOWN)
        undoes = held is not None and held.terms.origin == "rollback"
        return Course(undoes=undoes, changes=self._counted(standing))

    def _counted(self, standing: Standing) -> tuple[tuple[str, int], ...]:
        found = ((tenant, standing.changes.get(ledger)) for tenant, ledger in self._ledgers.items())
        return tuple((tenant, len(change.lines)) for tenant, change in found if change is not None and change.lines)

    async def _known(self, shared: PolicySet, standing: Standing) -> bool:
        """Whether it was proposed or in force before: this very set, or one that decides the same. A comment more is no
        other policy, and brings nothing in force again that was taken back."""
        if await self._store.known(shared.digest):
            return True
        versions = {ledger: version.digest for ledger, version in standing.versions.items()}
        rows = await self._store.newest(MAX_OPEN)
        return any(one.sealed and one.state != "dropped" and dict(one.terms.versions) == versions for one in rows)

    async def _next(self) -> int:
        """The number of the next activation, read before what is active: what has it, has seen what is."""
        one = await self._store.last()
        return 1 if one is None or one.number is None else one.number + 1

    async def last(self) -> str | None:
        """The digest of the set that was activated last, or is being; None before the first."""
        one = await self._store.last()
        return None if one is None else one.digest

    async def in_force(self) -> PolicySet | None:
        """The set that was activated last, where it is what is active in every ledger; None where that is not known.
        `VerificationError` as for a start, and nothing is served by what the rows say."""
        await self.finish()
        history = await self._store.history(MAX_OPEN)
        current = next((one for one in history if one.sealed), None)
        if current is not None and current is not history[0] and history[0].id not in self._told:
            self._told.add(history[0].id)
            _log.error("%s", _UNBORNE)
        return await self._set(current.digest) if current is not None and await self._holds(current) else None

    async def standing(self, shared: PolicySet) -> Standing:
        """What a set would change. Cuts and compares it in a thread: it may be large."""
        base = await self._active()
        stored = {ledger: await self._policies.get(digest) for ledger, digest in base.items()}
        own = await asyncio.to_thread(self._cut, shared)
        return await asyncio.to_thread(
            compared, own, self._ledgers, base, stored, self._channels, four_eyes=self._four_eyes
        )

    # ---------------------------------------------------------------------------------------------------------- inside

    async def _heads(self) -> dict[str, str]:
        """What the heads say, for who only looks."""
        found = {ledger: await self._policies.active(ledger) for ledger in self._ledgers.values()}
        return {ledger: digest for ledger, digest in found.items() if digest is not None}

    async def _recorded(self) -> dict[str, Recorded]:
        """What is active, by ledger, as its records say. `VerificationError` where a head says otherwise."""
        found = {ledger: await self._activations.in_force(ledger) for ledger in self._ledgers.values()}
        return {ledger: one for ledger, one in found.items() if one is not None}

    async def _active(self) -> dict[str, str]:
        return {ledger: one.digest for ledger, one in (await self._recorded()).items()}

    async def _current(self) -> Proposal | None:
        """The last that was activated. It may be one that is not sealed, as of versions before, where it says what the
        ledgers say; `VerificationError` where it says anything else."""
        one = await self._store.activated()
        if one is not None and not one.sealed and not await self._holds(one):
            raise VerificationError(_UNBORNE)
        return one

    async def _pause(self, name: str) -> None:
        if self._failpoint is not None:
            await self._failpoint(name)

    async def _holds(self, one: Proposal) -> bool:
        """Whether what is active everywhere is this one's."""
        active = await self._active()
        return all(one.terms.versions.get(ledger) == active.get(ledger) for ledger in self._ledgers.values())

    async def _set(self, digest: str) -> PolicySet:
        data = await self._policies.get(digest)
        if data is None:
            raise VerificationError("a policy set that was proposed or activated is not in the database")
        try:
            return from_bytes(data)
        except FormatError as error:
            raise ConfigurationError("it is of a form that this version does not read any more") from error

    async def _named(self, by: Hand, name: str) -> Proposal | None:
        one = await self._store.get(name)
        if one is None:
            waiting = await self._store.open(MAX_OPEN)
            meant = (other for other in waiting if name in (other.digest, *other.terms.versions.values()))
            one = next(meant, None)
        return one if one is not None and _seen_by(one, by.only) else None

    def _unentitled(self, by: Hand, standing: Standing) -> Refusal | None:
        if standing.four_eyes and not by.person:
            return Refusal(
                code="second_person_required", hint="a person, known by a key or token: policy.four_eyes is on"
            )
        return None

    async def _second(self, by: Hand, one: Proposal) -> Refusal | None:
        proposer = one.terms.proposer
        if proposer is None or not proposer.persons or await self._void(proposer):
            hint = "one that a person has proposed who may still act: propose it again"
            return Refusal(code="conflict", field="proposal", hint=hint)
        if set(proposer.persons) & set(by.party.persons):
            return Refusal(code="second_person_required", hint="another person than the one who proposed it")
        return None

    def _beyond(self, by: Hand, changes: Mapping[str, object]) -> Refusal | None:
        if _within(changes, by.only):
            return None
        return Refusal(code="conflict", hint="the command line, by who runs the installation")

    def _made(
        self,
        shared: PolicySet,
        standing: Standing,
        origin: Origin,
        *,
        state: State,
        proposer: Party | None = None,
        reason: str | None = None,
    ) -> Proposal:
        terms = Terms(
            origin=origin,
            base=standing.base,
            versions={ledger: version.digest for ledger, version in standing.versions.items()},
            changes={ledger: change.lines for ledger, change in standing.changes.items()},
            same={ledger: change.same for ledger, change in standing.changes.items() if change.same},
            proposer=proposer,
            reason=reason,
        )
        now = self._clock.now_us()
        return Proposal(
            id=random_id("pp"),
            digest=shared.digest,
            state=state,
            terms=terms,
            created_us=now,
            activated_us=None if state == "open" else now,
        )

    async def _keep(self, shared: PolicySet, standing: Standing) -> None:
        """The versions before anything names them: a crash in between leaves some that were never active."""
        await self._policies.put(to_bytes(shared))
        for ledger in standing.changes:
            await self._policies.put(to_bytes(standing.versions[ledger]))

    async def _move(self, one: Proposal, tenant: str, ledger: str) -> None:
        """Make a tenant's version the active one of its ledger, with its record, unless it is. `decided_under` lets it
        come true only from what was active when it was looked at."""
        wanted, writer = one.terms.versions[ledger], await self._writer(tenant)
        for _ in range(_TRIES):
            active = await self._policies.active(ledger)
            if active == wanted:
                return
            terms = one.terms
            entry = self._entry("policy.activated", one, ledger, terms.activator, terms.why, terms.details)
            entry = msgspec.structs.replace(entry, activates=wanted, decided_under=active)
            try:
                await writer.append(entry)
            except PolicyMoved:
                continue
            return
        raise LedgerUnavailable("another process activates policies all the time")

    def _entry(
        self,
        event: str,
        one: Proposal,
        ledger: str,
        by: Party | None,
        reason: str | None,
        details: Mapping[str, Detail],
    ) -> Entry:
        now, salt, terms = self._clock.now_us(), new_salt(), one.terms
        known = details.get(ledger, Detail())
        at_start = terms.same.get(ledger, terms.reason) if terms.origin == "start" else None
        lines = terms.changes.get(ledger, ())
        detail = encode_detail(msgspec.structs.replace(known, reason=at_start or reason, diff=lines))
        envelope = Envelope(
            id=uuid7(now),
            tenant=ledger,
            event=event,
            occurred_at=timestamp(now),
            actor=None if by is None else by.actors.get(ledger),
            actor_kind=None if by is None else by.kind,
            policy=terms.versions[ledger],
            config=self._config,
            node=self._node,
            proposal=None if terms.origin == "start" else one.id,
            proposer=None if terms.proposer is None else terms.proposer.actors.get(ledger),
            detail=committed(salt, "detail", detail),
        )
        return Entry.of(envelope, detail=detail, salt=salt)


def _places(recorded: Mapping[str, Recorded]) -> dict[str, int]:
    return {ledger: one.seq for ledger, one in recorded.items()}


def _begun_on(terms: Terms, ledger: str, found: Recorded | None) -> bool:
    """Whether a ledger is where an activation was begun, or at what that brings in force."""
    if found is None:
        return ledger not in terms.base
    begun = (found.digest, found.seq) == (terms.base.get(ledger), terms.since.get(ledger))
    return begun or found.digest == terms.versions.get(ledger)


def described(one: Proposal, *, stale: bool, only: str | None) -> dict[str, Any]:
    """A proposal as the API and the command line show it. `only`: the ledger that it is shown to."""
    terms = one.terms
    shown = {ledger: lines for ledger, lines in terms.changes.items() if only in (None, ledger)}
    return {
        "id": one.id,
        "state": "stale" if one.state == "open" and stale else one.state,
        "origin": terms.origin,
        "versions": {ledger: terms.versions[ledger] for ledger in shown},
        "changes": {ledger: list(lines) for ledger, lines in shown.items()},
        "proposed": timestamp(one.created_us),
        "proposer": _seen(terms.proposer, only),
        "reason": terms.reason,
        "activated": None if one.activated_us is None else timestamp(one.activated_us),
        "activator": _seen(terms.activator, only),
        "why": terms.why,
    }


def _seen(party: Party | None, only: str | None) -> str | None:
    """The pseudonym in the ledger that it is shown to, or in the party's own: the first."""
    if party is None:
        return None
    return next(iter(party.actors.values()), None) if only is None else party.actors.get(only)


def _seen_by(one: Proposal, only: str | None) -> bool:
    """Whether it is about this ledger and no other. None sees everything."""
    return only is None or set(one.terms.changes) == {only}


def _within(changes: Mapping[str, object], only: str | None) -> bool:
    return only is None or not set(changes) - {only}


def _unfit(reason: str | None) -> Refusal | None:
    if reason is None or 1 <= len(reason.strip()) <= len(reason) <= MAX_REASON:
        return None
    return Refusal(code="parameter_invalid", field="reason", hint=f"why, in 1 to {MAX_REASON} characters")
