"""A ledger at another's address, as C2SP tlog-tiles has it: its checkpoint and its tiles of hashes, over HTTP.

By the client that carries agents' messages: TLS is verified, no redirect is followed, no proxy of the environment used,
every answer bounded in size and time.
"""

import argparse
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from gateway.agents.bare import bare
from gateway.agents.client import AgentClient
from gateway.cli.common import WrongUse
from gateway.core.errors import AgentError, ConfigurationError, FormatError, GatewayError, VerificationError
from gateway.core.message import Outgoing
from gateway.core.ports import Route
from gateway.ledger.merkle import HASH_BYTES
from gateway.ledger.note import MAX_NOTE_BYTES
from gateway.ledger.rotation import MAX_BYTES as MAX_KEYS
from gateway.ledger.rotation import Keys, parse_keys
from gateway.ledger.tiles import FULL_BYTES, Tile, encode_path
from gateway.settings import secret

TIMEOUT_S = 15.0
SINCE = "x-uncovered-since"


class Silent(GatewayError):
    """The ledger did not give what it was asked for. Says how, in words of this program."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint as it came, nothing verified, and since when the server says that a newer one is due."""

    note: bytes
    since: str | None


class Remote:
    """One ledger by its prefix (`https://gateway.example/audit`). Use it as a context: it is connected to meanwhile."""

    def __init__(self, url: str, credential: str | None = None, ca: str | None = None) -> None:
        """`ConfigurationError` for an address or a file that is none, and for one that a credential may not go to."""
        if credential is not None and not _private(url):
            raise ConfigurationError("a credential goes to an https address, or to this machine, alone")
        self._route: Route = bare("monitor", url, ca=ca, timeout_s=TIMEOUT_S)
        self._headers = () if credential is None else (("authorization", f"Bearer {credential}"),)
        self._client = AgentClient((self._route,))

    async def __aenter__(self) -> "Remote":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def checkpoint(self) -> Shown:
        """The newest checkpoint. `Silent` where there is none to be had."""
        answer = await self._get("/checkpoint", MAX_NOTE_BYTES)
        if isinstance(answer, int):
            raise Silent(f"the checkpoint was answered with status {answer}")
        return answer

    async def keys(self, known: Keys) -> Keys:
        """The ledger's keys as it tells them, joined to those that are known; these alone where it tells none, or none
        that follow from them. `Silent` without an answer."""
        answer = await self._get("/keys", MAX_KEYS)
        if isinstance(answer, int):
            return known
        try:
            return Keys(known.newest, (*known.statements, *parse_keys(answer.note).statements))
        except (FormatError, VerificationError):
            return known  # what it signs with keys that nobody vouches for is then not believed

    async def tile(self, tile: Tile) -> bytes:
        """The hashes of a tile; of a partial one that is not there any more, those at the beginning of the full one.
        `Silent` where neither is there."""
        answer = await self._get(f"/{encode_path(tile)}", FULL_BYTES)
        if answer == 404 and not tile.full:
            whole = await self._get(f"/{encode_path(Tile(tile.level, tile.index))}", FULL_BYTES)
            if isinstance(whole, Shown):
                return whole.note[: tile.width * HASH_BYTES]
        if isinstance(answer, int):
            raise Silent(f"a tile was answered with status {answer}")
        return answer.note

    async def _get(self, path: str, max_bytes: int) -> Shown | int:
        """What came, or the status that came instead."""
        headers = (("accept", "*/*"), *self._headers)
        try:
            answer = await self._client.send(
                self._route, Outgoing(method="GET", path=path, headers=headers, body=b""), max_bytes
            )
        except AgentError as error:
            raise Silent(f"no answer: {error.code}") from error
        if answer.status != 200:
            return answer.status
        return Shown(note=answer.body, since=answer.header(SINCE))


def remote_of(arguments: argparse.Namespace) -> Remote:
    """The ledger that a command's `url`, `credential` and `ca` name; `WrongUse` where they cannot be used."""
    reference: str | None = arguments.credential
    if reference is not None and not reference.startswith(("env:", "file:")):
        raise WrongUse("--credential must be a reference, env:NAME or file:PATH, never a value")
    try:
        credential = None if reference is None else secret(reference, ".")
        return Remote(arguments.url, credential, None if arguments.ca is None else str(arguments.ca))
    except ConfigurationError as error:
        raise WrongUse(str(error)) from error


def _private(url: str) -> bool:
    """Whether what is sent there can be read by nobody on the way."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:  # an address that the client refuses too, by name
        return False
    if parts.scheme == "https" or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
