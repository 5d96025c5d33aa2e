"""Appending, measured: both sides write what they say, the ratio is of the same rows, and it is judged."""

import asyncio
from typing import Any

import pytest

from benchmarks import append, run
from benchmarks.databases import Databases

WAYS = {
    "sqlite": {"append", "same rows", "same many", "bare rows", "bare many"},
    "postgresql": {"append", "same arrays", "bare arrays", "bare copy"},
}


def _good(row: dict[str, Any], kind: str) -> None:
    assert row["batch"] == 50
    assert set(row["ways"]) == {f"{way}{turn}" for way in WAYS[kind] for turn in ("", " in turn")}
    assert all(value > 0 for value in row["ways"].values())
    for turn in ("", "_in_turn"):
        suffix = turn.replace("_", " ")
        same = max(
            value
            for name, value in row["ways"].items()
            if name in {f"{way}{suffix}" for way in WAYS[kind]} and name.startswith("same")
        )
        assert (row[f"same{turn}"], row[f"append{turn}"]) == (same, row["ways"][f"append{suffix}"])
        assert row[f"ratio{turn}"] == round(row[f"append{turn}"] / same, 2)
    assert f"ratio {row['ratio']:.2f}" in append.line(row)


async def test_both_sides_are_measured_on_sqlite_batch_by_batch_and_in_turn() -> None:
    (row,) = await append.on_sqlite(100, 1, (50,))
    _good(row, "sqlite")


@pytest.mark.postgres
async def test_both_sides_are_measured_on_postgresql_batch_by_batch_and_in_turn(
    postgres_database: tuple[str, str],
) -> None:
    (row,) = await append.on_postgresql(postgres_database, 100, 1, (50,))
    _good(row, "postgresql")


@pytest.mark.parametrize("overlapped", [True, False])
async def test_a_batch_is_made_while_the_one_before_it_is_written_or_after_it(
    overlapped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, while_made = 0, list[int]()
    numbers: list[int] = []
    rows = append.plain_rows

    def watched(batch: list[append.Made], first: int) -> tuple[append.Rows, append.Rows]:
        while_made.append(writing)
        return rows(batch, first)

    def put(records: append.Rows, details: append.Rows) -> asyncio.Task[None]:
        async def write() -> None:
            nonlocal writing
            writing += 1
            for _ in range(5):
                await asyncio.sleep(0)
            writing -= 1

        assert writing == 0, "one transaction at a time"
        numbers.extend(row[1] for row in records)
        return asyncio.create_task(write())

    monkeypatch.setattr(append, "plain_rows", watched)
    assert await append.plain(append.entries(30), 10, 7, put, overlapped=overlapped) > 0
    assert numbers == list(range(7, 37))
    assert while_made == ([0, 1, 1] if overlapped else [0, 0, 0])


def test_a_ratio_below_the_target_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {
        "batch": 500,
        "append": 5,
        "same": 10,
        "bare": 10,
        "ratio": 0.5,
        "of_bare": 0.5,
        "append_in_turn": 7,
        "same_in_turn": 10,
        "ratio_in_turn": 0.7,
    }

    async def found(*_: object) -> list[dict[str, Any]]:
        return [row]

    monkeypatch.setattr(append, "on_sqlite", found)
    part = run._append(run.parse(["--only", "append"]), Databases(None))
    assert part.misses == [
        "sqlite: 0.50 of the same rows, 0.75 is wanted",
        "sqlite: 5 appends a second, 20,000 are wanted",
    ]
    assert "in turn 7 and 10: 0.70" in part.lines[0]
