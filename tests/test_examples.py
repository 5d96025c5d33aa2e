"""What hypothesis finds out once is there before processes are forked."""

import pytest
from hypothesis.internal import charmap
from hypothesis.internal.conjecture import providers

from tests.examples import share_examples


def test_what_is_drawn_afterwards_has_nothing_left_to_find_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charmap, "_charmap", None)
    monkeypatch.setattr(providers, "_sys_modules_len", None)
    share_examples()
    monkeypatch.setattr(charmap, "charmap_file", _asked_again)
    monkeypatch.setattr(providers, "constants_from_module", _asked_again)
    assert len(charmap.charmap()) > 20
    assert len(providers._get_local_constants()) > 100


def _asked_again(*_: object) -> None:
    raise AssertionError("it was found out already")
