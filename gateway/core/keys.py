"""Keys of objects that say nothing of what stands under them."""

from collections.abc import Container
from functools import lru_cache

from gateway.core.births import says_birth

_LONGEST = 64
_SILENT = frozenset(
    {
        "content", "text", "message", "value", "values", "val", "data", "arguments", "description", "raw", "string",
        "stringvalue", "#text", "_text", "__text", "@value", "s", "n", "v", "eq", "ne", "neq", "gt", "gte", "lt", "lte",
        "in", "is", "equals", "like", "contains",
    }
)  # fmt: skip
"""Words for any value, the types of a value as some stores write them (`{"S": "…"}`), and comparisons of a query."""
HALF = frozenset({"number", "from", "to", "before", "after", "old", "new", "current", "previous"})
"""Keys in lower case that say only with what they stand in what they hold (`{"passport": {"number": …}}`)."""
_IDS = frozenset({"id", "identifier"})
_OWNERS = ("patient", "member", "subscriber", "insured", "insurance", "employee", "student", "encounter")
"""Whose ids are somebody's (`{"patient": {"id": …}}`); of most else they are a row's."""
NAMES = frozenset({"first", "last", "given", "family", "middle"})
"""The names that somebody has, where it is said whose they are."""
PERSONS = (
    "patient", "customer", "client", "user", "employee", "member", "contact", "person", "subscriber", "insured",
    "applicant", "guest", "passenger", "student", "holder", "recipient", "beneficiary", "physician", "doctor",
)  # fmt: skip
"""Whose first and last names are somebody's (`{"customer": {"first": …}}`)."""


_PAIRS = (("first", "last"), ("given", "family"))


def of_a_person(members: Container[str]) -> bool:
    """Whether the first and the last name of one person stand in an object beside each other, whatever that is under
    (`{"first": "Ada", "last": "Byron"}`)."""
    return any(one in members and other in members for one, other in _PAIRS)


@lru_cache(maxsize=1024)
def says_nothing(key: str) -> bool:
    """Whether what stands under a key is named by what that stands in: a word for any value, a comparison (`$eq`), or
    the number of a row."""
    if len(key) > _LONGEST:
        return False
    return key.lower() in _SILENT or key.startswith("$") or (key.isascii() and key.isdigit())


def says_half(key: str, above: str) -> bool:
    """Whether a key says only with that above it what stands under it."""
    if len(key) > _LONGEST:
        return False
    plain = key.lower()
    return (
        plain in HALF
        or (plain in _IDS and above.lower().endswith(_OWNERS))
        or (plain in NAMES and above.lower().endswith(("name", *PERSONS)))
        or (plain == "date" and says_birth(above))
    )


TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})
"""The types of a schema (JSON Schema, draft 2020-12, §6.1.1)."""


def describes(key: str, text: str) -> bool:
    """Whether the text under a key of a schema only describes a field, and is no value of it: words alone."""
    return key == "description" and not any(map(str.isdigit, text))
