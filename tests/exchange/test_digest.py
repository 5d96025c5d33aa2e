"""A commitment made in pieces is the commitment to the whole."""

from base64 import b64decode

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.exchange.digest import Digest
from gateway.ledger.commitment import commit, matches


@settings(max_examples=50)
@given(pieces=st.lists(st.binary(max_size=200), max_size=10))
def test_whatever_the_pieces_the_commitment_is_that_to_all_of_them(pieces: list[bytes]) -> None:
    digest = Digest("response")
    for piece in pieces:
        digest.add(piece)
    salt, commitment = digest.commitment()
    whole = b"".join(pieces)
    assert b64decode(commitment) == commit(salt, "response", whole)
    assert digest.size == len(whole)
    assert not matches(commitment, salt, "request", whole)


def test_a_commitment_may_be_asked_for_before_the_end_and_changes_with_what_follows() -> None:
    digest = Digest("response")
    digest.add(b"a")
    salt, before = digest.commitment()
    digest.add(b"b")
    assert matches(before, salt, "response", b"a")
    assert matches(digest.commitment()[1], salt, "response", b"ab")


def test_two_digests_of_the_same_bytes_share_neither_salt_nor_commitment() -> None:
    one, other = Digest("response").commitment(), Digest("response").commitment()
    assert one[0] != other[0]
    assert one[1] != other[1]
