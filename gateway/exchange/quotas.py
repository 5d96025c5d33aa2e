"""Limits on what is used, from the reservation before the intent to the settlement at the end.

All that an exchange may use is reserved at once or not at all, once everything is known that limits go by (caller,
agent, data classes) and before its intent claims that it would be sent. What it has really used is settled with its
end. Whatever way it ends by, what was under way is given back; what was reserved and never sent is given back too.
"""

from collections.abc import Awaitable, Callable

import msgspec

from gateway.core.caller import Caller
from gateway.core.counters import Counters, Exceeded, Level
from gateway.core.message import Message
from gateway.core.ports import Clock, Route
from gateway.core.refusal import Refusal
from gateway.exchange.applying import Applying, Rule, Subject, Wanted
from gateway.exchange.exchange import Exchange, Outcome
from gateway.exchange.reservation import Reservation
from gateway.exchange.usage import Prices, Used, estimate, settled
from gateway.settings import BUILT_IN_LIMITS

_CODES = {"requests": "rate_limited", "concurrency": "concurrency_limited", "spend": "budget_exceeded"}
"""The refusal of each unit; `quota_exceeded` of the others."""
_SECOND_NS = 1_000_000_000
_TOLD = 10_000
"""Soft limits whose passing is remembered; beyond it all are forgotten, and told once more."""
_UNDER_WAY_S = 60
"""How often it is told that more are under way than a soft limit says."""
Count = Callable[[str, str, str, bool], None]
"""Counts a limit that was met, by its name, what it limits, and whether it is hard."""


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """A soft limit that an exchange is beyond, to be recorded."""

    name: str
    what: str
    count: int
    window_s: int
    key: str
    """Of its counter."""


class Quotas:
    """The limits of a configuration over counters that one process or several nodes keep."""

    def __init__(
        self,
        applying: Applying,
        prices: Prices,
        counters: Counters,
        clock: Clock,
        *,
        output_tokens: int,
        count: Count,
    ) -> None:
        self._applying, self._prices, self.counters = applying, prices, counters
        self._now, self._output_tokens, self._count = clock.monotonic_ns, output_tokens, count
        self._told: dict[str, int] = {}

    async def reserve(self, exchange: Exchange, route: Route) -> Refusal | tuple[Passed, ...]:
        """Before the intent: what the exchange may use, taken whole, with the soft limits that it is beyond; or why it
        ends here. `exchange.reservation` is given back with all else that the exchange holds."""
        message, estimated = _message(exchange), _once(exchange, self._output_tokens)
        wanted = self._applying.wants(_subject(exchange, message, route), estimated)
        if not wanted:
            return ()
        reservation = Reservation(self.counters, exchange.id, estimated)
        levels = await self.counters.reserve(exchange.id, [one.want for one in wanted])
        if isinstance(levels, Exceeded):
            return self._refused(exchange, wanted[levels.index], levels.retry_after)
        reservation.add(wanted, levels, route.id)
        exchange.reservation = reservation
        # What was opened may have been sent; what was not has used nothing, but its one end settles that too.
        exchange.held.append(lambda: reservation.release(exchange.opened))
        return self._granted(exchange, wanted, levels)

    async def further(self, exchange: Exchange, route: Route, *, undone: bool) -> Refusal | tuple[Passed, ...]:
        """Before a further agent is on record: what that one may use beyond what is reserved already. `undone`: the
        agent before surely did nothing."""
        message, reservation, before = _message(exchange), exchange.reservation, exchange.routed
        exchange.unsettled = exchange.unsettled or not undone
        estimated = _once(exchange, self._output_tokens) if reservation is None else reservation.estimated
        wanted = self._applying.wants(_subject(exchange, message, route), estimated)
        beyond = wanted
        if reservation is not None and before is not None:
            beyond = reservation.beyond(before.route.id, wanted, undone=undone)
        levels = await self.counters.reserve(exchange.id, [one.want for one in beyond]) if beyond else ()
        if isinstance(levels, Exceeded):
            return self._refused(exchange, beyond[levels.index], levels.retry_after)
        if reservation is None:
            if not wanted:
                return ()
            added = exchange.reservation = Reservation(self.counters, exchange.id, estimated)
            exchange.held.append(lambda: added.release(exchange.opened))
        else:
            added = reservation
        added.hand_on(wanted, route.id)
        added.add(beyond, levels, route.id)
        return self._granted(exchange, beyond, levels)

    async def record(self, found: tuple[Passed, ...], write: Callable[[Passed], Awaitable[object]]) -> None:
        """Put soft limits that were passed on record. Those for which that fails are told again when next they are
        passed."""
        for place, passed in enumerate(found):
            try:
                await write(passed)
            except BaseException:  # cancelled, too, it is not known to be on record
                for untold in found[place:]:
                    self._told.pop(untold.key, None)
                raise

    def settle(self, exchange: Exchange, outcome: Outcome) -> Outcome:
        """The end of an exchange that was opened: what it has used is settled, and its outcome says what it cost."""
        message, routed = exchange.message, exchange.routed
        agent = outcome.agent or (None if routed is None else routed.route)
        if message is None or agent is None:
            return outcome
        reservation = exchange.reservation
        if reservation is not None:
            used = settled(message, outcome, reservation.estimated())
            asked = agent
            reservation.settle(asked.id, lambda rule: self._applying.amount(rule, asked, used))
        if not self._prices:
            return outcome
        cost = self._prices.stated(agent, message, outcome)
        # That nothing was used is not known, where an agent that was asked before may have done its work.
        return msgspec.structs.replace(outcome, cost=None if exchange.unsettled and cost == 0 else cost)

    def _refused(self, exchange: Exchange, wanted: Wanted, retry_after: int) -> Refusal:
        rule = wanted.rule
        self._count(exchange.ledger, rule.name, rule.what, True)
        if wanted.want.amount > rule.count:
            most = _words(rule.what, rule.count, rule.window_s)
            answer = ", the longest answer that it allows included" if rule.what in ("tokens", "spend") else ""
            return Refusal(code="request_over_limit", hint=f"at most {most}{answer}: the limit {rule.name}")
        _tell(exchange, [(rule, 0, retry_after)])
        return Refusal(
            code=_CODES.get(rule.what, "quota_exceeded"),
            hint=f"at most {_words(rule.what, rule.count, rule.window_s)}: the limit {rule.name}",
            retry_after=retry_after,
        )

    def _granted(self, exchange: Exchange, wanted: list[Wanted], levels: tuple[Level, ...]) -> tuple[Passed, ...]:
        passed: list[Passed] = []
        told = []
        for one, level in zip(wanted, levels, strict=True):
            rule, want = one.rule, one.want
            if not want.hard and level.used > want.count:
                self._count(exchange.ledger, rule.name, rule.what, False)
                if self._first(want.key, rule.window_s or _UNDER_WAY_S):
                    said = Passed(
                        name=rule.name, what=rule.what, count=rule.count, window_s=rule.window_s, key=want.key
                    )
                    passed.append(said)
            # How much of a whole tenant's rate is left is nobody's business until it is nothing.
            if want.window_us and rule.name not in BUILT_IN_LIMITS:
                told.append((rule, max(0, want.count - level.used), level.reset_s))
        if told:
            _tell(exchange, told)
        return tuple(passed)

    def _first(self, key: str, window_s: int) -> bool:
        """Whether the passing of this counter was not told within its window yet, by this process."""
        now = self._now()
        if self._told.get(key, 0) > now:
            return False
        if len(self._told) >= _TOLD:
            self._told.clear()
        self._told[key] = now + window_s * _SECOND_NS
        return True


def words(passed: Passed) -> str:
    """A soft limit that was passed, in words."""
    return f"beyond {_words(passed.what, passed.count, passed.window_s)}: the soft limit {passed.name}"


def _words(what: str, count: int, window_s: int) -> str:
    unit = {"spend": "millionths of the currency", "concurrency": "requests at once"}.get(what, what)
    return f"{count} {unit}" + (f" in {window_s} s" if window_s else "")


def _tell(exchange: Exchange, told: list[tuple[Rule, int, int]]) -> None:
    """`RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10 §3, §4), these limits after those
    that are there."""
    values = dict(exchange.rate)
    state, policy = [values.get("RateLimit", "")], [values.get("RateLimit-Policy", "")]
    for rule, remaining, reset_s in told:
        state.append(f'"{rule.name}";r={remaining};t={reset_s}')
        unit = "" if rule.what == "requests" else f';qu="{rule.unit}"'
        window = f";w={rule.window_s}" if rule.window_s else ""
        policy.append(f'"{rule.name}";q={rule.count}{unit}{window}')
    values["RateLimit"] = ", ".join(filter(None, state))
    values["RateLimit-Policy"] = ", ".join(filter(None, policy))
    exchange.rate = tuple(values.items())


def _once(exchange: Exchange, output_tokens: int) -> Callable[[], Used]:
    """The estimate of an exchange, made when it is first asked for."""
    known: list[Used] = []
    message = _message(exchange)

    def estimated() -> Used:
        if not known:
            known.append(estimate(message, output_tokens))
        return known[0]

    return estimated


def _subject(exchange: Exchange, message: Message, route: Route) -> Subject:
    classified = exchange.classified
    return Subject(
        caller=_caller(exchange),
        target=message.target,
        classes=("unscanned",) if classified is None else classified.classes(route),
        route=route,
    )


def _message(exchange: Exchange) -> Message:
    if exchange.message is None:
        raise ValueError("what is limited has a message")
    return exchange.message


def _caller(exchange: Exchange) -> Caller:
    if exchange.caller is None:
        raise ValueError("what is limited has a caller")
    return exchange.caller
