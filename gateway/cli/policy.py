"""`gateway policy`: the tests of a policy, why it answers as it does, and what it would have changed.

All are about the policy directory as it lies there, whether it is active or not; `explain --exchange` is about the
version that decided. What reads the record is recorded. What puts a policy in force is in `cli.proposals`.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Iterable

from gateway.bootstrap import Site, SystemClock, policy_files, proposed, proved
from gateway.checks.classification.registry import DEFAULT
from gateway.checks.policy import cases
from gateway.checks.policy.conditions import STRENGTHS
from gateway.checks.policy.explaining import Considered, Derivation
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import from_bytes
from gateway.cli import proposals
from gateway.cli.audit import reader
from gateway.cli.common import (
    BAD,
    OK,
    Commands,
    Failed,
    WrongUse,
    opened,
    say,
    settings_of,
    subcommands,
    table,
    tenant_of,
    tenant_option,
    told,
)
from gateway.cli.filters import add_period, period_of
from gateway.core.errors import ConfigurationError, FormatError
from gateway.core.refusal import Refusal
from gateway.exchange.drafting import Drafted
from gateway.exchange.explanations import Answered, Asked, Explained, Ordered, explain, explain_recorded, recorded
from gateway.exchange.named import naming
from gateway.exchange.simulation import Change, Simulated

_OPTIONS = {
    "agents": "--agent",
    "classes": "--class",
    "roles": "--role",
    "zone": "--zone",
    "source": "--source",
    "at": "--at",
    "exchange": "--exchange",
}
_LACKING = {
    "lacking": "not replayed: the caller's roles, which stand in the details, are gone",
    "versions": "not replayed: the version that decided them is not in the database",
    "onward": "not replayed: what agents would have contacted themselves is not on record",
    "beyond": "not replayed: there are too many different questions; take a shorter period",
    "otherwise": "requests are on record otherwise than their own version decides now (masks, health, lent roles)",
}


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the group."""
    group = subcommands(commands.add_parser("policy", help="test, explain and activate policies"))

    test = group.add_parser("test", parents=[common], help="run the policy directory's tests; 1 where one fails")
    test.set_defaults(run=_test)

    told_by = group.add_parser("explain", parents=[common], help="how one decision comes about, rule by rule")
    tenant_option(told_by)
    told_by.add_argument("--exchange", metavar="ID", help="a decision that is on record, by its exchange")
    told_by.add_argument("--agent", action="append", default=[], metavar="ID", help="which agent; may be repeated")
    told_by.add_argument(
        "--receive", action="store_true", help="may an answer come back to a caller in --zone, instead"
    )
    told_by.add_argument("--class", action="append", default=[], dest="classes", metavar="CLASS", help="repeatable")
    told_by.add_argument("--role", action="append", default=[], dest="roles", metavar="ROLE", help="repeatable")
    told_by.add_argument("--subject", default="-", metavar="NAME", help="the caller, where policy calls it by name")
    told_by.add_argument("--zone", metavar="ID", help="the caller's zone (default: the first trusted one)")
    told_by.add_argument("--action", default="chat", help="default: chat")
    told_by.add_argument("--purpose", metavar="CODE", help="none where it is left out")
    told_by.add_argument("--source", default="", metavar="ADDRESS", help="the caller's, for rules on networks")
    told_by.add_argument("--strength", default="", choices=STRENGTHS, help="how the caller was identified")
    told_by.add_argument("--at", metavar="TIME", help="2026-01-05T12:00:00.000000Z (default: now)")
    told_by.set_defaults(run=lambda arguments: asyncio.run(_explain(arguments)))
    _add_simulate(group, common)
    _add_draft(group, common)
    proposals.add(group, common)


def _add_simulate(group: Commands, common: argparse.ArgumentParser) -> None:
    simulate = group.add_parser(
        "simulate", parents=[common], help="what the policy directory would have decided otherwise; recorded"
    )
    tenant_option(simulate)
    add_period(simulate)
    simulate.set_defaults(run=lambda arguments: asyncio.run(_simulate(arguments)))


def _add_draft(group: Commands, common: argparse.ArgumentParser) -> None:
    draft = group.add_parser(
        "draft", parents=[common], help="rules for what rules on trial would have stopped, to be judged; recorded"
    )
    tenant_option(draft)
    add_period(draft)
    draft.set_defaults(run=lambda arguments: asyncio.run(_draft(arguments)))


async def _draft(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings)
    since, until = period_of(arguments)
    policy, _ = proposed(settings)
    async with opened(settings) as site:
        auditor = await site.auditor(tenant)
        by = await reader(site, tenant)
        others = len(settings.tenants) > 1
        found = await auditor.draft(by, policy, tenant, naming(settings, tenant), since, until, others=others)
    say(arguments, found, _drafted(found))
    return OK


def _drafted(found: Drafted) -> Iterable[str]:
    """As it can be put into a policy file: everything but the rules is a comment."""
    yield f"# {found.observed} requests of which a rule on trial would have made something else"
    for count, why in (
        (found.otherwise, "are not tried by the policy as it lies there"),
        (found.masked, "would not have been stopped, but masked or approved"),
        (found.nobody, "are of callers without a role: a rule for them would be one for everybody"),
        (found.without_detail, "are of callers whose roles, which stand in the details, are gone"),
        (found.beyond, "are of too many different kinds; take a shorter period"),
    ):
        if count:
            yield f"# {count} {why}"
    for rule in found.rules:
        yield f"# {rule.count} requests, before {rule.trial}; for example {', '.join(rule.examples)}"
        yield rule.line


async def _simulate(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings)
    since, until = period_of(arguments)
    draft, _ = proposed(settings)
    async with opened(settings) as site:
        auditor = await site.auditor(tenant)
        by = await reader(site, tenant)
        named = naming(settings, tenant)
        found = await auditor.replay(by, draft, tenant, named, since, until)
    say(arguments, found, _simulated(found))
    return OK


def _simulated(found: Simulated) -> Iterable[str]:
    yield f"draft      {found.draft}"
    yield f"replayed   {found.requests} requests and {found.answers} answers, {found.questions} different questions"
    yield f"changed    {found.changed}"
    for name, count in (
        ("lacking", found.without_detail),
        ("versions", found.without_version),
        ("onward", found.onward),
        ("beyond", found.beyond),
        ("otherwise", found.otherwise),
    ):
        if count:
            yield f"{name:<10} {count} {_LACKING[name]}"
    if found.changes:
        yield ""
        head = ("count", "what", "before", "after", "classes", "roles", "action", "rules", "for example")
        yield from table(head, [_changed(change) for change in found.changes])
    if found.kinds_left_out:
        yield f"and {found.kinds_left_out} kinds of changes that are rarer"


def _changed(change: Change) -> tuple[str, ...]:
    rules = f"{','.join(change.rules_before) or '-'} -> {','.join(change.rules_after) or '-'}"
    about = (",".join(change.classes), ",".join(change.roles) or "-", change.action, rules)
    return (str(change.count), change.what, change.before, change.after, *about, change.examples[0])


def _test(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    files = policy_files(settings)
    texts = proved(files)
    found = cases.run(files, settings, DEFAULT.version)
    wrong = [one for one in found if one.wrong]
    counts = Counter(one.file for one in found)
    lines = [f"{file}: {count} questions" for file, count in sorted(counts.items())]
    lines += [f"FAILED  {one.file}: {one.case}: {one.asked}: {'; '.join(one.wrong)}" for one in wrong]
    lines += [f"recognizers: {texts} texts"] if texts else []
    lines.append(f"{len(found) - len(wrong)} hold, {len(wrong)} do not" if found else "there are no tests")
    say(arguments, {"ok": not wrong, "asked": len(found), "wrong": wrong}, lines)
    return BAD if wrong else OK


async def _explain(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings)
    if arguments.exchange is not None:
        async with opened(settings) as site:
            found = await _of_record(site, tenant, arguments.exchange)
    else:
        found = explain(proposed(settings)[0], _asked(arguments), tenant, SystemClock().now_us())
    if isinstance(found, Refusal):
        raise WrongUse(told(found, _OPTIONS))
    say(arguments, found, _lines(found))
    return OK


def _asked(arguments: argparse.Namespace) -> Asked:
    return Asked(
        agents=tuple(arguments.agent),
        receive=arguments.receive,
        classes=tuple(arguments.classes),
        roles=tuple(arguments.roles),
        subject=arguments.subject,
        zone=arguments.zone,
        action=arguments.action,
        purpose=arguments.purpose,
        source=arguments.source,
        strength=arguments.strength,
        at=arguments.at,
    )


async def _of_record(site: Site, tenant: str, exchange: str) -> Explained | Refusal:
    auditor = await site.auditor(tenant)
    records = await auditor.exchange(await reader(site, tenant), exchange)
    found = recorded(records, tenant, naming(site.settings, tenant))
    if isinstance(found, Refusal):
        return found
    data = await site.policies.get(found.policy)
    if data is None:
        raise Failed("the policy version that decided is not in the database")
    try:
        return explain_recorded(Policy(from_bytes(data), None), found)
    except (ConfigurationError, FormatError) as error:
        raise Failed("the policy version that decided is of a form that this version does not read any more") from error


_WITHHELD = "it could not be masked as the rules want it, or people would have been asked"
"""What no rule says of an answer."""


def _lines(found: Explained) -> Iterable[str]:
    yield f"policy   {found.policy}"
    yield f"at       {found.at}"
    yield f"caller   roles {', '.join(found.roles) or 'none'}; zone {found.zone}; purpose {found.purpose or 'none'}"
    yield f"message  {found.action}; classes {', '.join(found.classes)}"
    yield from map(_order, found.orders)
    if not found.answers:
        yield "no agent is configured that this could be about"
    for answer in found.answers:
        yield ""
        yield _head(answer)
        if answer.agent is None and answer.recorded == "deny" and answer.effect != "deny":
            yield f"  withheld all the same: {_WITHHELD}"
        if not answer.classes:
            yield f"  all classes: deny by {', '.join(answer.rules)}: {' '.join(answer.explanation)}"
        if answer.lacking and answer.recorded is None:
            yield f"  not known: {', '.join(answer.lacking)}. --source and --strength say it"
        for derivation in answer.classes:
            yield from _class(derivation)


def _order(found: Ordered) -> str:
    of = "recorded" if found.capability is None else f"capability {found.capability}"
    return f"order    {of}: {found.order} ({', '.join(found.agents)}). {found.why}"


def _head(answer: Answered) -> str:
    where = f"answers to zone {answer.zone}" if answer.agent is None else f"agent {answer.agent} (zone {answer.zone})"
    asked = f"  {', '.join(answer.obligations)}" if answer.obligations else ""
    then = "" if answer.recorded is None else f"  [recorded: {answer.recorded}]"
    return f"{where}: {answer.effect}{asked}{then}"


def _class(derivation: Derivation) -> Iterable[str]:
    word = "allow" if derivation.allowed else "deny"
    yield f"  class {derivation.data_class}: {word} by {derivation.rule or 'no rule'}: {derivation.why}"
    rows = [
        (f"    {one.priority}", one.rule, "allow" if one.allows else "deny", _why(one)) for one in derivation.considered
    ]
    if rows:
        yield from table(("    priority", "rule", "effect", "what does not fit"), rows)
    if derivation.left_out:
        yield f"    and {derivation.left_out} more that fit less"
    if derivation.nearest is not None:
        yield f"    nearest that allows: {derivation.nearest.rule}: {_why(derivation.nearest)}"


def _why(one: Considered) -> str:
    if one.decided:
        return "nothing: it decides"
    if one.watched:
        return "nothing: it is only watched, and the next ones decide"
    return "; ".join(f"{miss.column} must be {miss.wanted}" for miss in one.misses) or "nothing: another comes first"
