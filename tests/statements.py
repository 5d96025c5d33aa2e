"""What SQLAlchemy has compiled, shared by all engines of a process.

A gateway has one engine for its life, which compiles each statement once. Some thousand tests have one each: compiling
the same statements again and again was a fifth of what they took.
"""

from collections.abc import Hashable
from typing import Any

import pytest
from sqlalchemy.engine import Compiled
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import LRUCache

from gateway.store import engine as engines

_COMPILED: LRUCache[tuple[Hashable, ...], Compiled] = LRUCache(4_000)


class Shared(dict[tuple[Hashable, ...], Compiled]):
    """In the place of an engine's own cache, whose keys begin with its dialect: the kind of it here."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind

    def get(self, key: tuple[Hashable, ...], default: Any = None) -> Any:
        return _COMPILED.get((self._kind, *key[1:]), default)

    def __setitem__(self, key: tuple[Hashable, ...], value: Compiled) -> None:
        _COMPILED[(self._kind, *key[1:])] = value


def share_statements() -> None:
    """From now on, for engines that this process makes."""

    def make(*arguments: Any, **options: Any) -> AsyncEngine:
        engine = create_async_engine(*arguments, **options)
        shared = Shared(f"{engine.dialect.name}+{engine.dialect.driver}")
        pytest.MonkeyPatch().setattr(engine.sync_engine, "_compiled_cache", shared)
        return engine

    pytest.MonkeyPatch().setattr(engines, "create_async_engine", make)
