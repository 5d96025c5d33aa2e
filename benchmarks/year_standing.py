"""What is true of what was in force in a generated year: of each key and entry its life, and of each version and
configuration what followed it. Told once every record has its number."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.year_counts import Row

if TYPE_CHECKING:  # a hand counts into the truth, which holds what it has drawn
    from benchmarks.year_hand import Drawn

OPEN = "still in force"
GONE = "detail deleted"


class End(NamedTuple):
    at: str
    why: str
    by: str
    drawn: "Drawn"
    """The record that says so."""


class Life:
    """Of one key, or entry of the deny-list. `made`: the record that made it, None where there is none."""

    def __init__(
        self,
        name: str,
        said: list[str],
        made: "Drawn | None",
        by: str,
        expires: str | None = None,
        replaces: str = "none",
        odd: Iterable[str] = (),
    ) -> None:
        self.name, self.said, self.made, self.by = name, said, made, by
        self.expires, self.replaces, self.odd = expires, replaces, list(odd)
        self.told = made is None or not made.gone
        """Whether the detail that says all this is still there."""
        self.ends: list[End] = []

    def ended(self, at: str, why: str, by: str, drawn: "Drawn") -> None:
        self.ends.append(End(at, why, by, drawn))

    def end(self) -> End | None:
        """What ended it first, of all that is told; None where nothing did, or it expired before."""
        first = min(self.ends, key=lambda one: one.at, default=None)
        if first is not None and self.told and self.expires is not None and self.expires <= first.at:
            return None
        return first

    def until(self) -> str:
        first = self.end()
        if first is not None:
            return first.at
        return (self.expires or OPEN) if self.told else f"not known ({GONE})"

    def close(self) -> None:
        """Its details are not opened: they alone say when what was replaced ends."""
        first, self.told = self.end(), self.made is None
        if first is not None and first.why == "replaced":
            self.ends = [first._replace(at=f"not known ({GONE})")]


class Stands:
    """All of it."""

    def __init__(self) -> None:
        self.keys: list[Life] = []
        self.entries: list[Life] = []
        self.cases: dict[str, Drawn] = {}
        """Erasures that were open when the year began: their newest records."""
        self.overdue: dict[str, Drawn] = {}
        """Emergencies that were overdue for their review then, and the records that say so."""
        self.incidents: list[Drawn] = []
        """Incidents that were open then."""
        self.numbers: dict[str, int] = {}
        """Id of a record → its number."""
        self.first = 0
        """The year's first number."""
        self.since = ""
        self._untold = 0
        self._versions: list[tuple[Drawn, str, str, str]] = []
        self._configurations: list[tuple[Drawn, str]] = []

    def activated(self, drawn: "Drawn", by: str, proposer: str = "none", proposal: str = "none") -> None:
        self._versions.append((drawn, by, proposer, proposal))

    def configured(self, drawn: "Drawn", by: str) -> None:
        self._configurations.append((drawn, by))

    def rotated(self, old: Life, new: Life, ends: str) -> None:
        """A key has a successor. Where the record of that has lost its detail, nobody can tell of the old one."""
        if new.told and new.made is not None:
            old.ended(ends, "replaced", new.by, new.made)
            return
        self._untold += 1
        if old.made is None and not old.ends:
            self.keys.remove(old)

    def never(self, new: Life, old: Life, drawn: "Drawn", by: str) -> None:
        """It was none after all, if the record that says so still does."""
        if not drawn.gone:
            new.ended(drawn.envelope.occurred_at, "never made", by, drawn)
            old.ends = [one for one in old.ends if one.drawn is not new.made]

    # -------------------------------------------------------------------------------------------------- as a document

    def standing(self) -> list["Drawn"]:
        """The records before the year of what stands when it begins, in order; asked before anything else is drawn."""
        lives = [one.made for one in (*self.keys, *self.entries) if one.made is not None and one.until() > self.since]
        nodes = {drawn.envelope.node: drawn for drawn in self._each_configuration()}
        found = [
            *lives,
            *nodes.values(),
            *self.cases.values(),
            *self.overdue.values(),
            *self.incidents,
            max((one[0] for one in self._versions), key=self._number),
        ]
        return sorted(found, key=self._number)

    def close(self) -> None:
        """What stands when the year begins is told from there on, without what details say of it."""
        self.keys = [one for one in self.keys if one.until() > self.since]
        self.entries = [one for one in self.entries if one.until() > self.since]
        for one in (*self.keys, *self.entries):
            one.close()

    def document(self) -> dict[str, Any]:
        rows = {
            "keys": self._lives(self.keys),
            "denials": self._lives(self.entries),
            "policies": self._policies(),
            "configurations": self._by_node(),
        }
        before = sum(row.count("before the period") for some in rows.values() for row in some)
        return {**rows, "before": before, "untold": self._untold, "told_to": -1}

    def _number(self, drawn: "Drawn | None") -> int:
        return -1 if drawn is None else self.numbers[drawn.envelope.id]

    def _place(self, drawn: "Drawn | None") -> Row:
        if drawn is None:
            return ["not known", "before the period"]
        number = self._number(drawn)
        return [number, "before the period" if number < self.first else "in the period"]

    def _lives(self, lives: list[Life]) -> list[Row]:
        shown = [one for one in lives if one.until() > self.since]
        return [self._life(one) for one in sorted(shown, key=self._order)]

    def _order(self, one: Life) -> tuple[int, int]:
        """What nobody saw made comes first, as it was ended."""
        first = one.ends[0].drawn if one.ends else None
        return self._number(one.made), self._number(first) if one.made is None else 0

    def _life(self, one: Life) -> Row:
        key, end = len(one.said) == 6, one.end()
        said: Row = [*one.said] if one.told else [GONE] * len(one.said)
        start = "not known" if one.made is None else one.made.envelope.occurred_at
        grant: Row = []
        if key and one.made is None:
            grant = ["not known", "not known"]
        elif key:
            grant = [one.replaces, one.expires or "none"] if one.told else [GONE, GONE]
        if end is not None:
            over: Row = [end.why, end.by, self._number(end.drawn)]
        else:
            over = ["expiry" if one.told and one.expires else "none", "none", "none"]
        odd = ("; ".join(one.odd) or "none") if one.told else GONE
        return [one.name, *said, start, one.until(), one.by, *self._place(one.made), *grant, *over, odd]

    def _policies(self) -> list[Row]:
        ordered = sorted(self._versions, key=lambda one: self._number(one[0]))
        starts = [one[0].envelope.occurred_at for one in ordered]
        rows = []
        last = [self._number(one[0]) for one in ordered[1:]] + [self.first]
        for (drawn, *who), start, until, over in zip(ordered, starts, [*starts[1:], OPEN], last, strict=True):
            if over >= self.first:
                rows.append([str(drawn.envelope.policy), start, until, *who, *self._place(drawn)])
        return rows

    def _each_configuration(self) -> list["Drawn"]:
        """Those that are another than the one before, of their node."""
        last: dict[Any, str | None] = {}
        found = []
        for drawn, _ in sorted(self._configurations, key=lambda one: self._number(one[0])):
            if last.get(drawn.envelope.node) != drawn.envelope.config:
                found.append(drawn)
            last[drawn.envelope.node] = drawn.envelope.config
        return found

    def _by_node(self) -> list[Row]:
        by, each, rows = {id(drawn): who for drawn, who in self._configurations}, self._each_configuration(), []
        for place, drawn in enumerate(each):
            node, start = drawn.envelope.node, drawn.envelope.occurred_at
            later = next((one for one in each[place + 1 :] if one.envelope.node == node), None)
            until = OPEN if later is None else later.envelope.occurred_at
            if node is not None and (later is None or self._number(later) >= self.first):
                rows.append([node.id, str(drawn.envelope.config), start, until, by[id(drawn)], *self._place(drawn)])
        return rows
