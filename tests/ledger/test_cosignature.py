"""A cosignature is one witness's word on one checkpoint at one time, and nobody else's on anything else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError, GatewayError, VerificationError
from gateway.ledger import checkpoint
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.cosignature import COSIGNATURE, Cosigner, Seen, Witness, line_of, seen
from gateway.ledger.encoding import to_base64
from gateway.ledger.note import Signer, Verifier, key_id, open_note, parse_note

LOG = Signer("gate.example/ledger/1f", b"l" * 32)
NOTE = checkpoint.sign(Checkpoint(LOG.name, 7, b"r" * 32), LOG)
TEXT = parse_note(NOTE)[0]
WITNESS, OTHER = Cosigner("witness.example/w1", b"w" * 32), Cosigner("witness.example/w2", b"x" * 32)
SECONDS = 1_795_482_123
LINE = WITNESS.cosign(TEXT, SECONDS)


def test_a_cosigned_checkpoint_is_the_ledgers_and_says_who_saw_it_when() -> None:
    note = NOTE + LINE.encode() + OTHER.cosign(TEXT, SECONDS + 1).encode()
    known = [WITNESS.witness, OTHER.witness]
    assert checkpoint.verify(note, LOG.verifier, known).size == 7
    opened = open_note(note, [LOG.verifier, *known])
    assert seen(opened, known) == (Seen(WITNESS.witness.name, SECONDS), Seen(OTHER.witness.name, SECONDS + 1))
    assert seen(opened, [OTHER.witness]) == (Seen(OTHER.witness.name, SECONDS + 1),)
    assert checkpoint.verify(note, LOG.verifier).size == 7, "who knows no witness passes it over"


def test_its_form_is_that_of_the_specification() -> None:
    ((name, identity, signature),) = [
        (one.name, one.key_id, one.signature) for one in parse_note(NOTE + LINE.encode())[1][1:]
    ]
    assert (name, identity) == (WITNESS.witness.name, key_id(name, COSIGNATURE + WITNESS.witness.public_key))
    assert signature[:8] == SECONDS.to_bytes(8)
    plain = Verifier(name, WITNESS.witness.public_key)
    assert plain.verify(b"cosignature/v1\ntime %d\n" % SECONDS + TEXT.encode(), signature[8:])


def test_a_verifier_key_of_the_one_type_is_none_of_the_other() -> None:
    assert Witness.parse(WITNESS.witness.vkey).public_key == WITNESS.witness.public_key
    with pytest.raises(FormatError, match="type 1"):
        Verifier.parse(WITNESS.witness.vkey)
    with pytest.raises(FormatError, match="type 4"):
        Witness.parse(LOG.verifier.vkey)


def test_a_plain_signature_under_a_witnesss_key_is_no_cosignature() -> None:
    signer = Signer(WITNESS.witness.name, b"w" * 32)
    for signature in (signer.sign(TEXT.encode()), bytes(8) + signer.sign(TEXT.encode()), b""):
        line = f"— {WITNESS.witness.name} {to_base64(WITNESS.witness.key_id + signature + b'')}\n" if signature else ""
        with pytest.raises(GatewayError):
            line_of(line.encode(), TEXT, WITNESS.witness)


def test_a_witnesss_answer_is_searched_for_its_own_line() -> None:
    answer = OTHER.cosign(TEXT, SECONDS) + LINE
    assert line_of(answer.encode(), TEXT, WITNESS.witness) == (LINE, Seen(WITNESS.witness.name, SECONDS))
    with pytest.raises(VerificationError, match="none of this"):
        line_of(OTHER.cosign(TEXT, SECONDS).encode(), TEXT, WITNESS.witness)
    with pytest.raises(VerificationError, match="does not verify"):
        line_of(LINE.encode(), TEXT.replace("7", "8"), WITNESS.witness)


@pytest.mark.parametrize("seconds", [0, -1, 2**63])
def test_no_time_is_cosigned_that_is_none(seconds: int) -> None:
    with pytest.raises(FormatError):
        WITNESS.cosign(TEXT, seconds)


@given(at=st.integers(0, len(LINE.encode()) - 1), bit=st.integers(0, 7))
@settings(max_examples=300)
def test_no_changed_bit_of_a_line_goes_unseen(at: int, bit: int) -> None:
    changed = bytearray(LINE.encode())
    changed[at] ^= 1 << bit
    with pytest.raises(GatewayError):
        line_of(bytes(changed), TEXT, WITNESS.witness)


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_any_answer_is_a_line_or_an_error_of_ours(data: bytes) -> None:
    with pytest.raises(GatewayError):
        line_of(data, TEXT, WITNESS.witness)
