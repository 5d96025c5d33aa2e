"""A provider is an operator's program that nobody else can change; whatever it does wrong is an error in time."""

import os
import time
from pathlib import Path

import pytest

from gateway.core.errors import ConfigurationError, LedgerUnavailable
from gateway.store.key_provider import Provider, trusted
from tests.store.key_kit import GOOD, program

SECRET = bytes(range(100, 132))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


def test_what_it_wraps_it_unwraps(place: Path) -> None:
    provider = Provider(program(place), wait_s=60.0)
    wrapped = provider.wrap("00" * 8, SECRET)
    assert wrapped != SECRET
    assert provider.unwrap("00" * 8, wrapped) == SECRET


def test_it_gets_no_arguments_and_of_the_environment_what_is_named(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYRING_PASSPHRASE", "canary")
    monkeypatch.setenv("VAULT_ADDR", "https://vault.example")
    seen = place / "seen"
    body = f"open({str(seen)!r}, 'w').write(json.dumps([sorted(os.environ), sys.argv[1:], os.getcwd(), asked['id']]))"
    Provider(program(place, f"{body}\n{GOOD}"), ("VAULT_ADDR", "NOT_SET"), wait_s=60.0).wrap("ab" * 8, SECRET)
    said = seen.read_text()
    assert said.startswith('[["LANG", ')
    assert said.endswith('"PATH", "VAULT_ADDR"], [], "/", "abababababababab"]')
    assert "PASSPHRASE" not in said


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("sys.exit(3)", "failed: exit code 3"),
        (f"{GOOD}\nsys.exit(3)", "failed: exit code 3"),
        ("os.kill(os.getpid(), 9)", "failed: exit code -9"),
        ("pass", "one line of JSON"),
        ("print('canary')", "one line of JSON"),
        ("answer(wrapped='AAAA', more='canary')", "one line of JSON"),
        ("answer(wrapped=17)", "one line of JSON"),
        ("""sys.stdout.buffer.write(b'{"wrapped": "\\xff"}')""", "one line of JSON"),
        ("answer(wrapped='AA')", "base64"),
        ("answer(wrapped='')", "nothing that wraps"),
        ("answer(wrapped=asked['secret'])", "nothing that wraps"),
        ("answer(wrapped=b64(bytes(2049)))", "nothing that wraps"),
        ("print('canary' * 20_000)", "more than 65536 bytes"),
        ("print(b64(asked['secret'].encode()), file=sys.stderr); sys.exit(1)", "failed: exit code 1"),
    ],
)
def test_what_it_answers_wrongly_is_told_without_what_it_said(
    place: Path, body: str, told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LedgerUnavailable) as refused:
        Provider(program(place, body), wait_s=60.0).wrap("00" * 8, SECRET)
    assert told in str(refused.value)
    assert "canary" not in f"{refused.value!r}{refused.value.__cause__!r}"
    assert capfd.readouterr() == ("", "")


def test_a_secret_of_another_length_is_none(place: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="32 bytes"):
        Provider(program(place, "answer(secret=b64(bytes(31)))"), wait_s=60.0).unwrap("00" * 8, b"x")


@pytest.mark.parametrize("body", ["time.sleep(600)", "os.close(1); time.sleep(600)"])
def test_one_that_hangs_is_killed_with_all_that_it_has_started(place: Path, body: str) -> None:
    note = place / "pid"
    child = f"pid = os.fork()\nif pid: open({str(note)!r}, 'w').write(str(pid))\n"
    started = Provider(program(place, f"{child}{body}"), wait_s=2.0)
    with pytest.raises(LedgerUnavailable, match=r"did not (answer|end) within 2 seconds"):
        started.wrap("00" * 8, SECRET)
    until = time.monotonic() + 10  # it sleeps for 600 s else; a signal that was sent takes a moment to arrive
    while _runs(int(note.read_text())):
        assert time.monotonic() < until


def _runs(pid: int) -> bool:
    """Whether it does anything still; a killed one whose parent has gone may lie there until init has looked."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def test_a_program_that_others_could_change_is_not_started(place: Path) -> None:
    path = program(place)
    assert trusted(path) == str(path.resolve())
    link = place / "link"
    link.symlink_to(path)
    assert trusted(link) == str(path.resolve())
    for change, back in ((0o722, 0o700), (0o702, 0o700)):
        for one in (path, place):
            one.chmod(change)
            with pytest.raises(ConfigurationError, match="not for group or others to write"):
                trusted(path)
            one.chmod(back)
    path.chmod(0o600)
    if os.geteuid() != 0 or not os.access(path, os.X_OK):
        with pytest.raises(ConfigurationError, match="may start"):
            trusted(path)
    for nothing in (place, place / "none"):
        with pytest.raises(ConfigurationError):
            trusted(nothing)


def test_a_program_of_somebody_else_is_not_started(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(place)
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(ConfigurationError, match="this account's or root's"):
        trusted(path)


def test_what_is_no_program_is_told(place: Path) -> None:
    path = place / "text"
    path.write_text("not a program")
    path.chmod(0o700)
    with pytest.raises(ConfigurationError, match="cannot be started"):
        Provider(path).wrap("00" * 8, SECRET)
