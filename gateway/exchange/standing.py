"""Whether who was identified once may still act: asked before a task is run, long after its credential was shown.

An API key must still be there, neither revoked nor expired, and its holder has what the key says now. A token was
good when the task was submitted, and may have expired since; its issuer must still be configured, and may still assert
the tenant and the roles that it asserted; whether its subject is one that policy names is as it is now. A client
certificate was good then too; the `[[certificate]]` that it was known by must still say the same of its holder. The
tenant must still be configured.
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
        method = identity.method.partition("+")[0]
        if method == API_KEY:
            return await self._key(identity)
        if method == MTLS:
            return identity if any(_names(one, identity) for one in self._certificates) else _overreach()
        issuer = self._issuers.get(identity.issuer or "")
        if issuer is None:
            return Refusal(code="credential_issuer")
        if identity.tenant not in issuer.tenants or not set(identity.roles) <= set(issuer.roles):
            return _overreach()
        # Asked anew: who may use names may have been changed since, and what was stored before could not say it.
        named = may_name(issuer, identity.tenant, tuple(self._issuers.values()))
        return msgspec.structs.replace(identity, named=named)

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
    said = (one.tenant, one.subject or identity.subject, one.kind, one.roles, one.zone or UNKNOWN_ZONE)
    return said == (identity.tenant, identity.subject, identity.kind, identity.roles, identity.zone)


def _overreach() -> Refusal:
    return Refusal(code="credential_overreach")
