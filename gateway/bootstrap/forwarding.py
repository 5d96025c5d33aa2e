"""What records are forwarded to: every configured destination, for every ledger whose records it gets."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack

import msgspec

from gateway.agents.bare import bare
from gateway.agents.client import AgentClient
from gateway.agents.syslog import SyslogClient
from gateway.bootstrap.approvals import MIN_SECRET
from gateway.bootstrap.site import Site
from gateway.core.errors import ConfigurationError
from gateway.core.ports import Clock, Route
from gateway.core.refusal import Refusal
from gateway.evidence import ocsf, syslog
from gateway.exchange.following import Following
from gateway.exchange.forward_record import ForwardScribe
from gateway.exchange.forward_senders import HttpSender, Sender, SyslogSender, ndjson, shown, webhook
from gateway.exchange.forwarding import LEASE_S, Destination, Forwarding
from gateway.exchange.ledgers import Ledgers
from gateway.settings import Forward, Settings, secret
from gateway.store.forwarding import ForwardStore
from gateway.store.lease import Lease
from gateway.store.search import Filters, Search, parse_filters


class Forwards:
    """All of it: what runs beside traffic, and how it is."""

    def __init__(self, each: Sequence[Forwarding]) -> None:
        self.each = tuple(each)

    @property
    def states(self) -> dict[str, str]:
        """By destination: `failing` where it takes nothing of some ledger, else `ok`; as this node saw it last."""
        found: dict[str, str] = {}
        for one in self.each:
            if one.state.failing or one.forward not in found:
                found[one.forward] = "failing" if one.state.failing else "ok"
        return found


async def forwards_of(site: Site, ledgers: Ledgers, stack: AsyncExitStack) -> Forwards:
    """Built, not begun. `ConfigurationError` for a secret, a filter or a file that cannot be used."""
    settings = site.settings
    ways = ways_of(settings)
    client = None
    if any(not one.line for one in settings.forward):
        routes = [way.route for way in ways.values() if not way.forward.line]
        client = await stack.enter_async_context(AgentClient(routes))
    made: list[Forwarding] = []
    for one in settings.forward:
        for name in forwards_to(one, site.tenants):
            ledger = site.tenants[name].ledger
            forwarding = Forwarding(
                ways[one.id].destination,
                ledger,
                sender=_sender(ways[one.id], ledger, client, site.clock),
                following=Following(Search(site.engine, ledger), site.emergencies(ledger)),
                store=ForwardStore(site.engine),
                lease=Lease(
                    site.engine,
                    f"forward/{ledger}/{one.id}",
                    site.holder("fw"),
                    site.clock,
                    LEASE_S,
                ),
                ledgers=ledgers,
                scribe=ForwardScribe(site.clock, site.node),
                clock=site.clock,
                metrics=site.metrics,
            )
            stack.push_async_callback(forwarding.stop)
            made.append(forwarding)
    if made:
        site.metrics.forwards(lambda: [one.state for one in made])
    return Forwards(made)


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A destination with what it takes to reach it: its secrets are resolved."""

    forward: Forward
    destination: Destination
    route: Route
    secret: bytes = b""
    authorization: str | None = None


def ways_of(settings: Settings) -> dict[str, Way]:
    """Every destination by its id. `ConfigurationError` names what is wrong."""
    found: dict[str, Way] = {}
    for index, one in enumerate(settings.forward):
        place = f"forward[{index}]"
        key = b"" if one.secret is None else secret(one.secret, settings.base).encode()
        if one.secret is not None and len(key) < MIN_SECRET:
            raise ConfigurationError(f"{place}.secret must stand for at least {MIN_SECRET} bytes")
        given = None if one.authorization is None else secret(one.authorization, settings.base)
        if given is not None and not (given.isascii() and given.isprintable()):
            raise ConfigurationError(f"{place}.authorization must stand for printable ASCII")
        found[one.id] = Way(
            forward=one,
            destination=Destination(
                id=one.id,
                filters=_filters(place, one),
                from_beginning=one.start == "beginning",
                batch=one.batch,
            ),
            route=_route(settings, one),
            secret=key,
            authorization=given,
        )
    return found


async def reachable_settings(settings: Settings) -> None:
    """Everything of the destinations that can be looked at without reaching them: secrets, filters, files."""
    ways = ways_of(settings).values()
    await AgentClient([way.route for way in ways if not way.forward.line]).close()
    for way in ways:
        if way.forward.line:
            await SyslogClient(way.route).close()


def forwards_to(one: Forward, tenants: Iterable[str]) -> tuple[str, ...]:
    """The tenants, by their configured ids and `_system`, whose records it gets: those it names, else all there are,
    which is then one and `_system`."""
    return tuple(name for name in tenants if name in one.tenants or not one.tenants)


def _filters(place: str, one: Forward) -> Filters:
    given: Mapping[str, str | None] = {} if one.filter is None else msgspec.structs.asdict(one.filter)
    found = parse_filters({name: value for name, value in given.items() if value is not None})
    if isinstance(found, Refusal):
        raise ConfigurationError(f"{place}.filter.{found.field} must be {found.hint}")
    return found


def _route(settings: Settings, one: Forward) -> Route:
    def path(name: str | None) -> str | None:
        return None if name is None else str(settings.path(name))

    return bare(
        f"_forward:{one.id}",
        one.url,
        ca=path(one.ca),
        client_certificate=path(one.client_certificate),
        client_key=path(one.client_key),
        pin=one.pin,
        addresses=one.addresses,
        timeout_s=one.timeout_s,
        max_connections=64,
    )


def _sender(way: Way, ledger: str, client: AgentClient | None, clock: Clock) -> Sender:
    one = way.forward
    if one.line or client is None:
        make = syslog.message if one.kind == "syslog" else syslog.carrying
        return SyslogSender(
            SyslogClient(way.route), lambda stored: make(stored.envelope, one.enterprise, stored.emergency)
        )
    if one.kind == "ocsf":
        return HttpSender(
            client, way.route, lambda stored: ocsf.line(stored.envelope, stored.emergency), ndjson(way.authorization)
        )
    return HttpSender(client, way.route, shown, webhook(way.secret, one.id, ledger, clock))
