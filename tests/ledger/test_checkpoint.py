import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.checkpoint import Checkpoint, encode, parse, sign, verify
from gateway.ledger.merkle import EMPTY_ROOT
from gateway.ledger.note import Signer
from gateway.ledger.note import sign as sign_note

LOG = Signer("gate.example/ledger/1f", b"l" * 32)
WITNESS = Signer("witness.example", b"w" * 32)
ROOT = bytes(range(32))
CHECKPOINT = Checkpoint(LOG.name, 42, ROOT)


def test_the_text_is_origin_size_and_root() -> None:
    assert encode(CHECKPOINT) == "gate.example/ledger/1f\n42\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"


def test_a_signed_checkpoint_verifies_with_and_without_witnesses() -> None:
    assert verify(sign(CHECKPOINT, LOG), LOG.verifier) == CHECKPOINT
    cosigned = sign(CHECKPOINT, LOG, WITNESS)
    assert verify(cosigned, LOG.verifier) == CHECKPOINT
    assert verify(cosigned, LOG.verifier, [WITNESS.verifier]) == CHECKPOINT


def test_a_witness_alone_does_not_speak_for_the_ledger() -> None:
    with pytest.raises(VerificationError):
        verify(sign_note(encode(CHECKPOINT), [WITNESS]), LOG.verifier, [WITNESS.verifier])


def test_the_wrong_signature_of_a_known_witness_is_refused() -> None:
    other = sign(Checkpoint(LOG.name, 43, ROOT), LOG, WITNESS).splitlines(keepends=True)[-1]
    with pytest.raises(VerificationError):
        verify(sign(CHECKPOINT, LOG) + other, LOG.verifier, [WITNESS.verifier])


def test_another_ledgers_checkpoint_is_refused_though_signed_by_the_key() -> None:
    note = sign_note(encode(Checkpoint("gate.example/ledger/2e", 42, ROOT)), [LOG])
    with pytest.raises(VerificationError):
        verify(note, LOG.verifier)
    with pytest.raises(FormatError):
        sign(Checkpoint("gate.example/ledger/2e", 42, ROOT), LOG)


def test_another_key_of_the_same_name_is_refused() -> None:
    with pytest.raises(VerificationError):
        verify(sign(CHECKPOINT, Signer(LOG.name, b"x" * 32)), LOG.verifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        "o\n42\n",
        "o\n42\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "o\n042\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "o\n+42\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "o\n-1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "o\n9223372036854775808\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "o\n42\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
        "o\n42\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
        "o\n42\nAAEC\n",
        "o\n42\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nextension\n",
        "\n42\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "o\n0\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
    ],
)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        parse(text)
    if text.endswith("\n"):
        with pytest.raises((FormatError, VerificationError)):
            verify(sign_note(text, [LOG]), LOG.verifier)


def test_the_empty_tree_has_a_checkpoint_with_the_empty_root() -> None:
    empty = Checkpoint(LOG.name, 0, EMPTY_ROOT)
    assert verify(sign(empty, LOG), LOG.verifier) == empty


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("o", -1, ROOT),
        Checkpoint("o", 2**63, ROOT),
        Checkpoint("o", 1, b"short"),
        Checkpoint("", 1, ROOT),
        Checkpoint("o\np", 1, ROOT),
        Checkpoint("o", 0, ROOT),
    ],
)
def test_values_that_are_no_checkpoint_are_not_encoded(checkpoint: Checkpoint) -> None:
    with pytest.raises(FormatError):
        encode(checkpoint)


@given(size=st.integers(1, 2**63 - 1), root=st.binary(min_size=32, max_size=32))
@settings(max_examples=50)
def test_every_checkpoint_is_read_as_written(size: int, root: bytes) -> None:
    checkpoint = Checkpoint("o", size, root)
    assert parse(encode(checkpoint)) == checkpoint


@given(text=st.text(alphabet="o\n0123456789AZ+/=", max_size=60))
@settings(max_examples=200)
def test_what_is_read_is_written_back(text: str) -> None:
    try:
        checkpoint = parse(text)
    except FormatError:
        return
    assert encode(checkpoint) == text
