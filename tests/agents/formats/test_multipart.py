"""Forms with files are read exactly as RFC 7578 and RFC 2046 have them, or refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.formats.multipart import MAX_FIELDS, Field, read
from gateway.core.refusal import Refusal

KIND = 'multipart/form-data; boundary="b c"'


def field(*headers: str, body: str = "x") -> bytes:
    return ("--b c\r\n" + "".join(f"{header}\r\n" for header in headers) + f"\r\n{body}\r\n").encode()


def whole(*fields: bytes) -> bytes:
    return b"".join(fields) + b"--b c--\r\n"


def fields(body: bytes, kind: str = KIND) -> tuple[Field, ...]:
    result = read(body, kind)
    assert not isinstance(result, Refusal), result
    return result


def test_names_file_names_and_bodies_are_read() -> None:
    body = whole(
        field('Content-Disposition: form-data; name="a"', body="one\r\n--b"),
        field(
            'content-disposition: form-data; name="d"; filename="A \\"B\\".txt"',
            "Content-Type: text/plain",
            "X-Note: n",
        ),
        field("Content-Disposition: form-data; name=c; filename*=UTF-8''R%C3%B6", "Content-Transfer-Encoding: base64"),
    )
    one, two, three = fields(body)
    assert (one.name, one.filename, body[one.start : one.end], one.readable) == ("a", "", b"one\r\n--b", True)
    assert (two.name, two.filename, two.content_type, two.more) == ("d", 'A "B".txt', "text/plain", ("n", "x-note"))
    assert (three.name, three.filename, three.readable) == ("c", "Rö", False)
    assert three.more == ("UTF-8''R%C3%B6",) or three.more == ("Rö",)


def test_a_field_may_be_empty() -> None:
    body = whole(field('Content-Disposition: form-data; name="a"', body=""))
    (one,) = fields(body)
    assert body[one.start : one.end] == b""


GOOD = field('Content-Disposition: form-data; name="a"')


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"preamble\r\n" + whole(GOOD),
        whole(GOOD) + b"epilogue",
        GOOD,
        b"--b c--\r\n",
        whole(GOOD).replace(b"\r\n", b"\n"),
        whole(GOOD).replace(b"x\r\n--b c--", b"x\r\n--b c"),
        whole(GOOD, b"--b cd\r\n\r\nx\r\n"),
        whole(field()),
        whole(field("Content-Disposition: attachment; name=a")),
        whole(field("Content-Disposition: form-data")),
        whole(field("Content-Disposition: form-data; name=a; name=b")),
        whole(field('Content-Disposition: form-data; name="a')),
        whole(field("Content-Disposition: form-data; name=a", "Content-Disposition: form-data; name=b")),
        whole(field("Content-Disposition: form-data;", " name=a")),
        whole(field("no colon")),
        whole(*[GOOD] * (MAX_FIELDS + 1)),
    ],
)
def test_what_two_readers_could_take_apart_differently_is_refused(body: bytes) -> None:
    result = read(body, KIND)
    assert isinstance(result, Refusal)
    assert (result.code, result.field) == ("body_malformed", "multipart")


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", 'multipart/form-data; boundary="a\x00"']
)
def test_a_boundary_is_needed(kind: str) -> None:
    assert isinstance(read(whole(GOOD), kind), Refusal)


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            [b"--b c", b"--", b"\r\n", b"\r\n\r\n", b'Content-Disposition: form-data; name="a"', b"x", b"\xff", b": "]
        )
    )
)
def test_any_body_is_read_or_refused_and_its_fields_lie_in_it(pieces: list[bytes]) -> None:
    for body in (
        b"".join(pieces),
        whole(field('Content-Disposition: form-data; name="a"', body="q")) + b"".join(pieces),
    ):
        result = read(body, KIND)
        if not isinstance(result, Refusal):
            ends = 0
            for one in result:
                assert ends <= one.start <= one.end <= len(body)
                ends = one.end
