"""`gateway classify`: what is found in texts, in files of plain text or in message bodies, one line of JSON for each.

The findings of the engine that serves, without its time budget, so that the same text always gives the same answer,
with recognizers of the operator's own where a folder of them is named. It reads no configuration and keeps nothing.
Nothing of the text itself is in what it prints.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from gateway.agents.a2a import PREFIX, A2aRpc
from gateway.agents.a2a_card import Cards
from gateway.agents.a2a_words import VERSION, VERSION_NAME
from gateway.agents.anthropic import AnthropicAdapter
from gateway.agents.content import read_content
from gateway.agents.embeddings import EmbeddingsAdapter
from gateway.agents.formats.layout import Layout
from gateway.agents.openai import OpenAIAdapter
from gateway.agents.responses import ResponsesAdapter
from gateway.bootstrap import SystemClock, bounds_of
from gateway.checks.classification.engine import Engine
from gateway.checks.classification.explaining import why
from gateway.checks.classification.own import FOLDER, NOTHING, Operators, load, prove
from gateway.checks.classification.rejecting import rejected
from gateway.cli.common import BAD, OK, Commands, WrongUse, told
from gateway.core.message import Inbound, Part
from gateway.core.ports import Adapter, Bounds
from gateway.core.refusal import Refusal
from gateway.settings import Settings

_UNBOUNDED_MS = 1e12
_ADAPTERS: dict[str, Callable[[Bounds], Adapter]] = {
    "a2a": lambda bounds: A2aRpc(bounds, Cards("")),
    "anthropic": AnthropicAdapter,
    "openai": OpenAIAdapter,
    "responses": ResponsesAdapter,
    "embeddings": EmbeddingsAdapter,
}
"""The protocols whose messages are told by their body alone."""
_FORMATS: dict[str, Layout] = {
    "fhir": Layout(format="fhir"),
    "hl7": Layout(format="hl7"),
    "x12": Layout(format="x12"),
    "xml": Layout(format="xml"),
}
"""Formats whose documents have lines of their own: each file is one body."""


_NO_LINE = (
    'must be a JSON object with "text", a string, in UTF-8, as {"text": "…"}; '
    "for a file of plain text give --text, for bodies of requests --protocol"
)


class _Text(msgspec.Struct, frozen=True):
    text: str


_line = msgspec.json.Decoder(_Text)


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "classify",
        parents=[common],
        help='what is found in texts: lines {"text": …} in, {"classes": […], "findings": […]} out',
    )
    parser.add_argument("files", nargs="*", default=["-"], metavar="FILE", help="what to read (default: -)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--text", action="store_true", help="each file is one plain text, in UTF-8")
    what.add_argument(
        "--protocol",
        choices=(*_ADAPTERS, *_FORMATS),
        help="each line is a request body of this protocol; of fhir, hl7, x12 and xml each file is one",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="with each finding why: rule, check, words near by, how it was read; and why what looks like one is none",
    )
    parser.add_argument(
        "--recognizers", metavar="DIR", help="a folder of recognizers of your own, like the policy directory's"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    own = NOTHING if arguments.recognizers is None else load(own_files(arguments.recognizers))
    classifier = Classifier(arguments.protocol, plain=arguments.text, explain=arguments.explain, own=own)
    good = True
    for name in arguments.files:
        with _opened(name) as file:
            for answer in classifier.answers(file):
                good = good and "error" not in answer
                print(json.dumps(answer, ensure_ascii=True))
    return OK if good else BAD


class Classifier:
    """Answers lines, in order; one that cannot be read gets `{"error": …}`. Empty lines are passed over."""

    def __init__(
        self, protocol: str | None = None, *, plain: bool = False, explain: bool = False, own: Operators = NOTHING
    ) -> None:
        """`plain`: what is given is one text as it is. `own`: what an operator's files say; `ConfigurationError` where
        their own texts do not show it."""
        self._plain, self._explain, self._registry = plain, explain, own.registry
        self._engine = Engine(clock=SystemClock(), budget_ms=_UNBOUNDED_MS, recognizers=own.registry)
        prove(own, self._engine)
        self._bounds = bounds_of(Settings())
        self._layout = _FORMATS.get(protocol or "")
        self._adapter = None if protocol is None or self._layout else _ADAPTERS[protocol](self._bounds)

    def answers(self, lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
        """An answer for each line that holds anything; one for all of them where a file is one body."""
        if self._layout is not None:
            yield self._document(b"".join(lines), self._layout)
            return
        if self._plain:
            yield self._whole(b"".join(lines))
            return
        for number, line in enumerate(lines, 1):
            if line.strip():
                answer = self._text(line) if self._adapter is None else self._body(line, self._adapter)
                yield {"error": f"line {number}: {answer['error']}"} if "error" in answer else answer

    def _text(self, line: bytes) -> dict[str, Any]:
        try:
            part = Part(pointer="", text=_line.decode(line).text)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return {"error": _NO_LINE}
        return self._found((part,), places=False)

    def _whole(self, text: bytes) -> dict[str, Any]:
        try:
            part = Part(pointer="", text=text.decode())
        except UnicodeDecodeError:
            return {"error": "with --text, a file must be plain text in UTF-8"}
        return self._found((part,), places=False)

    def _body(self, line: bytes, adapter: Adapter) -> dict[str, Any]:
        headers = (("content-type", "application/json"), (VERSION_NAME, VERSION))
        message = adapter.read(
            Inbound(method="POST", path=f"{PREFIX}agent", query="", headers=headers, body=line.strip()),
            self._bounds,
        )
        if isinstance(message, Refusal):
            return {"error": f"{message.title}: {told(message)}"}
        return self._found(message.parts, places=True)

    def _document(self, body: bytes, layout: Layout) -> dict[str, Any]:
        content = read_content(body, None, self._bounds, layout)
        if isinstance(content, Refusal):
            return {"error": f"{content.title}: {told(content)}"}
        return self._found(content.parts, places=True)

    def _found(self, parts: tuple[Part, ...], *, places: bool) -> dict[str, Any]:
        scan = self._engine.scan(parts)
        findings = [
            {
                **({"pointer": part.pointer} if places else {}),
                **msgspec.to_builtins(finding),
                **({"why": msgspec.to_builtins(why(self._registry, finding))} if self._explain else {}),
            }
            for part, found in zip(parts, scan.parts, strict=True)
            for finding in found
        ]
        answer = {"classes": sorted(scan.classes), "findings": findings}
        if self._explain:
            answer["rejected"] = [
                {**({"pointer": part.pointer} if places else {}), **msgspec.to_builtins(one)}
                for part, found in zip(parts, scan.parts, strict=True)
                for one in rejected(self._registry, part.text, found)
            ]
        return answer


def own_files(directory: str) -> dict[str, bytes]:
    """The files of recognizers in a folder, as a policy names them."""
    try:
        found = {FOLDER + path.name: path.read_bytes() for path in sorted(Path(directory).glob("*.toml"))}
    except OSError as error:
        raise WrongUse("DIR must be a folder whose files can be read") from error
    if not found:
        raise WrongUse("DIR must be a folder with .toml files")
    return found


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 -- closed below; only opening may be the user's mistake
    except OSError as error:
        raise WrongUse("FILE must be a file that can be read, or -") from error
    with file:
        yield file
