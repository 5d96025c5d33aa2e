"""Plain HTTP: path, query, headers and bodies of every readable form, in requests and answers.

There is no schema of somebody else's to read the places off, so here they are written down.
"""

import json
from collections.abc import Callable, Mapping
from urllib.parse import quote

import pytest

from gateway.agents.description import Operation, Parameter
from gateway.agents.http import HttpAdapter
from gateway.checks.schema import Schema
from gateway.core.message import Inbound, Message, Part
from gateway.core.ports import Route
from tests.agents.support import answer, inbound, read
from tests.agents.test_http import registry
from tests.extraction.planting import CARD, DENIED, ENGINE, LIMITS, MASKED, UNSCANNED, holds, look

PLANTED = "SSN 536-22-8731 jane.roe@example.com"
CODED = quote(PLANTED)
JSON, FORM, PLAIN = "application/json", "application/x-www-form-urlencoded", "text/plain; charset=utf-8"
REGISTRY = registry({"id": "records", "routes": ["POST /notes", "POST /notes/{id}", "POST /notes/{id}/{part}"]})
DECLARED = Operation(
    parameters=tuple(
        Parameter(name=name, place=place, required=False, fits=Schema(True).validate)
        for name, place in (("x-note", "header"), ("q", "query"))
    )
)
ADAPTER = HttpAdapter(REGISTRY, LIMITS, {"records": {"POST /notes": DECLARED}})
MULTIPART = "multipart/form-data; boundary=cut"


def agent() -> Route:
    found = REGISTRY.get("records")
    assert found is not None
    return found


def field(head: str, body: str = "x") -> bytes:
    return f"--cut\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n--cut--\r\n".encode()


def request(
    body: bytes | object = b"{}", kind: str = JSON, *, path: str = "/notes", query: str = "", **headers: str
) -> Inbound:
    named = {"content-type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return inbound(body, path=f"/agents/records{path}", query=query, headers=named)


AROUND: Mapping[str, tuple[Inbound, str]] = {
    "a path's variable": (request(path=f"/notes/{PLANTED}"), DENIED),
    "a path's last variable": (request(path=f"/notes/7/{PLANTED}"), DENIED),
    "a query's value": (request(query=f"q={CODED}", path="/notes"), MASKED),
    "a query's value, plus for space": (request(query=f"q={CODED.replace('%20', '+')}"), MASKED),
    "a query's value of no known name": (request(path="/notes/7", query=f"zz={CODED}"), MASKED),
    "a query's second value": (request(path="/notes/7", query=f"a=1&a={CODED}"), MASKED),
    "a query's name": (request(path="/notes/7", query=f"{CODED}=1"), DENIED),
    "a query without a name": (request(path="/notes/7", query=CODED), DENIED),
    "a header that is forwarded": (request(accept_language=PLANTED), MASKED),
    "a header that says what is accepted": (request(accept=PLANTED), MASKED),
    "a header that the operation declares": (request(x_note=PLANTED), MASKED),
    "the type's parameter": (request(kind=f'{JSON}; note="{PLANTED}"'), DENIED),
}
BODIES: Mapping[str, tuple[bytes | object, str, str]] = {
    "JSON, a string": ({"a": {"b": [PLANTED]}}, JSON, MASKED),
    "JSON, the whole of it": (json.dumps(PLANTED).encode(), JSON, MASKED),
    "JSON, a key": ({PLANTED: 1}, JSON, DENIED),
    "JSON, a number": ({"card": CARD}, JSON, DENIED),
    "JSON, escaped": (b'{"a": "jane.roe\\u0040example.com"}', JSON, MASKED),
    "JSON in a string": ({"a": json.dumps({"b": PLANTED})}, JSON, MASKED),
    "JSON of another kind": ({"a": PLANTED}, "application/vnd.api+json", MASKED),
    "JSON, an address with it": ({"link": f"https://a.test/?who={CODED}"}, JSON, MASKED),
    "a form's value": (f"a=1&b={CODED}".encode(), FORM, MASKED),
    "a form's name": (f"{CODED}=1".encode(), FORM, DENIED),
    "text": (f"Note: {PLANTED}".encode(), PLAIN, MASKED),
    "text in another character set": (f"Käse: {PLANTED}".encode("latin1"), "text/plain; charset=iso-8859-1", MASKED),
    "a page": (f"<p title='{PLANTED}'>Hello</p>".encode(), "text/html", MASKED),
    "a page, spelt by numbers": (b"<p>jane.roe&#64;example.com</p>", "text/html", MASKED),
    "a table in text": (f"name,who\n1,{PLANTED}\n".encode(), "text/csv", MASKED),
    "a field": (field('name="a"', PLANTED), MULTIPART, MASKED),
    "a field's name": (field(f'name="{PLANTED}"'), MULTIPART, DENIED),
    "a file's name": (field(f'name="a"; filename="{PLANTED}"'), MULTIPART, UNSCANNED),
    "a file's name in UTF-8": (field(f"name=\"a\"; filename*=UTF-8''{CODED}"), MULTIPART, UNSCANNED),
    "a field's further parameter": (field(f'name="a"; note="{PLANTED}"'), MULTIPART, DENIED),
    "a field's further header": (field(f'name="a"\r\nX-Note: {PLANTED}'), MULTIPART, DENIED),
    "a field's type": (field(f'name="a"\r\nContent-Type: text/plain; note="{PLANTED}"'), MULTIPART, DENIED),
    "a file of text": (field('name="a"; filename="b"\r\nContent-Type: text/plain', PLANTED), MULTIPART, MASKED),
    "a file of JSON": (field('name="a"\r\nContent-Type: application/json', json.dumps([PLANTED])), MULTIPART, MASKED),
}  # fmt: skip


def verdict(parts: tuple[Part, ...], render: Callable[[Mapping[str, str]], list[bytes | str]]) -> str:
    """What becomes of a message that somebody is in."""
    found, masked = look(parts)
    assert found, "nothing was found"
    if isinstance(masked, str):
        return masked
    assert not holds(*render(masked))
    return MASKED


def sent(message: Message) -> Callable[[Mapping[str, str]], list[bytes | str]]:
    def render(masks: Mapping[str, str]) -> list[bytes | str]:
        outgoing = ADAPTER.render(message, agent(), masks)
        again = msg(outgoing.body, message)
        assert again is None or not look(again.parts)[0], "it is still there for another reader"
        return [outgoing.body, outgoing.path, *(f"{name}: {value}" for name, value in outgoing.headers)]

    return render


def msg(body: bytes, like: Message) -> Message | None:
    """What left, read again."""
    inbound_ = like.inbound
    if not body:
        return None
    return read(ADAPTER.read(request(body, inbound_.header("content-type") or JSON), LIMITS))


@pytest.mark.parametrize("place", AROUND)
def test_what_stands_around_a_body_is_found(place: str) -> None:
    asked, expected = AROUND[place]
    message = read(ADAPTER.read(asked, LIMITS))
    found, masked = look(message.parts)
    assert found == {"us-ssn", "email"}
    if isinstance(masked, str):
        assert masked == expected
    else:
        outgoing = ADAPTER.render(message, agent(), masked)
        assert expected == MASKED
        assert not holds(outgoing.path, outgoing.body, *(value for _, value in outgoing.headers))


@pytest.mark.parametrize("place", BODIES)
def test_what_stands_in_a_body_is_found_in_requests(place: str) -> None:
    body, kind, expected = BODIES[place]
    message = read(ADAPTER.read(request(body, kind), LIMITS))
    assert verdict(message.parts, sent(message)) == expected


@pytest.mark.parametrize("place", BODIES)
def test_what_stands_in_a_body_is_found_in_answers(place: str) -> None:
    body, kind, expected = BODIES[place]
    asked = read(ADAPTER.read(request(), LIMITS))
    said = ADAPTER.read_answer(answer(body, content_type=kind), asked, agent())
    heads = [f"{name}: {value}" for name, value in said.headers]
    assert verdict(said.parts, lambda masks: [ADAPTER.render_answer(said, masks), *heads]) == expected


def test_the_type_of_an_answer_is_read_and_nothing_else_of_its_head_passes() -> None:
    asked = read(ADAPTER.read(request(), LIMITS))
    said = ADAPTER.read_answer(answer({}, content_type=f'{JSON}; note="{PLANTED}"'), asked, agent())
    assert verdict(said.parts, lambda masks: []) == DENIED
    assert [name for name, _ in said.headers] == ["content-type"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF....WAVE", "audio/wav"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"words", "application/octet-stream"),
        (b"words", "made/up"),
        (b"words", ""),
        (b"\xff\xfe", "text/plain; charset=utf-16"),
        (b"words", "text/plain; charset=made-up"),
        (field('name="a"; filename="b.png"\r\nContent-Type: image/png', "bytes"), MULTIPART),
        (field('name="a"\r\nContent-Transfer-Encoding: base64', "d29yZHM="), MULTIPART),
    ],
)
def test_what_cannot_be_read_is_unscanned_in_both_directions(body: bytes, kind: str) -> None:
    headers = {"content-type": kind} if kind else {}
    message = read(ADAPTER.read(inbound(body, path="/agents/records/notes", headers=headers), LIMITS))
    assert "unscanned" in ENGINE.scan(message.parts).classes
    said = ADAPTER.read_answer(answer(body, content_type=kind), message, agent())
    assert "unscanned" in ENGINE.scan(said.parts).classes
