"""Pieces of working files."""

import io

import pytest

from gateway.evidence import piece as module
from gateway.evidence.piece import NotAsKept, Piece, Spool, blocks


def test_a_spool_knows_what_was_written_to_it() -> None:
    spool = Spool(io.BytesIO())
    assert (spool.piece.size, spool.piece.sha256[:8]) == (0, "e3b0c442")
    spool.write(b"a")
    spool.write(b"bc")
    assert (spool.piece.size, spool.piece.sha256[:8]) == (3, "ba7816bf")
    assert b"".join(blocks(spool.file, spool.piece)) == b"abc"


def test_a_piece_is_read_some_at_a_time_and_never_beyond_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 2)
    file = io.BytesIO(b"xxabcdexx")
    assert list(blocks(file, Piece("", 2, 5, ""))) == [b"ab", b"cd", b"e"]
    with pytest.raises(NotAsKept, match="shorter"):
        list(blocks(file, Piece("", 2, 8, "")))
