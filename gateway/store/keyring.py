"""The keyring: a directory (0700) of files (0600), kept apart from the database and from the database's backups.

    kek                   the root key, 32 raw bytes or wrapped (`root_key`): it wraps the data keys, and where it is
                          wrapped itself the other secret files are sealed under it (`key_files`)
    data-keys.db          the data keys (`data_keys`), unless they are in a database of their own (`shared_keys`)
    ledger-<id>.key       the Ed25519 key that signs checkpoints, as a signed-note private key (<id>: of the origin)
    ledger-<id>.<key id>.key    one that replaced it (`signing`), or may
    search-<id>.key       a tenant's search key, 32 raw bytes: it makes lookups of pseudonyms
    assertion.key         the Ed25519 seed that signs assertions to agents, 32 raw bytes

Nothing here is made by being asked for: a key that is missing is an error that names its file, because a new one in its
place would silently break what the old one holds together.
"""

import os
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from gateway.core.errors import ConfigurationError, FormatError
from gateway.ledger.cosignature import Cosigner
from gateway.ledger.encoding import from_base64, to_base64
from gateway.ledger.entry import DataKey
from gateway.ledger.note import Signer, Verifier
from gateway.settings import Settings, secret
from gateway.store.data_keys import KEY_BYTES, DataKeys, holds_keys
from gateway.store.key_files import REFERENCE, ROOT, KeyFiles, guarded, read, sync, write_new
from gateway.store.key_provider import Provider
from gateway.store.passphrase import chosen, passphrase
from gateway.store.root_key import NO_MEANS, Means, by_passphrase, by_provider, kek_of
from gateway.store.shared_keys import SharedDataKeys, data_keys_dsn

_NAME = re.compile(r"[a-z0-9_]{1,64}")
_PRIVATE = "PRIVATE+KEY+"
_ASSERTION = "assertion.key"
DATA_KEYS = "data-keys.db"


class DataKeyHome(Protocol):
    """Where data keys are: a file of the keyring, or a database that machines share. What it says is durable is so
    before it returns; what it destroyed is gone in every process. May be used from several threads. All of it raises
    `LedgerUnavailable` where it cannot be asked, within seconds."""

    def new(self, subject: str | None) -> tuple[DataKey, bytes]: ...

    def persist(self, keys: Sequence[DataKey]) -> None: ...

    def prove(self) -> None: ...

    def get(self, key_id: str) -> bytes | None: ...

    def unknown(self, key_id: str) -> bool: ...

    def of_subject(self, subject: str) -> tuple[str, bytes] | None: ...

    def ids_of_subject(self, subject: str) -> tuple[str, ...]: ...

    def destroy(self, key_ids: Sequence[str]) -> int: ...

    def destroyed(self, prefix: str) -> tuple[str, ...]: ...

    def close(self) -> None: ...


class KeyToken(Protocol):
    """Where signing keys are that never come out: `signing_token.Token`."""

    def generate(self, name: str) -> Signer: ...

    def signer(self, reference: bytes) -> Signer: ...

    def destroy(self, reference: bytes) -> None: ...

    def close(self) -> None: ...


class Keyring:
    """An opened keyring. May be used from several threads."""

    def __init__(self, directory: Path, data_keys: DataKeyHome, files: KeyFiles, token: KeyToken | None = None) -> None:
        self._directory, self._files, self._token = directory, files, token
        self._data_keys = data_keys
        self.kept = self.unkept = 0
        """How often data keys were made durable, and how often they could not be. Told from several threads at once:
        that one has moved is sure, by how much is not."""
        self._search: dict[str, bytes] = {}

    @classmethod
    def create(cls, directory: Path, wrap: Callable[[bytes], bytes] | None = None) -> "Keyring":
        """Make a keyring with its own root key, in the clear or as `wrap` makes its file of it; `ConfigurationError` if
        one is there already."""
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"the keyring directory {directory} cannot be made") from error
        guarded(directory)
        # The data keys' file first: a crash between the two leaves a keyring that does not open, and a second `create`
        # that says why; never one whose data keys are wrapped under a key that was replaced.
        DataKeys.create(directory / DATA_KEYS)
        root = os.urandom(KEY_BYTES)
        if not write_new(directory / ROOT, root if wrap is None else wrap(root)):
            raise ConfigurationError(f"{directory / ROOT} exists already and is not overwritten")
        return cls(directory, DataKeys(directory / DATA_KEYS, root), KeyFiles(directory, root))

    @classmethod
    def open(
        cls, directory: Path, shared: str | None = None, token: KeyToken | None = None, means: Means = NO_MEANS
    ) -> "Keyring":
        """Open a keyring; `ConfigurationError` names a file that is missing, or that others than its owner may read.
        `shared`: the DSN of the database that the data keys are in, instead of in the directory's file; `token`: where
        signing keys are made from now on, and those of references are; `means`: what opens a root key that is wrapped.
        """
        kek = kek_of(directory, means)
        files = KeyFiles(directory, kek)
        file = directory / DATA_KEYS
        if shared is None:
            guarded(file)
            return cls(directory, DataKeys(file, kek), files, token)
        if holds_keys(file):
            raise ConfigurationError(f"{file} holds data keys: move them to keys.data_keys with `gateway keys share`")
        return cls(directory, SharedDataKeys(shared, kek), files, token)

    def close(self) -> None:
        self._data_keys.close()
        if self._token is not None:
            self._token.close()

    @property
    def shared(self) -> SharedDataKeys | None:
        """The database that the data keys are in, where that is not the keyring's own file."""
        return self._data_keys if isinstance(self._data_keys, SharedDataKeys) else None

    def beside(self, data_keys: DataKeyHome) -> "Keyring":
        """This keyring with another home of its data keys, which is closed apart; the rest is closed with this one."""
        return Keyring(self._directory, data_keys, self._files, self._token)

    def data_keys_in(self, file: Path) -> DataKeys:
        """Another file of data keys, under the same root key: what wraps that is not asked again."""
        return DataKeys(file, self._files.root)

    def create_ledger_key(self, origin: str) -> None:
        """Make the first key that signs the checkpoints of an origin; `ConfigurationError` if there is one already."""
        self._keep_signer(self._ledger_file(origin), self._new_signer(origin))

    def create_next_ledger_key(self, origin: str) -> Signer:
        """Make a key that may replace the one that signs for an origin. It signs nothing by being there."""
        signer = self._new_signer(origin)
        self._keep_signer(self._ledger_file(origin, signer.verifier), signer)
        return signer

    def next_ledger_keys(self, origin: str, keys: Sequence[Verifier]) -> list[Signer]:
        """Keys that were made for an origin and are none of these, which have signed for it."""
        known = {key.vkey for key in keys}
        files = sorted(self._directory.glob(f"{self._ledger_file(origin).stem}.*.key"))
        found = [self._signer(file, origin) for file in files]
        return [signer for signer in found if signer.verifier.vkey not in known]

    def signer(self, origin: str, vkey: str | None = None) -> Signer:
        """The private key of a verifier key of an origin, or the first that it had. `ConfigurationError` if there is
        none, or the file holds another's."""
        first = self._ledger_file(origin)
        if vkey is None:
            return self._signer(first, origin)
        file = self._ledger_file(origin, Verifier.parse(vkey))
        if not file.exists() and first.exists():
            signer = self._signer(first, origin)
            if signer.verifier.vkey == vkey:
                return signer
        return self._signer(file, origin)

    def verifier_key(self, origin: str) -> str:
        """The public half of the first key, as a signed-note verifier key: one line without its newline."""
        return self.signer(origin).verifier.vkey

    def destroy_signer(self, origin: str, vkey: str) -> bool:
        """Remove a private key of an origin that signs no more; whether it was there."""
        for file in (self._ledger_file(origin, Verifier.parse(vkey)), self._ledger_file(origin)):
            if file.exists() and (signer := self._signer(file, origin)).verifier.vkey == vkey:
                # A crash in between leaves a reference that leads nowhere, and is begun anew.
                if self._token is not None and signer.reference is not None:
                    self._token.destroy(signer.reference)
                try:
                    file.unlink()
                except OSError as error:
                    raise ConfigurationError(f"{file} cannot be removed") from error
                self.settle()
                return True
        return False

    def settle(self) -> None:
        """What files were made and removed until now, also by a try that failed afterwards, is on the disk when this
        returns; else `ConfigurationError`."""
        try:
            sync(self._directory)
        except OSError as error:
            raise ConfigurationError(f"{self._directory} cannot be written") from error

    def _parsed(self, data: bytes, file: Path) -> Signer:
        if not data.startswith(REFERENCE):
            return _parse_private_key(data)
        if self._token is None:
            raise ConfigurationError(f"the key of {file} is on a token: keys.pkcs11_module must be set")
        return self._token.signer(data)

    def _new_signer(self, origin: str) -> Signer:
        return Signer.generate(origin) if self._token is None else self._token.generate(origin)

    def _keep_signer(self, file: Path, signer: Signer) -> None:
        if not self._files.write_new(file, signer.reference or _private_key(signer.verifier, signer.seed)):
            raise ConfigurationError(f"{file} exists already and is not overwritten")

    def _signer(self, file: Path, origin: str) -> Signer:
        try:
            signer = self._parsed(self._files.read(file), file)
        except (FormatError, UnicodeDecodeError):
            # Without its cause, which could show what the file holds.
            raise ConfigurationError(f"{file} does not hold a signing key") from None
        if signer.name != origin:
            raise ConfigurationError(f"{file} is the key of another origin than the ledger's")
        return signer

    def create_search_key(self, tenant: str) -> None:
        """Make the search key of a tenant (by its ledger id), unless it has one."""
        self._files.write_new(self._search_file(tenant), os.urandom(KEY_BYTES))

    def search_key(self, tenant: str) -> bytes:
        """The 32 bytes under which a tenant's identifiers are looked up."""
        key = self._search.get(tenant)
        if key is None:
            key = self._search[tenant] = self._files.read(self._search_file(tenant), KEY_BYTES)
        return key

    def create_assertion_key(self) -> None:
        """Make the key that signs assertions to agents, unless there is one. Nothing rests on an old one: agents find
        the new one among the gateway's public keys."""
        self._files.write_new(self._directory / _ASSERTION, os.urandom(KEY_BYTES))

    def assertion_key(self) -> bytes:
        """The 32 bytes of the key that signs assertions."""
        return self._files.read(self._directory / _ASSERTION, KEY_BYTES)

    def discard(self, origin: str, tenant: str | None = None) -> None:
        """Remove the keys of a ledger that never came to be, because another process made the tenant first."""
        self._ledger_file(origin).unlink(missing_ok=True)
        if tenant is not None:
            self._search_file(tenant).unlink(missing_ok=True)
            self._search.pop(tenant, None)

    def new_data_key(self, subject: str | None) -> tuple[DataKey, bytes]:
        """A new data key, wrapped, and its plain 32 bytes; it goes with the entry whose parts are sealed under it."""
        return self._data_keys.new(subject)

    def persist(self, keys: Sequence[DataKey]) -> None:
        """Make data keys durable; returns when they are synced. Blocks: the writer calls it in a thread.

        The records that need the keys are committed after this returns, so no sealed part is ever without its key.
        """
        try:
            self._data_keys.persist(keys)
        except BaseException:
            self.unkept += 1
            raise
        self.kept += bool(keys)

    def prove(self) -> None:
        """Find out whether data keys can be made durable now, by doing it with some that are removed again.
        `LedgerUnavailable` where they cannot. Blocks."""
        self._data_keys.prove()

    def data_key(self, key_id: str) -> bytes | None:
        """The plain bytes of a data key, or None once it was destroyed."""
        return self._data_keys.get(key_id)

    def unknown(self, key_id: str) -> bool:
        """Whether this keyring has never had this data key: the one who has it has another keyring."""
        return self._data_keys.unknown(key_id)

    def subject_key(self, subject: str) -> tuple[str, bytes] | None:
        """Id and plain bytes of the subject's current data key, or None while it has none."""
        return self._data_keys.of_subject(subject)

    def subject_keys(self, subject: str) -> tuple[str, ...]:
        """Ids of all data keys of a subject."""
        return self._data_keys.ids_of_subject(subject)

    def destroy(self, key_ids: Sequence[str]) -> int:
        """Destroy data keys for good, at once in every process that has the keyring open; returns how many."""
        return self._data_keys.destroy(key_ids)

    def erased(self) -> tuple[str, ...]:
        """Pseudonyms of data subjects, of any tenant, that were erased or are being erased: no key is made for them."""
        return self._data_keys.destroyed("su_")

    def _ledger_file(self, origin: str, verifier: Verifier | None = None) -> Path:
        """Of the first key of an origin, or of a later one."""
        # By the origin and not by the ledger: a new database beside an old keyring has new origins, also for the one
        # ledger whose id is fixed, and no origin's key ever signs two trees.
        file = self._file("ledger", origin.rpartition("/")[2])
        return file if verifier is None else file.with_name(f"{file.stem}.{verifier.key_id.hex()}.key")

    def _search_file(self, tenant: str) -> Path:
        return self._file("search", tenant)

    def _file(self, kind: str, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ConfigurationError(
                "a ledger id, and an origin's last part, must be of lower-case letters, digits and _"
            )
        return self._directory / f"{kind}-{name}.key"


def open_keyring(settings: Settings) -> Keyring:
    """The keyring of an installation, with its data keys where the settings say that they are."""
    directory = settings.path(settings.keys.directory)
    return Keyring.open(directory, data_keys_dsn(settings), _token(settings), means_of(settings))


def means_of(settings: Settings) -> Means:
    """What opens the root key of an installation."""
    keys = settings.keys
    named = keys.passphrase
    return Means(
        passphrase=None if named is None else partial(passphrase, named, settings.base),
        provider=None if keys.provider is None else provider_of(settings),
        expected=keys.protection,
    )


def wrapping_of(settings: Settings) -> Callable[[bytes], bytes] | None:
    """What makes the file of a new root key, as `keys.protection` says; None where it is to lie in the clear."""
    keys = settings.keys
    if keys.protection == "provider":
        return partial(by_provider, provider=provider_of(settings))
    if keys.protection == "passphrase" and keys.passphrase is not None:
        return partial(by_passphrase, passphrase=chosen(passphrase(keys.passphrase, settings.base), "keys.passphrase"))
    return None


def provider_of(settings: Settings) -> Provider:
    """The program that wraps the root key. `ConfigurationError` where none is named."""
    keys = settings.keys
    if keys.provider is None:
        raise ConfigurationError("keys.provider must name the program that wraps the root key")
    return Provider(settings.path(keys.provider), keys.provider_environment, keys.provider_timeout_s)


def _token(settings: Settings) -> KeyToken | None:
    keys = settings.keys
    if keys.pkcs11_module is None or keys.pkcs11_token is None or keys.pkcs11_pin is None:
        return None
    from gateway.store.signing_token import Token  # noqa: PLC0415 — its library is read in where there is a token

    pin = partial(secret, keys.pkcs11_pin, settings.base)
    return Token(keys.pkcs11_module, keys.pkcs11_token, pin, beside=settings.path(keys.directory))


def share(directory: Path, dsn: str, means: Means = NO_MEANS) -> int:
    """Move the data keys of a keyring, and the ids of destroyed ones, from its file to a database; how many keys.

    Each is durable and compared there before the file lets go of all of them at once. Broken off, it is begun anew.
    """
    kek, file = kek_of(directory, means), directory / DATA_KEYS
    shared = SharedDataKeys(dsn, kek)
    try:
        if not holds_keys(file):
            return 0
        own = DataKeys(file, kek)
        try:
            return own.hand_over(shared.take)
        finally:
            own.close()
    finally:
        shared.close()


def write_cosigner(path: Path, cosigner: Cosigner) -> None:
    """Write a witness's private key; `ConfigurationError` where there is a file already."""
    if not write_new(path, _private_key(cosigner.witness, cosigner.seed)):
        raise ConfigurationError(f"{path} exists already and is not overwritten")


def read_cosigner(path: Path) -> Cosigner:
    """A witness's private key. `ConfigurationError` where there is none, or the file is open to others."""
    try:
        data = read(path)
        cosigner = Cosigner(*_named_seed(data))
        if _private_key(cosigner.witness, cosigner.seed) != data:
            raise FormatError("not a private key in its one form")
    except (FormatError, UnicodeDecodeError):
        # Without its cause, which could show what the file holds.
        raise ConfigurationError(f"{path} does not hold a witness's key") from None
    return cosigner


def _private_key(verifier: Verifier, seed: bytes) -> bytes:
    """`PRIVATE+KEY+NAME+hex(key id)+base64(type ‖ seed)`: the form that Go's sumdb/note reads and writes."""
    return f"{_PRIVATE}{verifier.name}+{verifier.key_id.hex()}+{to_base64(verifier.TYPE + seed)}\n".encode()


def _parse_private_key(data: bytes) -> Signer:
    signer = Signer(*_named_seed(data))
    if _private_key(signer.verifier, signer.seed) != data:
        raise FormatError("not a private key in its one form")
    return signer


def _named_seed(data: bytes) -> tuple[str, bytes]:
    fields = data.decode("utf-8").removeprefix(_PRIVATE).removesuffix("\n").split("+", 2)  # base64 may hold a plus
    typed = from_base64(fields[2]) if len(fields) == 3 else b""
    return fields[0], typed[1:]
