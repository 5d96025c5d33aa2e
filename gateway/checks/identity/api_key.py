"""API keys: `gwk_<prefix>_<secret>`, found by their prefix, compared by the SHA-256 of the whole."""

import hashlib
import hmac
import re

from gateway.core.caller import Identity
from gateway.core.ports import Clock, KeyLookup, KeyRecord
from gateway.core.refusal import Refusal

START = "gwk_"
_FORM = re.compile(r"gwk_([A-Za-z0-9_-]{12})_([A-Za-z0-9_-]{43})")
_NOBODY = bytes(32)
"""Compared with when no key has the prefix, so that a miss takes the same steps. No input hashes to it, as far as
anyone knows; a match would be refused all the same, since there is no record."""


class ApiKeys:
    """Verifies API keys against what a `KeyLookup` holds. A refusal is of a tenant where the whole key was shown."""

    def __init__(self, keys: KeyLookup, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    async def identify(self, key: str) -> Identity | Refusal:
        """The key's identity. Revoked or expired is told only to who holds the whole key.

        What the lookup raises passes through: a store that cannot be asked is not a wrong key.
        """
        form = _FORM.fullmatch(key)
        return _invalid() if form is None else self._verified(key, form[1], await self._keys.find(form[1]))

    def recall(self, key: str) -> Identity | Refusal | None:
        """The same, where nobody needs to be asked for it; None where somebody does."""
        form = _FORM.fullmatch(key)
        record = None if form is None else self._keys.known(form[1])
        return None if form is None or record is None else self._verified(key, form[1], record)

    def _verified(self, key: str, prefix: str, record: KeyRecord | None) -> Identity | Refusal:
        digest = hashlib.sha256(key.encode("ascii")).digest()
        same = hmac.compare_digest(digest, _NOBODY if record is None else record.hash)
        if record is None or not same or record.prefix != prefix:
            return _invalid()
        now = self._clock.now_us()
        if record.revoked_us is not None:  # whatever the clock says: a revocation is not undone by a clock set back
            return Refusal(code="credential_revoked", field="authorization", tenant=record.tenant)
        if record.expires_us is not None and now >= record.expires_us:
            return Refusal(code="credential_expired", field="authorization", tenant=record.tenant)
        self._keys.used(record, now)
        return _identity(record)


def _identity(record: KeyRecord) -> Identity:
    return Identity(
        tenant=record.tenant,
        subject=record.owner,
        kind=record.kind,
        roles=record.roles,
        zone=record.zone,
        purposes=record.purposes,
        method="api-key",
        credential=record.id,
        floor=record.floor,
        rate=record.rate,
        scopes=record.scopes,
    )


def _invalid() -> Refusal:
    return Refusal(code="credential_invalid", field="authorization", hint="an API key that was issued here")
