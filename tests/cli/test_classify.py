"""`gateway classify`: an answer for each line, in order, and never the text itself."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cli.classify import Classifier
from tests.checks.classification.test_own import BADGE, toml
from tests.cli.kit import Run, process

MAIL = "jane.roe@example.com"
PERSONAL = f'{{"text": "write to {MAIL}", "id": 7}}'


def body(content: Any) -> str:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": content}]})


def answers(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_each_line_gets_its_classes_and_findings_in_order(gateway: Run, empty: Path) -> None:
    (empty / "texts").write_text(f'{PERSONAL}\n{{"text": "opening hours"}}\n')
    result = gateway("classify", "texts")
    first, second = answers(result.out)
    assert result.code == 0
    assert first["classes"] == ["pii"]
    assert set(first["findings"][0]) == {"type", "start", "end", "score", "reason"}
    assert (first["findings"][0]["type"], first["findings"][0]["start"]) == ("email", len("write to "))
    assert second == {"classes": [], "findings": []}
    assert MAIL not in result.out


def test_several_files_are_read_one_after_the_other(gateway: Run, empty: Path) -> None:
    (empty / "a").write_text(PERSONAL)
    (empty / "b").write_text('{"text": ""}\n')
    assert [bool(answer["findings"]) for answer in answers(gateway("classify", "a", "b", "a").out)] == [
        True,
        False,
        True,
    ]


def test_recognizers_of_a_folder_are_searched_for_and_explained(gateway: Run, empty: Path) -> None:
    (empty / "own").mkdir()
    (empty / "own" / "badges.toml").write_bytes(toml(BADGE))
    (empty / "texts").write_text('{"text": "ask EMP-204518"}')
    (found,) = answers(gateway("classify", "texts", "--recognizers", "own", "--explain").out)
    assert found["classes"] == ["internal", "pii"]
    assert [(one["type"], one["why"]) for one in found["findings"]] == [("x-badge", [{"rule": "x-badge"}])]
    assert answers(gateway("classify", "texts").out) == [{"classes": [], "findings": []}]


def test_a_folder_without_recognizers_or_with_a_mistake_is_wrong_use(gateway: Run, empty: Path) -> None:
    (empty / "own").mkdir()
    assert "DIR must be a folder with .toml files" in gateway("classify", "--recognizers", "own").err
    (empty / "own" / "badges.toml").write_bytes(toml({**BADGE, "must_match": ["nothing"]}))
    told = gateway("classify", "--recognizers", "own")
    assert (told.code, "recognizers/badges.toml: recognizer[0].must_match[0]" in told.err) == (2, True)


def test_standard_input_is_read_where_no_file_is_named(
    gateway: Run, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"{PERSONAL}\n\n{PERSONAL}\n"
    result = process(empty, "classify", said=said)
    assert (result.code, len(answers(result.out))) == (0, 2)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(said.encode())))
    named = gateway("classify", "-")
    assert (named.code, named.out) == (0, result.out)


def test_it_needs_no_configuration_and_makes_nothing(gateway: Run, empty: Path) -> None:
    (empty / "gateway.toml").write_text("nonsense")
    (empty / "texts").write_text(PERSONAL)
    assert gateway("classify", "texts").code == 0
    assert {path.name for path in empty.iterdir()} == {"gateway.toml", "texts"}


@pytest.mark.parametrize(
    "line", ['{"text": "\xff"}', "nonsense", "{}", '{"text": 3}', "[]", '{"text": "\\ud800"}', "[" * 100_000]
)
def test_a_line_that_cannot_be_read_says_so_in_its_place(gateway: Run, empty: Path, line: str) -> None:
    (empty / "texts").write_bytes(f"{PERSONAL}\n{line}\n{PERSONAL}\n".encode("latin-1"))
    result = gateway("classify", "texts")
    first, wrong, last = answers(result.out)
    assert result.code == 1
    assert first == last
    assert set(wrong) == {"error"}


def test_message_bodies_are_read_as_the_gateway_reads_them(gateway: Run, empty: Path) -> None:
    (empty / "bodies").write_text(f"{body('write to ' + MAIL)}\n{body([{'type': 'image_url', 'image_url': {}}])}\n")
    first, second = answers(gateway("classify", "--protocol", "openai", "bodies").out)
    assert first["findings"][0]["pointer"] == "/messages/0/content"
    assert first["classes"] == ["pii"]
    assert second["classes"] == ["unscanned"], "an image is not seen, and that is told"


def test_bodies_of_messages_are_read(gateway: Run, empty: Path) -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "content": f"write to {MAIL}"}
    (empty / "bodies").write_text(body([result]))
    (answer,) = answers(gateway("classify", "--protocol", "anthropic", "bodies").out)
    assert answer["findings"][0]["pointer"] == "/messages/0/content/0/content"
    assert answer["classes"] == ["pii"]


def test_bodies_of_a2a_are_read(gateway: Run, empty: Path) -> None:
    params = {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": f"write to {MAIL}"}]}}
    request = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": params}
    (empty / "bodies").write_text(json.dumps(request) + "\n" + json.dumps({**request, "method": "message/send"}) + "\n")
    answer, unknown = answers(gateway("classify", "--protocol", "a2a", "bodies").out)
    assert answer["findings"][0]["pointer"] == "/message/parts/0/text"
    assert answer["classes"] == ["pii"]
    assert set(unknown) == {"error"}


@pytest.mark.parametrize("protocol", ["responses", "embeddings"])
def test_bodies_of_every_protocol_of_openais_are_read(gateway: Run, empty: Path, protocol: str) -> None:
    (empty / "bodies").write_text(json.dumps({"model": "m", "input": f"write to {MAIL}"}) + "\n")
    (answer,) = answers(gateway("classify", "--protocol", protocol, "bodies").out)
    assert answer["findings"][0]["pointer"] == "/input"
    assert answer["classes"] == ["pii"]


def test_a_body_that_is_none_says_so_in_its_place(gateway: Run, empty: Path) -> None:
    (empty / "bodies").write_text(f'[]\n{{"a": 1, "a": 2}}\n{body("x")}\n')
    result = gateway("classify", "--protocol", "openai", "bodies")
    assert result.code == 1
    assert [set(answer) for answer in answers(result.out)] == [{"error"}, {"error"}, {"classes", "findings"}]


def test_a_file_that_is_not_there_is_wrong_use(gateway: Run, empty: Path) -> None:
    assert gateway("classify", "missing").code == 2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=80).filter(lambda line: b"\n" not in line)))
def test_any_bytes_have_one_answer_a_line(lines: list[bytes]) -> None:
    for protocol in (None, "anthropic", "openai", "responses", "embeddings"):
        found = list(Classifier(protocol).answers(lines))
        assert len(found) == sum(bool(line.strip()) for line in lines)
        for answer in found:
            assert set(answer) in ({"error"}, {"classes", "findings"})


ADT = b"MSH|^~\\&|A|B|C|D|20240101||ADT^A01|1|P|2.5\rPID|1||7701||Zelnik^Abelard\r"
CLAIM = (
    b"ISA*00*          *00*          *ZZ*SUBMITTERS.ID  *ZZ*RECEIVERS.ID   *030101*1253*^*00501*000000905*1*T*:~\n"
    b"ST*837*0001~\nNM1*IL*1*Zelnik*Abelard~\n"
)
PATIENT = b'{\n"resourceType": "Patient",\n"name": [{"family": "Zelnik"}]}'
CDA = b"<ClinicalDocument>\n<patient><name>Zelnik</name></patient>\n</ClinicalDocument>"


@pytest.mark.parametrize(("protocol", "body"), [("hl7", ADT), ("x12", CLAIM), ("fhir", PATIENT), ("xml", CDA)])
def test_a_file_of_a_format_with_lines_of_its_own_is_one_body(
    gateway: Run, empty: Path, protocol: str, body: bytes
) -> None:
    (empty / "body").write_bytes(body)
    (answer,) = answers(gateway("classify", "--protocol", protocol, "body").out)
    assert answer["classes"] == ["phi", "pii"]
    assert {"person", "health-term"} <= {finding["type"] for finding in answer["findings"]}
    assert "Zelnik" not in json.dumps(answer)


@pytest.mark.parametrize("protocol", ["hl7", "x12", "fhir", "xml"])
def test_a_file_that_is_not_of_the_format_is_told(gateway: Run, empty: Path, protocol: str) -> None:
    (empty / "body").write_bytes(b"PID|1")
    result = gateway("classify", "--protocol", protocol, "body")
    assert result.code == 1
    assert "error" in answers(result.out)[0]


def test_it_says_why_where_it_is_asked(gateway: Run, empty: Path) -> None:
    (empty / "lines").write_bytes(b'{"text": "MRN: 84736251"}\n')
    (plain,) = answers(gateway("classify", "lines").out)
    assert "why" not in plain["findings"][0]
    result = gateway("classify", "--explain", "lines")
    (finding,) = answers(result.out)[0]["findings"]
    assert finding["why"][0]["rule"] == "mrn"
    assert finding["why"][0]["context"] == "mrn"
    assert "84736251" not in result.out


def test_why_not_is_told_with_explain_alone(gateway: Run, empty: Path) -> None:
    (empty / "lines").write_text('{"text": "card 4111 1111 1111 1112"}\n')
    (found,) = answers(gateway("classify", "lines", "--explain").out)
    assert any(one["rule"] == "card" and (one["start"], one["end"]) == (5, 24) for one in found["rejected"])
    assert "4111" not in json.dumps(found["rejected"])
    (plain,) = answers(gateway("classify", "lines").out)
    assert "rejected" not in plain


def test_a_line_that_is_not_in_its_form_is_named_with_what_would_be_right(gateway: Run, empty: Path) -> None:
    (empty / "letter").write_text(f'{{"text": "opening hours"}}\n\nDear Jane, write to {MAIL}\n')
    result = gateway("classify", "letter")
    good, wrong = answers(result.out)
    assert result.code == 1
    assert good == {"classes": [], "findings": []}
    assert wrong["error"].startswith('line 3: must be a JSON object with "text"')
    assert "--text" in wrong["error"]
    assert MAIL not in result.out
    (bodies,) = answers(gateway("classify", "--protocol", "openai", "letter").out)[1:]
    assert bodies["error"].startswith("line 3: ")


def test_a_file_of_plain_text_is_one_text(gateway: Run, empty: Path) -> None:
    (empty / "letter").write_text(f"Dear Jane,\nwrite to {MAIL}\n")
    (empty / "image").write_bytes(b"\x89PNG\r\n")
    result = gateway("classify", "--text", "letter")
    (found,) = answers(result.out)
    assert result.code == 0
    assert [(one["type"], one["start"]) for one in found["findings"] if one["type"] == "email"] == [("email", 20)]
    wrong = gateway("classify", "--text", "image")
    assert wrong.code == 1
    assert answers(wrong.out) == [{"error": "with --text, a file must be plain text in UTF-8"}]
    assert gateway("classify", "--text", "--protocol", "openai", "letter").code == 2
