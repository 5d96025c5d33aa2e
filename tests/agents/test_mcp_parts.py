"""A message is taken into parts in the order of the document, and never without an end."""

from gateway.agents.bodies import MAX_PARTS
from gateway.agents.mcp_parts import rpc_parts
from tests.agents.mcp_making import result, rpc


def test_what_means_something_to_the_protocol_is_scanned_and_cannot_be_masked() -> None:
    parts = rpc_parts(rpc("resources/read", {"uri": "ward://a", "arguments": {"note": "text"}}))
    assert [(part.text, part.kind) for part in parts] == [("ward://a", "name"), ("note", "name"), ("text", "text")]


def test_a_form_keeps_the_names_of_its_fields_as_labels() -> None:
    (_, value) = rpc_parts(result({"action": "accept", "content": {"patient_name": "Ada"}}))
    assert (value.text, value.label, value.kind) == ("Ada", "patient_name", "text")


def test_what_lies_beyond_the_bound_is_one_part_that_cannot_be_read() -> None:
    parts = rpc_parts(result({"content": [{"type": "text", "text": f"a{n}"} for n in range(MAX_PARTS + 5)]}))
    assert len(parts) == MAX_PARTS + 1
    assert parts[-1].kind == "unreadable"


def test_a_blob_that_is_no_text_is_read_all_the_same() -> None:
    parts = rpc_parts(result({"contents": [{"uri": "a:b", "blob": {"x": "said"}}]}))
    assert {part.kind for part in parts} >= {"unreadable", "text"}
    assert "said" in [part.text for part in parts]


def test_words_of_the_protocol_are_left_out_only_where_they_stand_for_themselves() -> None:
    parts = rpc_parts(result({"content": [{"type": "text", "text": "audio"}], "structuredContent": {"type": "text"}}))
    assert [part.text for part in parts] == ["audio", "type", "text"]


def test_a_type_that_is_no_word_is_like_any_that_is_not_known() -> None:
    for kind in ([], {}, ["image"], {"image": 1}):
        parts = rpc_parts(result({"content": [{"type": kind, "data": "said"}]}))
        assert ("said", "text") in [(part.text, part.kind) for part in parts]
