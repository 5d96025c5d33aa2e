"""What a witness signs: that it saw a checkpoint at a time, and none that contradicts it (C2SP tlog-cosignature).

A cosignature v1 is a line below a checkpoint: key id ‖ POSIX seconds as 8 bytes, big-endian ‖ 64 bytes of Ed25519 over

    cosignature/v1
    time <seconds>
    <the checkpoint's text>

Its key id and verifier key have type byte 0x04, so that no plain signature passes for one. What a witness promises with
it is that the tree of this checkpoint extends the tree of every one of the same origin that it has cosigned before.
"""

from collections.abc import Sequence

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.encoding import MAX_SIZE
from gateway.ledger.note import Note, Signer, Verifier, line, parse_note

COSIGNATURE = b"\x04"
_TIME_BYTES = 8
_BYTES = _TIME_BYTES + 64


class Witness(Verifier):
    """A witness's public key under its name."""

    __slots__ = ()
    TYPE = COSIGNATURE

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether this witness has cosigned the checkpoint with this text, whenever that was."""
        if len(signature) != _BYTES or not 0 < time_of(signature) <= MAX_SIZE:
            return False
        return super().verify(_signed(message, time_of(signature)), signature[_TIME_BYTES:])


class Seen(msgspec.Struct, frozen=True):
    """A cosignature that verified: whose it is, and when it was made, in POSIX seconds."""

    witness: str
    seconds: int


class Cosigner:
    """A witness's private key under its name. Its bytes never show in `repr`."""

    __slots__ = ("_signer", "witness")

    def __init__(self, name: str, seed: bytes) -> None:
        """`seed`: the 32 bytes of an RFC 8032 private key."""
        self._signer = Signer(name, seed)
        self.witness = Witness(name, self._signer.verifier.public_key)

    @property
    def seed(self) -> bytes:
        """The private key, for whoever must keep it."""
        return self._signer.seed

    def cosign(self, text: str, seconds: int) -> str:
        """The line, with its newline, that says that the checkpoint with this text was seen at this time. Whether it
        may be said is for the caller to know: `witnessing.judge`."""
        if not 0 < seconds <= MAX_SIZE:
            raise FormatError("a cosignature's time must be positive seconds below 2^63")
        signature = seconds.to_bytes(_TIME_BYTES) + self._signer.sign(_signed(text.encode(), seconds))
        return line(self.witness, signature)


def time_of(signature: bytes) -> int:
    """The POSIX seconds that a cosignature says."""
    return int.from_bytes(signature[:_TIME_BYTES])


def seen(note: Note, witnesses: Sequence[Witness]) -> tuple[Seen, ...]:
    """Who of these witnesses cosigned a note that was opened with them, and when; each once."""
    known = {(one.name, one.key_id) for one in witnesses}
    return tuple(
        Seen(found.name, time_of(found.signature)) for found in note.verified if (found.name, found.key_id) in known
    )


def line_of(answer: bytes, text: str, witness: Witness) -> tuple[str, Seen]:
    """This witness's line among those of its answer (the body of a 200 of tlog-witness), with its newline.

    `FormatError` for what are no signature lines, `VerificationError` where none is this witness's, or it does not hold
    for the checkpoint with this text.
    """
    _, lines = parse_note(text.encode() + b"\n" + answer)
    for found in lines:
        if (found.name, found.key_id) == (witness.name, witness.key_id):
            if not witness.verify(text.encode(), found.signature):
                raise VerificationError("cosignature: does not verify")
            return line(witness, found.signature), Seen(found.name, time_of(found.signature))
    raise VerificationError("cosignature: none of this witness's key")


def _signed(message: bytes, seconds: int) -> bytes:
    return b"cosignature/v1\ntime %d\n" % seconds + message
