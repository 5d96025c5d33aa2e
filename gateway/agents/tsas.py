"""Time-stamping authorities over HTTP (RFC 3161 §3.4), by the client that carries agents' messages: TLS is verified, no
redirect followed, and every answer bounded in size and time.

Whatever an authority answers, nothing comes back from here but a stamp of what was asked for, that was asked for now,
by whom it was asked of.
"""

import asyncio
import secrets
from collections.abc import Sequence

import msgspec

from gateway.agents.bare import bare
from gateway.agents.client import AgentClient
from gateway.core.errors import AgentError, ConfigurationError, FormatError, VerificationError
from gateway.core.message import Outgoing
from gateway.core.ports import Route
from gateway.ledger import stamp
from gateway.ledger.der import encode_dotted
from gateway.ledger.stamp import Stamp
from gateway.ledger.vouching import Authorities
from gateway.settings import Settings, Tsa, secret


class Stamped(msgspec.Struct, frozen=True):
    """A reply that holds, in its exact bytes, and what it says."""

    reply: bytes
    stamp: Stamp


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """An authority with what it takes to ask it, and to believe it: its secret is resolved."""

    tsa: Tsa
    route: Route
    authorities: Authorities
    headers: tuple[tuple[str, str], ...]


class TsaClient:
    """One authority, to be asked."""

    def __init__(self, authority: Authority, client: AgentClient) -> None:
        self.tsa, self._authority, self._client = authority.tsa, authority, client

    async def stamp(self, note: bytes) -> Stamped:
        """A stamp of these bytes.

        `AgentError` where nothing came, or no stamp was granted (`refused`); `FormatError` or `VerificationError` for a
        reply that does not hold: of another form, question or message, under another policy, or by somebody else.
        """
        # 1. Ask, with a number that nobody can foresee: no earlier reply answers this question.
        nonce = secrets.randbits(64)
        outgoing = Outgoing(
            method="POST",
            path="/" if self.tsa.url.endswith("/") else "",
            headers=self._authority.headers,
            body=stamp.query(note, nonce, self.tsa.policy),
        )
        answer = await self._client.send(self._authority.route, outgoing, stamp.MAX_BYTES)
        if answer.status != 200 or not stamp.granted(answer.body):
            raise AgentError("refused")
        # 2. It is a stamp of these bytes, by whom is believed. Beside the loop: a key may be large.
        found = await asyncio.to_thread(self._authority.authorities.verify, answer.body, note)
        # 3. It answers this question, by the rules that were asked for.
        if found.nonce != nonce:
            raise VerificationError("time-stamp: not an answer to this question")
        if self.tsa.policy not in (None, found.policy):
            raise VerificationError("time-stamp: by another policy than was asked for")
        return Stamped(answer.body, found)


def authorities_of(settings: Settings) -> tuple[Authority, ...]:
    """The configured authorities. `ConfigurationError` for a file or a secret that cannot be used."""
    return tuple(_authority(index, one, settings) for index, one in enumerate(settings.tsa))


def _authority(index: int, one: Tsa, settings: Settings) -> Authority:
    place = f"tsa[{index}]"
    try:
        believed = Authorities(settings.path(one.authorities).read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{place}.authorities cannot be read: {error.strerror}") from error
    except FormatError as error:
        raise ConfigurationError(f"{place}.authorities {error}") from error
    try:
        encode_dotted(one.policy or "1.2")
    except FormatError as error:
        raise ConfigurationError(f"{place}.policy: {error}") from error
    headers = [("content-type", stamp.QUERY_TYPE), ("accept", stamp.REPLY_TYPE)]
    if one.authorization is not None:
        given = secret(one.authorization, settings.base)
        if not (given.isascii() and given.isprintable()):
            raise ConfigurationError(f"{place}.authorization must stand for printable ASCII")
        headers.append(("authorization", given))
    # Ledgers are stamped one beside the other, and an authority has a place for each.
    route = bare(
        f"tsa {one.id}",
        one.url,
        ca=None if one.ca is None else str(settings.path(one.ca)),
        timeout_s=one.timeout_s,
        max_connections=len(settings.tenants) + 1,
    )
    return Authority(tsa=one, route=route, authorities=believed, headers=tuple(headers))


def tsa_clients(authorities: Sequence[Authority], client: AgentClient) -> tuple[TsaClient, ...]:
    """Each of them to be asked by this client, which knows their routes."""
    return tuple(TsaClient(one, client) for one in authorities)
