"""A time-stamp holds by who signed it, and both ways of finding that out say the same of every reply."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha1, sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import openssl
from gateway.ledger import stamp, vouching
from gateway.ledger.stamp import Stamp
from tests.tsa import AT_US, CA, OTHER_CA, OTHER_TSA, POLICY, TSA, Responder, holder, reply, wrong_holders

NOTE = b"gateway.example/ledger/1\n5\nroot\n"
BETWEEN = holder("between", CA, usage=())
BELOW = holder("below", BETWEEN)


def both(data: bytes, *, message: bytes = NOTE, pem: bytes = CA.pem) -> Stamp | str:
    """What both say of it: the stamp, or the kind of what is wrong."""
    found: list[Stamp | str] = []
    for make in (vouching.Authorities, openssl.Authorities):
        authorities: vouching.Authorities | openssl.Authorities = make(pem)
        assert authorities.able
        try:
            found.append(authorities.verify(data, message))
        except (FormatError, VerificationError) as error:
            found.append(f"{type(error).__name__}: {error}")
    assert found[0] == found[1]
    return found[0]


def test_a_stamp_of_these_bytes_by_who_is_believed_says_when_and_by_whom() -> None:
    expected = Stamp(
        imprint=sha256(NOTE).digest(),
        at_us=AT_US,
        accuracy_us=1_000_000,
        policy=POLICY,
        serial=7,
        nonce=5,
        by="CN=A clock of the tests",
    )
    assert both(reply(NOTE, nonce=5)) == expected


def test_what_openssl_stamps_holds(tmp_path: Path) -> None:
    found = both(Responder(tmp_path / "tsa").stamp(stamp.query(NOTE, 2**63 + 1)))
    assert isinstance(found, Stamp)
    assert (found.nonce, found.by) == (2**63 + 1, "CN=A clock of the tests")
    assert abs(found.at_us / 1e6 - datetime.now(UTC).timestamp()) < 3_600


NOBODY = "VerificationError: time-stamp: not signed under the authorities that are believed"


@pytest.mark.parametrize(
    ("data", "pem", "said"),
    [
        (reply(NOTE, signer=OTHER_TSA), CA.pem, NOBODY),
        (reply(NOTE), OTHER_CA.pem, NOBODY),
        (reply(NOTE, key=OTHER_TSA), CA.pem, NOBODY),
        (reply(NOTE, signer=BELOW), CA.pem, NOBODY),
        (reply(NOTE, content=lambda info: info.replace(b"20270115083000Z", b"20260115083000Z")), CA.pem, NOBODY),
        (reply(NOTE + b"x"), CA.pem, "VerificationError: time-stamp: of something else"),
    ],
)
def test_by_anybody_else_or_of_anything_else_it_does_not_hold(data: bytes, pem: bytes, said: str) -> None:
    assert both(data, pem=pem) == said


def test_a_chain_may_be_longer_where_the_file_has_all_of_it() -> None:
    found = both(reply(NOTE, signer=BELOW), pem=CA.pem + BETWEEN.pem)
    assert isinstance(found, Stamp)
    assert isinstance(both(reply(NOTE, signer=BELOW, more=(BETWEEN,))), Stamp), "or the reply has"


@pytest.mark.parametrize("name", sorted(wrong_holders()))
def test_who_may_not_stamp_is_not_believed(name: str) -> None:
    said = both(reply(NOTE, signer=wrong_holders()[name]))
    assert isinstance(said, str)
    assert said.startswith("FormatError: a time-stamp must be ")


def test_it_names_the_certificate_that_it_is_signed_with_by_the_digest_that_it_says() -> None:
    assert vouching.Authorities(CA.pem).until_us == 4_070_908_800_000_000
    assert both(reply(NOTE, signing=lambda data: sha1(data, usedforsecurity=False).digest())) == (
        "FormatError: a time-stamp must be signed with the certificate whose digest it says"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: b"",
        lambda data: data * 50,
    ],
)
def test_what_is_no_reply_is_none(change: Callable[[bytes], bytes]) -> None:
    said = both(change(reply(NOTE)))
    assert isinstance(said, str)
    assert said.startswith("FormatError: ")


def test_of_random_damage_both_say_the_same_and_what_holds_says_what_it_said() -> None:
    draw, whole = random.Random(3), reply(NOTE, nonce=5)
    intact = both(whole)
    kinds = set()
    for _ in range(60):
        data = bytearray(whole)
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        said = both(bytes(data))
        # Some bytes say nothing and are not signed: the version of the form around it, say.
        if isinstance(said, str):
            kinds.add(said.partition(":")[0])
        else:
            assert said == intact
    assert kinds == {"FormatError", "VerificationError"}


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"no certificate",
        TSA.pem,
        CA.pem + TSA.pem,
        BETWEEN.pem,
        CA.certificate.public_bytes(Encoding.DER),
        CA.pem * 2_000,
    ],
)
def test_whom_nobody_can_believe_is_refused_where_they_are_named(pem: bytes) -> None:
    for make in (vouching.Authorities, openssl.Authorities):
        with pytest.raises(FormatError, match="must be PEM certificates of authorities"):
            make(pem)
