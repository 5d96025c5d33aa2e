"""Why a decision is as it is: every rule that was considered, what kept it from matching, and the nearest that allows.

This is a second reading of the same rules, in plain steps instead of bits and casbin: `Policy.explained` holds it
against the engine's own answer, and says so where the two differ.
"""

from collections.abc import Iterator

import msgspec

from gateway.checks.policy import words
from gateway.checks.policy.engine import Ask
from gateway.checks.policy.load import Rule, Rules
from gateway.checks.policy.tenancy import Own

MAX_CONSIDERED = 64
"""Rules that one explanation tells at most, those that decide among them."""


_WEIGHT = {"role": 2, "agent": 2, "action": 1, "purpose": 1, "when": 1}


class Miss(msgspec.Struct, frozen=True, kw_only=True):
    """One column of a rule that does not fit the question."""

    column: str
    """`role`, `agent`, `action`, `purpose` or `when`: the names as in a policy file."""
    wanted: str
    """What the rule has there; of `when`, the conditions that do not hold."""


class Considered(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that is about the class, as it was compared with the question."""

    rule: str
    priority: int
    allows: bool
    obligations: tuple[str, ...]
    text: str
    misses: tuple[Miss, ...]
    """Empty where it matches."""
    decided: bool = False
    """Whether it is the first that matches."""
    watched: bool = False
    """Whether it matches and is only watched: what it would do is on record, and the next rules decide."""


class Derivation(msgspec.Struct, frozen=True, kw_only=True):
    """How the answer for one data class came about."""

    data_class: str
    allowed: bool
    rule: str | None
    """The rule that decided; None where none matched."""
    why: str
    """Its sentence, or that no rule permits it."""
    considered: tuple[Considered, ...]
    """In the order asked, up to the rule that decided."""
    left_out: int
    """Rules that were considered and are not told, for there are too many."""
    nearest: Considered | None
    """Where it was denied: the rule that comes closest to allowing it, None where no rule could."""


def considered(rules: Rules, ask: Ask, own: Own, now_us: int) -> tuple[Considered, ...]:
    """Every rule about the class, in the order of priority, up to the first that matches. `own`: whose
    question it is; rules that can only be about other tenants are left out."""
    told = []
    for rule in _about(rules, ask, own):
        one = _compared(rules, rule, ask)
        if not one.misses and now_us < rule.watched_until_us:
            told.append(msgspec.structs.replace(one, watched=True))
            continue
        if not one.misses:
            told.append(msgspec.structs.replace(one, decided=True))
            break
        told.append(one)
    return tuple(told)


def nearest(rules: Rules, ask: Ask, own: Own, now_us: int) -> Considered | None:
    """The rule that allows and would need the least to be otherwise; of several the one that is asked first.

    Another agent or another role is more than another purpose or condition, and so is a denial that comes first: a rule
    that fits whole may be among them, if it is asked after the one that denied.
    """
    found, denied = list[tuple[int, Considered]](), False
    for rule in _about(rules, ask, own):
        if now_us < rule.watched_until_us:
            continue
        one = _compared(rules, rule, ask)
        if rule.allows:
            found.append((sum(_WEIGHT[miss.column] for miss in one.misses) + 2 * denied, one))
        denied = denied or not one.misses
    return min(found, key=lambda pair: pair[0], default=(0, None))[1]


def shortened(found: tuple[Considered, ...]) -> tuple[tuple[Considered, ...], int]:
    """What of it is told: the last one, and of those before it the ones that come closest; and how many are not."""
    if len(found) <= MAX_CONSIDERED:
        return found, 0
    last = found[-1]
    closest = sorted(range(len(found) - 1), key=lambda place: (len(found[place].misses), place))[: MAX_CONSIDERED - 1]
    return (*(found[place] for place in sorted(closest)), last), len(found) - MAX_CONSIDERED


def _about(rules: Rules, ask: Ask, own: Own) -> Iterator[Rule]:
    classes = rules.classes.closure(ask.data)
    for rule in rules.rules:
        if rule.data in classes and own.has(rule.row):
            yield rule


def _compared(rules: Rules, rule: Rule, ask: Ask) -> Considered:
    return Considered(
        rule=rule.id,
        priority=rule.priority,
        allows=rule.allows,
        obligations=rule.written,
        text=rule.text,
        misses=tuple(_misses(rules, rule, ask)),
    )


def _misses(rules: Rules, rule: Rule, ask: Ask) -> Iterator[Miss]:
    if rule.role not in ask.caller:
        yield Miss(column="role", wanted=rule.role)
    if rule.agent not in rules.targets.closure(ask.target):
        yield Miss(column="agent", wanted=rule.agent)
    if not words.action_matches(ask.action, rule.pattern):
        yield Miss(column="action", wanted=rule.action)
    if not words.purpose_matches(ask.purpose, rule.purpose):
        yield Miss(column="purpose", wanted=rule.purpose)
    missing = [term for term in rule.when if term not in ask.facts]
    if missing:
        yield Miss(column="when", wanted=";".join(missing))
