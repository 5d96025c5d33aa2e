"""Who is denied whatever its credential says: token ids, and subjects of tokens or owners of API keys."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from gateway.core.caller import Identity

Kind: TypeAlias = Literal["token", "subject"]
Name: TypeAlias = tuple[str, str, str]
"""Kind, issuer (empty for API keys, which have none), and the token's id (`jti`), its subject, or the key's owner. Ids
and subjects are unique only within their issuer (RFC 7519 §4.1.2, §4.1.7)."""


class DenySet(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's deny-list as it was at one revision, or newer: never older."""

    revision: int
    """What the ledger's head says of it. It grows with each change, so that an intent which was decided under another
    one is found out where all intents pass, without a question of its own."""
    entries: Mapping[Name, int | None]
    """What is denied → until when, in microseconds since the epoch; None: for good."""

    def denies(self, identity: Identity, now_us: int) -> bool:
        """Whether the identity is denied: its token, who it is, or anybody whom it acts for."""
        entries = self.entries
        if not entries:
            return False
        return any(name in entries and _lasts(entries[name], now_us) for name in names_of(identity))

    def holds(self, name: Name, now_us: int) -> bool:
        """Whether this name is denied at this time."""
        return name in self.entries and _lasts(self.entries[name], now_us)


def names_of(identity: Identity) -> list[Name]:
    """The names by which an identity may be denied: who it is, anybody whom it acts for, and its token."""
    issuer = identity.issuer or ""
    names: list[Name] = [("subject", issuer, subject) for subject in (identity.subject, *identity.on_behalf_of)]
    if identity.token_id is not None:
        names.append(("token", issuer, identity.token_id))
    return names


NOBODY = DenySet(revision=0, entries={})


def _lasts(until_us: int | None, now_us: int) -> bool:
    return until_us is None or now_us < until_us
