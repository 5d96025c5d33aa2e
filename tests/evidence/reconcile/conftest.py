"""What a comparison holds is given back when its test ends: a database left open is a warning from Python 3.13 on."""

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.evidence.reconcile.comparing import Comparison


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    made: list[Comparison] = []
    begin = Comparison.__init__

    def kept(self: Comparison, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        made.append(self)

    monkeypatch.setattr(Comparison, "__init__", kept)
    yield
    for one in made:
        one.close()
