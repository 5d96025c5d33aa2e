"""Which limits apply to an exchange, and what it wants of each: pure, from the configuration and what is known by then.

Counters are named by random ids and configured names alone: the tenant's id first, the limit, then the caller's
pseudonym and whatever else the limit counts by. So no counter's name identifies a person, wherever it is kept.
"""

from collections.abc import Callable, Iterable

import msgspec

from gateway.checks.limits import Rate
from gateway.core.caller import Caller
from gateway.core.counters import Want
from gateway.core.ports import Route
from gateway.exchange.usage import Prices, Used
from gateway.settings import BUILT_IN_LIMITS, Limit, Limits

_SECOND_US = 1_000_000


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One limit, ready to be applied."""

    name: str
    what: str
    count: int
    window_s: int
    """0 for requests under way."""
    hard: bool
    per: frozenset[str]
    tenants: frozenset[str] = frozenset()
    callers: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    """Each empty where all are meant."""
    credential: bool = False
    """Whether it counts by credential, each with a rate of its own where it has one: `limits.credential`."""

    @property
    def unit(self) -> str:
        """The quota unit of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10 §3.1.2)."""
        return _UNITS.get(self.what, self.what)


_UNITS = {"bytes": "content-bytes", "concurrency": "concurrent-requests"}


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Of an exchange, what limits look at."""

    caller: Caller
    target: str
    classes: tuple[str, ...]
    route: Route


class Wanted(msgspec.Struct, frozen=True):
    """What an exchange wants of one counter, under which limit."""

    rule: Rule
    want: Want


class Applying:
    """All limits of a configuration. `common`: whether the rates of `[limits]` are counted here too, because several
    nodes count them together."""

    def __init__(self, limits: Limits, table: Iterable[Limit], prices: Prices, *, common: bool) -> None:
        self._prices = prices
        self._rules = (*(_built_in(limits) if common else ()), *(_rule(limit) for limit in table))
        self._rates: dict[str, Rate] = {}

    def __bool__(self) -> bool:
        return bool(self._rules)

    def wants(self, subject: Subject, used: Callable[[], Used]) -> list[Wanted]:
        """What the exchange wants, in the order of the configuration. `used` estimates, where somebody asks."""
        found: list[Wanted] = []
        for rule in self._rules:
            if not _applies(rule, subject):
                continue
            amount = self._amount(rule, subject.route, used)
            if amount == 0:
                continue
            rule = self._own(rule, subject.caller)
            for key in _keys(rule, subject):
                window_us = rule.window_s * _SECOND_US
                found.append(Wanted(rule, Want(key, rule.count, amount, window_us, rule.hard)))
        return found

    def amount(self, rule: Rule, route: Route, used: Used) -> int:
        """How much of a limit's unit was used."""
        return self._amount(rule, route, lambda: used)

    def _amount(self, rule: Rule, route: Route, used: Callable[[], Used]) -> int:
        match rule.what:
            case "tokens":
                estimated = used()
                return estimated.tokens_in + estimated.tokens_out
            case "spend":
                return self._prices.cost(route, used())
            case "bytes":
                return used().bytes
            case _:
                return 1

    def _own(self, rule: Rule, caller: Caller) -> Rule:
        """The limit with the credential's own rate, where it has one."""
        text = caller.identity.rate
        if text is None or not rule.credential or not rule.window_s:
            return rule
        rate = self._rates.get(text) or self._rates.setdefault(text, Rate.parse(text))
        return msgspec.structs.replace(rule, count=rate.count, window_s=rate.window_s)


def _applies(rule: Rule, subject: Subject) -> bool:
    identity, route = subject.caller.identity, subject.route
    return (
        (not rule.tenants or identity.tenant in rule.tenants)
        and (not rule.callers or identity.name in rule.callers)
        and (not rule.agents or route.id in rule.agents)
        and (not rule.capabilities or (subject.target in rule.capabilities and subject.target in route.capabilities))
        and (not rule.classes or not rule.classes.isdisjoint(subject.classes))
    )


def _keys(rule: Rule, subject: Subject) -> list[str]:
    """The counters: one, or one for each data class where they are counted apart."""
    caller, per = subject.caller, rule.per
    # What is counted, and in which window, is part of the name: a limit that is changed begins anew, and meets no
    # counter of another kind, or of slices of another length.
    key = f"{caller.tenant}:{rule.name}:{rule.what}:{rule.window_s}"
    if rule.credential:
        # API keys each have a rate of their own; tokens share their subject's, since each request may bring a new one.
        identity = caller.identity
        key = f"{key}:{identity.credential if identity.method.startswith('api-key') else caller.actor}"
    if not per:
        return [key]
    if "caller" in per:
        key = f"{key}:{caller.actor}"
    if "agent" in per:
        key = f"{key}:{subject.route.id}"
    if "capability" in per:
        key = f"{key}:{subject.target if subject.target in subject.route.capabilities else ''}"
    if "target" in per:
        key = f"{key}:{subject.target}"
    if "class" not in per:
        return [key]
    return [f"{key}:{name}" for name in subject.classes if not rule.classes or name in rule.classes]


def _rule(limit: Limit) -> Rule:
    return Rule(
        name=limit.name,
        what=limit.what,
        count=limit.count,
        window_s=0 if limit.what == "concurrency" else limit.window_s,
        hard=limit.hard,
        per=frozenset(limit.per),
        tenants=frozenset(limit.tenants),
        callers=frozenset(limit.callers),
        agents=frozenset(limit.agents),
        capabilities=frozenset(limit.capabilities),
        classes=frozenset(limit.classes),
    )


def _built_in(limits: Limits) -> list[Rule]:
    """The rates of `[limits]`."""
    *rates, under_way = BUILT_IN_LIMITS
    parsed = {name: Rate.parse(getattr(limits, name)) for name in rates}
    rules = [
        Rule(
            name=name,
            what="requests",
            count=rate.count,
            window_s=rate.window_s,
            hard=True,
            per=frozenset({"target"} if name == "target" else ()),
            credential=name == "credential",
        )
        for name, rate in parsed.items()
    ]
    return [
        *rules,
        Rule(
            name=under_way,
            what="concurrency",
            count=limits.concurrency,
            window_s=0,
            hard=True,
            per=frozenset(),
            credential=True,
        ),
    ]
