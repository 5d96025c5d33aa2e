"""The lists of places that are kept in `tests/golden/places`: what stood in a protocol when somebody last looked at it.

Under each type of the client library stand its members, by what becomes of an identifier in them (`planting`), wherever
the type stands.
A library that brings a member, or a change of ours that reads one in another way, makes a list differ:
`python -m tests.extraction.make` writes them anew, and the difference is what there is to look at.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.extraction.planting import LOST, Verdicts
from tests.extraction.shapes import LATER

FOLDER = Path(__file__).parents[1] / "golden" / "places"
Tables = Mapping[str, Callable[[], Verdicts]]
"""Name of a list → what becomes of each of its places."""
_UNNAMED = (f".{LATER}", ".{}")
"""Members of no version, and keys of a type's own: every type has both, so they are tried and not listed."""


def lines(verdicts: Verdicts) -> str:
    """One list: for each type its members, by what becomes of what stands in them."""
    found: dict[str, dict[str, set[str]]] = {}
    for place, verdict in verdicts.items():
        if not place.owner.endswith(_UNNAMED):
            kind, _, member = place.owner.partition(".")
            found.setdefault(kind, {}).setdefault(member, set()).add(verdict)
    return "".join(f"{kind}\n{_members(members)}" for kind, members in sorted(found.items()))


def _members(members: Mapping[str, set[str]]) -> str:
    by_verdict: dict[str, list[str]] = {}
    for member, verdicts in sorted(members.items()):
        by_verdict.setdefault(" or ".join(sorted(verdicts)), []).append(member)
    return "".join(f"    {verdict}: {' '.join(names)}\n" for verdict, names in sorted(by_verdict.items()))


def check(name: str, verdicts: Verdicts) -> None:
    """Nothing is lost, and every member is known."""
    lost = [f"{place.path} ({place.kind})" for place, verdict in verdicts.items() if verdict == LOST]
    assert not lost
    assert lines(verdicts).splitlines() == (FOLDER / f"{name}.txt").read_text().splitlines(), __doc__
