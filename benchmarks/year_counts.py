"""What the truth of a year is counted with. Nothing here is the product's: tables are told in its form all the same."""

from collections.abc import Mapping
from typing import Any

Row = list[str | int]
FATES = ("as it was", "masked", "not sent")


class Times:
    """Of each key every time."""

    def __init__(self) -> None:
        self.times: dict[tuple[str, ...], tuple[str, int, str]] = {}

    def add(self, at: str, *key: str) -> None:
        first, often, last = self.times.get(key, (at, 0, at))
        self.times[key] = (min(first, at), often + 1, max(last, at))

    def rows(self) -> list[Row]:
        told: list[Row] = [[*key, *times] for key, times in self.times.items()]
        return sorted(told, key=lambda row: (-int(row[-2]), tuple(map(str, row[:-3]))))


class Listed:
    """Rows, which are told in the order of their records: the ledger's by time, then those of each emergency ledger."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, int, Row]] = []

    def add(self, at: int, *row: str | int, part: int = 0) -> Row:
        made = list(row)
        self._rows.append((part, at, made))
        return made

    def rows(self) -> list[Row]:
        return [row for _, _, row in sorted(self._rows, key=lambda one: one[:2])]


def most(counts: Mapping[Any, int]) -> list[Row]:
    """Key and count in a row, the most first, then by key."""
    rows = [((key,) if isinstance(key, str) else key, times) for key, times in counts.items() if times]
    return [[*key, times] for key, times in sorted(rows, key=lambda row: (-row[1], row[0]))]


def wide(counts: Mapping[tuple[str, str], int]) -> list[Row]:
    """Name, the sum, and how many of each fate."""
    rows: list[Row] = []
    for name in {key[0] for key in counts}:
        fates = [counts.get((name, fate), 0) for fate in FATES]
        rows.append([name, sum(fates), *fates])
    return sorted(rows, key=lambda row: (-int(row[1]), str(row[0])))


def bp(part: int, whole: int) -> int | None:
    """Hundredths of a percent, halves up; None of nothing."""
    return int(part * 10_000 / whole + 0.5) if whole else None
