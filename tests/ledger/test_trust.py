"""A trust policy is read as C2SP tlog-policy has it, or not at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError
from gateway.ledger.checkpoint import Checkpoint, encode, sign
from gateway.ledger.cosignature import Cosigner
from gateway.ledger.note import Signer, open_note
from gateway.ledger.trust import MAX_BYTES, parse

LOG = Signer("gate.example/ledger/1f", b"l" * 32)
WITNESSES = {
    name: Cosigner(f"{name}.example/w", name.encode().ljust(32, b"w")) for name in ("x1", "x2", "x3", "y1", "y2")
}
LINES = [f"log {LOG.verifier.vkey}"] + [f"witness {name} {one.witness.vkey}" for name, one in WITNESSES.items()]
TWO_LEVELS = "\n".join([*LINES, "group x 2 x1 x2 x3", "group y any y1 y2", "group both all x y", "quorum both", ""])


@pytest.mark.parametrize(
    ("cosigned", "enough"),
    [
        ("x1 x2 y1", True),
        ("x1 x2 x3 y1 y2", True),
        ("x1 x2", False),
        ("x1 y1 y2", False),
        ("", False),
    ],
)
def test_a_quorum_of_groups_of_witnesses(cosigned: str, enough: bool) -> None:
    trust = parse(TWO_LEVELS.encode())
    point = Checkpoint(LOG.name, 3, b"r" * 32)
    note = sign(point, LOG) + "".join(WITNESSES[name].cosign(encode(point), 7) for name in cosigned.split()).encode()
    found = trust.cosigned(open_note(note, (*trust.logs, *trust.verifiers)))
    assert set(found) == set(cosigned.split())
    assert trust.quorate(found) is enough


def test_spaces_comments_addresses_and_names_of_any_octets_are_read() -> None:
    text = f" # a comment\n\n\tlog  {LOG.verifier.vkey}\thttps://gate.example/audit \nwitness ".encode()
    text += (
        b"\xff\xe2\x84\xaa " + WITNESSES["x1"].witness.vkey.encode() + b" https://w.example\nquorum \xff\xe2\x84\xaa\n"
    )
    trust = parse(text)
    assert [one.vkey for one in trust.logs] == [LOG.verifier.vkey]
    assert trust.quorate(trust.witnesses)
    assert not trust.quorate(["K"])
    assert parse(b"quorum none\n").quorate([])


W1, W2 = (WITNESSES[name].witness.vkey for name in ("x1", "x2"))
WRONG = {
    "no quorum": f"witness a {W1}",
    "two quorums": f"witness a {W1}\nquorum a\nquorum a",
    "a quorum of nobody": "quorum a",
    "a quorum before its witness": f"quorum a\nwitness a {W1}",
    "a name twice": f"witness a {W1}\nwitness a {W2}\nquorum a",
    "a key twice": f"witness a {W1}\nwitness b {W1}\nquorum a",
    "a log twice": f"log {LOG.verifier.vkey}\nlog {LOG.verifier.vkey}\nquorum none",
    "a witness named none": f"witness none {W1}\nquorum none",
    "a log's key as a witness's": f"witness a {LOG.verifier.vkey}\nquorum a",
    "a witness's key as a log's": f"log {W1}\nquorum none",
    "no key": "witness a\nquorum a",
    "no members": f"witness a {W1}\ngroup g 1\nquorum g",
    "none of its members": f"witness a {W1}\ngroup g 0 a\nquorum g",
    "more than its members": f"witness a {W1}\ngroup g 2 a\nquorum g",
    "a number with a zero before it": f"witness a {W1}\ngroup g 01 a\nquorum g",
    "a member twice": f"witness a {W1}\ngroup g 1 a a\nquorum g",
    "a member of two groups": f"witness a {W1}\ngroup g 1 a\ngroup h 1 a\nquorum g",
    "a member that is not there": f"witness a {W1}\ngroup g 1 a b\nquorum g",
    "none as a member": f"witness a {W1}\ngroup g 1 a none\nquorum g",
    "something else": "trust everybody\nquorum none",
    "a control character": "quorum none\x0c",
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_what_says_nothing_is_refused(name: str) -> None:
    with pytest.raises(FormatError):
        parse(f"{WRONG[name]}\n".encode())


def test_a_line_must_end_and_a_file_be_bounded() -> None:
    for data in (b"quorum none", b"#" * MAX_BYTES + b"\nquorum none\n", b""):
        with pytest.raises(FormatError):
            parse(data)
    many = "".join(
        f"witness w{number} {Cosigner(f'w{number}', number.to_bytes(32)).witness.vkey}\n" for number in range(257)
    )
    with pytest.raises(FormatError, match="more than 256"):
        parse(f"{many}quorum none\n".encode())


@given(st.text(max_size=120) | st.lists(st.sampled_from([*LINES, "group x any x1", "quorum x1", "x"])).map("\n".join))
@settings(max_examples=80)
def test_any_text_is_a_policy_or_a_format_error(text: str) -> None:
    try:
        trust = parse(f"{text}\n".encode())
    except FormatError:
        return
    assert trust.quorate([*trust.witnesses]), "all of them are enough for whatever can be asked"
