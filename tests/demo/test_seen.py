"""What was seen, read from logs, headers and records."""

import json
from pathlib import Path
from typing import Any

from gateway.demo.seen import Logs, Received, Reply, Seen


def write(file: Path, *bodies: str) -> None:
    with file.open("a") as log:
        for body in bodies:
            log.write(json.dumps({"agent": "a", "path": "/", "headers": [["n", "v"]], "body": body}) + "\n")


def test_logs_are_read_on_from_where_they_were_left(tmp_path: Path) -> None:
    logs = Logs({"sky": tmp_path / "sky", "ward": tmp_path / "ward"})
    assert logs.new() == ()
    write(tmp_path / "sky", "one", "two")
    write(tmp_path / "ward", "three")
    assert [(line.agent, line.body) for line in logs.new()] == [("sky", "one"), ("sky", "two"), ("ward", "three")]
    assert logs.new() == ()
    write(tmp_path / "sky", "four")
    assert logs.new() == (Received("sky", (("n", "v"),), "four"),)


def test_the_trace_stands_in_traceparent() -> None:
    assert Received("a", (("traceparent", "00-aa-bb-01"),), "").trace == "aa"
    assert Received("a", (("traceparent", "nonsense"),), "").trace is None
    assert Received("a", (), "").trace is None


def test_a_body_that_is_not_json_has_no_value() -> None:
    assert Received("a", (), "{").document() is None
    assert Received("a", (), '{"a": 1}').document() == {"a": 1}


def test_an_error_code_is_found_where_the_client_left_it() -> None:
    def code(error: Any) -> str | None:
        return Reply(400, {}, "", 0, error).code

    assert code({"error": {"code": "a"}}) == "a"
    assert code({"code": "b"}) == "b"
    assert code({"code": None}) is None
    assert code("text") is None
    assert code(None) is None


def test_headers_are_found_in_whatever_case() -> None:
    assert Reply(200, {"X-Decision": "route"}, "", 0, None).header("x-decision") == "route"


def test_an_exchange_is_told_by_its_opening_and_its_end() -> None:
    records: tuple[dict[str, Any], ...] = (
        {
            "record": {
                "event": "exchange.requested",
                "decision": {"effect": "route", "rules": ["r"]},
                "classes": {"found": ["pii"], "declared": ["phi"], "floor": ["pii"]},
                "found": {"email": 2},
            },
            "detail": {"explanation": "Because."},
        },
        {"record": {"event": "exchange.attempted"}, "detail": None},
        {"record": {"event": "exchange.completed", "decision": {"effect": "redact"}}, "detail": None},
    )
    seen = Seen(reply=Reply(200, {"x-exchange-id": "e"}, "", 1, None), received=(), records=records)
    assert (seen.exchange, seen.decision, seen.answered) == ("e", "route", "redact")
    assert (seen.rules, seen.classes, seen.found) == (("r",), ("phi", "pii"), {"email": 2})
    assert seen.explanation("exchange.requested") == "Because."
    assert seen.explanation("exchange.completed") == ""
    assert seen.explanation("exchange.denied") == ""


def test_nothing_on_record_is_nothing_seen() -> None:
    seen = Seen(reply=Reply(0, {}, "", 0, None), received=(), records=())
    assert (seen.exchange, seen.decision, seen.answered, seen.rules, seen.classes) == (None, None, None, (), ())
