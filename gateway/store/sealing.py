"""Sealing: the openings of commitments, and content where a policy keeps it, under keys that can be destroyed.

A sealed part is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce. What is sealed is the opening r (32 bytes) ‖
0x00, or ‖ 0x01 ‖ value where the value is kept. The associated data are tenant, record id, part and key ids, each with
its length, so that a sealed part opens nowhere but where it was sealed.

Under which key: that of the data subject where one is known; a key of the exchange where none is; and where several
are, a key made from all of theirs (HKDF-SHA256, RFC 5869, over their keys in the order of their ids), so that the part
can be read only while every one of them exists.
"""

import os
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.core.errors import VerificationError
from gateway.ledger.entry import DataKey, SealedPart
from gateway.store.data_keys import KEY_BYTES, NONCE_BYTES, fields
from gateway.store.key_pool import KeyPool

OPENING_BYTES = 32
_BARE, _WITH_VALUE = b"\x00", b"\x01"


class DataKeySource(Protocol):
    """What sealing needs of the keyring."""

    def new_data_key(self, subject: str | None) -> tuple[DataKey, bytes]: ...

    def subject_key(self, subject: str) -> tuple[str, bytes] | None: ...

    def data_key(self, key_id: str) -> bytes | None: ...

    def unknown(self, key_id: str) -> bool: ...


class ExchangeKey:
    """The key of one exchange's parts. `new` goes with the entry (`Entry.keys`) that is appended first with them."""

    __slots__ = ("cipher", "ids", "new", "plain")

    def __init__(self, ids: tuple[str, ...], plain: bytes, new: tuple[DataKey, ...]) -> None:
        self.ids = ids
        """Ids of the data keys that must all exist for a part to be read, sorted."""
        self.plain = plain
        """32 bytes. Never leaves this process."""
        self.cipher = AESGCM(plain)
        self.new = new
        """Those of the data keys that are not durable yet."""

    def __repr__(self) -> str:
        return f"ExchangeKey(ids={self.ids!r})"


class Opening(msgspec.Struct, frozen=True):
    """What a sealed part held: the commitment's r, and the value where it was kept."""

    opening: bytes
    value: bytes | None

    def __repr__(self) -> str:
        return f"Opening(value {'kept' if self.value is not None else 'not kept'})"


class Sealer:
    """Seals and opens parts with the keyring's data keys."""

    def __init__(self, keys: DataKeySource, pool: KeyPool | None = None) -> None:
        """`pool`: where keys of exchanges without a data subject are taken from while there are any."""
        self._keys, self._pool = keys, pool

    def exchange_key(self, subjects: tuple[str, ...] = ()) -> ExchangeKey:
        """The key of an exchange that names these data subjects (pseudonyms; repeats count once)."""
        ready = self._pool.take() if self._pool is not None and not subjects else None
        if ready is not None:
            return ExchangeKey((ready.id,), ready.plain, ())
        found: dict[str, bytes] = {}
        new: list[DataKey] = []
        for subject in sorted(set(subjects)) or (None,):
            current = None if subject is None else self._keys.subject_key(subject)
            if current is None:
                key, plain = self._keys.new_data_key(subject)
                new.append(key)
                current = (key.id, plain)
            found[current[0]] = current[1]
        ids = tuple(sorted(found))
        return ExchangeKey(ids, _combined(ids, found), tuple(new))

    def seal(
        self, *, tenant: str, record: str, part: str, opening: bytes, value: bytes | None, key: ExchangeKey
    ) -> SealedPart:
        """Seal the opening r (32 bytes) of a part's commitment, and its value where that is kept.

        `tenant` is the ledger's id, `record` the record's id (`Envelope.id`), `part` the commitment's label.
        """
        if len(opening) != OPENING_BYTES:
            raise ValueError("an opening has 32 bytes")
        nonce = os.urandom(NONCE_BYTES)
        held = "+".join(key.ids)
        plain = opening + (_BARE if value is None else _WITH_VALUE + value)
        ciphertext = key.cipher.encrypt(nonce, plain, _associated(tenant, record, part, held))
        return SealedPart(part=part, key=held, nonce=nonce, ciphertext=ciphertext)

    def foreign(self, sealed: SealedPart) -> bool:
        """Whether a key of it was never in this keyring: what does not open here was not erased for that."""
        return any(self._keys.unknown(key_id) for key_id in sealed.key.split("+"))

    def open(self, *, tenant: str, record: str, sealed: SealedPart) -> Opening | None:
        """What a sealed part holds; None once one of its keys was destroyed (the record is then a commitment only).

        `VerificationError` when the part was changed, or moved to another place than it was sealed for. Whether the
        opening fits the record's commitment is the caller's to check.
        """
        ids = tuple(sealed.key.split("+"))
        found: dict[str, bytes] = {}
        for key_id in ids:
            plain = self._keys.data_key(key_id)
            if plain is None:
                return None
            found[key_id] = plain
        associated = _associated(tenant, record, sealed.part, sealed.key)
        try:
            held = AESGCM(_combined(ids, found)).decrypt(sealed.nonce, sealed.ciphertext, associated)
        except (InvalidTag, ValueError) as error:
            raise VerificationError("a sealed part does not open: it was changed or moved") from error
        opening, kept, value = held[:OPENING_BYTES], held[OPENING_BYTES : OPENING_BYTES + 1], held[OPENING_BYTES + 1 :]
        if kept == _WITH_VALUE:
            return Opening(opening, value)
        if kept == _BARE and not value:
            return Opening(opening, None)
        raise VerificationError("a sealed part does not hold an opening")


def _combined(ids: tuple[str, ...], found: dict[str, bytes]) -> bytes:
    if len(ids) == 1:
        return found[ids[0]]
    info = fields(b"gateway/sealed/several/v1", *(key_id.encode() for key_id in ids))
    material = b"".join(found[key_id] for key_id in ids)
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=info).derive(material)


def _associated(tenant: str, record: str, part: str, key: str) -> bytes:
    return fields(b"gateway/sealed/v1", tenant.encode(), record.encode(), part.encode(), key.encode())
