"""What `gateway check` says of witnesses: whether each answers and knows the ledgers, and what a start would be refused
for. Nothing of what they answer is kept."""

from contextlib import AsyncExitStack
from functools import partial

from gateway.agents.client import AgentClient
from gateway.agents.witnesses import witness_clients, witness_routes
from gateway.bootstrap import DEFAULT_ORIGIN, SystemClock
from gateway.bootstrap.witnesses import taken_back
from gateway.core.errors import ConfigurationError
from gateway.core.ids import SYSTEM
from gateway.core.together import together
from gateway.exchange.witnessing import Ahead, End, Quorum, Witnessing
from gateway.ledger.record import NodeInfo
from gateway.settings import Settings
from gateway.store.directory import Directory
from gateway.store.engine import open_engine, target
from gateway.store.keyring import open_keyring
from gateway.store.signing import LedgerSigning

UNREACHED = "does not answer: nobody listens there, its name has no address, or its certificate is not trusted"
_WRONG = "is not the witness of this `vkey`: what it answers is not signed by that key (its directory has witness.vkey)"
_REFUSES = (
    "cosigns nothing of {}: its logs/ must hold what `gateway keys verifier` writes of that ledger, read at its start"
)
_REQUIRED = "; a start is refused until one does (ledger.require_witnesses)"
Told = dict[str, dict[str, End | Ahead]]
"""By tenant, what each witness says of that ledger."""


async def witnesses(settings: Settings) -> list[tuple[str, str, str]]:
    """Name, state and words of each configured witness."""
    try:
        told = await _told(settings)
    except ConfigurationError as error:
        return [("witnesses", "bad", str(error))]
    required = settings.ledger.require_witnesses or settings.ledger.profile is not None
    # As at start: of each ledger one must answer that knows it.
    lacking = required and any(
        not any(end == "cosigned" or isinstance(end, Ahead) for end in ends.values()) for ends in told.values()
    )
    names = [witness.name for witness, _ in witness_routes(settings)]
    return [(f"witness {name}", *_line(name, told, lacking=lacking)) for name in names]


def _line(name: str, told: Told, *, lacking: bool) -> tuple[str, str]:
    ends = {tenant: of[name] for tenant, of in told.items()}
    if not ends:
        return "skipped", "needs a ledger: there is none yet"
    behind = [tenant for tenant, end in ends.items() if isinstance(end, Ahead)]
    if behind:
        return "bad", taken_back(behind)
    if "wrong" in ends.values():
        return "bad", _WRONG
    if "unreachable" in ends.values():
        return ("bad", UNREACHED + _REQUIRED) if lacking else ("unreachable", UNREACHED)
    refused = [tenant for tenant, end in ends.items() if end != "cosigned"]
    if refused:
        return "bad", _REFUSES.format(", ".join(refused)) + _REQUIRED * lacking
    return "ok", f"cosigns {len(ends)} ledgers"


async def _told(settings: Settings) -> Told:
    routes, clock = witness_routes(settings), SystemClock()
    async with AsyncExitStack() as stack:
        engine = open_engine(target(settings))
        stack.push_async_callback(engine.dispose)
        keyring = open_keyring(settings)
        stack.callback(keyring.close)
        client = await stack.enter_async_context(AgentClient([route for _, route in routes]))
        directory = Directory(engine, keyring, clock, DEFAULT_ORIGIN)
        found: dict[str, Witnessing] = {}
        for name in (*(tenant.id for tenant in settings.tenants), SYSTEM):
            entry = await directory.find_tenant(name)
            if entry is None:
                continue
            signing = LedgerSigning(engine, entry.ledger, entry.origin, clock, partial(keyring.signer, entry.origin))
            await signing.load()
            found[name] = Witnessing(
                engine,
                ledger=entry.ledger,
                signing=signing,
                witnesses=witness_clients(routes, client),
                quorum=Quorum(names=tuple(one.name for one, _ in routes), needed=len(routes)),
                clock=clock,
                node=NodeInfo(id="nd_check", boot="bt_check"),
            )
        answers = await together(one.told() for one in found.values())
        return dict(zip(found, answers, strict=True))
