import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.checkpoint import sign as sign_checkpoint
from gateway.ledger.merkle import inclusion_path, root
from gateway.ledger.note import Signer
from gateway.ledger.proof import Proof, encode, parse, verify

LOG = Signer("gate.example/ledger/1f", b"l" * 32)
RECORDS = [f"record {number}".encode() for number in range(7)]
LEAVES = [leaf_hash(record) for record in RECORDS]


def proof(index: int, extra: bytes | None = None) -> Proof:
    path = inclusion_path(index, 7, lambda level, at: root(LEAVES[at << level : at + 1 << level]))
    note = sign_checkpoint(Checkpoint(LOG.name, 7, root(LEAVES)), LOG)
    return Proof(index=index, path=tuple(path), checkpoint=note, extra=extra)


@pytest.mark.parametrize("index", range(7))
def test_every_record_has_a_proof_file_that_verifies(index: int) -> None:
    again = parse(encode(proof(index)))
    assert again == proof(index)
    assert verify(RECORDS[index], again, LOG.verifier).size == 7


def test_the_file_has_the_form_of_the_specification() -> None:
    text = encode(proof(6, b"x")).decode()
    head, _, note = text.partition("\n\n")
    assert head.split("\n")[:3] == ["c2sp.org/tlog-proof@v1", "extra eA==", "index 6"]
    assert len(head.split("\n")) == 3 + 2
    assert note.startswith("gate.example/ledger/1f\n7\n")


def test_a_proof_is_for_its_record_and_place_only() -> None:
    with pytest.raises(VerificationError):
        verify(RECORDS[1], proof(0), LOG.verifier)
    with pytest.raises(VerificationError):
        verify(RECORDS[0], Proof(index=1, path=proof(0).path, checkpoint=proof(0).checkpoint), LOG.verifier)
    with pytest.raises(VerificationError):
        verify(RECORDS[0], Proof(index=7, path=proof(0).path, checkpoint=proof(0).checkpoint), LOG.verifier)


def test_a_proof_under_another_key_is_refused() -> None:
    with pytest.raises(VerificationError):
        verify(RECORDS[0], proof(0), Signer(LOG.name, b"x" * 32).verifier)


GOOD = encode(proof(0, b"x"))


@given(at=st.integers(0, len(GOOD) - 1), bit=st.integers(0, 7))
@settings(max_examples=300)
def test_no_changed_bit_goes_unseen_but_in_extra(at: int, bit: int) -> None:
    changed = bytearray(GOOD)
    changed[at] ^= 1 << bit
    try:
        again = parse(bytes(changed))
        verify(RECORDS[0], again, LOG.verifier)
    except (FormatError, VerificationError):
        return
    assert again.extra != b"x"
    assert (again.index, again.path, again.checkpoint) == (0, proof(0).path, proof(0).checkpoint)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOOD[: GOOD.index(b"\n\n")],
        GOOD[: GOOD.index(b"\n\n") + 2],
        GOOD.replace(b"@v1", b"@v2"),
        GOOD.replace(b"\nindex 0", b""),
        GOOD.replace(b"index 0", b"index 00"),
        GOOD.replace(b"index 0", b"index -1"),
        GOOD.replace(b"index 0", b"index 9223372036854775807"),
        GOOD.replace(b"index 0", b"index  0"),
        GOOD.replace(b"index 0", b"index 0\nindex 0"),
        GOOD.replace(b"extra eA==", b"extra eA"),
        GOOD.replace(b"extra eA==", b"extra eA==\nextra eA=="),
        GOOD.replace(b"extra eA==", "extra é".encode()),
        GOOD.replace(b"index 0\n", b"index 0\nAAAA\n"),
        GOOD.replace(b"index 0\n", b"index 0\n" + (b"A" * 43 + b"=\n") * 64),
        b" " + GOOD,
        GOOD + b"\n",
        b"x" * 2_000_001,
    ],
)
def test_what_is_not_a_proof_file_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse(data)


@pytest.mark.parametrize(
    "broken",
    [
        Proof(index=-1, path=(), checkpoint=proof(0).checkpoint),
        Proof(index=0, path=(b"short",), checkpoint=proof(0).checkpoint),
        Proof(index=0, path=(), checkpoint=b"no note"),
        Proof(index=0, path=(), checkpoint=proof(0).checkpoint, extra=bytes(65_536)),
    ],
)
def test_values_that_are_no_proof_are_not_encoded(broken: Proof) -> None:
    with pytest.raises(FormatError):
        encode(broken)


@given(data=st.binary(max_size=60))
@settings(max_examples=100)
def test_any_bytes_are_a_proof_or_a_format_error(data: bytes) -> None:
    for candidate in (data, b"c2sp.org/tlog-proof@v1\n" + data, GOOD[:40] + data):
        try:
            parse(candidate)
        except FormatError:
            continue
