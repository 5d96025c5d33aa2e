"""What long texts showed lately. An agent sends the whole conversation again with each turn: what was read of it once
is not read again, so that a turn costs what is new in it.

Kept are findings, which hold no text, under a keyed digest of the text that is good for this process alone; each
tenant's apart, since how soon an answer comes would otherwise tell one tenant what another one sends.
"""

import secrets
from collections import OrderedDict
from collections.abc import Hashable
from hashlib import blake2b

from gateway.core.finding import Finding

LONG = 1024
"""Characters from which on a text is remembered: a shorter one is read nearly as soon as it is found again."""
ROOM = 65_536
"""Texts and findings that are kept, together: some 10 MB. The longest unused go."""
_SIZE = 16


class Remembered:
    """The findings of texts that were read to their end. For one thread."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._salt = secrets.token_bytes(64)
        self._found: OrderedDict[Hashable, tuple[Finding, ...]] = OrderedDict()
        self._held = 0

    def key(self, whose: str, text: str, *more: Hashable) -> Hashable:
        """What a text is found by again, with what `more` its findings depend on; None where it is not remembered."""
        if not whose or len(text) < LONG:
            return None
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_SIZE, key=self._salt).digest()
        return whose, digest, more

    def get(self, key: Hashable) -> tuple[Finding, ...] | None:
        found = self._found.get(key)
        if found is not None:
            self._found.move_to_end(key)
        return found

    def put(self, key: Hashable, found: tuple[Finding, ...]) -> None:
        if key is None or key in self._found or len(found) >= self._room:
            return
        self._found[key] = found
        self._held += 1 + len(found)
        while self._held > self._room:
            _, gone = self._found.popitem(last=False)
            self._held -= 1 + len(gone)

    def __len__(self) -> int:
        """How many texts and findings are kept."""
        return self._held
