"""The one zip form: what it holds, how other programs read it, and that nothing else is taken for it."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError
from gateway.evidence import container
from gateway.evidence.container import Container, Writer, check_name


def write(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    writer = Writer(file)
    for name, content in members.items():
        writer.add(name, content)
    writer.close()
    return file.getvalue()


def read(data: bytes) -> dict[str, bytes]:
    box = Container(io.BytesIO(data))
    return {name: b"".join(box.blocks(name)) for name in box.members}


names = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,8}(/[a-z0-9][a-z0-9._-]{0,8}){0,2}", fullmatch=True)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(names, st.binary(max_size=50), max_size=6))
def test_what_was_written_is_read_back_in_its_order_and_by_other_programs(members: dict[str, bytes]) -> None:
    data = write(members)
    assert list(read(data).items()) == list(members.items())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == members


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(names, st.binary(max_size=20), min_size=1, max_size=3), st.data())
def test_a_changed_bit_gives_an_error_or_other_content_never_the_same(
    members: dict[str, bytes], data: st.DataObject
) -> None:
    whole = bytearray(write(members))
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[bit // 8] ^= 1 << bit % 8
    with pytest.raises(FormatError):
        read(bytes(whole))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_make_the_reader_raise_anything_else(data: bytes, header: bool) -> None:
    with pytest.raises(FormatError):
        read((b"PK\x03\x04" if header else b"x") + data)


def test_members_of_four_gigabytes_have_a_header_with_room_and_others_do_not() -> None:
    file = io.BytesIO()
    writer = Writer(file)
    with writer.stream("large.jsonl", 1 << 32) as stream:
        stream.write(b"one\n")
        stream.write(b"two\n")
    writer.add("small.txt", b"x")
    writer.close()
    box = Container(io.BytesIO(file.getvalue()))
    assert [member.zip64 for member in box.members.values()] == [True, False]
    assert list(box.lines("large.jsonl", 10)) == [b"one", b"two"]
    with zipfile.ZipFile(io.BytesIO(file.getvalue())) as archive:
        assert archive.read("large.jsonl") == b"one\ntwo\n"
        assert archive.testzip() is None


class Sparse(io.RawIOBase):
    """A file of gigabytes that holds only what is not zero."""

    def __init__(self) -> None:
        self.pieces: dict[int, bytes] = {}
        self.at = self.end = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (0, self.at, self.end)[whence]
        return self.at

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]  # any buffer
        if piece.strip(b"\0"):
            self.pieces[self.at] = piece
        self.at += len(piece)
        self.end = max(self.end, self.at)
        return len(piece)

    def read(self, size: int = -1) -> bytes:
        left = self.end - self.at
        found = bytearray(max(0, left if size < 0 else min(size, left)))
        for start, piece in self.pieces.items():
            low, high = max(start, self.at), min(start + len(piece), self.at + len(found))
            if low < high:
                found[low - self.at : high - self.at] = piece[low - start : high - start]
        self.at += len(found)
        return bytes(found)


def test_a_container_beyond_four_gigabytes_has_a_zip64_directory() -> None:
    """Sizes and offsets beyond 32 bits are written and read; the checksum of the zeroes is left out of it."""
    file = Sparse()
    writer = Writer(file)  # type: ignore[arg-type]  # as much of a file as is needed
    with writer.stream("large.bin", 5 << 30) as stream:
        stream.size = 5 << 30  # as if so many zeroes had been written
    writer.add("behind.txt", b"here")
    writer.close()
    box = Container(file)  # type: ignore[arg-type]
    assert box.members["large.bin"].size == 5 << 30
    assert box.members["behind.txt"].offset > 5 << 30
    assert box.read("behind.txt", 10) == b"here"
    with zipfile.ZipFile(file) as archive:
        assert archive.read("behind.txt") == b"here"
        assert archive.getinfo("large.bin").file_size == 5 << 30


def test_a_member_larger_than_announced_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "_FULL32", 10)
    writer = Writer(io.BytesIO())
    with pytest.raises(FormatError, match="larger"), writer.stream("a", 5) as stream:
        stream.write(b"x" * 11)


def test_an_error_while_a_member_is_written_leaves_no_member() -> None:
    file = io.BytesIO()
    writer = Writer(file)
    with pytest.raises(KeyError), writer.stream("a", 5):
        raise KeyError
    writer.close()
    assert read(file.getvalue()[file.getvalue().index(b"PK\x05\x06") :]) == {}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/../b",
        "./a",
        ".a",
        "a\\b",
        "a b",
        "é",
        "a\0b",
        "C:/a",
        "x" * 201,
        "a/.b",
        "a\n",
    ],
)
def test_a_name_that_could_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(FormatError):
        check_name(name, set())
    with pytest.raises(FormatError):
        Writer(io.BytesIO()).add(name, b"")


def test_the_same_name_twice_is_refused_whatever_its_case() -> None:
    writer = Writer(io.BytesIO())
    writer.add("a", b"")
    with pytest.raises(FormatError):
        writer.add("a", b"")
    with pytest.raises(FormatError):
        check_name("A", {"a"})


def test_the_number_of_members_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = write({"a": b"", "b": b"", "c": b""})
    monkeypatch.setattr(container, "MAX_MEMBERS", 2)
    with pytest.raises(FormatError, match="at most 2"):
        read(data)
    with pytest.raises(FormatError, match="at most 2"):
        write({"a": b"", "b": b"", "c": b""})


def test_lines_end_with_a_newline_and_are_bounded_over_the_borders_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "BLOCK", 4)
    box = Container(io.BytesIO(write({"a": b"one\ntwotwo\n\nx\n", "b": b"one\ntwo", "c": b"", "d": b"x" * 30 + b"\n"})))
    assert list(box.lines("a", 6)) == [b"one", b"twotwo", b"", b"x"]
    assert list(box.lines("c", 6)) == []
    for name, at_most in (("a", 5), ("b", 6), ("d", 29)):
        with pytest.raises(FormatError):
            list(box.lines(name, at_most))


def test_a_member_that_is_missing_or_too_large_is_said_to_be() -> None:
    box = Container(io.BytesIO(write({"a": b"12345"})))
    assert box.read("a", 5) == b"12345"
    with pytest.raises(FormatError, match="larger"):
        box.read("a", 4)
    with pytest.raises(FormatError, match="missing"):
        box.read("b", 4)


def test_a_checksum_is_held_against_the_bytes_until_it_was_found_right(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with path.open("w+b") as file:
        writer = Writer(file)
        writer.add("a.txt", b"what it says\n")
        writer.close()
    with path.open("r+b") as file:
        box = Container(file)
        file.seek(box.members["a.txt"].data)
        file.write(b"W")
        for _ in range(2):
            with pytest.raises(FormatError, match="checksum"):
                list(box.lines("a.txt", 100))
        file.seek(box.members["a.txt"].data)
        file.write(b"w")
        assert [list(box.lines("a.txt", 100)) for _ in range(2)] == [[b"what it says"]] * 2


@pytest.mark.parametrize("near_room", [1 << 16, 3])
@pytest.mark.parametrize("text", [b"", b"a\n", b"\n\n", b"abc\nde\n\nfghij\n", b"abc\nno end"])
def test_the_line_at_a_place_is_the_first_that_begins_there_or_later(
    text: bytes, near_room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "_NEAR", near_room)
    box = Container(io.BytesIO(write({"a.txt": b"x\n", "b.txt": text, "c.txt": b"y\n"})))
    whole = text[: text.rfind(b"\n") + 1]
    begins = [0, *(place + 1 for place, byte in enumerate(whole) if byte == 10)][:-1] if whole else []
    for near in range(len(text) + 1):
        found = next((begin for begin in begins if begin >= near), None)
        if found is not None:
            assert box.line_at("b.txt", near, 20) == (found, text[found : text.index(b"\n", found)])
        elif near <= len(whole) < len(text):
            with pytest.raises(FormatError):
                box.line_at("b.txt", near, 20)
        else:
            assert box.line_at("b.txt", near, 20) == (len(text), b"")


def test_a_line_that_is_too_long_is_no_line_at_a_place() -> None:
    box = Container(io.BytesIO(write({"a.txt": b"x" * 100_000 + b"\n"})))
    with pytest.raises(FormatError):
        box.line_at("a.txt", 5, 20)


def test_lines_between_two_places_are_those_of_the_file_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc\nde\nfgh\n")
    with path.open("rb") as file:
        assert list(container.lines_between(file, "a", 4, 7, 10)) == [b"de"]
        with pytest.raises(FormatError):
            list(container.lines_between(file, "a", 4, 9, 10))


@pytest.mark.parametrize("content", [b"", b"P", b"acme/ledger+12345678+abc", b"\x89PNG..."])
def test_what_is_no_zip_file_is_told_so(content: bytes) -> None:
    with pytest.raises(FormatError, match="no zip file"):
        Container(io.BytesIO(content))
