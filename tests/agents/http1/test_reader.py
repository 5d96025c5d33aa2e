"""Answers are read strictly: what could be understood in two ways, or has no end, is no answer."""

import random
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.http1.reader import BODY, DONE, FAILED, HEAD, MAX_HEAD, MAX_HEADERS, AnswerReader

OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = OK + b"content-length: 0\r\n\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"


def read(*data: bytes, bodiless: bool = False, max_bytes: int = 100_000, end: bool = False) -> AnswerReader:
    reader = AnswerReader()
    reader.begin(bodiless=bodiless, max_bytes=max_bytes)
    for piece in data:
        reader.feed(piece)
    if end:
        reader.end()
    return reader


def whole(reader: AnswerReader) -> bytes:
    assert reader.state == DONE, reader.error
    return reader.take()


def error(*data: bytes, max_bytes: int = 100_000, end: bool = False) -> str | None:
    reader = read(*data, max_bytes=max_bytes, end=end)
    assert reader.state == FAILED
    assert not reader.reusable
    return reader.error


class TestBodies:
    def test_one_with_its_length(self) -> None:
        reader = read(OK + b"Content-Length: 3\r\nX-A: b\r\n\r\nabc")
        assert (reader.status, reader.headers) == (200, (("content-length", "3"), ("x-a", "b")))
        assert (whole(reader), reader.reusable) == (b"abc", True)

    def test_one_in_chunks_whose_extensions_and_trailers_are_dropped(self) -> None:
        reader = read(CHUNKED + b'3;a="b"\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: no\r\n\r\n')
        assert (whole(reader), reader.headers, reader.reusable) == (b"abcde", (("transfer-encoding", "chunked"),), True)

    def test_one_that_the_end_of_the_connection_ends(self) -> None:
        reader = read(OK + b"\r\nab", b"c")
        assert reader.state == BODY
        reader.end()
        assert (whole(reader), reader.reusable) == (b"abc", False)

    def test_an_end_that_is_not_in_order_ends_no_answer(self) -> None:
        reader = read(OK + b"\r\nabc")
        reader.end(clean=False)
        assert (reader.state, reader.error) == (FAILED, "closed_early")

    @pytest.mark.parametrize("data", [b"", OK, OK + b"content-length: 9\r\n\r\nabc", CHUNKED + b"3\r\nabc\r\n"])
    def test_an_end_in_the_middle_is_too_early(self, data: bytes) -> None:
        assert error(*([data] if data else []), end=True) == "closed_early"

    @pytest.mark.parametrize("head", [b"content-length: 5\r\n", b"transfer-encoding: chunked\r\n", b""])
    def test_with_head_there_is_none_whatever_the_answer_says(self, head: bytes) -> None:
        reader = read(OK + head + b"\r\n", bodiless=True)
        assert (whole(reader), reader.reusable) == (b"", False)

    @pytest.mark.parametrize("size", [99, 2**62])
    def test_with_head_a_length_is_no_size(self, size: int) -> None:
        assert read(OK + b"content-length: %d\r\n\r\n" % size, bodiless=True, max_bytes=10).state == DONE

    @pytest.mark.parametrize(
        ("head", "reusable"),
        [
            (b"204 No Content\r\n", True),
            (b"304 Not Modified\r\n", True),
            (b"304 Not Modified\r\ncontent-length: 5\r\n", True),
            (b"204 No Content\r\ncontent-length: 5\r\n", False),
            (b"204 No Content\r\ntransfer-encoding: chunked\r\n", False),
        ],
    )
    def test_some_answers_have_none(self, head: bytes, reusable: bool) -> None:
        reader = read(b"HTTP/1.1 " + head + b"\r\n")
        assert (whole(reader), reader.reusable) == (b"", reusable)

    def test_it_is_taken_in_pieces_and_all_is_counted(self) -> None:
        reader = read(OK + b"content-length: 6\r\n\r\nab", b"c")
        assert (reader.waiting, reader.take(), reader.waiting) == (3, b"abc", 0)
        reader.feed(b"def")
        assert (reader.take(), reader.received, reader.state) == (b"def", 6, DONE)

    @pytest.mark.parametrize(
        "data",
        [
            OK + b"content-length: 11\r\n\r\n",
            OK + b"content-length: 18446744073709551615\r\n\r\n",
            OK + b"\r\n" + b"x" * 11,
            CHUNKED + b"b\r\n" + b"x" * 11,
        ],
    )
    def test_it_measures_at_most_what_it_may(self, data: bytes) -> None:
        assert error(data, max_bytes=10) == "answer_too_large"


class TestStrictness:
    @pytest.mark.parametrize(
        "head",
        [
            b"content-length: 3\r\ncontent-length: 3\r\n",
            b"content-length: 3\r\ncontent-length: 4\r\n",
            b"content-length: 3, 3\r\n",
            b"content-length: +3\r\n",
            b"content-length: -3\r\n",
            b"content-length: 0x3\r\n",
            b"content-length: \r\n",
            b"content-length: 18446744073709551616\r\n",
            b"content-length : 3\r\n",
            b"content-length: 3\r\ntransfer-encoding: chunked\r\n",
            b"transfer-encoding: chunked\r\ncontent-length: 3\r\n",
            b"transfer-encoding: gzip\r\n",
            b"transfer-encoding: gzip, chunked\r\n",
            b"transfer-encoding: chunked, gzip\r\n",
            b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
            b"transfer-encoding: xchunked\r\n",
            b"transfer-encoding:\r\n",
            b"x: a\r\n b\r\n",
            b"x: a\r\n\tb\r\n",
            b" x: a\r\n",
            b"x: a\nb: c\r\n",
            b"x: a\rb\r\n",
            b"x: a\x00b\r\n",
            b"x: a\x7fb\r\n",
            b"x: \xff\xfe\r\n",
            b"x\x80: a\r\n",
            b"no colon\r\n",
            b": v\r\n",
        ],
    )
    def test_a_head_that_is_not_clean_is_refused(self, head: bytes) -> None:
        assert error(OK + head + b"\r\nabc") == "bad_answer"

    @pytest.mark.parametrize(
        "line",
        [
            b"HTTP/1.1 200 OK\n",
            b"HTTP/2.0 200 OK\r\n",
            b"HTTP/0.9 200 OK\r\n",
            b"http/1.1 200 OK\r\n",
            b"ICY 200 OK\r\n",
            b"HTTP/1.1 2000 OK\r\n",
            b"HTTP/1.1 600 OK\r\n",
            b"HTTP/1.1 099 OK\r\n",
            b"HTTP/1.1 20 OK\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\n",
            b"HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n",
            b"\x00garbage\r\n",
            b"GET / HTTP/1.1\r\n",
        ],
    )
    def test_another_version_or_status_is_refused(self, line: bytes) -> None:
        assert error(line + b"\r\n") == "bad_answer"

    @pytest.mark.parametrize(
        "chunk",
        [
            b"xyz\r\nabc\r\n",
            b"-3\r\nabc\r\n",
            b"0x3\r\nabc\r\n",
            b" 3\r\nabc\r\n",
            b"3\nabc\n",
            b"3\r\nabcd\r\n",
            b"3\r\nab\r\n0\r\n\r\n",
            b"fffffffffffffffff\r\nabc",
            b"\r\nabc",
            b"0\r\nbad trailer\r\n\r\n",
            b"0\r\ncontent-length: 3\r\n\r\n",
        ],
    )
    def test_a_bad_chunk_is_refused(self, chunk: bytes) -> None:
        assert error(CHUNKED + chunk) == "bad_answer"

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_one_wherever_it_leads(self, status: int) -> None:
        assert error(b"HTTP/1.1 %d X\r\nlocation: /a\r\ncontent-length: 0\r\n\r\n" % status) == "redirected"

    def test_a_location_alone_is_none(self) -> None:
        assert read(b"HTTP/1.1 201 Created\r\nlocation: /a\r\ncontent-length: 0\r\n\r\n").state == DONE


class TestBounds:
    @pytest.mark.parametrize(
        "data",
        [
            OK + b"x: " + b"a" * MAX_HEAD,
            OK + b"x: " + b"a" * MAX_HEAD + b"\r\ncontent-length: 0\r\n\r\n",
            OK + b"x: a\r\n" * (MAX_HEADERS + 1) + b"content-length: 0\r\n\r\n",
            b"HTTP/1.1 200 " + b"a" * MAX_HEAD,
            b"\r\n" * MAX_HEAD,
            b"HTTP/1.1 100 Continue\r\n\r\n" * 9 + EMPTY,
            b"HTTP/1.1 103 Early Hints\r\nx: "
            + b"a" * 40_000
            + b"\r\n\r\n"
            + OK
            + b"x: "
            + b"a" * 40_000
            + b"\r\n\r\n",
            CHUNKED + b"0\r\nx: " + b"a" * MAX_HEAD + b"\r\n\r\n",
            CHUNKED + b"1;" + b"a" * 3 * MAX_HEAD,
        ],
        ids=["header", "whole header", "headers", "reason", "nothing", "interim", "hints", "trailer", "extension"],
    )
    @pytest.mark.parametrize("at_once", [True, False])
    def test_nothing_but_the_body_may_be_long(self, data: bytes, at_once: bool) -> None:
        pieces = [data] if at_once else [data[start : start + 9_999] for start in range(0, len(data), 9_999)]
        assert error(*pieces) == "bad_answer"

    def test_single_bytes_as_chunks_are_all_right(self) -> None:
        assert whole(read(CHUNKED + b"1\r\nx\r\n" * 90_000 + b"0\r\n\r\n")) == b"x" * 90_000

    def test_a_body_in_tiny_chunks_weighs_no_more_than_its_bytes(self) -> None:
        tracemalloc.start()
        try:
            reader = read(CHUNKED + b"2\r\nxy\r\n" * 45_000, max_bytes=100_000)
            weight, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert reader.waiting == 90_000
        assert weight < 10 * reader.waiting


class TestOneAfterAnother:
    def test_a_reader_that_was_closed_keeps_what_it_read_and_takes_no_more(self) -> None:
        reader = read(OK + b"content-length: 3\r\n\r\nabc")
        reader.end(clean=False)
        reader.close()
        reader.feed(EMPTY)
        assert whole(reader) == b"abc"

    def test_interim_answers_are_skipped(self) -> None:
        reader = read(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", EMPTY)
        assert (reader.status, reader.headers, whole(reader)) == (200, (("content-length", "0"),), b"")
        assert reader.reusable

    def test_a_second_answer_is_read_like_the_first(self) -> None:
        reader = read(OK + b"content-length: 3\r\n\r\nabc")
        assert whole(reader) == b"abc"
        reader.begin(bodiless=False, max_bytes=5)
        assert (reader.state, reader.waiting) == (HEAD, 0)
        reader.feed(b"HTTP/1.1 404 No\r\n")
        reader.feed(b"content-length: 2\r\n\r\nno")
        assert (reader.status, reader.headers, whole(reader)) == (404, (("content-length", "2"),), b"no")

    @pytest.mark.parametrize(
        "head",
        [
            b"HTTP/1.1 200 OK\r\nconnection: close\r\n",
            b"HTTP/1.1 200 OK\r\nConnection: x, Close\r\n",
            b"HTTP/1.0 200 OK\r\n",
        ],
    )
    def test_none_follows_where_the_agent_closes(self, head: bytes) -> None:
        reader = read(head + b"content-length: 1\r\n\r\nx")
        assert (whole(reader), reader.reusable) == (b"x", False)

    @pytest.mark.parametrize("more", [b"x", EMPTY, b"HTTP/1.1 100 Continue\r\n\r\n"])
    @pytest.mark.parametrize("at_once", [True, False])
    def test_what_follows_an_answer_belongs_to_none(self, more: bytes, at_once: bool) -> None:
        reader = read(*([EMPTY + more] if at_once else [EMPTY, more]))
        assert (reader.status, whole(reader), reader.reusable) == (200, b"", False)

    def test_what_comes_before_a_request_is_no_answer_to_it(self) -> None:
        reader = AnswerReader()
        reader.feed(EMPTY)
        assert (reader.state, reader.reusable) == (FAILED, False)

    def test_nothing_follows_a_failure(self) -> None:
        reader = read(b"junk")
        reader.feed(EMPTY)
        reader.end()
        assert (reader.state, reader.error) == (FAILED, "bad_answer")


VALID = (
    OK + b"Content-Length: 11\r\nX-A: b c\r\nset-cookie: a\r\nset-cookie: b\r\n\r\nhello world",
    CHUNKED + b"5;x=y\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nt: u\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nhello world",
    b"HTTP/1.0 200 OK\r\n\r\nhello world",
    b"HTTP/1.1 204 No\r\n\r\n",
)


@pytest.mark.parametrize("answer", VALID)
@settings(max_examples=60)
@given(data=st.data())
def test_where_the_network_cuts_an_answer_makes_no_difference(answer: bytes, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(answer)), max_size=len(answer)).map(sorted))
    borders = [0, *cuts, len(answer)]
    pieces = [answer[start:end] for start, end in pairwise(borders) if start < end]
    one, many = read(answer, end=True), read(*pieces, end=True)
    assert (many.state, many.status, many.headers, whole(many)) == (DONE, one.status, one.headers, whole(one))


def broken(answer: bytes, seed: int) -> bytes:
    """A valid answer with some of its bytes changed, taken out or doubled."""
    chance = random.Random(seed)
    data = bytearray(answer)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(data))
        data[place : place + chance.randint(0, 3)] = chance.choice(
            (b"", b"\r\n", b"0", b"\x00", bytes([chance.randrange(256)]), data[place : place + 9] * 2)
        )
    return bytes(data) or b"x"


JUNK = st.lists(st.binary(max_size=60), max_size=20)
BROKEN = st.tuples(st.sampled_from(VALID), st.integers(0, 2**32)).map(lambda drawn: [broken(*drawn)])


@settings(max_examples=200)
@given(pieces=st.one_of(JUNK, BROKEN, JUNK.map(lambda pieces: [CHUNKED, *pieces])), bodiless=st.booleans())
def test_whatever_arrives_ends_in_an_answer_or_an_error(pieces: list[bytes], bodiless: bool) -> None:
    reader = read(*pieces, bodiless=bodiless, max_bytes=500, end=True)
    assert reader.state in (DONE, FAILED)
    assert (reader.state == FAILED) == (reader.error is not None)
    assert reader.received <= 600
    assert reader.error in (None, "bad_answer", "answer_too_large", "redirected", "closed_early")


def test_the_first_reason_stands() -> None:
    reader = read()
    reader.fail("timeout_total")
    reader.fail("closed_early")
    assert reader.error == "timeout_total"
