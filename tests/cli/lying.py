"""A ledger over HTTP that shows what a test tells it to, true or not."""

from hashlib import sha256
from typing import Any

from gateway.ledger.checkpoint import Checkpoint, sign
from gateway.ledger.merkle import root
from gateway.ledger.note import Signer
from gateway.ledger.tiles import WIDTH, parse_path, tile_root


def leaves(count: int, seed: str = "") -> list[bytes]:
    return [sha256(f"{seed}{number}".encode()).digest() for number in range(count)]


class Lying:
    """An ASGI application. `asked` are the paths and credentials that came."""

    def __init__(self) -> None:
        self.signer = Signer.generate("example.com/ledger/1")
        self.leaves = leaves(10)
        self.note = self.keys = b""
        self.since: str | None = None
        self.status = 200
        self.only_full = False
        self.asked: list[tuple[str, str | None]] = []
        self.show()

    def show(self, shown: list[bytes] | None = None, signer: Signer | None = None) -> None:
        """Sign the tree of these leaves from now on, and serve it."""
        self.leaves = self.leaves if shown is None else shown
        key = signer or self.signer
        self.note = sign(Checkpoint(key.name, len(self.leaves), root(self.leaves)), key)

    def _tile(self, path: str) -> bytes | None:
        tile = parse_path(path)
        if self.only_full and not tile.full:
            return None
        hashes = self.leaves
        for _ in range(tile.level or 0):
            hashes = [tile_root(hashes[at : at + WIDTH]) for at in range(0, len(hashes) - WIDTH + 1, WIDTH)]
        found = hashes[tile.index * WIDTH :][: tile.width]
        return b"".join(found) if len(found) == tile.width else None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        credential = headers.get(b"authorization")
        self.asked.append((scope["path"], None if credential is None else credential.decode()))
        _, _, path = scope["path"].partition("/audit/")
        body = {"checkpoint": self.note, "keys": self.keys or None}.get(path) if "/" not in path else self._tile(path)
        told = [] if self.since is None else [(b"x-uncovered-since", self.since.encode())]
        status = 404 if body is None and self.status == 200 else self.status
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": body or b""})
