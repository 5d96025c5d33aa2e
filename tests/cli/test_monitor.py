"""`gateway audit monitor`: it follows a real gateway, and is loud when one lies."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import monitor
from gateway.cli.common import WrongUse
from gateway.cli.main import parser
from gateway.ledger.checkpoint import verify
from gateway.ledger.note import Signer
from gateway.ledger.rotation import Keys, Rotation, encode_keys, issue
from gateway.ledger.times import timestamp
from gateway.settings import Settings
from tests.cli.kit import Run
from tests.cli.lying import Lying, leaves
from tests.conftest import ManualClock
from tests.exchange.kit_published import covered
from tests.system.site import served
from tests.web.kit import audited


class Watch:
    """A monitor on a ledger, with a clock of the test's."""

    def __init__(self, directory: Path, ledger: Lying, capsys: pytest.CaptureFixture[str]) -> None:
        self.clock, self.ledger, self.capsys = ManualClock(), ledger, capsys
        self.state, self.key = directory / "state", directory / "key.vkey"
        self.key.write_text(ledger.signer.verifier.vkey + "\n")

    async def run(self, url: str, *options: str, pause: Any = None) -> tuple[int, list[dict[str, Any]]]:
        files = ("--key", str(self.key), "--state", str(self.state))
        arguments = parser().parse_args(["audit", "monitor", f"{url}/audit", *files, "--json", *options])
        self.capsys.readouterr()
        code = await monitor.run(arguments, self.clock, pause or _never)
        return code, [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]

    async def once(self, *options: str) -> tuple[int, dict[str, Any]]:
        async with served(self.ledger) as url:
            code, (line,) = await self.run(url, "--once", *options)
        return code, line


async def _never(_: float) -> None:
    raise AssertionError("nobody waits here")


@pytest.fixture
def watch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Watch:
    return Watch(tmp_path, Lying(), capsys)


async def test_a_real_gateway_is_followed_by_a_key_that_can_read_nothing(
    sqlite_settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with audited(sqlite_settings, ledger={"checkpoint_interval_s": 3600.0}) as api:
        site = api.site.gateway.site
        verifier = site.keyring.signer(site.tenants["default"].origin).verifier
        watch = Watch(tmp_path, Lying(), capsys)
        watch.key.write_text(verifier.vkey)
        (tmp_path / "credential").write_text(await api.site.key("auditor", scopes=("audit:hashes",)))
        options = ("--credential", f"file:{tmp_path / 'credential'}", "--once")
        for more, event in ((3, "begun"), (0, "unchanged"), (300, "advanced"), (1, "advanced")):
            if more:
                point = (await covered(site, more))[0]
            watch.clock.us = site.clock.now_us()
            code, (line,) = await watch.run(api.site.url, *options)
            assert (code, line["event"], line["size"]) == (0, event, point.size)
            assert verify(watch.state.read_bytes(), verifier).root == point.root
        assert not [one for one in await api.site.records() if one["event"] == "audit.read"]


async def test_a_log_that_grows_is_followed_and_its_newest_checkpoint_kept(watch: Watch) -> None:
    for size, event in ((10, "begun"), (10, "unchanged"), (256, "advanced"), (700, "advanced")):
        watch.ledger.show(leaves(size))
        code, line = await watch.once()
        assert (code, line["event"], line["size"]) == (0, event, size)
        assert watch.state.read_bytes() == watch.ledger.note


async def test_who_knows_the_first_key_follows_a_ledger_on_whose_key_was_replaced_since(watch: Watch) -> None:
    assert (await watch.once())[1]["event"] == "begun"
    old, new = watch.ledger.signer, Signer.generate(watch.ledger.signer.name)
    rotation = Rotation(
        origin=old.name, old=old.verifier.vkey, new=new.verifier.vkey, after=10, at=timestamp(watch.clock.us)
    )
    watch.ledger.keys = encode_keys(Keys(new.verifier, [issue(rotation, old, new)]))
    watch.ledger.show(leaves(20), new)
    assert (await watch.once())[1]["event"] == "advanced"
    assert (await watch.once())[1]["event"] == "unchanged", "what was kept is believed after a start too"
    watch.ledger.show(leaves(30), old)
    assert (await watch.once())[1]["alarm"] == "bad_signature", "a key that was replaced signs nothing new"
    watch.ledger.keys = b"nonsense"
    watch.state.with_name("state.keys").unlink()
    watch.ledger.show(leaves(30), Signer.generate(old.name))
    watch.state.unlink()
    assert (await watch.once())[1]["alarm"] == "bad_signature"


LIES = {
    "fork": lambda ledger: ledger.show([*leaves(9), *leaves(300, "other")]),
    "rollback": lambda ledger: ledger.show(leaves(9)),
    "bad_signature": lambda ledger: ledger.show(leaves(11), Signer.generate("example.com/ledger/1")),
}


@pytest.mark.parametrize("lie", [*LIES, "fork of one size", "tiles", "no note", "another ledger"])
async def test_a_lie_is_an_alarm_with_what_was_signed_and_what_was_kept_stays(watch: Watch, lie: str) -> None:
    assert (await watch.once())[0] == 0
    kept = watch.state.read_bytes()
    if lie in LIES:
        LIES[lie](watch.ledger)
    elif lie == "fork of one size":
        watch.ledger.show(leaves(10, "other"))
    elif lie == "tiles":
        watch.ledger.show(leaves(20))
        watch.ledger.leaves = leaves(20, "other")
    elif lie == "no note":
        watch.ledger.note = b"<html>\x00\xff"
    else:
        watch.ledger.show(leaves(20), Signer.generate("example.com/ledger/2"))
    code, line = await watch.once()
    kind = {"fork of one size": "fork", "no note": "bad_signature", "another ledger": "bad_signature"}.get(lie, lie)
    assert (code, line["event"], line["alarm"]) == (1, "alarm", kind)
    assert line["before"].encode() == kept == watch.state.read_bytes()
    if kind in ("fork", "rollback"):
        assert line["after"].encode() == watch.ledger.note, "both notes are signed: who is shown them sees the lie"
    else:
        assert line["after"] is None or kind == "tiles"
    assert (await watch.once())[1]["alarm"] == kind, "an alarm does not go away by looking again"


async def test_a_ledger_that_is_in_use_and_shows_nothing_new_has_stalled(watch: Watch) -> None:
    ledger, looks = watch.ledger, []

    async def pause(seconds: float) -> None:
        looks.append(seconds)
        watch.clock.advance(seconds)
        if len(looks) == 30:
            ledger.since = timestamp(watch.clock.now_us())

    async with served(ledger) as url:
        code, lines = await watch.run(url, "--interval", "60s", "--stall", "10m", pause=pause)
    assert (code, [line["event"] for line in lines]) == (1, ["begun", "alarm"])
    assert lines[1]["alarm"] == "stall"
    assert len(looks) == 30 + 10, "half an hour without traffic is in order, eleven minutes with it are not"


@pytest.mark.parametrize(("since", "alarm"), [(599, None), (601, "stall"), (-3_600, None)])
async def test_one_look_is_enough_where_the_server_says_since_when_it_is_behind(
    watch: Watch, since: int, alarm: str | None
) -> None:
    await watch.once()
    watch.ledger.since = timestamp(watch.clock.now_us() - since * 1_000_000)
    assert (await watch.once())[1].get("alarm") == alarm


async def test_a_time_that_is_none_is_not_taken_for_one(watch: Watch) -> None:
    await watch.once()
    watch.ledger.since = "soon"
    code, line = await watch.once()
    assert (code, line["alarm"]) == (1, "stall")
    assert "soon" not in line["reason"]


async def test_a_server_that_says_that_nothing_is_due_is_not_believed_by_who_knows_better(watch: Watch) -> None:
    await watch.once()
    watch.clock.us = round(watch.state.stat().st_mtime * 1e6) + 601 * 1_000_000
    assert (await watch.once())[0] == 0
    code, line = await watch.once("--busy")
    assert (code, line["alarm"]) == (1, "stall")
    watch.ledger.show(leaves(11))
    assert (await watch.once("--busy"))[1]["event"] == "advanced"


async def test_silence_is_borne_for_a_while_and_then_an_alarm(watch: Watch) -> None:
    ledger, looks = watch.ledger, []

    async def pause(seconds: float) -> None:
        looks.append(seconds)
        watch.clock.advance(seconds)
        ledger.status = 200 if len(looks) == 3 else 503

    async with served(ledger) as url:
        code, lines = await watch.run(url, "--interval", "60s", "--stall", "3m", pause=pause)
    assert (code, lines[-1]["alarm"]) == (1, "unreachable")
    assert len(looks) == 3 + 4, "one answer in between begins the time anew"
    ledger.status = 503
    assert (await watch.once())[1]["alarm"] == "unreachable", "who looks once has no while"


async def test_a_tile_that_is_not_shown_is_silence_and_nothing_is_kept(watch: Watch) -> None:
    watch.ledger.only_full = True
    code, line = await watch.once()
    assert (code, line["alarm"]) == (1, "unreachable")
    assert not watch.state.exists()


@pytest.mark.parametrize("held", [b"", b"nonsense", None])
async def test_a_state_that_is_no_checkpoint_of_this_ledger_is_not_begun_over(watch: Watch, held: bytes | None) -> None:
    other = Lying()
    other.show(leaves(20), Signer.generate("example.com/ledger/2"))
    watch.state.write_bytes(other.note if held is None else held)
    with pytest.raises(WrongUse, match="--state must be a file that a monitor of this ledger wrote"):
        await watch.once()


def rotated(watch: Watch) -> Signer:
    """The ledger's key is replaced, and the new one has signed more; the old one, that is in `--key`."""
    old, new = watch.ledger.signer, Signer.generate(watch.ledger.signer.name)
    rotation = Rotation(
        origin=old.name, old=old.verifier.vkey, new=new.verifier.vkey, after=10, at=timestamp(watch.clock.us)
    )
    watch.ledger.keys = encode_keys(Keys(new.verifier, [issue(rotation, old, new)]))
    watch.ledger.signer = new
    watch.ledger.show(leaves(20))
    return old


@pytest.mark.parametrize("silence", ["no answer", "no keys"])
async def test_what_was_kept_under_a_replaced_key_is_remembered_while_the_ledger_is_silent(
    watch: Watch, silence: str
) -> None:
    rotated(watch)
    assert (await watch.once())[1]["event"] == "begun"
    kept, keys = watch.state.read_bytes(), watch.ledger.keys
    assert watch.state.with_name("state.keys").read_bytes() == keys
    if silence == "no answer":
        code, (line,) = await watch.run("http://127.0.0.1:1", "--once")
        assert (code, line["alarm"], line["before"].encode()) == (1, "unreachable", kept)
    else:
        watch.ledger.keys = b""
        assert (await watch.once())[1]["event"] == "unchanged"
        watch.ledger.show(leaves(9))
        assert (await watch.once())[1]["alarm"] == "rollback"
    assert watch.state.read_bytes() == kept


async def test_what_nobody_vouches_for_is_an_alarm_and_no_word_against_the_file(watch: Watch) -> None:
    """As from before keys were kept beside it; or where another signs what is this ledger's."""
    rotated(watch)
    await watch.once()
    kept, beside = watch.state.read_bytes(), watch.state.with_name("state.keys")
    beside.unlink()
    code, (line,) = await watch.run("http://127.0.0.1:1", "--once")
    assert (code, line["alarm"], line["reason"]) == (1, "unreachable", "no answer: connect_failed")
    keys, watch.ledger.keys = watch.ledger.keys, b""
    code, line = await watch.once()
    assert (code, line["alarm"], line["before"].encode()) == (1, "bad_signature", kept)
    watch.ledger.keys = keys
    assert (await watch.once())[1]["event"] == "unchanged"
    assert (watch.state.read_bytes(), beside.read_bytes()) == (kept, keys), "and then they are kept"


@pytest.mark.parametrize("held", [b"nonsense", None])
async def test_keys_beside_the_state_that_are_not_this_ledgers_are_refused(watch: Watch, held: bytes | None) -> None:
    other = Watch(watch.state.parent, Lying(), watch.capsys)
    rotated(other)
    watch.key.write_text(watch.ledger.signer.verifier.vkey)
    watch.state.with_name("state.keys").write_bytes(other.ledger.keys if held is None else held)
    with pytest.raises(WrongUse, match="the file of keys beside --state must be one that a monitor of this ledger"):
        await watch.once()


async def test_what_cannot_be_kept_is_said(watch: Watch) -> None:
    watch.state = watch.state / "nowhere" / "state"
    with pytest.raises(WrongUse, match="--state must name a file that can be written"):
        await watch.once()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--credential", "gwk_secret"), "--credential must be a reference"),
        (("--credential", "file:missing"), "the secret file missing cannot be read"),
        (("--ca", "missing.pem"), "ca"),
    ],
)
async def test_wrong_use_names_the_option_and_shows_no_secret(
    watch: Watch, options: tuple[str, ...], told: str
) -> None:
    with pytest.raises(WrongUse, match=told) as error:
        await watch.once(*options)
    assert "gwk_secret" not in str(error.value)


async def test_a_key_that_is_none_is_refused(watch: Watch) -> None:
    watch.key.write_text("no key")
    with pytest.raises(WrongUse, match="--key"):
        await watch.once()


def test_the_command_needs_no_configuration_and_its_exit_code_is_the_alarm(empty: Path, gateway: Run) -> None:
    (empty / "key.vkey").write_text(Lying().signer.verifier.vkey)
    options = ("--key", "key.vkey", "--state", "state", "--once")
    result = gateway("audit", "monitor", "http://127.0.0.1:1/audit", *options)
    assert (result.code, result.data["event"], result.data["alarm"]) == (1, "alarm", "unreachable")
    assert result.err == "gateway: UNREACHABLE: no answer: connect_failed\n"
    assert gateway("audit", "monitor", "gateway.example", *options).code == 2
    assert gateway("audit", "monitor", "http://127.0.0.1:1/audit", "--state", "state").code == 2
    assert not (empty / "state").exists()
