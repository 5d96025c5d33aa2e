"""Nobody hands out more than they hold: what a credential may be given by whoever makes it over the API.

The command line is not bounded by this: who can use it holds the database and the keys.
"""

import msgspec

from gateway.checks.limits import Rate
from gateway.core.caller import Identity
from gateway.core.refusal import Refusal
from gateway.core.scopes import within


class Handed(msgspec.Struct, frozen=True, kw_only=True):
    """What is about to be handed out, as far as it can be too much."""

    owner: str
    roles: tuple[str, ...]
    purposes: tuple[str, ...]
    floor: tuple[str, ...]
    scopes: tuple[str, ...]
    zone: str
    rate: str | None
    """As `limits` writes them; None for the one that every credential has."""
    expires_us: int | None


def beyond(
    handed: Handed,
    holder: Identity,
    holder_ends_us: int | None,
    lesser: frozenset[str],
    usual: str,
    named: frozenset[str],
) -> Refusal | None:
    """The first thing that would be more than the holder has; None where there is nothing.

    `holder_ends_us`: when the holder's own API key ends, None where it does not or where a token was used (a person's
    sign-in is short by nature, what they administer is not). `lesser`: zones that may be handed out besides the
    holder's own (`lesser_zones`). `usual`: the rate of credentials that have none of their own (`limits.credential`),
    which bounds like any other. `named`: subjects of the tenant that policy or configuration call by name, who hold by
    that what no key's grant shows. `ConfigurationError` for a rate that is none.
    """

    def more(field: str, hint: str) -> Refusal:
        return Refusal(code="grant_exceeds", field=field, hint=hint)

    if handed.owner in named and handed.owner != holder.name:
        return more("owner", "a name that neither policy nor configuration gives anything to, or the caller's own")
    if not set(handed.roles) <= set(holder.roles):
        return more("roles", "roles that the caller holds itself")
    if not set(handed.purposes) <= set(holder.purposes):
        return more("purposes", "purposes that the caller holds itself")
    if not set(holder.floor) <= set(handed.floor):
        return more("floor", "at least the data classes of the caller's own floor")
    if not within(handed.scopes, holder.scopes):
        return more("scopes", "scopes that the caller's own cover, at least one")
    if handed.zone != holder.zone and handed.zone not in lesser:
        return more("zone", "the caller's own zone, or one that is not trusted where the caller's is")
    if _share(handed.rate or usual) > _share(holder.rate or usual):
        return more("rate", "a request rate not above the caller's own")
    if holder_ends_us is not None and (handed.expires_us is None or handed.expires_us > holder_ends_us):
        return more("expires", "a time not after the end of the caller's own key")
    return None


def _share(rate: str) -> float:
    parsed = Rate.parse(rate)
    return parsed.count / parsed.window_s


def lesser_zones(zone: str, trusted: frozenset[str], known: frozenset[str]) -> frozenset[str]:
    """The zones that hold less than this one: those that are not trusted, where it is."""
    return known - trusted if zone in trusted else frozenset()
