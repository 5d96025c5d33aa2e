"""`gateway witness`: a process that is killed and begun again says nothing that contradicts what it said."""

import signal
from pathlib import Path

import httpx
import pytest

from gateway.ledger import checkpoint
from gateway.ledger.cosignature import Witness, line_of
from gateway.ledger.witnessing import encode, judge
from gateway.store.witnessed import Witnessed
from tests.cli.kit import Run
from tests.cli.witnessing import NAME, made, witnessing
from tests.ledger.test_witnessing import FORK, KNOWN, LOG, asked, point


def test_killed_after_it_answered_it_goes_on_where_it_was(tmp_path: Path) -> None:
    directory = tmp_path / "w"
    vkey = made(directory, LOG.verifier.vkey)
    with witnessing(directory) as one:
        assert one.vkey == vkey
        for old, size in ((0, 3), (3, 17)):
            answer = httpx.post(f"{one.url}/add-checkpoint", content=encode(asked(old, size)))
            assert answer.status_code == 200
            line_of(answer.content, checkpoint.encode(point(size)), Witness.parse(vkey))
            checkpoint.verify(asked(old, size).note + answer.content, KNOWN[LOG.name], [Witness.parse(vkey)])
        one.kill()
    with witnessing(directory) as one:
        told = httpx.post(f"{one.url}/add-checkpoint", content=encode(asked(3, 3)))
        assert (told.status_code, told.content) == (409, b"17\n")
        assert httpx.post(f"{one.url}/add-checkpoint", content=encode(asked(17, 20, FORK))).status_code == 422
        one.process.send_signal(signal.SIGTERM)
        _, errors = one.process.communicate(timeout=60)
        assert one.process.returncode == 0, errors
        assert "refused with 422" in errors


def test_what_it_holds_is_shown_and_forgotten_on_purpose_alone(tmp_path: Path, gateway: Run) -> None:
    directory = tmp_path / "w"
    made(directory, LOG.verifier.vkey)
    assert gateway("witness", directory, "--list", "--json").data == {"ledgers": []}
    state, request = Witnessed(directory / "witness.db"), asked(0, 17)
    state.advance(LOG.name, request.note, lambda last: judge(request, KNOWN, last))
    assert gateway("witness", directory, "--list").out == f"{LOG.name}  17 records\n"
    (held,) = gateway("witness", directory, "--list", "--json").data["ledgers"]
    assert checkpoint.verify(held["checkpoint"].encode(), LOG.verifier) == point(17)
    assert gateway("witness", directory, "--forget", "another").code == 1
    assert gateway("witness", directory, "--forget", LOG.name).code == 0
    again = asked(0, 3)
    assert state.advance(LOG.name, again.note, lambda last: judge(again, KNOWN, last)) == point(3)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--port", "70000"), "--port"),
        (("--tls-key", "x"), "--tls-certificate"),
        (("--init", "a name with spaces"), "--init"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, gateway: Run, options: tuple[str, ...], told: str) -> None:
    done = gateway("witness", tmp_path / "w", *options)
    assert (done.code, told in done.err) == (2, True)


def test_it_does_not_begin_without_what_it_has_said_nor_over_it(tmp_path: Path, gateway: Run) -> None:
    directory = tmp_path / "w"
    assert gateway("witness", directory).code == 2
    made(directory, LOG.verifier.vkey)
    assert gateway("witness", directory, "--init", NAME).code == 2
    (directory / "logs" / "bad.vkey").write_text("no key")
    assert "bad.vkey" in gateway("witness", directory).err
    (directory / "logs" / "bad.vkey").write_text(LOG.verifier.vkey.replace("1f", "1e"))
    assert "bad.vkey" in gateway("witness", directory).err
    (directory / "witness.db").unlink()
    assert "witness.db is missing" in gateway("witness", directory).err
