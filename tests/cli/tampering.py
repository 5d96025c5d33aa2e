"""Changing a SQLite ledger behind its back, as who owns the file can."""

import sqlite3
from contextlib import closing
from pathlib import Path


def tamper(file: Path, *statements: str, restore: bool = False) -> None:
    """Drop the rules of the database, run the statements, and put the rules back or leave them away."""
    with closing(sqlite3.connect(file)) as connection:
        rules = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in rules:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement
        if restore:
            for _, sql in rules:
                connection.execute(sql)
        connection.commit()
