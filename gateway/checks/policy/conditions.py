"""What a rule's `when` may ask: a small closed vocabulary, parsed and validated at load, never evaluated as code.

A `when` is `always`, or terms separated by `;` that must all hold:

`contract:valid`       the agent's processor has an agreement, still valid, that covers the class asked about
`contract:baa`         the same, and the agreement is of that kind (`baa`, `dpa`, `scc`)
`zone:trusted`         the zone of the agent (or of the caller, for `receive`) is marked trusted
`tenant:<id>`          the caller's tenant
`region:<code>`        the region of the agent's zone
`network:<id>`         the caller's address lies in that `[[network]]`
`strength:token`       the caller brought a token or a client certificate, not an API key alone
`strength:certificate` a client certificate named the caller
`time:08:00-18:00`     UTC, from the first minute up to the last one (exclusive); may pass midnight
`weekday:mon-fri`      UTC, both days included; or one day

The facts of a request are the terms that are true of it, so a `when` holds when its terms are among them.
"""

import re
from collections.abc import Iterable

from gateway.checks.policy import words
from gateway.core.errors import FormatError

ALWAYS = "always"
TRUSTED = "zone:trusted"
CONTRACTS = ("contract:valid", "contract:baa", "contract:dpa", "contract:scc")
NETWORK, STRENGTH = "network:", "strength:"
KEY, TOKEN, CERTIFICATE = "key", "token", "certificate"
STRENGTHS = (KEY, TOKEN, CERTIFICATE)
"""From the weakest to the strongest."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_TIME = re.compile(r"time:([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
_WEEKDAY = re.compile(r"weekday:(mon|tue|wed|thu|fri|sat|sun)(?:-(mon|tue|wed|thu|fri|sat|sun))?")
_LATER = ("basis", "jurisdiction")
_MINUTE_US = 60_000_000
_DAY_MINUTES = 1440


def parse(text: str, tenants: Iterable[str], regions: Iterable[str], networks: Iterable[str]) -> tuple[str, ...]:
    """The terms of a `when`, sorted; none for `always`. `FormatError` says what would be right."""
    if text == ALWAYS:
        return ()
    terms = [term.strip() for term in text.split(";")]
    if len(set(terms)) != len(terms):
        raise FormatError("names the same condition twice")
    for term in terms:
        _check(term, tenants, regions, networks)
    return tuple(sorted(terms))


def _check(term: str, tenants: Iterable[str], regions: Iterable[str], networks: Iterable[str]) -> None:
    if term == TRUSTED or term in CONTRACTS or _WEEKDAY.fullmatch(term):
        return
    if time := _TIME.fullmatch(term):
        if time.group(1, 2) == time.group(3, 4):
            raise FormatError("time:HH:MM-HH:MM must not begin and end at the same minute")
        return
    kind, _, bare = term.partition(":")
    if kind == "tenant":
        if bare not in tenants:
            raise FormatError("tenant:<id> must name a [[tenant]]" + words.nearest(bare, tenants))
        return
    if kind == "region":
        if bare not in regions:
            raise FormatError("region:<code> must name the region of a [[zone]]" + words.nearest(bare, regions))
        return
    if kind == "network":
        if bare not in networks:
            raise FormatError("network:<id> must name a [[network]]" + words.nearest(bare, networks))
        return
    if kind == "strength":
        if bare not in (TOKEN, CERTIFICATE):
            raise FormatError("strength must be strength:token or strength:certificate")
        return
    if kind in _LATER:
        raise FormatError(f"the condition {kind} is not available in this version")
    raise FormatError(
        "must be always, or terms separated by ; out of contract:valid|baa|dpa|scc, zone:trusted, tenant:<id>,"
        " region:<code>, network:<id>, strength:token|certificate, time:HH:MM-HH:MM (UTC), weekday:mon-fri"
    )


def strength(method: str | None) -> str:
    """How strongly a caller is identified by a method (`Identity.method`): one of `STRENGTHS`, empty for another."""
    if method is None:
        return ""
    if method.endswith("mtls"):
        return CERTIFICATE
    return {"jwt": TOKEN, "api-key": KEY}.get(method, "")


def is_way(term: str) -> bool:
    """Whether the caller's address, or how it was identified, decides this term."""
    return term.startswith((NETWORK, STRENGTH))


def is_timed(term: str) -> bool:
    """Whether the clock decides this term."""
    return term.startswith(("time:", "weekday:"))


def holding(terms: Iterable[str], now_us: int) -> frozenset[str]:
    """Those of the timed terms that hold at this instant (microseconds since the epoch)."""
    minutes = now_us // _MINUTE_US
    minute, day = minutes % _DAY_MINUTES, weekday(now_us)
    return frozenset(term for term in terms if _holds(term, minute, day))


def can_hold(terms: Iterable[str]) -> bool:
    """Whether there is an instant of a week at which all of these timed terms hold."""
    timed = tuple(term for term in terms if is_timed(term))
    # All hold from the latest beginning among them on, if ever.
    begins = {0, *(int(time.group(1)) * 60 + int(time.group(2)) for time in map(_TIME.fullmatch, timed) if time)}
    return any(all(_holds(term, minute, day) for term in timed) for minute in begins for day in range(len(DAYS)))


def weekday(now_us: int) -> int:
    """0 for Monday; the epoch was a Thursday."""
    return (now_us // (_MINUTE_US * _DAY_MINUTES) + 3) % 7


def _holds(term: str, minute: int, day: int) -> bool:
    if time := _TIME.fullmatch(term):
        hour, low, end_hour, high = (int(group) for group in time.groups())
        first, end = hour * 60 + low, end_hour * 60 + high
        return first <= minute < end if first < end else minute >= first or minute < end
    if days := _WEEKDAY.fullmatch(term):
        opening = DAYS.index(days.group(1))
        closing = DAYS.index(days.group(2)) if days.group(2) else opening
        return opening <= day <= closing if opening <= closing else day >= opening or day <= closing
    return False
