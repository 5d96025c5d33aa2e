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


@pytest.mark.parametrize(
    ("script", "verified"),
    [
        (
            """echo '{"ok": false, "failure": "content: no", "steps": [], "report": null}'; exit 1""",
            Verified(1, "content: no"),
        ),
        ("echo what >&2; exit 2", Verified(2, "exit 2: what")),
        ("exit 0", Verified(2, "exit 0: not a word")),
        (
            """echo '{"ok": true, "failure": null, "steps": [{"state": "ok"}, {"state": "not checked"}], """
            """"report": {"selected": 3, "opened": 2, "uncovered": 0}}'""",
            Verified(0, "3 records, 2 details, 0 not covered by a checkpoint; 1 steps held"),
        ),
    ],
)
def test_what_the_command_says_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, verified: Verified
) -> None:
    def command(*said: str) -> list[str]:
        assert said == ("evidence", "verify", "--json", "--key", str(tmp_path / "k"), str(tmp_path / "b"))
        return ["/bin/sh", "-c", script]

    monkeypatch.setattr(evidence, "gateway_command", command)
    assert verify(tmp_path / "b", tmp_path / "k") == verified
