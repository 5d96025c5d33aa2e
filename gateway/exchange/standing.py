"""Whether who was identified once may still act: asked before a task is run, long after its credential was shown.

An API key must still be there, neither revoked nor expired, and its holder has what the key says now. A token was
good when the task was submitted, and may have expired since; its issuer must still be configured, and may still assert
the tenant, the roles and the purposes that it asserted; kind and zone are what the issuer's table says now, and whether
its subject is one that policy names is as it is now. A client certificate was good then too; a `[[certificate]]` must
still say the same of its holder. Where it was shown beside a key or token, what it left of roles and purposes stays all
that there is, its floors stay, and a table must still stand for the same caller and allow as much. The tenant must
still be configured.
"""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from gateway.checks.identity.claims import UNKNOWN_ZONE
from gateway.core.caller import Identity
from gateway.core.ports import Clock, KeyRecord
from gateway.core.refusal import Refusal
from gateway.settings import Certificate, Issuer, may_name

API_KEY, MTLS = "api-key", "mtls"


class KeysById(Protocol):
    """Finds an API key by its id. `LedgerUnavailable` when nobody can be asked."""

    async def get(self, tenant: str, key_id: str) -> KeyRecord | None: ...


class Standing:
    """Looks again at identities."""

    def __init__(
        self,
        keys: KeysById,
        issuers: Iterable[Issuer],
        tenants: Iterable[str],
        clock: Clock,
        certificates: Iterable[Certificate] = (),
    ) -> None:
        """`tenants`: the configured ids of those that are served."""
        self._keys, self._clock = keys, clock
        self._issuers = {issuer.issuer: issuer for issuer in issuers}
        self._tenants, self._certificates = frozenset(tenants), tuple(certificates)

    async def recheck(self, identity: Identity) -> Identity | Refusal:
        """The identity as it is now, or why it may not act any more."""
        if identity.tenant not in self._tenants:
            return _overreach()
        method, _, beside = identity.method.partition("+")
        if method == MTLS:
            return identity if any(_names(one, identity) for one in self._certificates) else _overreach()
        found = await self._key(identity) if method == API_KEY else self._token(identity)
        if not beside or isinstance(found, Refusal):
            return found
        narrowed = _narrowed(found, identity)
        return narrowed if any(_covers(one, narrowed) for one in self._certificates) else _overreach()

    def _token(self, identity: Identity) -> Identity | Refusal:
        issuer = self._issuers.get(identity.issuer or "")
        if issuer is None:
            return Refusal(code="credential_issuer")
        asserted = set(identity.roles) <= set(issuer.roles) and set(identity.purposes) <= set(issuer.purposes)
        if identity.tenant not in issuer.tenants or not asserted:
            return _overreach()
        # Asked anew: who may use names may have been changed since, and what was stored before could not say it.
        named = may_name(issuer, identity.tenant, tuple(self._issuers.values()))
        return msgspec.structs.replace(identity, kind=issuer.kind, zone=issuer.zone or UNKNOWN_ZONE, named=named)

    async def _key(self, identity: Identity) -> Identity | Refusal:
        record = await self._keys.get(identity.tenant, identity.credential)
        if record is None or record.owner != identity.subject:
            return Refusal(code="credential_invalid")
        if record.revoked_us is not None:
            return Refusal(code="credential_revoked")
        if record.expires_us is not None and self._clock.now_us() >= record.expires_us:
            return Refusal(code="credential_expired")
        return msgspec.structs.replace(
            identity,
            kind=record.kind,
            roles=record.roles,
            zone=record.zone,
            purposes=record.purposes,
            floor=record.floor,
            scopes=record.scopes,
            rate=record.rate,
        )


def _names(one: Certificate, identity: Identity) -> bool:
    """Whether this table still makes of its holder what it was made of."""
    said = (one.tenant, one.subject or identity.subject, one.kind, one.zone or UNKNOWN_ZONE)
    if said != (identity.tenant, identity.subject, identity.kind, identity.zone):
        return False
    return (one.roles, one.purposes, one.floor) == (identity.roles, identity.purposes, identity.floor)


def _narrowed(now: Identity, kept: Identity) -> Identity:
    """What a key or token says now, no wider than the certificate beside it left it (`identity.credentials`)."""
    return msgspec.structs.replace(
        now,
        roles=tuple(role for role in now.roles if role in kept.roles),
        purposes=tuple(purpose for purpose in now.purposes if purpose in kept.purposes),
        floor=tuple(sorted({*now.floor, *kept.floor})),
    )


def _covers(one: Certificate, identity: Identity) -> bool:
    """Whether this table, beside a key or token, stands for the same caller and leaves it as much."""
    same = (one.tenant, one.subject or identity.subject, one.kind) == (identity.tenant, identity.subject, identity.kind)
    if not same or one.zone not in (None, UNKNOWN_ZONE, identity.zone):
        return False
    allowed = set(identity.roles) <= set(one.roles) and set(identity.purposes) <= set(one.purposes)
    return allowed and set(one.floor) <= set(identity.floor)


def _overreach() -> Refusal:
    return Refusal(code="credential_overreach")
