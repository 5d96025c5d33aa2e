"""Whoever knows one key of a ledger knows all that its statements lead to, and no other."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError, GatewayError, VerificationError
from gateway.ledger import checkpoint, receipt
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.note import Signer, Verifier, sign
from gateway.ledger.receipt import Promise
from gateway.ledger.rotation import (
    TEXT,
    Keys,
    Rotation,
    encode,
    encode_keys,
    issue,
    parse,
    parse_keys,
    parse_statements,
    verify,
)
from gateway.ledger.times import timestamp

NAME = "gate.example/ledger/1f"
AT = 1_795_482_123_000_004
SIGNERS = [Signer(NAME, bytes([number]) * 32) for number in range(1, 5)]


def rotation(old: Signer, new: Signer, after: int = 7, at: int = AT) -> Rotation:
    return Rotation(
        origin=old.name, old=old.verifier.vkey, new=new.verifier.vkey, after=after, at=timestamp(at + after)
    )


def statement(old: Signer, new: Signer, after: int = 7) -> bytes:
    return issue(rotation(old, new, after), old, new)


LINE = [statement(old, new, 10 * place) for place, (old, new) in enumerate(pairwise(SIGNERS), 1)]


def point(size: int, *signers: Signer) -> bytes:
    return checkpoint.sign(Checkpoint(NAME, size, b"r" * 32), *signers)


def test_a_statement_says_who_comes_after_whom_under_both_signatures() -> None:
    made = statement(SIGNERS[0], SIGNERS[1])
    assert verify(made) == rotation(SIGNERS[0], SIGNERS[1])
    assert made.decode() == (
        f"gateway/key-rotation/v1\norigin {NAME}\nfrom {SIGNERS[0].verifier.vkey}\nto {SIGNERS[1].verifier.vkey}\n"
        f"after 7\nat {timestamp(AT + 7)}\n\n" + made.decode().partition("\n\n")[2]
    )


@pytest.mark.parametrize("known", range(4))
def test_every_key_is_known_from_any_of_them_whatever_the_order_of_the_statements(known: int) -> None:
    keys = Keys(SIGNERS[known].verifier, (*reversed(LINE), LINE[0]))
    assert [key.vkey for key in keys.known] == [signer.verifier.vkey for signer in SIGNERS]
    assert keys.statements == tuple(LINE)
    assert (keys.vkey, keys.name) == (SIGNERS[3].verifier.vkey, NAME)
    again = parse_keys(encode_keys(keys))
    assert [key.vkey for key in again.known] == [key.vkey for key in keys.known]


def test_a_key_counts_up_to_where_it_was_replaced_and_a_newer_one_for_what_was_before_too() -> None:
    keys = Keys(SIGNERS[3].verifier, LINE)
    for size, first in ((1, 0), (10, 0), (11, 1), (20, 1), (21, 2), (31, 3), (2**62, 3)):
        assert [key.vkey for key in keys.counting(size)] == [one.verifier.vkey for one in SIGNERS[first:]], size
        for signer in SIGNERS[first:]:
            assert checkpoint.verify(point(size, signer), keys).size == size
        for signer in SIGNERS[:first]:
            with pytest.raises(VerificationError, match="replaced"):
                checkpoint.verify(point(size, signer), keys)
    both = point(11, SIGNERS[1], SIGNERS[0])
    for known in (Keys(SIGNERS[0].verifier), SIGNERS[1].verifier, keys):
        assert checkpoint.verify(both, known).size == 11, "while both sign, whoever knows either goes on"
    with pytest.raises(VerificationError, match="no signature of a known key"):
        checkpoint.verify(both, SIGNERS[2].verifier)


def test_a_promise_holds_whichever_key_gave_it() -> None:
    promise = Promise(origin=NAME, seq=40, leaf_hash=leaf_hash(b"x"), recorded_at=timestamp(AT))
    keys = Keys(SIGNERS[3].verifier, LINE)
    for signer in SIGNERS:
        assert receipt.verify(receipt.parse(receipt.issue(promise, None, signer)), keys) == promise
    with pytest.raises(VerificationError):
        receipt.verify(receipt.parse(receipt.issue(promise, None, Signer(NAME, b"?" * 32))), keys)


def defects() -> dict[str, tuple[bytes, ...]]:
    first, second, third, fourth = SIGNERS
    stranger = Signer("other.example/ledger/1", b"s" * 32), Signer("other.example/ledger/1", b"t" * 32)
    text = encode(rotation(first, second))
    later = msgspec.structs.replace(rotation(second, third, 3), at=timestamp(AT))
    return {
        "of another ledger": (statement(*stranger),),
        "signed by the old one alone": (sign(text, [first]),),
        "signed by the new one alone": (sign(text, [second]),),
        "signed the other way round": (sign(text, [second, first]),),
        "signed by a third": (sign(text, [first, third]),),
        "changed": (LINE[0].replace(b"after 10", b"after 11"),),
        "replaced twice": (LINE[0], statement(first, third, 10)),
        "replaces two": (statement(first, second), statement(third, second)),
        "a gap": (LINE[0], LINE[2]),
        "a circle": (*LINE[:2], statement(third, first, 30)),
        "of keys that lead nowhere": (statement(third, fourth),),
        "smaller than before": (LINE[0], issue(later, second, third)),
    }


@pytest.mark.parametrize("name", sorted(defects()))
def test_statements_that_do_not_hold_make_nothing_known(name: str) -> None:
    with pytest.raises(GatewayError):
        Keys(SIGNERS[0].verifier, defects()[name])


def test_no_statement_passes_for_a_checkpoint_or_a_promise_nor_the_reverse() -> None:
    with pytest.raises(FormatError):
        checkpoint.verify(LINE[0], SIGNERS[0].verifier)
    with pytest.raises(FormatError):
        receipt.parse(b"gateway/receipt@v1\n\n" + LINE[0])
    with pytest.raises(FormatError):
        verify(point(3, SIGNERS[0], SIGNERS[1]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("after 7", "after 07"),
        ("after 7", "after -7"),
        ("after 7", "after"),
        ("\nat ", "\nAt "),
        (TEXT, TEXT + " "),
        ("from gate", "from  gate"),
        (SIGNERS[1].verifier.vkey, SIGNERS[0].verifier.vkey),
        (f"origin {NAME}", "origin gate.example/ledger/20"),
    ],
)
def test_what_is_not_the_one_form_is_no_rotation(old: str, new: str) -> None:
    text = encode(rotation(SIGNERS[0], SIGNERS[1]))
    assert old in text
    with pytest.raises(FormatError):
        parse(text.replace(old, new, 1))


def test_only_the_two_keys_that_are_named_sign() -> None:
    with pytest.raises(FormatError):
        issue(rotation(SIGNERS[0], SIGNERS[1]), SIGNERS[0], SIGNERS[2])
    with pytest.raises(FormatError):
        encode(msgspec.structs.replace(rotation(SIGNERS[0], SIGNERS[1]), at="yesterday"))


def test_a_file_is_a_key_and_whole_statements() -> None:
    vkey = SIGNERS[0].verifier.vkey
    for data in (vkey.encode(), f"{vkey}\r\n".encode(), f" {vkey} \n\n".encode()):
        assert [key.vkey for key in parse_keys(data).known] == [vkey]
    whole = f"{vkey}\n".encode() + b"".join(LINE)
    assert len(parse_keys(whole).known) == 4
    for wrong in (
        whole[:-1],
        whole + b"\n\n",
        whole + b"more\n",
        b"\xff" + whole,
        b"",
        whole * 2,
        whole + b"x" * 2**20,
    ):
        with pytest.raises(GatewayError):
            parse_keys(wrong)
    assert parse_statements(b"") == ()


@given(st.binary(max_size=300) | st.lists(st.sampled_from(LINE), max_size=3).map(b"".join))
@settings(max_examples=80)
def test_any_bytes_are_statements_or_a_format_error(data: bytes) -> None:
    try:
        found = parse_statements(data)
    except FormatError:
        return
    assert b"".join(found) == data


def test_a_single_key_stands_where_several_do() -> None:
    one = Verifier.parse(SIGNERS[0].verifier.vkey)
    assert one.known == one.counting(9) == (one,)
    with pytest.raises(FormatError):
        Keys(one, [LINE[0]] * 1001)
