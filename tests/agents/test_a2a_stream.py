"""Streams of A2A: events are looked at whole, artifacts joined; nothing leaves that was not looked at."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents import a2a_stream
from gateway.agents.a2a_call import Call
from gateway.agents.a2a_stream import A2aStream
from gateway.agents.a2a_words import Binding
from gateway.core.errors import AgentError
from gateway.core.ports import Bounds
from tests.agents.a2a_making import AGENT, HTTP, agent, events, message, task
from tests.agents.support import BOUNDS, SSN, MaskingLanes


def call(operation: str = "SendStreamingMessage", binding: Binding = "JSONRPC") -> Call:
    return Call(operation=operation, params={"id": "t-1", "message": message()}, binding=binding, id="x-7")


def status(state: str = "TASK_STATE_WORKING", text: str | None = None) -> dict[str, Any]:
    said = {} if text is None else {"message": message({"text": text})}
    return {"statusUpdate": {"taskId": "t-1", "contextId": "c-1", "status": {"state": state, **said}}}


def piece(*texts: Any, artifact: str = "a-1", append: bool = True, last: bool = False) -> dict[str, Any]:
    parts = [{"text": text} if isinstance(text, str) else text for text in texts]
    update = {"taskId": "t-1", "contextId": "c-1", "artifact": {"artifactId": artifact, "parts": parts}}
    flags = {**({"append": True} if append else {}), **({"lastChunk": True} if last else {})}
    return {"artifactUpdate": {**update, **flags}}


DONE = status("TASK_STATE_COMPLETED")


def run(*wire: bytes, lanes: Any = None, asked: Call | None = None) -> tuple[list[Any], A2aStream]:
    """What leaves, the closing event last, without its envelope."""
    stream = A2aStream(lanes or MaskingLanes(), BOUNDS, asked or call(), AGENT)
    out = b"".join(stream.feed(data) for data in wire) + stream.finish() + stream.closing
    return shown(out), stream


def shown(out: bytes) -> list[Any]:
    found = []
    for event in out.decode().split("\n\n"):
        if "data: " in event:
            document = json.loads(event.partition("data: ")[2])
            found.append(document.get("result", document))
    return found


def text_of(out: list[Any], artifact: str = "a-1") -> str:
    updates = [one["artifactUpdate"] for one in out if "artifactUpdate" in one]
    parts = [part for one in updates if one["artifact"]["artifactId"] == artifact for part in one["artifact"]["parts"]]
    return "".join(part.get("text", "|") for part in parts)


def error_of(*wire: bytes, asked: Call | None = None) -> str:
    with pytest.raises(AgentError) as caught:
        run(*wire, asked=asked)
    return caught.value.code


def test_events_pass_as_they_come_and_the_end_of_the_task_is_withheld() -> None:
    flow = [{"task": task()}, status(text="working "), piece("a ", append=False), piece("b ", last=True)]
    out, stream = run(events(*flow, DONE))
    assert out == [*flow, DONE]
    assert shown(stream.closing) == [DONE]
    assert stream.sessions == ("a2a-context:c-1", "a2a-task:ward/t-1")


def test_an_event_has_the_callers_own_id_in_the_callers_binding() -> None:
    stream = A2aStream(MaskingLanes(), BOUNDS, call(), AGENT)
    assert json.loads(stream.feed(events(status()))[6:])["id"] == "x-7"
    plain = A2aStream(MaskingLanes(), BOUNDS, call(binding="HTTP+JSON"), AGENT)
    assert json.loads(plain.feed(events(status()))[6:]) == status()
    from_http = A2aStream(MaskingLanes(), BOUNDS, call(), agent(HTTP))
    wire = b"data: " + json.dumps(status()).encode() + b"\n\n"
    assert json.loads(from_http.feed(wire)[6:]) == {"jsonrpc": "2.0", "id": "x-7", "result": status()}


def test_a_message_is_the_whole_answer() -> None:
    out, stream = run(events({"message": message({"text": f"it is {SSN} "})}, status()))
    assert out == [{"message": message({"text": "it is [US-SSN] "})}]
    assert shown(stream.closing) == out


@pytest.mark.parametrize("cut", range(1, len(SSN)))
def test_an_identifier_cut_over_two_pieces_of_an_artifact_never_leaves(cut: int) -> None:
    given = [piece(f"SSN {SSN[:cut]}", append=False), status(text="still working "), piece(f"{SSN[cut:]} is it")]
    out, _ = run(events({"task": task()}, *given, DONE))
    assert text_of(out) == "SSN [US-SSN] is it"
    assert out[2] == given[1]
    assert SSN[cut:] not in json.dumps(out[:-1])


def test_an_identifier_over_many_pieces_and_parts_never_leaves() -> None:
    text = f"SSN {SSN} is it "
    pairs = [(text[at], text[at + 1]) for at in range(0, len(text) - 1, 2)]
    out, _ = run(events(*(piece(*pair) for pair in pairs), DONE))
    assert text_of(out).startswith("SSN [US-SSN] is i")


def test_artifacts_do_not_mix() -> None:
    given = [piece("078-", artifact="a"), piece("05-", artifact="b"), piece("05-1120 ", artifact="a")]
    out, _ = run(events(*given, piece("1120 ", artifact="b"), DONE))
    assert text_of(out, "a") == "[US-SSN] "
    assert text_of(out, "b") == "05-1120 "


@pytest.mark.parametrize(
    "ending", [DONE, status("TASK_STATE_INPUT_REQUIRED"), {"task": task()}, {"message": message()}, None]
)
def test_what_is_held_leaves_before_the_task_ends_or_asks_or_the_stream_ends(ending: Any) -> None:
    out, _ = run(events(piece("bye"), *([] if ending is None else [ending])))
    assert out[0] == piece("")
    assert out[1] == piece("bye")
    assert out[2:] == ([] if ending is None else [ending])


def test_what_is_held_leaves_with_the_last_piece() -> None:
    out, _ = run(events(piece("by", append=False), piece("e", last=True), DONE))
    assert out[1] == piece("bye", last=True)
    only, _ = run(events(piece({"data": {"a": 1}}, last=True), DONE))
    assert only == [piece({"data": {"a": 1}}, last=True), DONE]
    after, _ = run(events(piece("bye"), piece(last=True), DONE))
    assert after[1] == piece("bye", last=True)


def test_what_is_held_leaves_before_what_is_no_text() -> None:
    out, _ = run(events(piece("by", "e", {"data": {"a": 1}}, "hello"), DONE))
    parts = out[0]["artifactUpdate"]["artifact"]["parts"]
    assert [part.get("text") for part in parts] == ["", "", "bye", None, ""]
    assert text_of(out) == "bye|hello"


SHOWN = {"task": task(artifacts=[{"artifactId": "a-1", "parts": [{"data": {}}, {"text": "SSN "}, {"text": SSN[:6]}]}])}


@pytest.mark.parametrize(
    "before",
    [
        [piece(f"SSN {SSN[:6]}", append=False, last=True)],
        [piece(f"SSN {SSN[:6]}", append=False), {"task": task()}],
        [piece(f"SSN {SSN[:6]}", append=False), status("TASK_STATE_INPUT_REQUIRED")],
        [piece(f"SSN {SSN[:3]}", append=False, last=True), piece(SSN[3:6], last=True)],
        [piece("x" * 300 + f" SSN {SSN[:6]}", append=False, last=True)],
        [SHOWN],
    ],
)
def test_what_is_appended_to_a_text_that_has_left_is_read_with_it(before: list[Any]) -> None:
    out, _ = run(events(*before, piece(f"{SSN[6:]} and more"), DONE))
    assert text_of(out).endswith("[US-SSN] and more")
    assert SSN[6:] not in json.dumps(out)


def test_a_text_that_was_begun_anew_or_parted_by_what_is_none_is_read_alone() -> None:
    for between in (
        [piece("", append=False)],
        [piece({"data": {}})],
        [{"task": task(artifacts=[{"artifactId": "a-1", "parts": []}])}],
    ):
        out, _ = run(events(piece(SSN[:6], append=False, last=True), *between, piece(f"{SSN[6:]} ", append=True), DONE))
        assert text_of(out).endswith(f"{SSN[6:]} ")


def test_pieces_of_an_artifact_are_joined_whether_they_name_its_task_or_not() -> None:
    bare = piece(f"{SSN[6:]} ")
    del bare["artifactUpdate"]["taskId"]
    out, _ = run(events(piece(SSN[:6], append=False), bare, DONE))
    assert text_of(out) == "[US-SSN] "


def test_an_artifact_that_is_begun_anew_is_another_text() -> None:
    out, _ = run(events(piece("old 078-05-", append=False), piece("1120 new ", append=False), DONE))
    assert [one["artifactUpdate"]["artifact"]["parts"] for one in out[:-1]] == [
        [{"text": "old "}],
        [{"text": "078-05-"}],
        [{"text": "1120 new "}],
    ]
    assert out[1]["artifactUpdate"]["append"] is True


def test_pieces_keep_what_else_they_hold() -> None:
    held = {"text": "a ", "metadata": {"k": f"{SSN} "}, "filename": "n"}
    given = piece(held)
    given["artifactUpdate"]["artifact"] |= {"name": f"{SSN} ", "metadata": {"x": 1}}
    out, _ = run(events(given, DONE))
    artifact = out[0]["artifactUpdate"]["artifact"]
    assert artifact["name"] == "[US-SSN] "
    assert artifact["parts"] == [{"text": "a ", "metadata": {"k": "[US-SSN] "}, "filename": "n"}]


def test_a_file_in_text_is_masked_in_itself() -> None:
    raw = base64.b64encode(f"it is {SSN}".encode()).decode()
    out, _ = run(events(piece({"raw": raw, "mediaType": "text/plain"}), DONE))
    assert base64.b64decode(out[0]["artifactUpdate"]["artifact"]["parts"][0]["raw"]) == b"it is [US-SSN]"


class Strict(MaskingLanes):
    """Lanes of a caller who may not have what nobody could read."""

    def unreadable(self, pointer: str, text: str) -> str:
        super().unreadable(pointer, text)
        return "[UNSCANNED]"


def test_what_cannot_be_read_leaves_a_word_where_the_caller_may_not_have_it() -> None:
    picture = {"raw": "aGVsbG8=", "mediaType": "image/png", "filename": "a.png"}
    known = {"raw": base64.b64encode(b"MSH|^~\\&|A\rPID|1||44^^^^MR").decode(), "mediaType": "application/hl7-v2"}
    given = events(piece(picture, {"url": "https://files.example/x"}, known), DONE)
    free, _ = run(given)
    assert free[0] == piece(picture, {"url": "https://files.example/x"}, known)
    strict, _ = run(given, lanes=Strict())
    word = {"text": "[UNSCANNED]"}
    resource = {"data": {"resourceType": "Patient", "name": [{"family": "Roe"}]}, "metadata": {"a": 1}}
    assert run(events(piece(resource), DONE))[0][0] == piece(resource)
    hidden, _ = run(events(piece("see ", resource), DONE), lanes=Strict())
    assert hidden[0]["artifactUpdate"]["artifact"]["parts"] == [{"text": "see "}, {**word, "metadata": {"a": 1}}]
    assert strict[0]["artifactUpdate"]["artifact"]["parts"] == [{**word, "filename": "a.png"}, word, word]


@pytest.mark.parametrize(
    "event",
    [
        {"task": task(contextId=f"for {SSN} ")},
        {"message": message({"data": {f"{SSN} ": 1}})},
        {"statusUpdate": {"taskId": f"{SSN}"}},
        piece("x", artifact=f"{SSN} "),
    ],
)
def test_what_would_have_to_be_masked_and_cannot_be_stops_the_stream(event: dict[str, Any]) -> None:
    assert error_of(events(event)) == "bad_answer"


def test_an_error_of_the_agents_is_the_last_event_in_the_callers_form() -> None:
    failed = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32004, "message": f"not for {SSN} "}}
    wire = b"event: error\ndata: " + json.dumps(failed).encode() + b"\n\n"
    stream = A2aStream(MaskingLanes(), BOUNDS, call(), AGENT)
    out = stream.feed(events(piece("bye")) + wire)
    assert shown(out) == [piece(""), piece("bye")]
    assert stream.closing.startswith(b"event: error\n")
    assert shown(stream.closing)[0]["error"] == {"code": -32004, "message": "not for [US-SSN] "}
    plain = A2aStream(MaskingLanes(), BOUNDS, call(binding="HTTP+JSON"), AGENT)
    plain.feed(wire)
    assert shown(plain.closing)[0]["error"]["code"] == 400
    assert plain.finish() == b""


def test_comments_keep_the_connection_alive_and_say_nothing() -> None:
    stream = A2aStream(MaskingLanes(), BOUNDS, call(), AGENT)
    assert stream.feed(b": ping about 078-05-1120\n\n") == b":\n\n"
    assert stream.feed(b"data:\n\n") == b""


@pytest.mark.parametrize(
    "wire",
    [
        b"data: x\n\n",
        b"data: 7\n\n",
        b"data: {}\n\n",
        b'data: {"jsonrpc":"2.0","id":2,"result":{}}\n\n',
        events({}),
        events({"task": task(), "message": message()}),
        events({"task": {}}),
        events({"statusUpdate": []}),
        events({"statusUpdate": {"taskId": "a/b"}}),
        events({"artifactUpdate": {"taskId": "t"}}),
        events({"artifactUpdate": {"taskId": "t", "artifact": {"artifactId": 7, "parts": []}}}),
        events({"artifactUpdate": {"taskId": "t", "artifact": {"parts": {}}}}),
        events({"artifactUpdate": {"taskId": "t", "artifact": {"artifactId": "a", "parts": []}, "append": "true"}}),
        events({"artifactUpdate": {"taskId": "t", "artifact": {"artifactId": "a", "parts": []}, "append": 1}}),
        events({"artifactUpdate": {"taskId": "t", "artifact": {"artifactId": "a", "parts": []}, "lastChunk": "no"}}),
        events({"status_update": {"taskId": "t"}}),
        events({"message": {**message(), "context_id": "c"}}),
        b"data: \xff\n\n",
    ],
)
def test_what_is_no_event_of_the_protocol_stops_the_stream(wire: bytes) -> None:
    assert error_of(wire) == "bad_answer"


def test_a_stream_may_end_without_the_end_of_its_task_but_not_without_an_event() -> None:
    assert run(events(status()))[0] == [status()]
    assert error_of(b"") == "closed_early"
    assert run(b"", asked=call("SubscribeToTask"))[0] == []


def test_the_last_event_is_read_even_without_its_empty_line() -> None:
    assert run(events(DONE).rstrip())[0] == [DONE]


def test_what_comes_after_the_end_is_not_read() -> None:
    stream = A2aStream(MaskingLanes(), BOUNDS, call(), AGENT)
    assert stream.feed(events(DONE) + b"data: junk\n\n") == b""
    assert stream.feed(b"data: junk\n\n") == b""


def test_a_stream_beyond_its_bounds_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    small = A2aStream(MaskingLanes(), Bounds(body_bytes=9, answer_bytes=20, depth=9), call(), AGENT)
    with pytest.raises(AgentError, match="answer_too_large"):
        small.feed(events(status()))
    monkeypatch.setattr(a2a_stream, "MAX_LANES", 3)
    assert error_of(events({"task": task(history=[message(), message()])})) == "answer_too_large"


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(1, 60), max_size=40), st.lists(st.integers(1, 9), min_size=1, max_size=12))
def test_however_bytes_and_texts_are_cut_the_text_is_the_same(cuts: list[int], sizes: list[int]) -> None:
    text, given_, at = f"first {SSN} and {SSN} then ü", [], 0
    for size in [*sizes, len(text)]:
        given_.append(piece(text[at : at + size]))
        at += size
    wire, chunks = events({"task": task()}, *given_, DONE), []
    for cut in cuts:
        chunks.append(wire[:cut])
        wire = wire[cut:]
    out, _ = run(*chunks, wire)
    assert text_of(out) == "first [US-SSN] and [US-SSN] then ü"
    assert out[0] == {"task": task()}
    assert out[-1] == DONE


@settings(max_examples=150)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert error_of(b"data: " + data + b"\n\n") in ("bad_answer", "closed_early", "answer_too_large")
