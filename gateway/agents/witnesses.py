"""Witnesses over HTTP, by the client that carries agents' messages: TLS is verified, no redirect followed, and every
answer bounded in size and time."""

from collections.abc import Sequence

from gateway.agents.bare import bare
from gateway.agents.client import AgentClient
from gateway.core.errors import ConfigurationError, FormatError
from gateway.core.message import Outgoing, WireAnswer
from gateway.core.ports import Route
from gateway.ledger.cosignature import Witness
from gateway.ledger.witnessing import PATH, Request, encode
from gateway.settings import Settings

_MAX_ANSWER = 65_536


class WitnessClient:
    """One witness, to be asked."""

    def __init__(self, witness: Witness, route: Route, client: AgentClient) -> None:
        self.witness, self._route, self._client = witness, route, client

    async def add(self, request: Request) -> WireAnswer:
        """What it answers, whatever its status; nothing of it verified. `AgentError` where nothing came."""
        headers = (("content-type", "text/plain; charset=utf-8"), ("accept", "*/*"))
        outgoing = Outgoing(method="POST", path=PATH, headers=headers, body=encode(request))
        return await self._client.send(self._route, outgoing, _MAX_ANSWER)


def witness_routes(settings: Settings) -> tuple[tuple[Witness, Route], ...]:
    """The configured witnesses and where they are. `ConfigurationError` for a key that is none."""
    found: list[tuple[Witness, Route]] = []
    for index, one in enumerate(settings.witness):
        try:
            witness = Witness.parse(one.vkey)
        except FormatError as error:
            raise ConfigurationError(f"witness[{index}].vkey: {error}") from error
        ca = None if one.ca is None else str(settings.path(one.ca))
        # Ledgers are offered one beside the other, and a witness has a place for each.
        places = len(settings.tenants) + 1
        found.append(
            (witness, bare(f"witness {index}", one.url, ca=ca, timeout_s=one.timeout_s, max_connections=places))
        )
    return tuple(found)


def witness_clients(routes: Sequence[tuple[Witness, Route]], client: AgentClient) -> tuple[WitnessClient, ...]:
    """Each of them to be asked by this client, which knows their routes."""
    return tuple(WitnessClient(witness, route, client) for witness, route in routes)
