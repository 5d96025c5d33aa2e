"""The conversations and expectations that ship: enough of them, of every kind, invented, and in agreement with those
parts of the gateway that can be asked without running it."""

import ipaddress
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from gateway.agents.openai import OpenAIAdapter
from gateway.checks.classification.classes import maskable
from gateway.checks.classification.engine import Engine
from gateway.core.errors import FormatError
from gateway.core.message import Inbound, Message
from gateway.core.ports import Bounds
from gateway.core.refusal import Refusal
from gateway.demo import material
from gateway.demo.agents import desk, oracle, ward
from gateway.demo.agents.chat import read
from gateway.demo.configuration import DESK, HOLDERS, ORACLE, WARD
from gateway.demo.material import Conversation, Expectation, Masked

CONVERSATIONS = material.conversations()
EXPECTED = material.expectations()
BOUNDS = Bounds(body_bytes=1 << 20, answer_bytes=1 << 20, depth=64)
PROGRAMS = {WARD: ward.answer, DESK: desk.answer, ORACLE: oracle.answer}


class StillClock:
    def now_us(self) -> int:
        return 0

    def monotonic_ns(self) -> int:
        return 0

    def thread_ns(self) -> int:
        return 0


ENGINE = Engine(clock=StillClock(), budget_ms=1000)


def by_id(conversation: Conversation) -> str:
    return conversation.id


def expected_of(conversation: Conversation) -> Expectation:
    return EXPECTED[conversation.id]


def message_of(conversation: Conversation) -> Message | Refusal:
    inbound = Inbound(
        method="POST",
        path="/v1/chat/completions",
        query="",
        headers=(("content-type", "application/json"),),
        body=json.dumps(conversation.body).encode(),
    )
    return OpenAIAdapter(BOUNDS).read(inbound, BOUNDS)


def test_there_are_enough_of_every_kind() -> None:
    assert len(CONVERSATIONS) >= 40
    desks = Counter(conversation.desk for conversation in CONVERSATIONS)
    assert min(desks[name] for name in ("clinic", "bank", "support")) >= 12
    assert sum(conversation.stream for conversation in CONVERSATIONS) >= 10
    decisions = Counter(one.decision for one in EXPECTED.values())
    assert min(decisions[name] for name in ("route", "redact", "deny")) >= 10
    answers = Counter(one.answer.decision for one in EXPECTED.values())
    assert answers["redact"] >= 4
    assert answers["deny"] >= 2
    assert {one.agent for one in EXPECTED.values()} == {WARD, DESK, ORACLE, None}


def test_each_conversation_has_one_expectation_and_a_known_caller() -> None:
    assert {conversation.id for conversation in CONVERSATIONS} == set(EXPECTED)
    assert {conversation.caller for conversation in CONVERSATIONS} == {holder.name for holder in HOLDERS} | {"stranger"}


def test_every_identity_is_invented() -> None:
    """Reserved domains (RFC 2606), addresses (RFC 5737), numbers kept for fiction, social security numbers never
    issued before the areas were given up, test card numbers."""
    text = json.dumps([conversation.body for conversation in CONVERSATIONS], ensure_ascii=False)
    for domain in re.findall(r"@([\w.-]+\w)", text):
        assert re.search(r"(^|\.)(example\.(org|com|net)|[\w-]+\.test)$", domain), domain
    for address in re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", text):
        assert ipaddress.ip_address(address) in ipaddress.ip_network("203.0.113.0/24")
    for number in re.findall(r"\(\d{3}\) (\d{3}-\d{4})", text):
        assert number.startswith("555-01")
    for number in re.findall(r"\b\d{3}-\d{2}-\d{4}\b", text):
        assert number.startswith("899-")


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=by_id)
def test_what_the_engine_finds_is_what_is_expected(conversation: Conversation) -> None:
    expected, message = expected_of(conversation), message_of(conversation)
    if isinstance(message, Refusal):
        assert message.code == expected.error
        return
    scan = ENGINE.scan(message.parts)
    if expected.decision is None or expected.error not in (None, "policy_denied", "answer_withheld"):
        return  # refused before it is looked at
    declared = {conversation.headers[name] for name in ("X-Data-Class",) if name in conversation.headers}
    assert sorted(scan.classes | declared) == list(expected.classes)
    if expected.decision == "redact":
        found = [
            (finding.type, part.text[finding.start : finding.end])
            for part, findings in zip(message.parts, scan.parts, strict=True)
            for finding in findings
            if finding.type in maskable("pii")
        ]
        assert sorted(found) == sorted((span.type, span.text) for span in expected.masked)


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=by_id)
def test_what_the_agent_makes_of_it_is_what_is_expected(conversation: Conversation) -> None:
    expected = expected_of(conversation)
    if expected.agent is None:
        return
    body = material.masked(conversation.body, expected.masked)
    for text in expected.arrived:
        assert any(text in held for held in material.strings(body))
    reply = PROGRAMS[expected.agent](read(json.dumps(body).encode()))
    text = reply.text if reply.call is None else f"{reply.call.name}({json.dumps(reply.call.arguments)})"
    if expected.answer.decision == "route":
        assert [wanted for wanted in expected.answer.holds if wanted not in text] == []
        assert [unwanted for unwanted in expected.answer.lacks if unwanted in text] == []
    else:
        assert any(unwanted in text for unwanted in expected.answer.lacks)


def test_masking_reaches_every_string_of_a_value_and_no_key() -> None:
    spans = (Masked(type="email", text="a@b.test", placeholder="[EMAIL]"),)
    value = {"a@b.test": ["to a@b.test", {"x": "a@b.test a@b.test"}, 4, None]}
    assert material.masked(value, spans) == {"a@b.test": ["to [EMAIL]", {"x": "[EMAIL] [EMAIL]"}, 4, None]}
    assert material.strings(value) == ["a@b.test", "to a@b.test", "x", "a@b.test a@b.test"]


def test_a_file_that_is_missing_or_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        material.conversations(tmp_path)
    for name in material.FILES:
        (tmp_path / f"{name}.jsonl").touch()
    assert material.conversations(tmp_path) == ()
    (tmp_path / "bank.jsonl").write_text('{"id": "x"}\n')
    with pytest.raises(FormatError, match=r"bank\.jsonl, line 1"):
        material.conversations(tmp_path)
    line = json.dumps({"id": "x", "desk": "bank", "title": "t", "caller": "c", "headers": {}, "body": {}})
    (tmp_path / "bank.jsonl").write_text(f"{line}\n{line}\n")
    with pytest.raises(FormatError, match="the same id"):
        material.conversations(tmp_path)
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"x": {"status": "200"}}')
    with pytest.raises(FormatError, match=r"wrong\.json"):
        material.expectations(wrong)
