"""What a witness may cosign: one history of each origin, and no step back in it."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError
from gateway.ledger import checkpoint
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.merkle import EMPTY_ROOT, consistency_path, root
from gateway.ledger.note import Signer, sign
from gateway.ledger.witnessing import (
    MAX_BYTES,
    Refused,
    Request,
    checkpoint_of,
    encode,
    judge,
    origin_of,
    parse,
    parse_size,
)

LOG = Signer("gate.example/ledger/1f", b"l" * 32)
LEAVES = [leaf_hash(b"%d" % number) for number in range(40)]
FORK = [*LEAVES[:5], *(leaf_hash(b"fork %d" % number) for number in range(35))]
KNOWN = {LOG.name: LOG.verifier}


def point(size: int, leaves: list[bytes] = LEAVES) -> Checkpoint:
    return Checkpoint(LOG.name, size, root(leaves[:size]))


def asked(old: int, size: int, leaves: list[bytes] = LEAVES, signer: Signer = LOG) -> Request:
    path: list[bytes] = []
    if 0 < old < size:
        path = consistency_path(old, size, lambda level, at: root(leaves[at << level : at + 1 << level]))
    return Request(old=old, proof=tuple(path), note=checkpoint.sign(point(size, leaves), signer))


def test_a_log_that_grows_is_cosigned_from_nothing_on() -> None:
    last = None
    for old, size in ((0, 0), (0, 3), (3, 3), (3, 17), (17, 40)):
        found = judge(parse(encode(asked(old, size))), KNOWN, last)
        assert found == point(size)
        last = point(size)


def test_a_request_comes_back_from_its_bytes_as_it_was() -> None:
    request = asked(3, 17)
    assert parse(encode(request)) == request
    assert encode(request).startswith(b"old 3\n")
    assert (origin_of(request), checkpoint_of(request.note)) == (LOG.name, point(17))


def refusals() -> Iterator[tuple[Request, Checkpoint | None, Refused]]:
    yield asked(0, 3), point(5), Refused(409, 5)
    yield asked(3, 17), None, Refused(409, 0)
    yield asked(17, 17), point(20), Refused(409, 20)  # a log that was taken back
    yield asked(17, 17, FORK), point(17), Refused(409, 17)  # two histories of one size
    yield asked(17, 30, FORK), point(17), Refused(422)  # a fork
    yield asked(5, 3), point(5), Refused(400)
    yield Request(old=3, proof=(b"p" * 32,), note=asked(3, 17).note), point(3), Refused(422)
    yield Request(old=0, proof=(b"p" * 32,), note=asked(0, 17).note), None, Refused(422)
    yield Request(old=3, proof=(), note=asked(3, 17).note), point(3), Refused(422)
    yield asked(0, 3, signer=Signer(LOG.name, b"x" * 32)), None, Refused(403)
    other = Signer("gate.example/ledger/2f", b"l" * 32)
    yield (
        Request(old=0, proof=(), note=checkpoint.sign(Checkpoint(other.name, 1, b"r" * 32), other)),
        None,
        Refused(404),
    )


@pytest.mark.parametrize(("request_", "last", "refused"), list(refusals()))
def test_everything_else_is_refused_by_its_status(request_: Request, last: Checkpoint | None, refused: Refused) -> None:
    assert judge(request_, KNOWN, last) == refused


def test_a_checkpoint_of_another_form_is_told_apart_from_one_that_nobody_signed() -> None:
    note = sign(f"{LOG.name}\n3\n{'A' * 43}=\nextension\n", [LOG])
    assert judge(Request(old=0, proof=(), note=note), KNOWN, None) == Refused(400)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.booleans()), max_size=12))
@settings(max_examples=150, deadline=None)
def test_whatever_is_asked_in_whatever_order_no_two_histories_are_cosigned(asks: list[tuple[int, int, bool]]) -> None:
    last, told = None, [point(0)]
    for old, size, honest in asks:
        found = judge(asked(old, size, LEAVES if honest else FORK), KNOWN, last)
        if isinstance(found, Checkpoint):
            last = found
            told.append(found)
    assert [one.size for one in told] == sorted(one.size for one in told)
    assert any(all(one.root == point(one.size, leaves).root for one in told) for leaves in (LEAVES, FORK))


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_any_bytes_are_a_request_or_a_format_error(data: bytes) -> None:
    for text in (data, b"old 0\n\n" + data):
        try:
            request = parse(text)
        except FormatError:
            continue
        assert encode(request) == text


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"old 00\n\n" + asked(0, 3).note,
        b"old 0\n" + asked(0, 3).note,
        b"new 0\n\n" + asked(0, 3).note,
        b"old 0\nAAAA\n\n" + asked(0, 3).note,
        b"old 0\n" + b"%s\n" % (b"A" * 43 + b"=") * 64 + b"\n" + asked(0, 3).note,
        b"\xff\n\n" + asked(0, 3).note,
        b"old 0\n\n" + b"x" * MAX_BYTES,
    ],
)
def test_what_is_no_request_is_refused(wrong: bytes) -> None:
    with pytest.raises(FormatError):
        parse(wrong)


@pytest.mark.parametrize("wrong", [b"", b"7", b"07\n", b"-1\n", b"7\n\n", b"\xff\n"])
def test_what_is_no_size_is_refused(wrong: bytes) -> None:
    assert parse_size(b"7\n") == 7
    with pytest.raises(FormatError):
        parse_size(wrong)


def test_the_empty_tree_has_one_root() -> None:
    assert point(0).root == EMPTY_ROOT
