"""Plain HTTP passes only what fits a template, built anew from what was read."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.http import HttpAdapter
from gateway.agents.registry import Registry
from gateway.core.errors import AgentError, ConfigurationError, FormatError
from gateway.core.message import Inbound, Message, Part, WireAnswer
from gateway.core.ports import Route
from gateway.core.refusal import Refusal
from gateway.settings import Agent, Settings, Zone

from .support import BOUNDS, SSN, MaskingLanes, answer, inbound, read, refused

ROUTES = (
    "GET /",
    "GET /notes/{id}",
    "POST /notes",
    "PUT /notes/{id}",
    "POST /notes/export",
    "GET /notes/{id}/lines/{n}",
)


def registry(*agents: dict[str, Any]) -> Registry:
    base = {"protocol": "http", "url": "http://a.test/base", "zone": "z", "routes": ROUTES}
    built = tuple(msgspec.convert({**base, **agent}, Agent) for agent in agents)
    return Registry(Settings(zone=(Zone(id="z"),), agent=built), lambda reference: "agents-own")


REGISTRY = registry(
    {"id": "records", "capabilities": ["notes"], "credential": "env:KEY"},
    {"id": "archive", "capabilities": ["notes"], "routes": ["GET /notes/{id}"]},
    {"id": "chat", "protocol": "openai", "routes": [], "capabilities": ["talk"]},
)
ADAPTER = HttpAdapter(REGISTRY, BOUNDS)


def agent(name: str = "records") -> Route:
    found = REGISTRY.get(name)
    assert found is not None
    return found


def get(path: str, query: str = "", **headers: str) -> Inbound:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return inbound(b"", method="GET", path=path, query=query, headers=named)


def message(request: Inbound) -> Message:
    return read(ADAPTER.read(request, BOUNDS))


def post(body: object, content_type: str = "application/json") -> Message:
    return message(inbound(body, path="/agents/records/notes", headers={"content-type": content_type}))


class TestReading:
    def test_the_action_names_the_template_and_the_part_the_variable(self) -> None:
        result = message(get("/agents/records/notes/MRN 12345678"))
        assert (result.action, result.target, result.stream) == ("http:GET:/notes/{id}", "records", False)
        assert result.parts == (Part("path:1", "MRN 12345678", "name", "id"),)

    @pytest.mark.parametrize("path", ["/agents/records", "/agents/records/"])
    def test_the_root_is_a_path_too(self, path: str) -> None:
        assert message(get(path)).action == "http:GET:/"

    def test_a_literal_template_wins_over_a_variable_for_every_method(self) -> None:
        assert message(inbound({}, path="/agents/records/notes/export")).action == "http:POST:/notes/export"
        refusal = refused(ADAPTER.read(get("/agents/records/notes/export"), BOUNDS))
        assert (refusal.code, refusal.hint) == ("method_not_allowed", "POST")

    def test_query_headers_and_body_become_parts(self) -> None:
        request = inbound(
            {"patient_name": "Ann"},
            path="/agents/records/notes",
            query="q=Ann+Smith",
            headers={
                "content-type": "application/json",
                "accept": "*/*",
                "accept-language": "de",
                "x-note": "not forwarded",
                "cookie": "not forwarded",
            },
        )
        assert message(request).parts == (
            Part("query:q", "q", "name"),
            Part("query:q", "Ann Smith", "text", "q"),
            Part("header:accept-language", "de"),
            Part("/patient_name", "patient_name", "name"),
            Part("/patient_name", "Ann", "text", "patient_name"),
        )

    def test_an_unusual_content_type_is_scanned(self) -> None:
        assert Part("header:content-type", "text/plain; note=ann", "name") in post(b"x", "text/plain; note=ann").parts

    @pytest.mark.parametrize(
        ("path", "method", "code"),
        [
            ("/agents/nobody/notes", "POST", "unknown_target"),
            ("/agents//notes", "POST", "unknown_target"),
            ("/agents/chat/notes", "POST", "unknown_target"),
            ("/agents/talk/notes", "POST", "unknown_target"),
            ("/agents/records/other", "GET", "not_found"),
            ("/agents/records/notes/1/2", "GET", "not_found"),
            ("/agents/records/notes", "DELETE", "method_not_allowed"),
            ("/agents/records/notes/1", "get", "method_not_allowed"),
            ("/agents/records/notes/", "GET", "not_found"),
            ("/agents/records//notes/1", "GET", "not_found"),
            ("/agents/records/notes/..", "GET", "not_found"),
            ("/agents/records/notes/.", "GET", "not_found"),
            ("/agents/records/notes/%2e%2e", "GET", "not_found"),
            ("/agents/records/notes/a%2Fb", "GET", "not_found"),
            ("/agents/records/notes/a\\b", "GET", "not_found"),
            ("/agents/records/notes/a\nb", "GET", "not_found"),
            ("/agents/records/notes/a\ud800", "GET", "not_found"),
        ],
    )
    def test_what_fits_no_template_is_refused(self, path: str, method: str, code: str) -> None:
        request = inbound(b"", method=method, path=path, headers={})
        assert refused(ADAPTER.read(request, BOUNDS)).code == code

    @pytest.mark.parametrize(
        ("request_", "code"),
        [
            (get("/agents/records", query="a=%"), "parameter_invalid"),
            (get("/agents/records", query="a#b"), "parameter_invalid"),
            (get("/agents/records", accept_language="d\xe9"), "header_invalid"),
            (get("/agents/records", accept="x" * 2000), "header_invalid"),
            (inbound(b"{", path="/agents/records/notes"), "body_not_json"),
            (
                inbound(b"x", path="/agents/records/notes", headers={"content-encoding": "br"}),
                "body_encoding",
            ),
        ],
    )
    def test_what_cannot_be_read_is_refused(self, request_: Inbound, code: str) -> None:
        assert refused(ADAPTER.read(request_, BOUNDS)).code == code

    def test_a_capability_is_read_by_its_first_agent_and_served_by_who_has_the_template(self) -> None:
        wide = message(inbound({}, path="/agents/notes/notes"))
        assert (ADAPTER.serves(wide, agent("records")), ADAPTER.serves(wide, agent("archive"))) == (True, False)
        narrow = message(get("/agents/notes/notes/1"))
        assert (ADAPTER.serves(narrow, agent("records")), ADAPTER.serves(narrow, agent("archive"))) == (True, True)
        assert not ADAPTER.serves(narrow, agent("chat"))


@settings(max_examples=150)
@given(
    st.text(alphabet="/.%a\\ \x00é2F", max_size=20),
    st.text(alphabet="a=&%2+é#", max_size=12),
    st.binary(max_size=20),
    st.sampled_from(["application/json", "text/plain", "", "x"]),
)
def test_any_request_is_read_or_refused(path: str, query: str, body: bytes, kind: str) -> None:
    request = inbound(body, path=f"/agents/records/notes{path}", query=query, headers={"content-type": kind})
    assert isinstance(ADAPTER.read(request, BOUNDS), (Message, Refusal))


@settings(max_examples=100)
@given(st.text(min_size=1, max_size=12))
def test_a_path_variable_reaches_the_agent_as_exactly_one_segment(value: str) -> None:
    result = ADAPTER.read(get(f"/agents/records/notes/{value}"), BOUNDS)
    if isinstance(result, Message) and result.action == "http:GET:/notes/{id}":
        path = ADAPTER.render(result, agent(), {}).path
        assert path.isascii()
        assert path.count("/") == 2
        assert not set(path) & set('?#\\ "<>')
        assert path.rpartition("/")[2] not in (".", "..")


class TestRendering:
    def test_only_listed_headers_and_the_agents_own_credential_leave(self) -> None:
        request = get(
            "/agents/records/notes/a b?c",
            query="q=%41&q=b",
            accept="text/plain",
            authorization="Bearer caller",
            cookie="caller",
            x_data_subject="caller",
            traceparent="caller",
            if_match="caller",
        )
        sent = ADAPTER.render(message(request), agent(), {})
        assert (sent.method, sent.path, sent.body) == ("GET", "/notes/a%20b%3Fc?q=%41&q=b", b"")
        assert sent.headers == (("accept", "text/plain"), ("authorization", "Bearer agents-own"))

    def test_masks_in_query_header_and_body_change_their_places_alone(self) -> None:
        request = inbound(
            {"a": "x", "b": "y"},
            path="/agents/records/notes",
            query="q=Ann&p=%41",
            headers={"content-type": "application/json", "accept-language": "ann"},
        )
        masked = {"query:q": "[PERSON]", "header:accept-language": "[PERSON]", "/a": "[PERSON]"}
        sent = ADAPTER.render(message(request), agent(), masked)
        assert sent.path == "/notes?q=%5BPERSON%5D&p=%41"
        assert json.loads(sent.body) == {"a": "[PERSON]", "b": "y"}
        assert [name for name, _ in sent.headers] == ["content-type", "authorization"]

    @pytest.mark.parametrize("place", ["path:1", "query:x", "header:cookie", "/a", "", "form:a"])
    def test_a_mask_without_a_place_that_can_be_masked_stops_the_request(self, place: str) -> None:
        with pytest.raises(FormatError):
            ADAPTER.render(message(get("/agents/records/notes/1")), agent(), {place: "[M]"})

    def test_an_unchanged_body_leaves_as_the_exact_bytes(self) -> None:
        assert ADAPTER.render(post(b' {"a" : 1}'), agent(), {}).body == b' {"a" : 1}'


class TestAnswers:
    def test_an_answer_gives_its_parts_and_nothing_of_its_headers_but_the_type(self) -> None:
        wire = WireAnswer(
            status=200,
            headers=(("content-type", "application/json"), ("set-cookie", "a=b"), ("x-routed-agent", "me")),
            body=b'{"a": "x"}',
        )
        result = ADAPTER.read_answer(wire, post({}), agent())
        assert result.parts == (Part("/a", "a", "name"), Part("/a", "x", "text", "a"))
        assert result.headers == (("content-type", "application/json"),)
        assert ADAPTER.render_answer(result, {"/a": "[M]"}) == b'{"a":"[M]"}'
        assert ADAPTER.render_answer(result, {}) == wire.body

    def test_text_and_unknown_types_are_read_or_said_to_be_unreadable(self) -> None:
        text = ADAPTER.read_answer(answer(b"hello", content_type="text/plain"), post({}), agent())
        assert ADAPTER.render_answer(text, {"": "[M]"}) == b"[M]"
        image = ADAPTER.read_answer(answer(b"\x89", content_type="image/png"), post({}), agent())
        assert Part("", "", "unreadable") in image.parts

    def test_an_empty_answer_is_an_answer(self) -> None:
        result = ADAPTER.read_answer(WireAnswer(status=204, headers=(), body=b""), post({}), agent())
        assert (result.status, result.parts, result.headers) == (204, (), ())

    def test_an_agents_own_error_passes_with_its_parts(self) -> None:
        assert ADAPTER.read_answer(answer({"detail": "no"}, 404), post({}), agent()).parts[-1].text == "no"

    def test_an_unusual_content_type_of_an_answer_is_a_part(self) -> None:
        result = ADAPTER.read_answer(answer(b"x", content_type=f"text/plain; x={SSN}"), post({}), agent())
        assert any(SSN in part.text for part in result.parts)

    @pytest.mark.parametrize(
        "wire",
        [
            answer(b"{", 200),
            answer({}, 304),
            answer({}, 401),
            answer({}, 407),
            answer({}, 101),
            answer({}, 999),
            answer(b"\xff", content_type="text/plain"),
        ],
    )
    def test_what_cannot_be_read_is_a_bad_answer(self, wire: WireAnswer) -> None:
        with pytest.raises(AgentError) as caught:
            ADAPTER.read_answer(wire, post({}), agent())
        assert caught.value.code == "bad_answer"

    def test_there_are_no_streams(self) -> None:
        with pytest.raises(AgentError):
            ADAPTER.stream(post({}), MaskingLanes(), BOUNDS, agent())

    def test_errors_are_problems(self) -> None:
        assert json.loads(ADAPTER.error(Refusal(code="not_found"), "x-1"))["status"] == 404


@pytest.mark.parametrize(
    "template",
    [
        "",
        "/notes",
        "get /notes",
        "TRACE /notes",
        "GET notes",
        "GET /a//b",
        "GET /a/",
        "GET /a/..",
        "GET /{a}b",
        "GET /a?b",
    ],
)
def test_a_malformed_template_stops_the_start(template: str) -> None:
    with pytest.raises(ConfigurationError, match=r"agent records: routes\[0\]"):
        HttpAdapter(registry({"id": "records", "routes": [template]}), BOUNDS)
