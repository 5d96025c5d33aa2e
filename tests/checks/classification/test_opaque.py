"""Bytes in the middle of a text are told from words, whatever the chunks, and nothing of them leaves unread."""

import base64
import gzip
import json
import random
import string
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.classification.cursor import WINDOW
from gateway.checks.classification.opaque import RUN, Opaque, Runs, is_opaque
from gateway.checks.classification.stream import UNREAD
from gateway.core.finding import Finding
from gateway.core.message import Part
from tests.checks.classification.conftest import ENGINE

SOURCE = random.Random(7)
BYTES = base64.b64encode(SOURCE.randbytes(3000)).decode()
LINES = "\n".join(BYTES[at : at + 76] for at in range(0, len(BYTES), 76))
NOTE = b"Jane Roe, born 12/03/1961, lives at 12 Elm Street; SSN 536-22-8731, write to jane.roe@example.com."


def _code(data: bytes) -> str:
    return base64.b64encode(data).decode()


SEALED = {
    "gzip": _code(gzip.compress(NOTE)),
    "gzip in hexadecimal": gzip.compress(NOTE).hex(),
    "gzip behind a name": f"payload={_code(gzip.compress(NOTE))}",
    "zlib": _code(zlib.compress(NOTE)),
    "zip": _code(b"PK\x03\x04\x14\0\0\0\x08\0" + SOURCE.randbytes(90)),
    "encrypted with a password": _code(b"Salted__" + SOURCE.randbytes(90)),
    "a message of OpenPGP": "\n".join(
        (
            "-----BEGIN PGP MESSAGE-----",
            "",
            _code(b"\x85\x01\x0c\x03" + SOURCE.randbytes(44)),
            _code(SOURCE.randbytes(40)),
        )
    ),
    "a message of OpenPGP by a password": _code(b"\xc3\x0d\x04\x09\x03\x02" + SOURCE.randbytes(90)),
    "a message of OpenPGP in packets of now": _code(b"\xc1\xc0\x4c\x03" + SOURCE.randbytes(90)),
    "a file of age": _code(b"age-encryption.org/v1\n-> X25519 " + SOURCE.randbytes(70)),
    "a picture without an address": _code(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + SOURCE.randbytes(90)),
}
"""What is too short to be told by its variety, and says by its beginning what it is."""
ENCODED = {
    **SEALED,
    "base64": BYTES,
    "base64 for addresses": base64.urlsafe_b64encode(SOURCE.randbytes(800)).decode(),
    "base64 of text": base64.b64encode(b"Jane Roe lives at 12 Elm Street; call 0123-456, ok? " * 12).decode(),
    "base64 of a list": base64.b64encode(b"663-91-2210\n" * 100).decode(),
    "base64 of few letters": base64.b64encode(b"yes no " * 120 + b"ssn 123-45-6789").decode(),
    "hexadecimal of a list": (b"663-91-2210 " * 60).hex(),
    "base64 in lines": LINES,
    "base64 in lines, indented": LINES.replace("\n", "\n    "),
    "base64 in lines, far indented": LINES.replace("\n", f"\n{' ' * 44}"),
    "base64 in lines, by tabs": LINES.replace("\n", "\n\t\t"),
    "base64 in lines, quoted": LINES.replace("\n", "\n> > "),
    "base64 in lines, blanks behind": LINES.replace("\n", "  \n"),
    "base64 in lines, blank lines": LINES.replace("\n", "\r\n\r\n  \r\n"),
    "base64 in lines, backslashes behind": LINES.replace("\n", "\\\n"),
    "base64 in strings": LINES.replace("\n", '" +\n    "'),
    "base64 in strings of C": LINES.replace("\n", '"\n"'),
    "base64 in lines of a comment": LINES.replace("\n", "\n // "),
    "base64 in a list of JSON": LINES.replace("\n", '", "'),
    "base64 in a list of JSON in JSON": LINES.replace("\n", '\\",\\n  \\"'),
    "base64 in indented lines in JSON": LINES.replace("\n", "\\n    "),
    "base64, zero-width between": "\u200b".join(BYTES[:900]),
    "base64 in lines, zero-width at their ends": LINES.replace("\n", "\u200b\n\ufeff"),
    "base64 in lines in JSON": LINES.replace("\n", "\\n"),
    "base64 in lines with CR LF in JSON in JSON": LINES.replace("\n", "\\\\r\\\\n"),
    "base64 with slashes escaped": BYTES.replace("/", "\\/"),
    "base64 with signs by number": BYTES.replace("/", "\\u002F").replace("+", "\\u002b"),
    "base64 in percent-encoding": BYTES.replace("/", "%2F").replace("+", "%2b"),
    "base64 in lines with CR LF": LINES.replace("\n", "\r\n"),
    "base32": base64.b32encode(SOURCE.randbytes(600)).decode(),
    "hexadecimal": SOURCE.randbytes(400).hex(),
    "hexadecimal in capitals": SOURCE.randbytes(400).hex().upper(),
    "a small picture": "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==",
    "a picture in capitals": "DATA:IMAGE/GIF;BASE64,R0lGODlhAQABAAAAACH5BAEKAAE",
}
PLAIN = {
    "prose": "And so the story went on and on, until it was over. " * 40,
    "a ruler": "-" * 2000,
    "one letter": "a" * 5000,
    "words without spaces": "the-quick-brown-fox/jumps_over_the-lazy-dog/" * 30,
    "digits": "0123456789" * 200,
    "a hash": SOURCE.randbytes(32).hex(),
    "a token of moderate length": BYTES[: RUN - 2],
    "digests in a list of JSON": json.dumps([SOURCE.randbytes(32).hex() for _ in range(20)]),
    "digests, indented": "\n".join(f"    {SOURCE.randbytes(64).hex()}" for _ in range(20)),
    "digests of a lock file": "\n".join(
        f'"integrity": "sha512-{base64.b64encode(SOURCE.randbytes(64)).decode()}",\n  "dev": true' for _ in range(20)
    ),
    "keys of hosts": "\n".join(f"ssh-rsa {BYTES[at : at + 372]} a{at}@b" for at in range(0, 2000, 372)),
    "long paths": "\n".join(f"  '{'src/Main2/app_Lib/Zed9/' * 4}{number}.py'," for number in range(30)),
    "a log": "\n".join(f"09:{at} GET /v1/{BYTES[at : at + 70]} 200" for at in range(10, 60)),
    "an outline of Markdown": "\n".join(f"> * {'-' * 70}\n>   {'=' * 70}" for _ in range(20)),
    "identifiers in quotes": json.dumps([BYTES[at : at + 50] for at in range(0, 2000, 50)]),
    "long values of JSON": json.dumps({f"key{at}": BYTES[at : at + 90] for at in range(30)}),
    "identifiers": " ".join(BYTES[at : at + 200] for at in range(0, 4000, 200)),
    "short lines": "\n".join(BYTES[at : at + 40] for at in range(0, 4000, 40)),
    "a path that begins so": "H4sIAlone/eJwel/UEsDBase/" * 5,
    "what begins so and is short": _code(gzip.compress(b""))[:70],
    "a beginning in the middle": f"{BYTES[:60]}H4sIA{BYTES[60:200]}",
    "zeros of a file that begins so": "504b0304" + "0" * 40,
    "a gene": "".join(SOURCE.choices("ACGT", k=3000)),
    "Chinese": "汉语没有空格" * 300,
    "a list of numbers": ",".join(str(number) for number in range(2000)),
    "the word base64": "Use ;base64, followed by the bytes.",
    "little behind it": "data:text/plain;base64,SGVsbG8=",
}


def streamed(text: str, chunks: list[str], *, unread: bool = False) -> tuple[str, bool]:
    scan = ENGINE.stream(frozenset({"email"}), unread=unread)
    lane = scan.lane("/x")
    released = "".join([*(lane.feed(chunk) for chunk in chunks), lane.finish()])
    return released, scan.scan().scanned == "full"


def cut(text: str, sizes: list[int]) -> list[str]:
    chunks: list[str] = []
    at = 0
    while at < len(text):
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(text[at : at + size])
        at += size
    return chunks


@pytest.mark.parametrize("name", ENCODED)
def test_encoded_bytes_make_a_message_unscanned(name: str) -> None:
    for text in (ENCODED[name], f"Look at this: {ENCODED[name]} Thank you."):
        assert is_opaque(text, ())
        scan = ENGINE.scan((Part("/a", text),))
        assert scan.scanned != "full"
        assert "unscanned" in scan.classes


@pytest.mark.parametrize("name", PLAIN)
def test_words_numbers_and_short_tokens_do_not(name: str) -> None:
    assert not is_opaque(PLAIN[name], ())
    text = f"Look at this: {PLAIN[name]} Thank you."
    assert not is_opaque(text, ())
    assert streamed(text, cut(text, [7])) == (text, True)


@pytest.mark.parametrize("name", ENCODED)
def test_nothing_of_encoded_bytes_leaves_in_a_stream(name: str) -> None:
    text = f"Write to jane.roe@example.com. {ENCODED[name]} Thank you."
    for sizes in ([1], [3, 11], [70], [5000]):
        released, full = streamed(text, cut(text, sizes))
        assert not full
        assert released.endswith(" Thank you.")
        assert released.startswith("Write to [EMAIL]. ")
        assert UNREAD in released
        assert not any(ENCODED[name][at : at + 24] in released for at in range(32, len(ENCODED[name]) - 24))


@pytest.mark.parametrize("name", ENCODED)
def test_who_may_have_what_cannot_be_read_gets_all_of_it(name: str) -> None:
    text = f"See {ENCODED[name]} please."
    for sizes in ([1], [64], [5000]):
        assert streamed(text, cut(text, sizes), unread=True) == (text, False)


@pytest.mark.parametrize("end", ["\n ", "a b", "\r\n ", "=, and so "])
def test_a_run_that_becomes_long_enough_in_a_piece_of_words_is_hidden_whole(end: str) -> None:
    text = BYTES[: RUN - 1] + end
    for size in (1, 7, 40, 63):
        assert streamed(text, cut(text, [size])) == streamed(text, [text])


PIECES = (
    *(ENCODED[name][:700] for name in ENCODED), *PLAIN.values(),
    BYTES[: RUN - 1], BYTES[:RUN], "A" * (RUN - 1), ";base64,", "\r", "\n", "\r\n", " ", ",", "é", "a b",
    ">", "> ", "\t", '"',
    '",\n "', "+", " +\n", "\u200b", "\u200b\n\u200b", '\\"', " " * 40, "=-", "A1b" * 20, "/" * 60,
    "\\", "\\n", "\\\\r", "\\u00", "2f", "\\/", "%2", "%0A",
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES) | st.text(string.printable, max_size=9), max_size=7).map("".join),
    st.lists(st.integers(1, 300), min_size=1, max_size=5),
)
def test_what_counts_does_not_depend_on_the_chunks(text: str, sizes: list[int]) -> None:
    whole, pieces = Runs(), Runs()
    whole.feed(text)
    for chunk in cut(text, sizes):
        pieces.feed(chunk)
    assert [(run.start, run.end) for run in whole.found] == [(run.start, run.end) for run in pieces.found]
    assert whole.undecided == pieces.undecided
    scan = ENGINE.scan((Part("/a", text),))
    released, full = streamed(text, cut(text, sizes))
    assert (scan.scanned == "full") == full
    assert full == (UNREAD not in released) or UNREAD in text
    assert streamed(text, [text]) == (released, full)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(list(ENCODED)), st.integers(1, 60))
def test_no_more_than_a_window_is_held_back_for_it(name: str, size: int) -> None:
    lane = ENGINE.stream(frozenset({"email"})).lane("/x")
    for chunk in cut(f"Call 555-0132. {ENCODED[name]}", [size]):
        lane.feed(chunk)
        assert lane.held <= WINDOW <= 512


def test_a_key_that_is_known_for_what_it_is_is_masked_and_not_unscanned() -> None:
    lines = "\n".join(BYTES[at : at + 64] for at in range(0, 1664, 64))
    text = f"here:\n-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\nkeep it"
    assert ENGINE.scan((Part("/a", text),)).scanned == "full"
    for sizes in ([1], [40], [4000]):
        scan = ENGINE.stream(frozenset({"secret-private-key"}))
        lane = scan.lane("/x")
        out = "".join([*map(lane.feed, cut(text, sizes)), lane.finish()])
        assert out == "here:\n[SECRET-PRIVATE-KEY]\nkeep it"
        assert scan.scan().scanned == "full"


def test_a_finding_explains_a_run_that_begins_in_it() -> None:
    run = Opaque(10, 900)
    assert run.after(()) == 10
    assert run.after([Finding("secret-jwt", 5, 950, 1.0, "pattern")]) == 950
    assert run.after([Finding("email", 20, 40, 1.0, "pattern")]) == 10
    assert run.after([Finding("url", 5, 950, 0.8, "pattern")]) == 10
    assert run.after([Finding("email", 5, 950, 1.0, "pattern")]) == 10
    assert run.after([Finding("mrn", 5, 950, 1.0, "field")]) == 950
    assert Opaque(10, 900, certain=True).after([Finding("secret-jwt", 5, 950, 1.0, "pattern")]) == 10


def test_a_signature_may_look_as_it_does() -> None:
    assert ENGINE.scan((Part("/s", BYTES, "token"),)).scanned == "full"
    assert ENGINE.scan((Part("/s", BYTES, "name"),)).scanned != "full"
    scan = ENGINE.stream(frozenset({"email"}))
    lane = scan.lane("/s", token=True)
    assert lane.feed(BYTES) + lane.finish() == BYTES
    assert scan.scan().scanned == "full"
    hidden = scan.lane("/t", token=True)
    assert "jane.roe" not in hidden.feed("jane.roe@example.com ") + hidden.finish()


@pytest.mark.parametrize("digits", [64, 96, 128])
def test_a_list_of_digests_one_a_line_is_no_run_and_longer_lines_are(digits: int) -> None:
    line = ("0123456789abcdef" * 9)[:digits]
    for end in ("\n", "\r\n"):
        assert not is_opaque(f"{line}{end}" * 20, ())
        assert is_opaque(f"{line}ab{end}" * 20, ())
        text = f"{line}{end}" * 20
        assert streamed(text, cut(text, [7])) == (text, True)


@pytest.mark.parametrize(
    "before", ["see https://example.com/", "see https://example.com/?q=", "write to a@b.example.com/"]
)
def test_an_address_explains_no_bytes_that_it_goes_on_with(before: str) -> None:
    text = f"{before}{BYTES} and so on"
    assert ENGINE.scan((Part("/a", text),)).classes >= {"unscanned"}
    for sizes in ([1], [70], [5000]):
        released, full = streamed(text, cut(text, sizes))
        assert not full
        assert released.endswith(" and so on")
        assert not any(BYTES[at : at + 24] in released for at in range(32, len(BYTES) - 24))


def test_numbers_in_base64_do_not_leave_where_only_the_first_window_is_read() -> None:
    code = base64.b64encode("".join(f"663-91-{number:04d}\n" for number in range(2000, 2100)).encode()).decode()
    scan = ENGINE.stream(frozenset({"us-ssn"}))
    lane = scan.lane("/x")
    out = "".join([*map(lane.feed, cut(f"list: {code}", [40])), lane.finish()])
    assert not any(code[at : at + 24] in out for at in range(len(code) - 24))
    assert scan.scan().scanned != "full"


@pytest.mark.parametrize("before", [chr(code) for code in range(0x20, 0x180)] + ["\u3000", "\U0001f600"])
def test_every_character_is_passed_and_none_but_of_the_alphabets_begins_a_run(before: str) -> None:
    runs = Runs()
    runs.feed(f"{before}{BYTES}")
    begin = 0 if before.isascii() and (before.isalnum() or before in "+/_=-") else 1
    assert [run.start for run in runs.found] == [begin]


def test_a_margin_of_more_than_it_may_have_ends_a_run() -> None:
    for width, counts in ((47, True), (48, False)):
        text = LINES.replace("\n", f"\n{' ' * width}")
        assert is_opaque(text, ()) == counts
        assert streamed(text, cut(text, [9]))[1] is not counts


def test_what_is_late_is_not_called_clean_and_stretches_alone_are_followed() -> None:
    assert is_opaque("a" * 5000, (), lambda: True)
    assert not is_opaque("a," * 5000, (), lambda: True)
    assert is_opaque("; " * 5000 + BYTES, ())
    assert not is_opaque(";base64,abc " * 50, ())
    assert is_opaque(";base64,abcdefghijklmn\\/op", ())
