"""`gateway review`: a sample of what was sent, people's judgement of it, and the local miss rate that follows.

Who looks or judges shows an API key of its own (`cli.persons`); who draws is the account that runs the command.
"""

import argparse
import asyncio
import re
from collections.abc import Iterable, Sequence

from gateway.bootstrap import Site, engine_of, proposed, reviewing_of, sampler_of
from gateway.checks.classification.engine import Engine
from gateway.cli.audit import reader
from gateway.cli.common import (
    OK,
    Commands,
    Failed,
    WrongUse,
    opened,
    printable,
    say,
    settings_of,
    subcommands,
    table,
    tenant_of,
    tenant_option,
    told,
)
from gateway.cli.filters import add_period, period_of
from gateway.cli.persons import OPTIONS, personal
from gateway.core.refusal import Refusal
from gateway.evidence.misses import lines
from gateway.exchange.approving import Approver
from gateway.exchange.reviewing import Item, Progress
from gateway.exchange.sampling import MAX_SIZE

BUDGET_MS = 60_000.0
"""As for `reclassify`: nobody waits for one message."""
EVER = ("1970-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z")
_COUNT = re.compile(r"([a-z0-9-]{1,64})(?:=([1-9][0-9]{0,4}))?")


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the group."""
    group = subcommands(commands.add_parser("review", help="samples that people judge, and the local miss rate"))

    sample = group.add_parser("sample", parents=[common], help="draw exchanges of which content is kept; recorded")
    tenant_option(sample)
    add_period(sample)
    sample.add_argument("--size", required=True, type=int, metavar="N", help=f"how many, up to {MAX_SIZE}")
    sample.add_argument("--seed", metavar="X", help="draw the same again (default: a random one, which is recorded)")
    sample.set_defaults(run=lambda arguments: asyncio.run(_sample(arguments)))

    listed = group.add_parser("list", parents=[common], help="samples, and how far they are judged")
    tenant_option(listed)
    listed.set_defaults(run=lambda arguments: asyncio.run(_list(arguments)))

    show = group.add_parser("show", parents=[common], help="one message with what was found in it; recorded")
    show.add_argument("id", metavar="ID")
    show.add_argument("--place", type=int, metavar="N", help="which (default: the next that nobody has judged)")
    personal(show, _show)

    mark = group.add_parser("mark", parents=[common], help="judge a message that you were shown; recorded")
    mark.add_argument("id", metavar="ID")
    mark.add_argument("--place", required=True, type=int, metavar="N", help="which, as `show` told it")
    mark.add_argument("--complete", action="store_true", help="nothing was missed")
    mark.add_argument("--missed", action="append", metavar="TYPE=N", help="so many of a type were missed; repeatable")
    mark.add_argument("--wrong", action="append", metavar="TYPE=N", help="so many findings are none; repeatable")
    personal(mark, _mark)

    rate = group.add_parser("rate", parents=[common], help="the local miss rate, from the records alone; recorded")
    tenant_option(rate)
    rate.add_argument("id", nargs="?", metavar="ID", help="of one sample (default: of each)")
    rate.set_defaults(run=lambda arguments: asyncio.run(_rate(arguments)))


async def _sample(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings)
    since, until = period_of(arguments)
    policy, _ = proposed(settings)
    async with opened(settings) as site:
        sampler = await sampler_of(site, tenant, engine_of(policy, site.clock, BUDGET_MS))
        done = await sampler.draw(await reader(site, tenant), since, until, arguments.size, arguments.seed)
    if isinstance(done, Refusal):
        refused = WrongUse if done.code == "parameter_invalid" else Failed
        raise refused(told(done, {"size": "--size", "seed": "--seed", "from": "--from"}))
    review, sample = done
    zones = ", ".join(f"{zone} {count}" for zone, count in sample.population.items())
    shown = {
        "id": review.id,
        "size": len(review.items),
        "population": sample.population,
        "seed": sample.seed,
        "engine": review.engine,
    }
    say(
        arguments,
        shown,
        [
            f"sample      {review.id}: {len(review.items)} of {review.population} exchanges ({zones})",
            f"engine      {review.engine}",
            f"seed        {sample.seed}",
            f"next        gateway review show {review.id} --key REF",
        ],
    )
    return OK


async def _list(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings)
    async with opened(settings) as site:
        found = await reviewing_of(site, _engine(site)).listed(site.tenants[tenant].ledger)
    say(arguments, {"reviews": found}, table(("id", "drawn", "from", "to", "judged", "twice"), map(_row, found)))
    return OK


def _row(one: Progress) -> tuple[str, ...]:
    judged = f"{one.judged} of {one.size}"
    return (one.id, one.drawn_at, one.since, one.until, judged, str(one.judged_twice))


async def _show(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    item = await reviewing_of(site, _engine(site)).show(who, arguments.id, arguments.place)
    if isinstance(item, Refusal):
        raise Failed(told(item, OPTIONS))
    say(arguments, item, _shown(item))


def _shown(item: Item) -> Iterable[str]:
    yield f"{item.review}, place {item.place}: {item.action or 'no action'} to {item.agent or 'nobody'}"
    yield f"found: {', '.join(f'{kind} {count}' for kind, count in item.found.items()) or 'nothing'}"
    for part in item.parts:
        yield ""
        yield printable(f"{part['pointer']}: {part['text']}")
        for one in part["findings"]:
            text = part["text"][one["start"] : one["end"]]
            yield printable(f"    {one['start']}-{one['end']} {one['type']} ({one['reason']}): {text}")


async def _mark(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    missed, wrong = _counts(arguments.missed, "--missed"), _counts(arguments.wrong, "--wrong")
    if arguments.complete == bool(missed):
        raise WrongUse("--complete or --missed must say what you found, and not both")
    reviewing = reviewing_of(site, _engine(site))
    done = await reviewing.mark(who, arguments.id, arguments.place, missed=missed, wrong=wrong)
    if isinstance(done, Refusal):
        raise Failed(told(done, OPTIONS))
    number = "first" if done.number == 1 else "second"
    say(arguments, done, [f"{done.review}, place {done.place}: {done.outcome}, the {number} judgement of it"])


async def _rate(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings)
    since, until = EVER
    async with opened(settings) as site:
        if arguments.id is not None:
            one = await reviewing_of(site, _engine(site)).progress(site.tenants[tenant].ledger, arguments.id)
            if isinstance(one, Refusal):
                raise Failed(told(one, OPTIONS))
            since = one.drawn_at
        auditor = await site.auditor(tenant)
        found = (await auditor.misses(await reader(site, tenant), since, until)).document(arguments.id)
    say(arguments, found, lines(found))
    return OK


def _engine(site: Site) -> Engine:
    policy, _ = proposed(site.settings)
    return engine_of(policy, site.clock, BUDGET_MS)


def _counts(given: Sequence[str] | None, option: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for text in given or ():
        found = _COUNT.fullmatch(text)
        if found is None or found[1] in counts:
            raise WrongUse(f"{option} must be a type, or TYPE=N, each type once")
        counts[found[1]] = int(found[2] or 1)
    return counts
