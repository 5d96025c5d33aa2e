"""Tokens: random words that stand for findings in what an agent is sent, and the book of what each stands for.

A token is `[TYPE_xxxxxxxxxxxxxxxx]`: the finding's type, so that a model can work with it, and sixteen letters of the
system's randomness (68 bits), never derived from the value. Without digits and vowels no recognizer takes it for an
identifier and no word comes about by chance; nobody can guess one, so that one who writes a token was given it. Within
one book the same finding has the same token, and a token that a book does not know means nothing in it.
"""

import re
import secrets
from collections.abc import Iterable, Mapping

import msgspec

LETTERS = "bcdfghjkmnpqrstvwxz"
LENGTH = 16
MAX_LABEL = 48
"""Characters of a type that a token shows."""
MAX_TOKEN = MAX_LABEL + LENGTH + 3
MAX_TOKENS = 4096
"""Tokens of one book."""
MAX_VALUE = 1024
"""Characters of a finding that a token can stand for: of what is longer (a private key) nothing is worth keeping."""
TOKEN = rf"\[[A-Z0-9-]{{1,{MAX_LABEL}}}_[{LETTERS}]{{{LENGTH}}}\]"
_TOKEN = re.compile(TOKEN)


class Meant(msgspec.Struct, frozen=True):
    """What a token stands for: the finding's type, and its text as it was written."""

    type: str
    value: str

    def __repr__(self) -> str:
        return f"Meant({self.type})"


class Book:
    """The tokens of one session, or of one exchange. `fresh` are those that nobody else knows of yet."""

    def __init__(self) -> None:
        self._tokens: dict[Meant, str] = {}
        self._meant: dict[str, Meant] = {}
        self.fresh: dict[str, Meant] = {}
        self.pages = 0
        """How many pages of it are stored."""
        self.overflowed = False
        """Whether something needed a token, and there were as many as there may be."""

    def __len__(self) -> int:
        return len(self._meant)

    def __repr__(self) -> str:
        return f"Book({len(self._meant)} tokens)"

    def token(self, kind: str, value: str) -> str | None:
        """The token of a finding, made where it has none; None where it can have none, and is masked for good."""
        if len(value) > MAX_VALUE:
            return None
        meant = Meant(kind, value)
        known = self._tokens.get(meant)
        if known is not None:
            return known
        if len(self._meant) >= MAX_TOKENS:
            self.overflowed = True
            return None
        label = kind.upper()[:MAX_LABEL]
        made = f"[{label}_{''.join([secrets.choice(LETTERS) for _ in range(LENGTH)])}]"
        self._tokens[meant] = made
        self._meant[made] = self.fresh[made] = meant
        return made

    def meant(self, token: str) -> Meant | None:
        """What a token stands for, to the letter; None for one that is not of this book."""
        return self._meant.get(token)

    def learn(self, entries: Iterable[tuple[str, Meant]]) -> dict[str, str]:
        """Take in what is stored. Where that has another token for what was given a fresh one here, it is the one that
        counts: fresh token → the one that takes its place."""
        instead: dict[str, str] = {}
        for token, meant in entries:
            known = self._tokens.get(meant)
            if known is not None and known in self.fresh:
                del self.fresh[known], self._meant[known]
                instead[known] = token
            if known is None or known in instead:
                self._tokens[meant] = token
            self._meant[token] = meant
        return instead

    def stored(self) -> None:
        """What was fresh is on the next page."""
        self.fresh = {}
        self.pages += 1

    def count(self, texts: Iterable[str]) -> dict[str, int]:
        """Type → how many different tokens of this book stand in these texts, sorted by type."""
        found: dict[str, int] = {}
        for token in dict.fromkeys(token for text in texts for token in _TOKEN.findall(text)):
            meant = self._meant.get(token)
            if meant is not None:
                found[meant.type] = found.get(meant.type, 0) + 1
        return dict(sorted(found.items()))


def instead(masked: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    """Masked texts with other tokens in the place of some. Tokens are as long as each other where their types are the
    same, and no text holds one by chance."""
    return {pointer: _TOKEN.sub(lambda found: others.get(found[0], found[0]), text) for pointer, text in masked.items()}
