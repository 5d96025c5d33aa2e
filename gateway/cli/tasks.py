"""`gateway tasks`: what waits, what failed, and how it is begun anew or given up; never what tasks hold."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.bootstrap import Site, tasks_of
from gateway.cli.common import (
    OK,
    Commands,
    Failed,
    WrongUse,
    opened,
    operator,
    say,
    settings_of,
    subcommands,
    table,
    tenant_of,
    tenant_option,
    told,
)
from gateway.core.ids import SYSTEM
from gateway.core.refusal import Refusal
from gateway.exchange.task_scribe import Who
from gateway.exchange.task_view import described
from gateway.exchange.tasks import Tasks
from gateway.store.sealing import Sealer
from gateway.store.tasks import STATES, Task

MAX_LISTED = 1000
Command = Callable[[argparse.Namespace, Tasks, str, Who], Awaitable[None]]


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the group."""
    group = subcommands(commands.add_parser("tasks", help="tasks: what waits and what failed; requeue and cancel"))

    lists = group.add_parser("list", parents=[common], help="tasks, the newest first")
    lists.add_argument("--state", choices=STATES, help="in this state alone; `failed` are the dead letters")
    lists.add_argument("--limit", type=int, default=100, help=f"at most so many, up to {MAX_LISTED} (default: 100)")
    lists.add_argument("--before", metavar="ID", help="older than this one: the next page")
    _finished(lists, _list)

    for name, text, command in (
        ("show", "one task", _show),
        ("requeue", "begin a task that failed anew", _requeue),
        ("cancel", "cancel a task that has not ended", _cancel),
    ):
        parser = group.add_parser(name, parents=[common], help=text)
        parser.add_argument("task", metavar="ID", help="the task's id")
        _finished(parser, command)


def _finished(parser: argparse.ArgumentParser, command: Command) -> None:
    tenant_option(parser)
    parser.set_defaults(run=lambda arguments: asyncio.run(_run(arguments, command)))


async def _run(arguments: argparse.Namespace, command: Command) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings)
    async with opened(settings) as site:
        tasks, ledger = await _tasks(site, tenant), site.tenants[tenant].ledger
        by = await operator(site, tenant)
        await command(arguments, tasks, ledger, Who(actor=by.actor, kind="person", detail=by.detail))
    return OK


async def _tasks(site: Site, tenant: str) -> Tasks:
    writers = {site.tenants[name].ledger: await site.writer(name) for name in dict.fromkeys((tenant, SYSTEM))}
    return tasks_of(site, writers, Sealer(site.keyring))


async def _list(arguments: argparse.Namespace, tasks: Tasks, ledger: str, by: Who) -> None:
    if not 1 <= arguments.limit <= MAX_LISTED:
        raise WrongUse(f"--limit must lie between 1 and {MAX_LISTED}")
    found = await tasks.store.page(ledger, arguments.state, before=arguments.before, limit=arguments.limit)
    rows = [
        (one.id, one.state, one.target, str(one.tries), one.code or "", str(described(one)["due_at"])) for one in found
    ]
    lines = table(("task", "state", "target", "tries", "code", "due"), rows)
    say(arguments, {"tasks": [described(one) for one in found]}, lines)


async def _show(arguments: argparse.Namespace, tasks: Tasks, ledger: str, by: Who) -> None:
    _say(arguments, await _found(arguments, tasks, ledger))


async def _requeue(arguments: argparse.Namespace, tasks: Tasks, ledger: str, by: Who) -> None:
    _say(arguments, _done(await tasks.requeue(await _found(arguments, tasks, ledger), by)))


async def _cancel(arguments: argparse.Namespace, tasks: Tasks, ledger: str, by: Who) -> None:
    _say(arguments, _done(await tasks.cancel(await _found(arguments, tasks, ledger), by)))


async def _found(arguments: argparse.Namespace, tasks: Tasks, ledger: str) -> Task:
    found = await tasks.store.get(ledger, arguments.task)
    if found is None:
        raise Failed("there is no such task")
    return found


def _done(found: Task | Refusal) -> Task:
    if isinstance(found, Refusal):
        raise Failed(told(found, {"id": "ID"}))
    return found


def _say(arguments: argparse.Namespace, one: Task) -> None:
    document: dict[str, Any] = described(one)
    say(arguments, document, [f"{name:<13} {value}" for name, value in document.items()])
