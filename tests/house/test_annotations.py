"""What Python 3.14 reads of annotations (PEP 649): where they stand, and only when somebody asks."""

import ast
from collections.abc import Iterator

import pytest

from tests.house.tree import name, sources


def shadowed(source: str) -> Iterator[tuple[int, str]]:
    """Lines of classes whose annotations name what the class itself has another meaning for, and that name.

    From Python 3.14 on they are evaluated when they are asked for, in the class as it has become: of `bytes: int` and
    `digest: bytes` the second is then no type but the first one's descriptor.
    """
    for found in ast.walk(ast.parse(source)):
        if isinstance(found, ast.ClassDef):
            own = set(_bound(found))
            for annotation in _annotations(found):
                for part in ast.walk(annotation):
                    if isinstance(part, ast.Name) and part.id in own:
                        yield part.lineno, part.id


def _bound(found: ast.ClassDef) -> Iterator[str]:
    for one in found.body:
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            yield one.name
        elif isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            yield one.target.id
        elif isinstance(one, ast.Assign):
            yield from (target.id for target in one.targets if isinstance(target, ast.Name))


def _annotations(found: ast.ClassDef) -> Iterator[ast.expr]:
    for one in found.body:
        if isinstance(one, ast.AnnAssign):
            yield one.annotation
        elif isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            taken = one.args
            every = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs, taken.vararg, taken.kwarg]
            yield from (each.annotation for each in every if each is not None and each.annotation is not None)
            if one.returns is not None:
                yield one.returns


def test_no_annotation_names_what_its_class_calls_something_else() -> None:
    found = [
        f"{name(path)}:{line}: {what}"
        for path in sources("gateway", "migrations", "tests", "benchmarks")
        for line, what in shadowed(path.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("class A:\n    bytes: int\n    digest: bytes\n", ["bytes"]),
        ("class A:\n    bytes: bytes | None = None\n", ["bytes"]),
        ("class A:\n    def list(self) -> list[int]: ...\n", ["list"]),
        ("class A:\n    int = 1\n    async def one(self, *, of: tuple[int, ...]) -> None: ...\n", ["int"]),
        ("class A:\n    bytes: int\nclass B:\n    digest: bytes\n", []),
        ("import builtins\nclass A:\n    bytes: int\n    digest: builtins.bytes\n", []),
    ],
)
def test_such_a_name_is_found(source: str, found: list[str]) -> None:
    assert [what for _, what in shadowed(source)] == found
