"""Migrations stand in one line, each under the number that its file is named for."""

import ast
from pathlib import Path

from tests.house.tree import name, sources


def _named(path: Path) -> dict[str, object]:
    """What a migration says of itself, by name."""
    return {
        target.id: line.value.value
        for line in ast.parse(path.read_bytes()).body
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant)
        for target in line.targets
        if isinstance(target, ast.Name)
    }


def test_each_migration_follows_the_one_before_and_no_two_have_one_number() -> None:
    """Two that are made at the same time take the same next number, and neither notices."""
    found = [(path, _named(path)) for path in sources("migrations/versions/")]
    before: object = None
    for path, said in found:
        assert said["revision"] == path.name.partition("_")[0], name(path)
        assert said["down_revision"] == before, name(path)
        before = said["revision"]
    assert len(found) > 10
