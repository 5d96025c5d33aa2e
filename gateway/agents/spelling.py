"""Keys in another spelling than the protocol's own.

Some readers of JSON tell keys apart by their letters alone and not by their case (Go's `encoding/json`, some of .NET's
and Java's): to an agent with one of these `Store` is `store`, and of `name` and `Name` the later one is meant. It would
act on another message than the one that was looked at, so such a key is refused where the protocol has a say.
"""

from collections.abc import Iterable
from typing import Any

from gateway.core.refusal import Refusal


class Spellings:
    """The words of a protocol. Below `free` ones, and below keys that are none of its words, stands what somebody made
    up; so does what an object without a `type` holds below one of `forms`."""

    def __init__(self, words: Iterable[str], free: Iterable[str] = (), forms: Iterable[str] = ()) -> None:
        self._words, self._forms = frozenset(words), frozenset(forms)
        self._ours = self._words - frozenset(free)
        # Simple folding is what such readers do; full folding takes more for the same, never less.
        self._folded = {word.casefold(): word for word in self._words}

    def meant(self, key: str) -> str | None:
        """The word that a key which is none of them would be taken for; None for one that is a word, or like none."""
        return None if key in self._words else self._folded.get(key.casefold())

    def astray(self, value: Any) -> str | None:
        """The place (RFC 6901, of protocol words alone) of the first word that a document spells otherwise."""
        if self._plain(value):
            return None
        stack: list[tuple[str, Any]] = [("", value)]
        while stack:
            place, node = stack.pop()
            if type(node) is list:
                stack += [(f"{place}/{index}", item) for index, item in enumerate(node)]
            elif type(node) is dict:
                for key in node:
                    word = self.meant(key)
                    if word is not None:
                        return f"{place}/{word}"
                stack += [(f"{place}/{key}", item) for key, item in node.items() if self._descends(key, item)]
        return None

    def _plain(self, value: Any) -> bool:
        """Whether nothing is astray: nearly always, so without places."""
        stack, words, ours = [value], self._words, self._ours
        for node in stack:  # which grows while it is walked
            form = type(node)
            if form is list:
                stack += node
            elif form is dict:
                if not words.issuperset(node) and any(self.meant(key) is not None for key in node):
                    return False
                for key, item in node.items():
                    form = type(item)
                    if (form is dict or form is list) and key in ours and self._descends(key, item):
                        stack.append(item)
        return True

    def refusal(self, value: Any) -> Refusal | None:
        """What is answered to a document that spells a word otherwise."""
        place = self.astray(value)
        return None if place is None else Refusal(code="schema_violation", field=place, hint="the protocol's spelling")

    def _descends(self, key: str, item: Any) -> bool:
        """Whether the protocol has a say in what stands under a key."""
        return key in self._ours and not (type(item) is dict and key in self._forms and "type" not in item)
