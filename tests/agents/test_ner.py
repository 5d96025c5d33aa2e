"""Whatever a back end answers is held to the texts, or is an error of which nothing is taken."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents import ner
from gateway.agents.bare import bare
from gateway.agents.ner import NerError, NerService
from gateway.core.finding import Finding

from .wire import Agent, ok, serving

TYPES = frozenset({"person", "email"})
TEXT = "Greet Zoë"
FOUND = {"type": "person", "start": 6, "end": 9, "score": 0.5}


@asynccontextmanager
async def service(answer: Agent, **more: Any) -> AsyncIterator[NerService]:
    async with serving(answer) as route, NerService(bare("_ner", route.url, **more), name="n", types=TYPES) as made:
        yield made


async def said(body: object, *texts: str, status: str = "200 OK") -> list[tuple[Finding, ...]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with service(Agent(ok(data, "Content-Type: application/json", status=status))) as made:
        return await made.read(texts or (TEXT,))


async def test_what_it_finds_is_told_by_text_and_place() -> None:
    body = {"findings": [[FOUND], []]}
    assert await said(body, TEXT, "", "\ud83d") == [(Finding("person", 6, 9, 0.5, "ner"),), (), ()]


async def test_of_nothing_nobody_is_asked() -> None:
    made = NerService(bare("_ner", "http://127.0.0.1:9"), name="n", types=TYPES)
    async with made:
        assert await made.read(["", ""]) == [(), ()]


async def test_many_texts_go_in_several_requests_and_come_back_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ner, "MAX_CHARACTERS", 5)
    texts = ["abc", "de", "", "f", "ghijklm", "n"]
    asked: list[list[int]] = list(ner._batches(texts))
    assert asked == [[0, 1], [3], [4], [5]]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "form"),
        (b"[" * 100_000, "form"),
        ({"findings": [[FOUND]], "more": 1}, "form"),
        ({"findings": [[{**FOUND, "text": "swordfish"}]]}, "form"),
        ({"findings": [[{**FOUND, "start": -1}]]}, "form"),
        ({"findings": [[{**FOUND, "score": 2}]]}, "form"),
        ({"findings": [[{**FOUND, "start": "6"}]]}, "form"),
        ({"findings": []}, "each text"),
        ({"findings": [[], []]}, "each text"),
        ({"findings": [[{**FOUND, "type": "swordfish"}]]}, "type"),
        ({"findings": [[{**FOUND, "end": 10}]]}, "place"),
        ({"findings": [[{**FOUND, "end": 6}]]}, "place"),
    ],
)
async def test_an_answer_of_another_form_is_an_error_that_quotes_nothing(body: object, word: str) -> None:
    with pytest.raises(NerError, match=word) as caught:
        await said(body)
    assert "swordfish" not in str(caught.value)


async def test_more_findings_than_there_may_be_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ner, "MAX_FINDINGS", 1)
    with pytest.raises(NerError, match="at most 1"):
        await said({"findings": [[FOUND, FOUND]]})


@pytest.mark.parametrize("status", ["500 Oops", "302 Found", "204 Empty"])
async def test_a_back_end_that_fails_has_found_nothing_and_said_nothing(status: str) -> None:
    with pytest.raises(NerError):
        await said({"findings": [[FOUND]]}, status=status)


async def test_one_that_hangs_is_given_up_and_one_that_is_not_there_too() -> None:
    async with service(Agent(then="hang"), timeout_s=0.05) as made:
        with pytest.raises(NerError, match="timeout"):
            await made.read([TEXT])
    async with NerService(bare("_ner", "http://127.0.0.1:9"), name="n", types=TYPES) as nobody:
        with pytest.raises(NerError, match="connect_failed"):
            await nobody.read([TEXT])


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["findings", "type", "start", "end", "score", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(_ANY)
def test_whatever_json_it_answers_is_findings_within_the_texts_or_an_error(document: object) -> None:
    class Answering:
        async def send(self, *_: object) -> Any:
            return type("Answer", (), {"status": 200, "body": json.dumps(document).encode()})

        async def close(self) -> None:
            return None

    made = NerService(bare("_ner", "http://127.0.0.1:9"), name="n", types=TYPES)
    client: Any = Answering()
    made._client = client
    try:
        (found,) = asyncio.run(made.read([TEXT]))
    except NerError:
        return
    assert all(0 <= one.start < one.end <= len(TEXT) and one.type in TYPES for one in found)
