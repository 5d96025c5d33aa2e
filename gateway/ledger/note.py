"""Text with signatures, as C2SP signed-note v1.0.0 and Go's sumdb/note have it.

    <text, ending in a newline>
    <empty line>
    — <key name> base64(<key id, 4 bytes big-endian> ‖ <signature>)

What is signed is the text with its last newline, without the empty line. Ed25519 keys have type byte 0x01; a key id is
the first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key).
"""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Self

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.encoding import from_base64, to_base64

ED25519 = b"\x01"
MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
"""The specification asks that 16 be read; a bound, because each costs a verification."""
_LEAD = "— "
_control = re.compile(r"[\x00-\x09\x0b-\x1f]")
_VKEY_ID = re.compile(r"[0-9a-f]{8}")


class Signature(msgspec.Struct, frozen=True):
    """One signature line: who is said to have signed, and the bytes."""

    name: str
    key_id: bytes
    signature: bytes


class Note(msgspec.Struct, frozen=True):
    """A note that was opened: its text, and the signatures that verified, in their order."""

    text: str
    verified: tuple[Signature, ...]
    unknown: tuple[Signature, ...]
    """Lines of keys that nobody asked about: nothing is known of them."""


class Verifier:
    """A public key under its name, of the type that plain signatures have; subclasses are of others."""

    __slots__ = ("_key", "key_id", "name", "public_key")
    TYPE = ED25519

    def __init__(self, name: str, public_key: bytes) -> None:
        """`public_key`: the 32 raw bytes. `FormatError` for a name or key that cannot be one."""
        _check_name(name)
        if len(public_key) != 32:
            raise FormatError("an Ed25519 public key must be 32 bytes long")
        self._key = Ed25519PublicKey.from_public_bytes(public_key)
        self.name = name
        self.public_key = public_key
        self.key_id = key_id(name, self.TYPE + public_key)

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """From `NAME+hex(key id)+base64(type ‖ public key)`, exactly; `FormatError` for anything else."""
        fields = vkey.split("+", 2)  # the base64 may hold a plus of its own
        if len(fields) != 3 or not _VKEY_ID.fullmatch(fields[1]):
            raise FormatError("a verifier key must have the form NAME+8 hex digits+base64")
        key = from_base64(fields[2])
        if key[:1] != cls.TYPE:
            raise FormatError(f"a verifier key must be of type {cls.TYPE[0]} here")
        verifier = cls(fields[0], key[1:])
        if verifier.key_id.hex() != fields[1]:
            raise FormatError("a verifier key must carry the key id that its name and key give")
        return verifier

    @property
    def known(self) -> "tuple[Verifier, ...]":
        """All keys that are meant: this one. `rotation.Keys` has several."""
        return (self,)

    def counting(self, size: int) -> "tuple[Verifier, ...]":
        """The keys of which one must have signed a checkpoint of so many records."""
        return (self,)

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{to_base64(self.TYPE + self.public_key)}"

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether this key has signed the message: the text of a note."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Signer:
    """A private key under its name. Its bytes never show in `repr`."""

    __slots__ = ("_key", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        """`seed`: the 32 bytes of an RFC 8032 private key."""
        if len(seed) != 32:
            raise FormatError("an Ed25519 private key must be 32 bytes long")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> "Signer":
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def name(self) -> str:
        return self.verifier.name

    @property
    def seed(self) -> bytes:
        """The private key, for whoever must keep it."""
        return self._key.private_bytes_raw()

    @property
    def reference(self) -> bytes | None:
        """What leads to the private key where that is elsewhere and cannot be had; None for one that is here."""
        return None

    def demand(self) -> None:
        """`PinRefused` where it is on a token that is known to let nobody in; the token is not asked."""

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def key_id(name: str, typed_key: bytes) -> bytes:
    """The four bytes that stand for a key in signature lines; `typed_key` starts with its type byte."""
    return sha256(name.encode() + b"\n" + typed_key).digest()[:4]


def sign(text: str, signers: Sequence[Signer]) -> bytes:
    """The whole note. `FormatError` for a text that cannot be signed, or without a signer."""
    _check_text(text)
    if not signers:
        raise FormatError("a note must have at least one signature")
    message = text.encode()
    lines = [line(signer.verifier, signer.sign(message)) for signer in signers]
    return message + b"\n" + "".join(lines).encode()


def line(verifier: Verifier, signature: bytes) -> str:
    """A signature line with its newline, as it stands below a note's text."""
    return f"{_LEAD}{verifier.name} {to_base64(verifier.key_id + signature)}\n"


def open_note(note: bytes, verifiers: Sequence[Verifier]) -> Note:
    """The text of a note that at least one of the verifiers' keys has signed.

    `FormatError` for bytes that are not a note; `VerificationError` when a known key's signature does not verify, when
    none is of a known key, or when two verifiers cannot be told apart. Which key *should* have signed is the caller's.
    """
    # 1. Read the text and the signature lines.
    text, signatures = parse_note(note)
    # 2. A name and key id must mean one key: four bytes can be made to collide.
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        if known.setdefault((verifier.name, verifier.key_id), verifier).public_key != verifier.public_key:
            raise VerificationError("note: two keys have the same name and key id")
    # 3. Every signature of a known key must verify; those of unknown keys are passed over.
    message = text.encode()
    verified: dict[tuple[str, bytes], Signature] = {}
    unknown: list[Signature] = []
    for signature in signatures:
        identity = (signature.name, signature.key_id)
        if identity not in known:
            unknown.append(signature)
        elif known[identity].verify(message, signature.signature):
            verified.setdefault(identity, signature)
        else:
            raise VerificationError("note: the signature of a known key does not verify")
    # 4. At least one signature must have been verified.
    if not verified:
        raise VerificationError("note: no signature of a known key")
    return Note(text, tuple(verified.values()), tuple(unknown))


def parse_note(note: bytes) -> tuple[str, list[Signature]]:
    """Text and signature lines of a note, nothing verified; `FormatError` for bytes that are not a note."""
    if len(note) > MAX_NOTE_BYTES:
        raise FormatError("a note must not exceed 1,000,000 bytes")
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("a note must be UTF-8") from error
    if _control.search(whole):
        raise FormatError("a note must not hold control characters other than newlines")
    at = whole.rfind("\n\n")
    if at < 0 or not whole.endswith("\n"):
        raise FormatError("a note must be a text, an empty line and signature lines")
    text, lines = whole[: at + 1], whole[at + 2 : -1].split("\n")
    if at + 2 == len(whole):
        raise FormatError("a note must have at least one signature")
    if len(lines) > MAX_SIGNATURES:
        raise FormatError("a note must not have more than 100 signatures")
    return text, [_parse_signature(line) for line in lines]


def _parse_signature(line: str) -> Signature:
    fields = line.removeprefix(_LEAD).split(" ")
    if not line.startswith(_LEAD) or len(fields) != 2:
        raise FormatError("a signature line must have the form — NAME BASE64")
    _check_name(fields[0])
    data = from_base64(fields[1])
    if len(data) < 5:
        raise FormatError("a signature line must hold a key id and a signature")
    return Signature(fields[0], data[:4], data[4:])


def _check_name(name: str) -> None:
    if not name or "+" in name or any(character.isspace() for character in name) or _control.search(name):
        raise FormatError("a key's name must not be empty, nor hold spaces, control characters or a plus")
    _check_unicode(name)


def _check_text(text: str) -> None:
    if not text.endswith("\n") or _control.search(text):
        raise FormatError("a note's text must end in a newline and hold no other control characters")
    _check_unicode(text)
    if len(text.encode()) > MAX_NOTE_BYTES // 2:
        raise FormatError("a note's text must not exceed 500,000 bytes")


def _check_unicode(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise FormatError("a text must be valid Unicode") from error
