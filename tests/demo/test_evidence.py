"""A bundle with one bit changed; what the command says of it."""

import io
import zipfile
from pathlib import Path

import pytest

from gateway.demo import evidence
from gateway.demo.evidence import Verified, flipped, verify


def bundle() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("README", b"read me")
        archive.writestr("data/records.jsonl", b'{"a":1}\n' * 100)
        archive.writestr("z", b"last")
    return written.getvalue()


def test_one_bit_of_the_records_is_changed_and_nothing_else() -> None:
    data = bundle()
    changed, place = flipped(data)
    assert len(changed) == len(data)
    assert [index for index in range(len(data)) if data[index] != changed[index]] == [place]
    assert (data[place] ^ changed[place]).bit_count() == 1
    start = data.index(b'{"a":1}\n' * 100)
    assert place == start + 400


def test_a_file_that_is_no_bundle_does_not_verify(tmp_path: Path) -> None:
    file, key = tmp_path / "x.zip", tmp_path / "x.vkey"
    file.write_bytes(bundle())
    key.write_text("none\n")
    assert verify(file, key).code != 0


def test_the_last_line_is_what_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def command(*said: str) -> list[str]:
        assert said[:3] == ("evidence", "verify", "--key")
        return ["/bin/sh", "-c", "echo one; echo two; exit 1"]

    monkeypatch.setattr(evidence, "gateway_command", command)
    assert verify(tmp_path / "x", tmp_path / "y") == Verified(1, "two")
    monkeypatch.setattr(evidence, "gateway_command", lambda *_: ["/bin/sh", "-c", "exit 2"])
    assert verify(tmp_path / "x", tmp_path / "y") == Verified(2, "exit 2, without a word")
