"""The demo's callers, as a process of their own: the official `openai` client, with only base URL and key changed.

`python -m gateway.demo.caller` reads one job a line, `{"base_url", "key", "headers", "body"}` (without a body: list
the models), and writes one result a line: `{"status", "headers", "text", "pieces", "error"}`. It knows nothing of the
gateway.
"""

import json
import sys
from typing import Any, TextIO

import openai

_TIMEOUT_S = 60.0


class Callers:
    """One client for each key. Nothing is retried: what is seen is what happened once."""

    def __init__(self) -> None:
        self._clients: dict[tuple[str, str], openai.OpenAI] = {}

    def call(self, job: dict[str, Any]) -> dict[str, Any]:
        """Do one job. An error of the protocol is a result; a connection that fails is one too, with status 0."""
        client = self._client(job["base_url"], job["key"])
        try:
            return _models(client) if job.get("body") is None else _chat(client, job["headers"], job["body"])
        except openai.APIStatusError as error:
            return _result(error.status_code, dict(error.response.headers), "", 0, error.body)
        except openai.APIError as error:
            return _result(0, {}, "", 0, {"code": type(error).__name__, "message": error.message})

    def _client(self, base_url: str, key: str) -> openai.OpenAI:
        client = self._clients.get((base_url, key))
        if client is None:
            client = openai.OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=_TIMEOUT_S)
            self._clients[base_url, key] = client
        return client


def _models(client: openai.OpenAI) -> dict[str, Any]:
    raw = client.models.with_raw_response.list()
    names = [model.id for model in raw.parse()]
    return _result(raw.status_code, dict(raw.headers), "\n".join(names), len(names), None)


def _chat(client: openai.OpenAI, headers: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    named = {key: body[key] for key in ("model", "messages", "stream") if key in body}
    further = {key: value for key, value in body.items() if key not in named}
    create: Any = client.chat.completions.with_raw_response.create
    raw = create(**named, extra_headers=headers, extra_body=further)
    if body.get("stream") is not True:
        message = raw.parse().choices[0].message
        calls = [(call.function.name, call.function.arguments) for call in message.tool_calls or ()]
        return _result(raw.status_code, dict(raw.headers), _said(message.content or "", calls), 1, None)
    heard = _Heard()
    error: object = None
    try:
        for chunk in raw.parse():
            heard.take(chunk)
    except openai.APIError as failed:
        error = failed.body or {"code": type(failed).__name__}
    return _result(raw.status_code, dict(raw.headers), heard.said(), heard.pieces, error)


class _Heard:
    """What was heard of a stream so far, and in how many pieces it came."""

    def __init__(self) -> None:
        self.pieces = 0
        self._text: list[str] = []
        self._calls: dict[int, list[str]] = {}

    def take(self, chunk: Any) -> None:
        for choice in chunk.choices:
            self.pieces += 1
            self._text.append(choice.delta.content or "")
            for call in choice.delta.tool_calls or ():
                said = self._calls.setdefault(call.index, ["", ""])
                said[0] += call.function.name or ""
                said[1] += call.function.arguments or ""

    def said(self) -> str:
        return _said("".join(self._text), [(name, arguments) for name, arguments in self._calls.values()])


def _said(text: str, calls: list[tuple[str, str]]) -> str:
    return "\n".join([*([text] if text else []), *(f"{name}({arguments})" for name, arguments in calls)])


def _result(status: int, headers: dict[str, str], text: str, pieces: int, error: object) -> dict[str, Any]:
    return {"status": status, "headers": headers, "text": text, "pieces": pieces, "error": error}


def main(jobs: TextIO, results: TextIO) -> None:
    """Do jobs until there are no more."""
    callers = Callers()
    for line in jobs:
        results.write(json.dumps(callers.call(json.loads(line))) + "\n")
        results.flush()


if __name__ == "__main__":
    main(sys.stdin, sys.stdout)
