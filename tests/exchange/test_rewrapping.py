"""How the root key is wrapped changes whole or not at all, wherever it is broken off, and is on record first."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import ConfigurationError, LedgerUnavailable
from gateway.exchange.rewrapping import Rewrapping, wrapping_now
from gateway.ledger.record import Detail, Envelope, parse, parse_detail
from gateway.settings import Settings
from gateway.store import key_files, root_key
from gateway.store.key_files import SEALED, alone
from gateway.store.key_provider import Provider
from gateway.store.keyring import Keyring
from gateway.store.reader import StoreReader
from gateway.store.root_key import NO_MEANS, Means, by_passphrase, by_provider
from tests.store.key_kit import by, program
from tests.store.kit import LEDGER, NODE, Store, opened

ORIGIN = "gateway.internal/ledger/0011"
WHO = ("ac_1", Detail(subject="ann"))
OLD, NEW = "correct horse battery", "staple of another kind"
STEPS = ("sealed", "made", "recorded", "replaced")


class Killed(Exception):
    """Stands in for the end of the process at an instant."""


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root_key, "LOG_N", 14)


@pytest.fixture
async def store(sqlite_settings: Settings, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(sqlite_settings, tmp_path) as made:
        made.keyring.create_ledger_key(ORIGIN)
        made.keyring.create_search_key("tn_1")
        made.keyring.create_assertion_key()
        yield made


def keys(store: Store) -> Path:
    return store.keyring._directory


async def changed(store: Store, means: Means, how: Callable[[Rewrapping], Any], step: str = "") -> Any:
    async def kill(name: str) -> None:
        if name == f"wrapping.{step}":
            raise Killed(name)

    async with store.writer() as writer:
        rewrapping = Rewrapping(
            directory=keys(store),
            means=means,
            ledger=LEDGER,
            writer=writer,
            clock=store.clock,
            node=NODE,
            failpoint=kill,
        )
        return await how(rewrapping)


def to(passphrase: str) -> Callable[[Rewrapping], Any]:
    return lambda one: one.wrap(*WHO, partial(by_passphrase, passphrase=passphrase.encode()), by(passphrase))


def to_clear(one: Rewrapping) -> Any:
    return one.unwrap(*WHO)


def opens(store: Store, means: Means) -> bool:
    """Whether all of the keyring opens by these means, as it was."""
    try:
        again = Keyring.open(keys(store), means=means)
    except ConfigurationError:
        return False
    assert again.verifier_key(ORIGIN) == store.keyring.verifier_key(ORIGIN)
    assert again.search_key("tn_1") == store.keyring.search_key("tn_1")
    assert again.assertion_key() == store.keyring.assertion_key()
    again.close()
    return True


def in_the_clear(store: Store) -> list[str]:
    return [path.name for path in keys(store).glob("*.key") if not path.read_bytes().startswith(SEALED)]


async def said(store: Store) -> list[tuple[Envelope, tuple[str, ...]]]:
    reader = StoreReader(store.engine, LEDGER)
    found = [(parse(one.envelope), one.detail) async for one in reader.records(0, 99, details=True)]
    return [(one, parse_detail(detail or b"").diff or ()) for one, detail in found if one.event == "key.wrapped"]


async def test_a_root_key_is_wrapped_changed_and_taken_back_on_record(store: Store) -> None:
    first = await changed(store, NO_MEANS, to(OLD))
    assert first == wrapping_now(keys(store))
    assert (first.method, in_the_clear(store)) == ("passphrase", [])
    assert (opens(store, by(OLD)), opens(store, by(NEW)), opens(store, NO_MEANS)) == (True, False, False)
    second = await changed(store, by(OLD), to(NEW))
    assert (opens(store, by(OLD)), opens(store, by(NEW))) == (False, True)
    third = await changed(store, by(NEW), to(NEW))
    assert len({first.id, second.id, third.id}) == 3, "the same passphrase, wrapped anew"
    last = await changed(store, by(NEW), to_clear)
    assert (last.method, last.id, opens(store, NO_MEANS)) == ("clear", None, True)
    assert len(in_the_clear(store)) == 3
    records = await said(store)
    assert [(one.credential, one.outcome and one.outcome.code) for one, _ in records] == [
        (first.id, "passphrase"),
        (second.id, "passphrase"),
        (third.id, "passphrase"),
        (third.id, "clear"),
    ]
    assert records[0][1] == (
        "- root key: in the clear",
        "+ root key: by a passphrase (scrypt, N=2^14, r=8, p=1)",
    )
    assert {one.actor for one, _ in records} == {"ac_1"}


@pytest.mark.parametrize("step", STEPS)
async def test_killed_anywhere_the_old_way_opens_or_the_new_and_it_is_done_by_doing_it_again(
    store: Store, step: str
) -> None:
    for before, passphrase in ((NO_MEANS, OLD), (by(OLD), NEW)):
        with pytest.raises(Killed):
            await changed(store, before, to(passphrase), step)
        done = step == "replaced"
        assert opens(store, before) == (not done)
        assert opens(store, by(passphrase)) == (done or before is NO_MEANS), "in the clear it needs no passphrase"
        await changed(store, by(passphrase) if done else before, to(passphrase))
        assert (opens(store, by(passphrase)), in_the_clear(store)) == (True, [])
    with pytest.raises(Killed):
        await changed(store, by(NEW), to_clear, "replaced" if step == "replaced" else "recorded")
    assert opens(store, NO_MEANS) == (step == "replaced")
    await changed(store, by(NEW), to_clear)
    assert opens(store, NO_MEANS)
    assert len(in_the_clear(store)) == 3


async def test_a_wrong_passphrase_and_one_that_does_not_open_again_change_nothing(store: Store) -> None:
    await changed(store, NO_MEANS, to(OLD))
    kek = (keys(store) / "kek").read_bytes()
    for wrong in (to(NEW), to_clear):
        with pytest.raises(ConfigurationError, match="the passphrase does not open"):
            await changed(store, by("another passphrase"), wrong)
    with pytest.raises(ConfigurationError, match="does not open"):
        await changed(store, by(OLD), lambda one: one.wrap(*WHO, partial(by_passphrase, passphrase=b"x"), by(NEW)))
    assert (keys(store) / "kek").read_bytes() == kek
    assert len(await said(store)) == 1


async def test_a_provider_takes_over_from_a_passphrase_and_gives_it_back(store: Store, tmp_path: Path) -> None:
    provider = Provider(program(tmp_path), wait_s=60.0)
    await changed(store, NO_MEANS, to(OLD))
    made = await changed(
        store, by(OLD), lambda one: one.wrap(*WHO, partial(by_provider, provider=provider), Means(provider=provider))
    )
    assert (made.method, opens(store, Means(provider=provider)), opens(store, by(OLD))) == ("provider", True, False)
    await changed(store, Means(provider=provider), to(NEW))
    assert opens(store, by(NEW))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("answer(wrapped=b64(b'ok')) if asked['op'] == 'wrap' else answer(secret=b64(bytes(32)))", ConfigurationError),
        ("answer(wrapped=b64(b'ok')) if asked['op'] == 'wrap' else sys.exit(1)", LedgerUnavailable),
        ("sys.exit(1)", LedgerUnavailable),
    ],
)
async def test_a_provider_that_gives_another_secret_or_none_is_found_before_anything_changes(
    store: Store, tmp_path: Path, body: str, error: type[Exception]
) -> None:
    provider = Provider(program(tmp_path, body), wait_s=60.0)
    with pytest.raises(error):
        await changed(
            store,
            NO_MEANS,
            lambda one: one.wrap(*WHO, partial(by_provider, provider=provider), Means(provider=provider)),
        )
    assert opens(store, NO_MEANS)
    assert await said(store) == []


async def test_who_is_told_of_a_failure_after_the_file_was_replaced_is_told_to_keep_the_new_way(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever took it for undone would throw away the only passphrase that opens the keyring."""
    sync, synced = key_files.sync, list[Path]()

    def failing(directory: Path) -> None:
        synced.append(directory)
        if not in_the_clear(store) and (keys(store) / "kek").stat().st_size != 32:
            raise OSError(5, "Input/output error")
        sync(directory)

    with monkeypatch.context() as patch:
        patch.setattr(key_files, "sync", failing)
        with pytest.raises(ConfigurationError, match="is replaced, and it could not be made durable: keep what opens"):
            await changed(store, NO_MEANS, to(OLD))
    assert synced
    assert (opens(store, by(OLD)), opens(store, NO_MEANS)) == (True, False)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: failing(keys(store)))
        with pytest.raises(ConfigurationError, match="kek cannot be written"):
            await changed(store, by(OLD), to(NEW))
    assert opens(store, by(OLD)), "nothing was replaced, and nothing else is said"


async def test_without_a_record_nothing_changes_and_two_do_not_change_it_at_once(store: Store) -> None:
    class Away:
        tenant = LEDGER

        async def append(self, entry: object) -> None:
            raise LedgerUnavailable("away")

    away: Any = Away()
    lost = Rewrapping(directory=keys(store), means=NO_MEANS, ledger=LEDGER, writer=away, clock=store.clock, node=NODE)
    with pytest.raises(LedgerUnavailable):
        await to(OLD)(lost)
    assert opens(store, NO_MEANS)
    with alone(keys(store)), pytest.raises(ConfigurationError, match="another process"):
        await changed(store, NO_MEANS, to(OLD))


async def test_a_process_that_has_it_open_goes_on_and_makes_keys_as_it_is_wrapped_now(store: Store) -> None:
    await changed(store, NO_MEANS, to(OLD))
    store.keyring.create_search_key("tn_2")
    store.keyring.create_next_ledger_key(ORIGIN)
    assert in_the_clear(store) == []
    assert len(store.keyring.next_ledger_keys(ORIGIN, [])) == 1
    await changed(store, by(OLD), to_clear)
    assert store.keyring.search_key("tn_2")
    assert store.keyring.verifier_key(ORIGIN)
