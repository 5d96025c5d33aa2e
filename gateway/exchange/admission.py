"""Steps 1 and 3: who is calling, for what purpose, about whom, how often. Nothing of the body is needed for it."""

import os
from collections.abc import Callable
from typing import Protocol

import msgspec

from gateway.checks.identity.credentials import Credentials
from gateway.checks.limits import Allowed, Gauge, Lease, Limiter, Rate
from gateway.checks.limits import headers as rate_headers
from gateway.core.caller import Caller, Identity
from gateway.core.ids import trace_id, uuid7
from gateway.core.ports import Clock, DenyList
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Arrival
from gateway.exchange.exchange import EXACT, RECEIPT, Exchange
from gateway.exchange.glass import Lent
from gateway.settings import Limits

MAX_SUBJECTS = 16
MAX_DECLARED = 16


class Pseudonyms(Protocol):
    """Random ids that stand for tenants and persons on the record. `LedgerUnavailable` when they cannot be read."""

    def known(self, configured: str, subject: str, issuer: str | None) -> tuple[str, str] | None:
        """The ids of a tenant's ledger and of an actor in it, where nobody needs to be asked for them."""
        ...

    async def tenant(self, configured: str) -> str: ...

    async def actor(self, ledger: str, subject: str, issuer: str | None = None) -> str: ...

    async def subject(self, ledger: str, identifier: str) -> str | Refusal: ...


class Admission:
    """Admits callers. `classes` are the data classes that a header may declare; `tenants` those that are configured."""

    def __init__(
        self,
        *,
        identifier: Credentials,
        pseudonyms: Pseudonyms,
        denials: DenyList,
        limits: Limits,
        clock: Clock,
        classes: frozenset[str],
        tenants: frozenset[str],
        glass: Callable[[str, str], Lent | None] | None = None,
        agents: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        """`glass`: the role that is lent to an actor of a ledger at this time; None where none ever is. `agents`:
        tenant and subject of each that an agent calls as."""
        self._glass, self._agents = glass, agents
        self._identifier, self._pseudonyms, self._clock = identifier, pseudonyms, clock
        self._denials = denials
        self._classes, self._tenants = classes, tenants
        self._limiter, self._gauge = Limiter(clock), Gauge()
        self._credential, self._tenant = Rate.parse(limits.credential), Rate.parse(limits.tenant)
        self._target, self._concurrency = Rate.parse(limits.target), limits.concurrency
        self._rates: dict[str, Rate] = {}

    def knows(self, classes: frozenset[str]) -> None:
        """The data classes that a header may declare from now on."""
        self._classes = classes

    def begin(self, arrival: Arrival) -> Exchange:
        """A new exchange, with its random ids."""
        now_us, noise = self._clock.now_us(), os.urandom(28)
        return Exchange(
            arrival,
            id=uuid7(now_us, noise[:10]),
            trace=trace_id(now_us, noise[10:20]),
            span=noise[20:].hex(),
            started_us=now_us,
            started_ns=self._clock.monotonic_ns(),
        )

    async def identify(self, exchange: Exchange, *, fresh: bool = False) -> Caller | Refusal:
        """Step 1: the caller; sets `exchange.caller` even where the request is refused after it is known.

        `fresh`: the deny-list as it is in the database, for what makes no intent that would be held against it."""
        given = exchange.headers
        if given.repeats_a_credential:
            return Refusal(code="credential_invalid", hint="each credential header once")
        identity = await self._identified(exchange)
        if isinstance(identity, Refusal):
            return identity
        if identity.resources and exchange.arrival.path not in identity.resources:
            return Refusal(code="credential_audience", field="authorization", tenant=identity.tenant)
        if identity.tenant not in self._tenants:
            return Refusal(code="credential_overreach", hint="a credential of a tenant that is configured here")
        known = self._pseudonyms.known(identity.tenant, identity.subject, identity.issuer)
        ledger, actor = known if known is not None else await self._named(identity)
        if fresh and await self._denials.fresh(ledger):
            identity = await self._identified(exchange)
            if isinstance(identity, Refusal):
                return identity
        denials = self._denials.of(ledger)
        # What moved it since the caller was looked at may be the end of its credential: then the intent finds out.
        before = exchange.arrival.denials
        exchange.denials = denials.revision if before is None else before
        if denials.denies(identity, self._clock.now_us()):
            return Refusal(code="credential_denied", field="authorization", tenant=identity.tenant)
        purpose = _purpose(identity, given.purpose)
        exchange.identity = identity
        caller = exchange.caller = Caller(
            identity=identity,
            tenant=ledger,
            actor=actor,
            purpose=None if isinstance(purpose, Refusal) else purpose,
            source=exchange.arrival.source,
        )
        lent = self._lent(ledger, actor, identity)
        if lent is not None:
            caller = exchange.caller = msgspec.structs.replace(caller, lent=(lent.role,), glass=lent.id)
        limited = None if exchange.arrival.identity is not None else self._credential_rate(exchange, identity)
        if limited is not None:
            return limited
        if given.repeated is not None:
            return Refusal(code="header_invalid", field=given.repeated.title(), hint="one value, not two that differ")
        if isinstance(purpose, Refusal):
            return purpose
        if given.route not in (None, EXACT):  # a wish that was misspelt must not go unheard
            return Refusal(code="header_invalid", field="X-Route", hint=EXACT)
        if given.receipt not in (None, RECEIPT):
            return Refusal(code="header_invalid", field="X-Receipt", hint=RECEIPT)
        if given.declared or given.subjects:
            return await self._about(exchange, ledger) or caller
        return caller

    def _lent(self, ledger: str, actor: str, identity: Identity) -> Lent | None:
        """What was lent to a person. A person's machine credentials share its actor: they hold nothing of it, nor does
        whom an agent calls as, whatever kind the credential says."""
        if self._glass is None or identity.kind != "person" or (identity.tenant, identity.subject) in self._agents:
            return None
        return self._glass(ledger, actor)

    async def again(self, exchange: Exchange) -> Refusal | None:
        """Check an identified caller under the deny-list as it is by now, after it was found to be another one."""
        caller = exchange.caller
        if caller is None:
            return Refusal(code="credential_missing")
        await self._denials.reload(caller.tenant)
        identity = await self._identified(exchange)
        if isinstance(identity, Refusal):
            return identity
        denials = self._denials.of(caller.tenant)
        exchange.denials = denials.revision
        if denials.denies(identity, self._clock.now_us()):
            return Refusal(code="credential_denied", field="authorization")
        if exchange.arrival.identity is not None:
            # Whoever knows it looks again: what moved may be the end of the credential that it was known by.
            return Refusal(code="credential_unchecked", retry_after=1)
        # Nobody else, with no other rights: what was decided stands.
        return None if identity == caller.identity else Refusal(code="credential_invalid", field="authorization")

    async def _identified(self, exchange: Exchange) -> Identity | Refusal:
        given = exchange.headers
        return exchange.arrival.identity or await self._identifier.identify(
            given.authorization[0] if given.authorization else None,
            given.x_api_key[0] if given.x_api_key else None,
            exchange.arrival.certificate,
        )

    def limit(self, exchange: Exchange, target: str) -> Lease | Refusal:
        """Step 3: the tenant's and the target's rates, and how many requests of the credential are under way."""
        identity = exchange.identity
        if identity is None:
            return Refusal(code="credential_missing")
        tenant = identity.tenant
        answer = self._limiter.check(f"tenant:{tenant}", self._tenant)
        if isinstance(answer, Refusal):
            exchange.rate = rate_headers(answer, self._tenant, "tenant")
            return answer
        answer = self._limiter.check(f"target:{tenant}:{target}", self._target)
        if isinstance(answer, Refusal):
            exchange.rate = rate_headers(answer, self._target, "target")
            return answer
        return self._gauge.acquire(_credential_key(identity), self._concurrency)

    def release(self, lease: Lease) -> None:
        """Give back what `limit` gave."""
        self._gauge.release(lease)

    async def _named(self, identity: Identity) -> tuple[str, str]:
        """The random ids of an identity's tenant and subject."""
        ledger = await self._pseudonyms.tenant(identity.tenant)
        return ledger, await self._pseudonyms.actor(ledger, identity.subject, identity.issuer)

    def _credential_rate(self, exchange: Exchange, identity: Identity) -> Refusal | None:
        rate = self._credential
        if identity.rate is not None:
            rate = self._rates.get(identity.rate) or self._rates.setdefault(identity.rate, Rate.parse(identity.rate))
        answer = self._limiter.check(f"credential:{_credential_key(identity)}", rate)
        exchange.rate = rate_headers(answer, rate, "credential")
        return None if isinstance(answer, Allowed) else answer

    async def _about(self, exchange: Exchange, ledger: str) -> Refusal | None:
        """Checks declared classes and turns data subjects into pseudonyms."""
        headers = exchange.headers
        if len(headers.declared) > MAX_DECLARED or not self._classes.issuperset(headers.declared):
            known = ", ".join(sorted(self._classes))
            return Refusal(code="header_invalid", field="X-Data-Class", hint=f"one of {known}")
        if len(headers.subjects) > MAX_SUBJECTS:
            return Refusal(code="header_invalid", field="X-Data-Subject", hint=f"at most {MAX_SUBJECTS} subjects")
        found: list[str] = []
        for identifier in headers.subjects:
            subject = await self._pseudonyms.subject(ledger, identifier)
            if isinstance(subject, Refusal):
                return subject
            found.append(subject)
        exchange.subjects = tuple(dict.fromkeys(found))
        return None


def _credential_key(identity: Identity) -> str:
    """API keys each have a rate of their own; tokens share their subject's, since each request may bring a new one."""
    if identity.method.startswith("api-key"):
        return f"{identity.tenant}:key:{identity.credential}"
    return f"{identity.tenant}:token:{identity.issuer}:{identity.subject}"


def _purpose(identity: Identity, asked: str | None) -> str | Refusal | None:
    """The purpose of the request: the one asked for, if the credential allows it; else the credential's first."""
    if asked is None:
        return identity.purposes[0] if identity.purposes else None
    if asked in identity.purposes:
        return asked
    known = ", ".join(identity.purposes)
    hint = f"one of {known}, which the credential allows" if known else "no purpose: the credential allows none"
    return Refusal(code="purpose_not_allowed", field="X-Purpose", hint=hint)
