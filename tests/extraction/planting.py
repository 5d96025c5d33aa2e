"""What becomes of an identifier that is planted in one place of a message: found by the real engine, masked by the real
adapter, and looked for in the bytes that leave.

A verdict is one of

`masked`     found where it stands, and a placeholder leaves in its place
`denied`     found where no placeholder can stand (a key, a number, an identifier): a message that may go only masked
             is denied
`unscanned`  it lies in what cannot be read, and the message says so
`dropped`    the place does not leave at all
`stopped`    (streams) found where no placeholder can stand: the stream ends with an error before it
`refused`    the message is refused for it, and would not be with what usually stands there
`not taken`  the message is refused by name, whatever stands there
`derived`    (answers) vectors, which have the classes of what they were made of
`LOST`       none of these: it would leave unseen
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from gateway.agents.bodies import escape, read_json, write_json
from gateway.checks.classification.engine import Engine
from gateway.checks.classification.stream import UNREAD, StreamScan
from gateway.checks.redaction import CannotRedact, holds_none, redact
from gateway.checks.schema import Schema
from gateway.core.errors import AgentError
from gateway.core.message import Answer, Inbound, Message, Part
from gateway.core.ports import Adapter, Bounds, Route, StreamFilter
from gateway.core.refusal import Refusal
from tests.agents.support import answer as wire
from tests.conftest import ManualClock
from tests.extraction.shapes import Place

SSN, MAIL, CARD = "536-22-8731", "jane.roe@example.com", 4111111111111111
TEXT = f"SSN: {SSN}, {MAIL}"
SHOWN = "SSN: [US-SSN], [EMAIL]"
TYPES = frozenset({"us-ssn", "email", "card"})
ENGINE = Engine(clock=ManualClock(), budget_ms=10_000)
LIMITS = Bounds(body_bytes=200_000, answer_bytes=200_000, depth=64)
MASKED, DENIED, UNSCANNED, DROPPED, STOPPED = "masked", "denied", "unscanned", "dropped", "stopped"
REFUSED, NOT_TAKEN, DERIVED, LOST = "refused", "not taken", "derived", "LOST"

Verdicts = dict[Place, str]


def planted(place: Place) -> Any:
    """The document with an identifier in this place."""
    return place.wrap(CARD if place.kind == "number" else TEXT)


def usual(place: Place) -> Any:
    """The same document with nothing about anybody."""
    return place.wrap(place.usual)


def pointers(document: Any, at: str = "") -> Iterator[str]:
    """Where in a document the identifier stands: in a value, or in the key that the pointer ends with."""
    if isinstance(document, dict):
        for key, item in document.items():
            if key == TEXT:
                yield f"{at}/{escape(key)}"
            yield from pointers(item, f"{at}/{escape(key)}")
    elif isinstance(document, list):
        for index, item in enumerate(document):
            yield from pointers(item, f"{at}/{index}")
    elif document in (TEXT, CARD) and type(document) is not bool:
        yield at


def holds(*data: bytes | str | None) -> bool:
    """Whether something of an identifier is in any of these."""
    texts = [item if isinstance(item, str) else (item or b"").decode("utf-8", "replace") for item in data]
    return any(one in text for text in texts for one in (SSN, MAIL, str(CARD)))


def judge(parts: Sequence[Part], document: Any, render: Callable[[Mapping[str, str]], Sequence[bytes | str]]) -> str:
    """What becomes of a document that was read into these parts. `render` gives all that leaves with these masks."""
    places = set(pointers(document))
    scan = ENGINE.scan(parts)
    told = {
        part.pointer
        for part, findings in zip(parts, scan.parts, strict=True)
        if any(finding.type in TYPES for finding in findings)
    }
    masked = redact(parts, scan, TYPES)
    if isinstance(masked, CannotRedact):
        if masked.reason == "place" and places and places <= told:
            return DENIED
        return UNSCANNED if _unread(parts, places | told) else LOST
    if not places or not places <= told:
        return LOST
    after = [Part(part.pointer, masked.get(part.pointer, part.text), part.kind, part.label) for part in parts]
    clean = holds_none(ENGINE.scan(after), TYPES) and all(masked[place] == SHOWN for place in places)
    return MASKED if clean and not holds(*render(masked)) else LOST


def look(parts: Sequence[Part]) -> tuple[set[str], Mapping[str, str] | str]:
    """For documents whose places are no pointers: the types that are found, and the masks that take all of it away, or
    the verdict where there are none."""
    scan = ENGINE.scan(parts)
    found = {finding.type for findings in scan.parts for finding in findings if finding.type in TYPES}
    masked = redact(parts, scan, TYPES)
    if isinstance(masked, CannotRedact):
        return found, DENIED if masked.reason == "place" else UNSCANNED
    after = [Part(part.pointer, masked.get(part.pointer, part.text), part.kind, part.label) for part in parts]
    return found, masked if holds_none(ENGINE.scan(after), TYPES) else LOST


def _unread(parts: Sequence[Part], places: set[str]) -> bool:
    """Whether something of the message is told to be unreadable, and all that was planted is in it or was found."""
    unread = [part.pointer for part in parts if part.kind == "unreadable"]
    found = {part.pointer for part in parts if holds(part.text)}
    inside = (place in found or any(place == at or place.startswith(f"{at}/") for at in unread) for place in places)
    return bool(unread) and bool(places) and all(inside)


def requested(
    adapter: Adapter, places: Sequence[Place], inbound: Callable[[Any], Inbound], agent: Route, schema: Schema | None
) -> Verdicts:
    """What becomes of each place of a request."""
    verdicts: Verdicts = {}
    for place in places:
        read = _taken(adapter, schema, inbound(planted(place)))
        if isinstance(read, Refusal):
            ordinary = _taken(adapter, schema, inbound(usual(place)))
            verdicts[place] = NOT_TAKEN if isinstance(ordinary, Refusal) else REFUSED
            continue
        verdicts[place] = judge(read.parts, read.document, partial(_sent, adapter, read, agent))
    return verdicts


def _taken(adapter: Adapter, schema: Schema | None, request: Inbound) -> Message | Refusal:
    read = adapter.read(request, LIMITS)
    refusal = schema.validate(read.document) if schema is not None and isinstance(read, Message) else None
    return read if refusal is None else refusal


def _sent(adapter: Adapter, message: Message, agent: Route, masks: Mapping[str, str]) -> list[bytes | str]:
    outgoing = adapter.render(message, agent, masks)
    return [outgoing.body, outgoing.path, *(f"{name}: {value}" for name, value in outgoing.headers)]


def answered(
    adapter: Adapter, places: Sequence[Place], message: Message, agent: Route, *, status: int = 200
) -> Verdicts:
    """What becomes of each place of an answer to this message."""
    verdicts: Verdicts = {}
    for place in places:
        read = _understood(adapter, planted(place), message, agent, status)
        if read is None:
            ordinary = _understood(adapter, usual(place), message, agent, status)
            verdicts[place] = NOT_TAKEN if ordinary is None else REFUSED
            continue
        if not holds(read.body):
            verdicts[place] = DROPPED
            continue
        verdict = judge(read.parts, read.document, partial(_released, adapter, read))
        verdicts[place] = DERIVED if verdict == LOST and read.derived and place.kind == "number" else verdict
    return verdicts


def _released(adapter: Adapter, read: Answer, masks: Mapping[str, str]) -> list[bytes | str]:
    return [adapter.render_answer(read, masks), *(f"{name}: {value}" for name, value in read.headers)]


def _understood(adapter: Adapter, document: Any, message: Message, agent: Route, status: int) -> Answer | None:
    try:
        return adapter.read_answer(wire(document, status), message, agent)
    except AgentError:
        return None


def streamed(
    open_stream: Callable[[StreamScan], StreamFilter], places: Sequence[Place], around: Callable[[Any], list[bytes]]
) -> Verdicts:
    """What becomes of each place of an event. `around` gives a whole stream with this event in it."""
    return {place: _passed(open_stream, place, around) for place in places}


def _passed(
    open_stream: Callable[[StreamScan], StreamFilter], place: Place, around: Callable[[Any], list[bytes]]
) -> str:
    before = run(open_stream, around(usual(place)))[0]
    if isinstance(before, str):
        return NOT_TAKEN
    out, lanes = run(open_stream, around(planted(place)))
    counts = lanes.scan().counts()
    found = "card" in counts if place.kind == "number" else {"us-ssn", "email"} <= counts.keys()
    if isinstance(out, str):
        return STOPPED if found else REFUSED
    if holds(out):
        return LOST
    if found:
        return MASKED
    if UNREAD.encode() in out and lanes.scan().scanned != "full":
        return UNSCANNED
    return LOST if place.kind != "number" and str(place.usual).encode() in before else DROPPED


def run(open_stream: Callable[[StreamScan], StreamFilter], chunks: Sequence[bytes]) -> tuple[bytes | str, StreamScan]:
    """All that leaves of a stream, or the code of the error that it ends with; and what was found in it."""
    lanes = ENGINE.stream(TYPES)
    stream = open_stream(lanes)
    try:
        out = b"".join([*map(stream.feed, chunks), stream.finish(), stream.closing])
    except AgentError as error:
        return error.code, lanes
    return out, lanes


def body(document: Any) -> bytes:
    return write_json(document)


def data(document: Any, name: str = "") -> bytes:
    """An event that holds a document."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + write_json(document) + b"\n\n"


def parsed(data: bytes) -> Any:
    read = read_json(data, LIMITS)
    if isinstance(read, Refusal):
        raise AssertionError(read)
    return read.value
