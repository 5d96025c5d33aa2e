"""Pseudonyms of a database that is a copy: those that were copied, and no new one.

Two databases that both made a pseudonym of one person would have made two persons of it. So whoever is not known here
cannot be named for now; identifiers that messages hold lead to those subjects alone that were known before.
"""

from collections.abc import Hashable, Sequence

from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.store.directory import Directory, TenantEntry

CODE = "emergency_unserved"


class KnownDirectory(Directory):
    """A `Directory` that makes nothing. An actor who is not known is `LedgerUnavailable`, a subject a refusal."""

    async def subject(self, ledger: str, identifier: str) -> str | Refusal:
        try:
            return await super().subject(ledger, identifier)
        except UnknownHere:
            hint = "a data subject who was known before the database was away"
            return Refusal(code=CODE, field="X-Data-Subject", hint=hint, retry_after=1)

    async def subjects(self, ledger: str, identifiers: Sequence[tuple[str, str]]) -> tuple[str, ...]:
        """Those that are known, in their order and each once."""
        lookups = list(dict.fromkeys(self.subject_lookup(ledger, value, kind) for kind, value in identifiers))
        found = await self._stored(ledger, lookups) if lookups else {}
        return tuple(dict.fromkeys(found[one] for one in lookups if one in found))

    async def _found_or_made(self, ledger: str, kind: str, lookup: bytes, key: Hashable, prefix: str) -> str:
        now = self._clock.monotonic_ns()
        found = await self._find(ledger, kind, lookup)
        if found is None:
            raise UnknownHere("who this is was not known when the database was last seen")
        self._remember(key, found, now)
        return found

    async def _make(self, configured: str) -> TenantEntry:
        raise UnknownHere("this tenant was not known when the database was last seen")


class UnknownHere(LedgerUnavailable):
    """Who is asked for is not in the copy."""
