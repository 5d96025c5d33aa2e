"""What an A2A document holds is found where it stands, and what is masked goes back there and nowhere else."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents import a2a_parts
from gateway.agents.a2a_parts import UNREAD, Reader, is_data_url, read_file, rewrite, withheld
from gateway.core.errors import FormatError
from gateway.core.message import Part
from tests.agents.a2a_making import message, task
from tests.agents.support import BOUNDS, SSN


def parts(value: Any) -> list[Part]:
    reader = Reader(BOUNDS)
    reader.read(value)
    return reader.parts


def raw(data: bytes, **more: Any) -> dict[str, Any]:
    return {"raw": base64.b64encode(data).decode(), **more}


def test_a_text_that_stands_alone_has_its_own_place() -> None:
    assert parts({"parts": [{"text": "hello"}]}) == [Part("/parts/0/text", "hello")]


def test_texts_next_to_each_other_are_one_with_cuts() -> None:
    given = {"parts": [{"text": "a"}, {"text": "bc", "metadata": {}}, {"data": 1}, {"text": ""}, {"text": "d"}]}
    assert parts(given) == [Part("run:2:/parts/0", "abc", cuts=(1,)), Part("run:2:/parts/3", "d", cuts=(0,))]


def test_a_mask_over_several_texts_goes_to_the_first() -> None:
    given = {"parts": [{"text": "a", "metadata": {"x": "y"}}, {"text": "b"}, {"data": {}}]}
    assert rewrite(given, {"run:2:/parts/0": "*"}, BOUNDS) == {
        "parts": [{"text": "*", "metadata": {"x": "y"}}, {"text": ""}, {"data": {}}]
    }


def test_the_protocols_own_words_are_no_parts() -> None:
    given = task(history=[message()], metadata={})
    given["status"]["timestamp"] = "2026-01-05T12:00:00.123Z"
    assert [part.text for part in parts(given)] == ["t-1", "c-1", "m-1", "hello"]
    assert [part.kind for part in parts(given)] == ["name", "name", "name", "text"]


def test_what_stands_in_a_list_of_names_is_a_name() -> None:
    given = {"extensions": ["https://a.example/v1"], "referenceTaskIds": ["t-0"], "acceptedOutputModes": ["text/x"]}
    assert {part.kind for part in parts(given)} == {"name"}


def test_a_key_in_another_spelling_is_no_key_of_the_protocol() -> None:
    for key in ("context_id", "Parts", "taskID"):
        with pytest.raises(FormatError, match=f"^/message/{key}$"):
            parts({"message": {key: "x"}})
        assert parts({"message": {"metadata": {key: "x"}}})
    with pytest.raises(FormatError):
        parts({"parts": [{"media_type": "text/plain"}]})


def test_a_file_of_a_text_format_is_read_and_written_again() -> None:
    given = {"parts": [raw(f"it is {SSN}".encode(), mediaType="text/plain; charset=utf-8", filename="note.txt")]}
    found = parts(given)
    (text,) = [part for part in found if SSN in part.text]
    assert text.pointer.startswith("file:")
    masked = rewrite(given, {text.pointer: "it is [US-SSN]"}, BOUNDS)
    assert base64.b64decode(masked["parts"][0]["raw"]) == b"it is [US-SSN]"
    assert masked["parts"][0]["filename"] == "note.txt"


PATIENT = {
    "resourceType": "Patient",
    "text": {"div": '<div xmlns="http://www.w3.org/1999/xhtml">Ann <b>Roe</b></div>'},
    "name": [{"family": "Roe", "given": ["Ann"]}],
    "birthDate": "1967-08-24",
}


@pytest.mark.parametrize("wrapped", [False, True])
def test_data_that_hold_a_resource_of_fhir_are_read_by_its_elements(wrapped: bool) -> None:
    data: Any = {"rows": [PATIENT]} if wrapped else PATIENT
    given = {"message": message({"text": "see"}, {"data": data}), "metadata": {"about": "x"}}
    found = {part.text: part for part in parts(given)}
    assert (found["Roe"].known, found["1967-08-24"].known) == ("person", "date-of-birth")
    assert [part.text for part in parts(given) if part.known == "health-term"] == ["Patient"]
    masks = {part.pointer: "*" for part in parts(given) if part.kind == "text" and part.text in ("Roe", "1967-08-24")}
    masked = rewrite(given, masks, BOUNDS)
    left = masked["message"]["parts"][1]["data"]
    left = left["rows"][0] if wrapped else left
    assert left["name"] == [{"family": "*", "given": ["Ann"]}]
    assert "birthDate" not in left
    assert left["_birthDate"]["extension"][0]["valueCode"] == "masked"
    assert given["message"]["parts"][1]["data"] == data
    narrated = rewrite(given, {found["Ann "].pointer: "*"}, BOUNDS)["message"]["parts"][1]["data"]
    assert "*<b>Roe</b>" in json.dumps(narrated)


def test_a_file_in_json_is_read_by_its_members() -> None:
    given = {"parts": [{"text": "see"}, raw(json.dumps({"a:b": {"mrn": "44"}}).encode(), mediaType="application/json")]}
    found = {part.text: part for part in parts(given)}
    assert found["44"].label == "mrn"
    masked = rewrite(given, {found["44"].pointer: "*"}, BOUNDS)
    assert json.loads(base64.b64decode(masked["parts"][1]["raw"])) == {"a:b": {"mrn": "*"}}
    with pytest.raises(FormatError):
        rewrite(given, {found["44"].pointer + "/x": "*"}, BOUNDS)


@pytest.mark.parametrize(
    "part",
    [
        raw(b"\x89PNG", mediaType="image/png"),
        raw(b"hello"),
        raw(b"hello", mediaType=""),
        raw(b"hello", mediaType=7),
        raw(b"{", mediaType="application/json"),
        raw(b'{"a":1,"a":2}', mediaType="application/json"),
        raw(b"\xff", mediaType="text/plain"),
        {"raw": "no base64!", "mediaType": "text/plain"},
        {"raw": "a", "mediaType": "text/plain"},
        {"url": "https://files.example/x"},
        {"url": "data:text/plain;base64,aGVsbG8="},
    ],
)
def test_what_cannot_be_read_is_told_so(part: dict[str, Any]) -> None:
    assert "unreadable" in {one.kind for one in parts({"parts": [part]})}


def test_base64_of_both_alphabets_is_read_padded_or_not() -> None:
    for text in ("aGk_", "aGk/", "aGk", "aGk="):
        assert read_file(text, "text/x; charset=latin-1", BOUNDS) is not None
    assert a2a_parts._decoded("aGk_") == a2a_parts._decoded("aGk/") == b"hi?"
    assert a2a_parts._decoded("ü") is None


def test_a_url_is_told_with_its_place_and_scanned_itself() -> None:
    reader = Reader(BOUNDS)
    reader.read({"message": message({"url": f"https://files.example/{SSN}"}, {"url": "data:,hello"}, {"url": ""})})
    assert reader.files == [("/message/parts/0/url", f"https://files.example/{SSN}")]
    texts = [part.text for part in reader.parts if part.kind == "name"]
    assert f"https://files.example/{SSN}" in texts
    assert "data:,hello" in texts
    assert is_data_url("DATA:,x")


def test_a_file_that_may_not_be_handed_on_leaves_a_word() -> None:
    picture = raw(b"x", mediaType="image/png", filename="a.png", metadata={"k": 1})
    given = {"artifacts": [{"parts": [{"text": "a"}, picture]}]}
    shown = withheld(given, ["/artifacts/0/parts/1/raw"])
    assert shown["artifacts"][0]["parts"] == [
        {"text": "a"},
        {"text": UNREAD, "filename": "a.png", "metadata": {"k": 1}},
    ]
    assert given["artifacts"][0]["parts"][1] is picture
    place = "/artifacts/0/parts/1/raw"
    assert withheld(given, [f"file:{len(place)}:{place}:/x"]) == shown


@pytest.mark.parametrize("place", ["/raw", "/parts/0", "/parts/0/text", "/a/0/raw"])
def test_only_a_file_can_be_left_out(place: str) -> None:
    with pytest.raises(FormatError):
        withheld({"parts": [{"text": "a"}], "raw": "x", "a": [{"raw": "x"}]}, [place])


def test_documents_are_cut_off_where_they_have_too_many_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(a2a_parts, "MAX_PARTS", 5)
    for value in (
        {"history": [message() for _ in range(9)]},
        {"parts": [{"text": "a"}, {"data": 1}] * 9},
        {"tags": ["a"] * 9},
    ):
        found = parts(value)
        assert len(found) == 6
        assert found[-1].kind == "unreadable"


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(["aGk=", "https://a.example/x"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["parts", "text", "raw", "url", "data", "mediaType", "metadata", "status", "x", "id"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=300)
@given(JSON)
def test_any_document_is_read_and_each_of_its_texts_can_be_masked_alone(value: Any) -> None:
    found = parts(value)
    before = json.dumps(value)
    places = [part.pointer for part in found if part.kind == "text"]
    for part in found:
        if part.kind == "text" and places.count(part.pointer) == 1:
            shown = parts(rewrite(value, {part.pointer: "\x00*"}, BOUNDS))
            assert any("\x00*" in one.text for one in shown)
    assert rewrite(value, {}, BOUNDS) is value
    assert json.dumps(value) == before
