"""What sections count with: tallies, spans, rows, pairs. Each is merged with the one of the range that follows."""

from typing import TypeAlias

MAX_KEYS = 20_000
"""Keys of one tally, rows of one list, pairs that are open: what goes beyond is counted, and told."""
Cell: TypeAlias = str | int
DAY_S = 86_400
WAITS: tuple[tuple[str, int], ...] = (
    ("under 1 minute", 60),
    ("1 to 5 minutes", 300),
    ("5 to 15 minutes", 900),
    ("15 to 60 minutes", 3_600),
    ("1 to 4 hours", 14_400),
    ("4 to 24 hours", DAY_S),
    ("1 to 7 days", 7 * DAY_S),
)
"""Label and upper bound in seconds (exclusive); what waited longer has a label of its own."""
LONGER = "7 days or more"
US = 1_000_000


class Tally:
    """How often each key (some texts) was seen. Exact in the whole; keys beyond `limit` are not told apart."""

    __slots__ = ("_counts", "_limit", "beyond")

    def __init__(self, limit: int = MAX_KEYS) -> None:
        self._counts: dict[tuple[str, ...], int] = {}
        self._limit = limit
        self.beyond = 0
        """How much was counted of keys that there was no room for."""

    def add(self, *key: str, times: int = 1) -> None:
        counts = self._counts
        if key in counts:
            counts[key] += times
        elif len(counts) < self._limit:
            counts[key] = times
        else:
            self.beyond += times

    def merge(self, later: "Tally") -> None:
        for key, times in later._counts.items():
            self.add(*key, times=times)
        self.beyond += later.beyond

    def of(self, *key: str) -> int:
        return self._counts.get(key, 0)

    def total(self) -> int:
        return sum(self._counts.values()) + self.beyond

    def rows(self) -> list[list[Cell]]:
        """Key and count in a row, the most first, then by key."""
        ordered = sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))
        return [[*key, times] for key, times in ordered]

    def sorted(self) -> list[list[Cell]]:
        """The same by key, for what has an order of its own: days, sizes."""
        return [[*key, times] for key, times in sorted(self._counts.items())]


class Spans:
    """Of each key the first time, how often, and the last time."""

    __slots__ = ("_limit", "_spans", "beyond")

    def __init__(self, limit: int = MAX_KEYS) -> None:
        self._spans: dict[tuple[str, ...], tuple[str, int, str]] = {}
        self._limit = limit
        self.beyond = 0

    def add(self, at: str, *key: str, times: int = 1) -> None:
        self._put(key, (at, times, at))

    def merge(self, later: "Spans") -> None:
        for key, span in later._spans.items():
            self._put(key, span)
        self.beyond += later.beyond

    def _put(self, key: tuple[str, ...], span: tuple[str, int, str]) -> None:
        known = self._spans.get(key)
        if known is not None:
            self._spans[key] = (min(known[0], span[0]), known[1] + span[1], max(known[2], span[2]))
        elif len(self._spans) < self._limit:
            self._spans[key] = span
        else:
            self.beyond += span[1]

    def rows(self) -> list[list[Cell]]:
        """Key, first time, how often, last time; the most first, then by key."""
        ordered = sorted(self._spans.items(), key=lambda item: (-item[1][1], item[0]))
        return [[*key, *span] for key, span in ordered]


class Rows:
    """Each one of what is rare, in the order of the records."""

    __slots__ = ("_limit", "beyond", "rows")

    def __init__(self, limit: int = MAX_KEYS) -> None:
        self.rows: list[list[Cell]] = []
        self._limit = limit
        self.beyond = 0

    def add(self, *row: Cell) -> None:
        if len(self.rows) < self._limit:
            self.rows.append(list(row))
        else:
            self.beyond += 1

    def merge(self, later: "Rows") -> None:
        for row in later.rows:
            self.add(*row)
        self.beyond += later.beyond


NOTHING = "none"
"""What a cell of `Keyed` says that nothing is known of: `seen.NONE`."""


class Keyed:
    """A row for each key, in the order in which the keys came: of each cell what was put last, where that was
    anything."""

    __slots__ = ("_limit", "_rows", "beyond")

    def __init__(self, limit: int = MAX_KEYS) -> None:
        self._rows: dict[str, list[Cell]] = {}
        self._limit = limit
        self.beyond = 0
        """Rows of keys that there was no room for."""

    def put(self, key: str, *row: Cell) -> None:
        known = self._rows.get(key)
        if known is not None:
            self._rows[key] = [old if new == NOTHING else new for old, new in zip(known, row, strict=True)]
        elif len(self._rows) < self._limit:
            self._rows[key] = list(row)
        else:
            self.beyond += 1

    def merge(self, later: "Keyed") -> None:
        for key, row in later._rows.items():
            self.put(key, *row)
        self.beyond += later.beyond

    def rows(self) -> list[list[Cell]]:
        """Each key and its row."""
        return [[key, *row] for key, row in self._rows.items()]


class Pairs:
    """Questions and their first answers, by an id: how long each waited, and which are open.

    An answer whose question lies before the range is kept for merging alone. An answer without a time (`drop`) ends a
    question that nobody answered.
    """

    __slots__ = ("_answered", "_limit", "_opened", "answered", "beyond", "longest_us", "spread", "total_us")

    def __init__(self, limit: int = MAX_KEYS) -> None:
        self._opened: dict[str, int] = {}
        self._answered: dict[str, int | None] = {}
        self._limit = limit
        self.answered = self.total_us = self.longest_us = 0
        self.spread = Tally()
        self.beyond = 0

    def open(self, name: str, at_us: int) -> None:
        if len(self._opened) < self._limit:
            self._opened[name] = at_us
        else:
            self.beyond += 1

    def answer(self, name: str, at_us: int) -> None:
        self._end(name, at_us)

    def drop(self, name: str) -> None:
        self._end(name, None)

    def merge(self, later: "Pairs") -> None:
        for name, at_us in later._answered.items():
            self._end(name, at_us)
        for name, at_us in later._opened.items():
            self.open(name, at_us)
        self.answered += later.answered
        self.total_us += later.total_us
        self.longest_us = max(self.longest_us, later.longest_us)
        self.spread.merge(later.spread)
        self.beyond += later.beyond

    def _end(self, name: str, at_us: int | None) -> None:
        began = self._opened.pop(name, None)
        if began is not None:
            if at_us is not None:
                self._waited(max(at_us - began, 0))
        elif len(self._answered) < self._limit:
            self._answered.setdefault(name, at_us)

    def _waited(self, us: int) -> None:
        self.answered += 1
        self.total_us += us
        self.longest_us = max(self.longest_us, us)
        self.spread.add(next((label for label, end_s in WAITS if us < end_s * US), LONGER))

    @property
    def waiting(self) -> int:
        """Questions that nothing has ended yet."""
        return len(self._opened)

    def bars(self) -> list[list[Cell]]:
        """How many waited how long, every label in order."""
        return [[label, self.spread.of(label)] for label in (*(label for label, _ in WAITS), LONGER)]

    def document(self) -> dict[str, Cell | list[list[Cell]]]:
        """How many were answered and wait, the mean (rounded down) and the longest in microseconds, and the spread."""
        mean = self.total_us // self.answered if self.answered else 0
        return {
            "answered": self.answered,
            "waiting": self.waiting,
            "mean_us": mean,
            "longest_us": self.longest_us,
            "spread": self.bars(),
        }
