import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.note import MAX_SIGNATURES, Signer, Verifier, open_note, parse_note, sign

VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
TEXT = "This is an example message.\n"
SIGNATURE = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
NOTE = f"{TEXT}\n— example.com/foo {SIGNATURE}\n".encode()
FOO = Verifier.parse(VKEY)
ALICE = Signer("alice", b"a" * 32)
BOB = Signer("bob", b"b" * 32)


def lines(*more: str) -> bytes:
    return f"{TEXT}\n{''.join(more)}".encode()


def line(name: str, data: bytes) -> str:
    return f"— {name} {base64.b64encode(data).decode()}\n"


def test_the_example_of_the_specification_opens() -> None:
    note = open_note(NOTE, [FOO])
    assert note.text == TEXT
    assert [(item.name, item.key_id.hex()) for item in note.verified] == [("example.com/foo", "530d903a")]
    assert FOO.vkey == VKEY


def test_what_is_signed_opens_with_all_of_its_signatures() -> None:
    note = open_note(sign("a text\n\nwith empty lines\n\n", [ALICE, BOB]), [BOB.verifier, ALICE.verifier])
    assert note.text == "a text\n\nwith empty lines\n\n"
    assert [item.name for item in note.verified] == ["alice", "bob"]


def test_an_ed25519_signature_is_the_same_each_time() -> None:
    assert sign(TEXT, [ALICE]) == sign(TEXT, [Signer("alice", ALICE.seed)])


def test_keys_of_others_are_passed_over_even_with_nonsense_for_a_signature() -> None:
    note = open_note(NOTE + line("other", b"12345").encode(), [FOO, ALICE.verifier])
    assert [item.name for item in note.verified] == ["example.com/foo"]
    assert [item.name for item in note.unknown] == ["other"]


def test_a_known_name_with_another_key_id_is_unknown() -> None:
    note = open_note(NOTE + line("example.com/foo", b"\0\0\0\1" + bytes(64)).encode(), [FOO])
    assert len(note.verified) == len(note.unknown) == 1


def test_a_wrong_signature_of_a_known_key_rejects_the_note_beside_a_good_one() -> None:
    wrong = line("alice", ALICE.verifier.key_id + bytes(64))
    with pytest.raises(VerificationError):
        open_note(NOTE + wrong.encode(), [FOO, ALICE.verifier])
    with pytest.raises(VerificationError):
        open_note(NOTE + line("example.com/foo", FOO.key_id + b"short").encode(), [FOO])


def test_a_repeated_signature_counts_once() -> None:
    note = open_note(NOTE + f"— example.com/foo {SIGNATURE}\n".encode(), [FOO])
    assert len(note.verified) == 1


@pytest.mark.parametrize("verifiers", [[], [ALICE.verifier]])
def test_without_a_signature_of_a_known_key_nothing_opens(verifiers: list[Verifier]) -> None:
    with pytest.raises(VerificationError):
        open_note(NOTE, verifiers)


def test_two_keys_that_cannot_be_told_apart_are_refused() -> None:
    twin = Verifier("alice", BOB.verifier.public_key)
    twin.key_id = ALICE.verifier.key_id  # as a searched-for collision would have it
    with pytest.raises(VerificationError):
        open_note(sign(TEXT, [ALICE]), [ALICE.verifier, twin])
    assert open_note(sign(TEXT, [ALICE]), [ALICE.verifier, ALICE.verifier]).verified


def test_many_signatures_are_read_and_too_many_refused() -> None:
    filler = [line(f"key{number}", b"12345") for number in range(MAX_SIGNATURES - 1)]
    assert len(open_note(NOTE + "".join(filler).encode(), [FOO]).unknown) == MAX_SIGNATURES - 1
    with pytest.raises(FormatError):
        open_note(NOTE + "".join([*filler, line("more", b"12345")]).encode(), [FOO])


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\n",
        b"\n\n",
        TEXT.encode(),
        TEXT.encode() + b"\n",
        NOTE[:-1],
        NOTE + b"\n",
        NOTE.replace(b"\n\n", b"\n"),
        NOTE.replace("— ".encode(), b"- "),
        NOTE.replace("— ".encode(), "—".encode()),
        NOTE.replace(b" Uw2Q", b"  Uw2Q"),
        NOTE.replace(b"\n", b"\r\n"),
        NOTE.replace(b"This", b"Th\x00s"),
        NOTE.replace(b"This", b"Th\xffs"),
        NOTE.replace(b"This", b"Th\tis"),
        NOTE.replace(b"aQM=", b"aQM"),
        NOTE.replace(b"aQM=", b"aQN="),
        NOTE.replace(b"example.com/foo ", b""),
        NOTE.replace(b"example.com/foo ", b"example.com+foo "),
        NOTE.replace(b"example.com/foo ", "example.com\u2003foo ".encode()),
        lines(line("name", b"1234")),
        lines(line("", b"12345")),
        lines("stray\n", line("name", b"12345")),
        b"x" * 1_000_001,
    ],
)
def test_what_is_not_a_note_is_a_format_error(note: bytes) -> None:
    with pytest.raises(FormatError):
        open_note(note, [FOO])


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "example.com/foo",
        VKEY.replace("530d903a", "530D903A"),
        VKEY.replace("530d903a", "530d903b"),
        VKEY.replace("530d903a", "30d903a"),
        VKEY.replace("example.com/foo", "example.com/bar"),
        VKEY.replace("example.com/foo", ""),
        VKEY.replace("example.com/foo", "example com"),
        VKEY + "\n",
        VKEY[:-1],
        VKEY[:-4],
        VKEY.replace("+Aeky", "+Beky"),
        "example.com/foo+530d903a+",
    ],
)
def test_what_is_not_a_verifier_key_is_a_format_error(vkey: str) -> None:
    with pytest.raises(FormatError):
        Verifier.parse(vkey)


def test_a_verifier_key_whose_base64_holds_a_plus_is_read() -> None:
    seed = next(seed for n in range(1000) if "+" in Signer("k", seed := n.to_bytes(32)).verifier.vkey.split("+", 2)[2])
    signer = Signer("k", seed)
    assert Verifier.parse(signer.verifier.vkey).public_key == signer.verifier.public_key


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\x01b", "\ud800"])
def test_names_that_a_note_cannot_hold_are_refused(name: str) -> None:
    with pytest.raises(FormatError):
        Signer(name, bytes(32))


@pytest.mark.parametrize("text", ["", "no newline", "tab\there\n", "cr\r\n", "\ud800\n", "x" * 500_000 + "\n"])
def test_texts_that_cannot_be_signed_are_refused(text: str) -> None:
    with pytest.raises(FormatError):
        sign(text, [ALICE])


def test_a_note_needs_a_signer_and_keys_their_length() -> None:
    with pytest.raises(FormatError):
        sign(TEXT, [])
    with pytest.raises(FormatError):
        Signer("a", bytes(31))
    with pytest.raises(FormatError):
        Verifier("a", bytes(33))


def test_a_new_key_is_another_each_time_and_does_not_show() -> None:
    one, other = Signer.generate("a"), Signer.generate("a")
    assert one.seed != other.seed
    assert one.seed.hex() not in repr(one)
    assert repr(one.seed) not in repr(one)


@given(at=st.integers(0, len(NOTE) - 1), bit=st.integers(0, 7))
@settings(max_examples=300)
def test_no_changed_bit_goes_unseen(at: int, bit: int) -> None:
    changed = bytearray(NOTE)
    changed[at] ^= 1 << bit
    with pytest.raises((FormatError, VerificationError)):
        open_note(bytes(changed), [FOO])


@given(text=st.text(max_size=40).map(lambda text: text + "\n"))
@settings(max_examples=100)
def test_every_text_that_can_be_signed_comes_back(text: str) -> None:
    try:
        note = sign(text, [ALICE])
    except FormatError:
        return
    assert open_note(note, [ALICE.verifier]).text == text


@given(note=st.text(alphabet="— ab=\n", max_size=60).map(str.encode) | st.binary(max_size=40))
@settings(max_examples=200)
def test_any_bytes_are_a_note_or_a_format_error(note: bytes) -> None:
    try:
        text, signatures = parse_note(note)
    except FormatError:
        return
    assert text.endswith("\n")
    assert signatures
