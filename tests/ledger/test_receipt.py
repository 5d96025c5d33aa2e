"""A receipt is what its ledger signed, to the bit; and a ledger that does not keep it is found."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError, GatewayError, VerificationError
from gateway.ledger import checkpoint
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.commitment import committed
from gateway.ledger.merkle import inclusion_path, root
from gateway.ledger.note import Signer, sign
from gateway.ledger.proof import Proof
from gateway.ledger.receipt import (
    HEADER,
    MAX_HEADER,
    TEXT,
    Promise,
    Receipt,
    check_proof,
    check_record,
    check_request,
    encode,
    from_header,
    issue,
    parse,
    verify,
)
from gateway.ledger.record import GENESIS, Envelope, MessageInfo, seal
from gateway.ledger.times import timestamp

LOG = Signer("gate.example/ledger/1f", b"l" * 32)
BODY, SALT = b'{"model": "ward"}', bytes(range(32))
AT = timestamp(1_795_482_123_000_004)


def record(seq: int = 3, body: bytes = BODY) -> bytes:
    envelope = Envelope(
        id="0", tenant="tn_1", event="exchange.requested", occurred_at=AT, request=MessageInfo(commitment=_of(body))
    )
    return seal(envelope, seq, GENESIS, AT)


def _of(body: bytes) -> str:
    return committed(SALT, "request", body)


def promise(data: bytes, seq: int = 3, request: str | None = _of(BODY)) -> Promise:
    return Promise(origin=LOG.name, seq=seq, leaf_hash=leaf_hash(data), recorded_at=AT, request=request)


RECORD = record()
GOOD = issue(promise(RECORD), SALT, LOG)


def test_a_receipt_says_what_was_promised_and_opens_the_callers_own_request() -> None:
    held = parse(GOOD)
    assert verify(held, LOG.verifier) == promise(RECORD)
    check_request(held, BODY)
    assert check_record(held.promise, RECORD).seq == 3
    with pytest.raises(VerificationError, match="not the one that it commits to"):
        check_request(held, BODY + b" ")


def test_the_file_has_its_documented_form() -> None:
    head, _, note = GOOD.decode().partition("\n\n")
    assert head.split("\n")[0] == HEADER
    assert head.split("\n")[1].startswith("opening ")
    assert note.split("\n")[:3] == [TEXT, f"origin {LOG.name}", "record 3"]


def test_one_without_a_request_opens_nothing() -> None:
    held = parse(issue(promise(RECORD, request=None), None, LOG))
    assert held.opening is None
    with pytest.raises(VerificationError, match="no request"):
        check_request(held, BODY)


def test_another_key_has_promised_nothing() -> None:
    for other in (Signer(LOG.name, b"x" * 32), Signer("gate.example/ledger/2f", b"l" * 32)):
        with pytest.raises(VerificationError):
            verify(parse(GOOD), other.verifier)
    with pytest.raises(FormatError, match="key of its ledger"):
        issue(promise(RECORD), SALT, Signer("gate.example/ledger/2f", b"l" * 32))


def test_a_key_speaks_for_its_own_ledger_alone() -> None:
    other = Signer("gate.example/ledger/2f", b"l" * 32)
    note = sign(encode(promise(RECORD)), [other])
    held = Receipt(promise=promise(RECORD), note=note, opening=SALT)
    with pytest.raises(VerificationError, match="origin"):
        verify(held, other.verifier)


def test_no_signature_of_a_checkpoint_passes_for_a_promise_or_the_reverse() -> None:
    note = checkpoint.sign(Checkpoint(LOG.name, 4, root([b"1" * 32])), LOG)
    with pytest.raises(VerificationError, match="not a promise"):
        verify(Receipt(promise=promise(RECORD), note=note), LOG.verifier)
    with pytest.raises(FormatError):
        checkpoint.verify(parse(GOOD).note, LOG.verifier)
    with pytest.raises(VerificationError, match="another promise"):
        verify(msgspec.structs.replace(parse(GOOD), promise=promise(RECORD, seq=4)), LOG.verifier)


def test_a_record_that_was_changed_is_found_by_its_bytes_and_in_the_tree() -> None:
    leaves = [leaf_hash(b"%d" % number) for number in range(7)]
    for kept in (True, False):
        leaves[3] = leaf_hash(RECORD if kept else record(body=b"another"))
        path = inclusion_path(3, 7, lambda level, at: root(leaves[at << level : at + 1 << level]))
        held = Proof(index=3, path=tuple(path), checkpoint=checkpoint.sign(Checkpoint(LOG.name, 7, root(leaves)), LOG))
        if kept:
            assert check_proof(promise(RECORD), held, LOG.verifier).size == 7
            with pytest.raises(VerificationError, match="another record"):
                check_proof(promise(RECORD), msgspec.structs.replace(held, index=4), LOG.verifier)
        else:
            with pytest.raises(VerificationError, match="root"):
                check_proof(promise(RECORD), held, LOG.verifier)
    with pytest.raises(VerificationError, match="another than was promised"):
        check_record(promise(RECORD), record(body=b"another"))


def test_a_ledger_that_promised_what_its_record_does_not_say_is_found() -> None:
    for wrong in (promise(record(4), seq=3), promise(RECORD, request=_of(b"another")), promise(RECORD, request=None)):
        data = record(4) if wrong.leaf_hash != leaf_hash(RECORD) else RECORD
        with pytest.raises(VerificationError, match="something else"):
            check_record(wrong, data)
    junk = Promise(origin=LOG.name, seq=3, leaf_hash=leaf_hash(b"{}"), recorded_at=AT)
    with pytest.raises(VerificationError, match="no record"):
        check_record(junk, b"{}")


def test_what_would_not_fit_a_header_is_not_issued() -> None:
    long = Signer("a" * 1_200, b"l" * 32)
    with pytest.raises(FormatError, match="one header"):
        issue(msgspec.structs.replace(promise(RECORD), origin=long.name), SALT, long)
    with pytest.raises(FormatError):
        from_header("A" * (MAX_HEADER + 1))


@pytest.mark.parametrize(
    "wrong",
    [
        GOOD.replace(HEADER.encode(), b"gateway/receipt@v2"),
        GOOD.replace(b"opening ", b"opened "),
        GOOD.replace(b"\nopening", b"\nextra\nopening"),
        GOOD.replace(b"record 3", b"record 03"),
        GOOD.replace(b"hash ", b"hash  "),
        GOOD.replace(b"\nat ", b"\nat T"),
        GOOD.replace(b"origin gate", b"origin \ngate"),
        GOOD.replace(b"\n\n", b"\n", 1),
        GOOD + b"x" * 4_096,
        b"\xff" + GOOD,
        b"",
    ],
)
def test_anything_else_is_no_receipt(wrong: bytes) -> None:
    with pytest.raises(FormatError):
        parse(wrong)


@given(at=st.integers(0, len(GOOD) - 1), bit=st.integers(0, 7))
@settings(max_examples=300)
def test_no_changed_bit_goes_unseen(at: int, bit: int) -> None:
    changed = bytearray(GOOD)
    changed[at] ^= 1 << bit
    with pytest.raises(GatewayError):  # noqa: PT012 — whichever of the three finds it
        held = parse(bytes(changed))
        verify(held, LOG.verifier)
        check_request(held, BODY)


@given(st.binary(max_size=600))
@settings(max_examples=300)
def test_the_parser_raises_its_own_error_alone(data: bytes) -> None:
    for text in (data, f"{HEADER}\n\n".encode() + data):
        with pytest.raises(FormatError):
            parse(text)
    with pytest.raises(FormatError):
        from_header(data.decode("latin-1"))


@given(
    seq=st.integers(0, 2**53),
    us=st.integers(0, 4_000_000_000_000_000),
    hashed=st.binary(min_size=32, max_size=32),
    opening=st.none() | st.binary(min_size=32, max_size=32),
    asked=st.booleans(),
)
@settings(max_examples=200)
def test_every_promise_comes_back_as_it_was(
    seq: int, us: int, hashed: bytes, opening: bytes | None, asked: bool
) -> None:
    request = _of(hashed) if asked else None
    made = Promise(origin=LOG.name, seq=seq, leaf_hash=hashed, recorded_at=timestamp(us), request=request)
    held = parse(issue(made, opening, LOG))
    assert (verify(held, LOG.verifier), held.opening) == (made, opening)
