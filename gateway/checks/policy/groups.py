"""Groupings (casbin's `g`, `g2`, `g3`) and their closures.

casbin follows at most ten links and says nothing about the eleventh; a deny further away would be silently skipped.
So a hierarchy that deep is refused, as is a circle, and every closure is computed whole, once, in a fixed order.
"""

from collections.abc import Iterable, Mapping

from gateway.core.errors import FormatError

MAX_DEPTH = 8


class Groups:
    """The broader names of each name, itself included."""

    def __init__(self, edges: Iterable[tuple[str, str]]) -> None:
        """`FormatError` for a circle or a chain of more than `MAX_DEPTH` links."""
        above: dict[str, list[str]] = {}
        for name, broader in edges:
            above.setdefault(name, []).append(broader)
            above.setdefault(broader, [])
        self._closures: dict[str, frozenset[str]] = {}
        self._depths: dict[str, int] = {}
        for name in above:
            self._close(name, above, ())

    def closure(self, name: str) -> frozenset[str]:
        """The name and everything it belongs to; a name that is in no group stands alone."""
        return self._closures.get(name) or frozenset((name,))

    def names(self) -> Mapping[str, frozenset[str]]:
        """Every name that is in a group or is one."""
        return self._closures

    def _close(self, name: str, above: Mapping[str, list[str]], path: tuple[str, ...]) -> frozenset[str]:
        if name in path:
            raise FormatError("groups form a circle")
        if name in self._closures:
            return self._closures[name]
        if len(path) > MAX_DEPTH:
            raise FormatError(f"groups are nested more than {MAX_DEPTH} deep")
        closure = {name}
        depth = 0
        for broader in above[name]:
            closure |= self._close(broader, above, (*path, name))
            depth = max(depth, self._depths[broader] + 1)
        if depth > MAX_DEPTH:
            raise FormatError(f"groups are nested more than {MAX_DEPTH} deep")
        self._depths[name] = depth
        return self._closures.setdefault(name, frozenset(closure))
