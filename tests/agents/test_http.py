"""Plain HTTP passes only what fits a template, built anew from what was read."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.content import Form
from gateway.agents.description import Body, Operation, Parameter
from gateway.agents.formats.labels import Labels
from gateway.agents.formats.layout import Column, Layout, Marking
from gateway.agents.http import HttpAdapter
from gateway.agents.registry import Registry
from gateway.checks.schema import Schema
from gateway.core.errors import AgentError, ConfigurationError, FormatError
from gateway.core.message import Inbound, Message, Part, WireAnswer
from gateway.core.ports import Route
from gateway.core.refusal import Refusal
from gateway.settings import Agent, Settings, Zone

from .formats.test_x12 import ISA
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

    def test_the_header_of_its_credential_is_the_gateways_whatever_its_description_lists(self) -> None:
        asked = message(get("/agents/records/notes/a", x_key="callers"))
        listed = msgspec.structs.replace(asked, form=Form(headers=("x-key",)))
        own = msgspec.structs.replace(agent(), credential_as="header:X-Key")
        assert ("x-key", "callers") in ADAPTER.render(listed, agent(), {}).headers
        assert ADAPTER.render(listed, own, {}).headers == (("x-key", "agents-own"),)

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


def test_an_adapter_reads_by_other_descriptions_from_one_message_to_the_next_or_stays_as_it_was() -> None:
    listed = registry({"id": "records", "routes": ["GET /notes/{id}"]}, {"id": "ward", "routes": []})
    one = {"ward": {"GET /beds": Operation(bodies={})}}
    other = {"ward": {"GET /wards/{id}": Operation(bodies={})}, "records": {"GET /notes/{id}": Operation()}}
    adapter = HttpAdapter(listed, BOUNDS, one)
    asked = get("/agents/ward/beds"), get("/agents/ward/wards/7")
    assert [isinstance(adapter.read(each, BOUNDS), Message) for each in asked] == [True, False]
    adapter.become(other)
    assert [isinstance(adapter.read(each, BOUNDS), Message) for each in asked] == [False, True]
    with pytest.raises(ConfigurationError, match="agent records: its mapping has a route that is not"):
        adapter.become({"records": {"GET /others": Operation()}})
    assert [isinstance(adapter.read(each, BOUNDS), Message) for each in asked] == [False, True]


ADMISSIONS = registry({"id": "ward", "capabilities": ["admit"], "routes": ["POST /adt", "POST /file"]})
LAYOUTS = {
    "ward": {
        "POST /file": Operation(
            request=Layout(format="csv", fields={"1": Marking("person")}),
            answer=Layout(format="fixed", columns=(Column(name="who", start=0, length=4, marking=Marking("person")),)),
        )
    }
}
WARD = HttpAdapter(ADMISSIONS, BOUNDS, LAYOUTS)
ADT = b"MSH|^~\\&|A|B|C|D|20240101||ADT^A01|1|P|2.5\rPID|1||7701||Roe^Annabel\r"


class TestDeclaredRoutes:
    def ward(self) -> Route:
        found = ADMISSIONS.get("ward")
        assert found is not None
        return found

    def test_formats_are_read_by_their_media_type_and_rewritten_in_place(self) -> None:
        request = inbound(ADT, path="/agents/ward/adt", headers={"content-type": "application/hl7-v2"})
        result = read(WARD.read(request, BOUNDS))
        (family,) = (part for part in result.parts if part.text == "Roe")
        sent = WARD.render(result, self.ward(), {family.pointer: "[PERSON]"})
        assert sent.body == ADT.replace(b"Roe", b"[PERSON]")
        assert WARD.render(result, self.ward(), {}).body == ADT

    def test_a_mapping_lays_out_requests_and_answers(self) -> None:
        request = inbound(b"Ann,7\n", path="/agents/ward/file", headers={"content-type": "text/plain"})
        result = read(WARD.read(request, BOUNDS))
        assert Part("csv:1:1", "Ann", "text", "", "person") in result.parts
        said = WARD.read_answer(answer(b"Ann X", content_type="text/plain"), result, self.ward())
        assert WARD.render_answer(said, {"fixed:1:1": "[PERSON]"}) == b"[PERX"

    def test_a_mapping_of_a_route_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="not among its routes"):
            HttpAdapter(ADMISSIONS, BOUNDS, {"ward": {"POST /nobody": Operation()}})
        with pytest.raises(ConfigurationError, match="not in its OpenAPI document"):
            HttpAdapter(ADMISSIONS, BOUNDS, {"ward": {"POST /file": Operation(bodies={})}})


OPENAPI = registry(
    {"id": "notes", "routes": [], "openapi": "x.json"}, {"id": "other", "routes": ["PUT /notes/{note-id}"]}
)
NOTE = Schema({"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}).validate
LABELLED = Layout(format="json", labels=Labels({"properties": {"text": {"x-data-class": "phi"}}}, None))
DESCRIBED = HttpAdapter(
    OPENAPI,
    BOUNDS,
    {
        "notes": {
            "PUT /notes/{note-id}": Operation(
                bodies={"application/json": Body(layout=LABELLED, fits=NOTE)},
                required=True,
                answers={"200": {"application/json": Body(layout=LABELLED, fits=NOTE)}},
                parameters=(
                    Parameter(name="note-id", place="path", required=True, known="mrn", fits=Schema(True).validate),
                    Parameter(name="q", place="query", required=False, known="person", fits=Schema(True).validate),
                    Parameter(name="x-ward", place="header", required=True, known="place", fits=Schema(True).validate),
                ),
            )
        }
    },
)


class TestOpenApiRoutes:
    def put(self, body: object, *, query: str = "", **headers: str) -> Message | Refusal:
        named = {"content-type": "application/json", "x-ward": "W7", **headers}
        request = inbound(body, method="PUT", path="/agents/notes/notes/7", query=query, headers=named)
        return DESCRIBED.read(request, BOUNDS)

    def notes(self, name: str = "notes") -> Route:
        found = OPENAPI.get(name)
        assert found is not None
        return found

    def test_parts_carry_the_labels_of_the_document(self) -> None:
        result = read(self.put({"text": "fine"}, query="q=Ann"))
        assert result.action == "http:PUT:/notes/{note-id}"
        assert {part.text: part.known for part in result.parts if part.known} == {
            "7": "mrn",
            "Ann": "person",
            "W7": "place",
            "fine": "x-declared-phi",
        }

    def test_declared_headers_go_on_to_the_agent(self) -> None:
        sent = DESCRIBED.render(read(self.put({"text": "fine"}, cookie="c")), self.notes(), {})
        assert dict(sent.headers) == {"content-type": "application/json", "x-ward": "W7"}

    @pytest.mark.parametrize(
        ("body", "query", "headers", "code"),
        [
            ({"text": 1}, "", {}, "schema_violation"),
            (b"", "", {}, "schema_violation"),
            (b"x", "", {"content-type": "text/plain"}, "media_type"),
            ({"text": "x"}, "other=1", {}, "parameter_invalid"),
            ({"text": "x"}, "q=1&q=2", {}, "parameter_invalid"),
        ],
    )
    def test_what_fits_no_operation_is_refused(
        self, body: object, query: str, headers: dict[str, str], code: str
    ) -> None:
        assert refused(self.put(body, query=query, **headers)).code == code

    def test_a_required_header_is_asked_for(self) -> None:
        request = inbound({"text": "x"}, method="PUT", path="/agents/notes/notes/7")
        assert refused(DESCRIBED.read(request, BOUNDS)).field == "x-ward"

    def test_only_an_agent_that_takes_the_body_serves_it(self) -> None:
        good = read(self.put({"text": "x"}))
        assert DESCRIBED.serves(good, self.notes())
        assert DESCRIBED.serves(good, self.notes("other"))
        assert not DESCRIBED.serves(msgspec.structs.replace(good, document={"text": 1}), self.notes())
        assert not DESCRIBED.serves(msgspec.structs.replace(good, media_type="text/plain"), self.notes())

    @pytest.mark.parametrize(
        "wire", [answer({"text": 1}), answer(b"x", content_type="text/plain"), answer({"text": "x"}, 202)]
    )
    def test_an_answer_that_is_none_of_the_operations_is_a_bad_answer(self, wire: WireAnswer) -> None:
        with pytest.raises(AgentError):
            DESCRIBED.read_answer(wire, read(self.put({"text": "x"})), self.notes())

    def test_labels_of_answers_are_those_of_who_answered(self) -> None:
        sent = read(self.put({"text": "x"}))
        said = DESCRIBED.read_answer(answer({"text": "ill"}), sent, self.notes())
        assert said.parts[-1].known == "x-declared-phi"
        assert DESCRIBED.read_answer(answer({"text": "ill"}), sent, self.notes("other")).parts[-1].known == ""


DOCUMENTS = {
    "application/hl7-v2": ADT,
    "application/edi-x12": ISA.encode() + b"NM1*IL*1*Roe*Annabel****MI*7~\nDTP*472*D8*20240101~\n",
    "text/xml": b"<note by='Roe'>Annabel <!--Roe--><![CDATA[Roe]]></note>",
    "application/fhir+json": (
        b'{"resourceType": "Patient", "birthDate": "1967-08-24", "text": {"div": "<div>Roe</div>"}}'
    ),
    "application/x-www-form-urlencoded": b"who=Roe&what=Annabel",
    "multipart/form-data; boundary=b": (
        b'--b\r\nContent-Disposition: form-data; name="who"\r\n\r\nRoe\r\n'
        b'--b\r\nContent-Disposition: form-data; name="doc"; filename="d.xml"\r\n'
        b"Content-Type: text/xml\r\n\r\n<a>Roe</a>\r\n--b--\r\n"
    ),
}


@settings(max_examples=150)
@given(st.sampled_from(sorted(DOCUMENTS)), st.data())
def test_any_damage_to_a_document_is_read_or_refused_and_masks_leave_a_document(kind: str, data: st.DataObject) -> None:
    body = DOCUMENTS[kind]
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 12)))
    body = body[:start] + data.draw(st.binary(max_size=6)) + body[end:]
    request = inbound(body, path="/agents/ward/adt", headers={"content-type": kind})
    result = WARD.read(request, BOUNDS)
    if isinstance(result, Refusal):
        return
    ward = ADMISSIONS.get("ward")
    assert ward is not None
    assert WARD.render(result, ward, {}).body == body
    masks = {part.pointer: "[GONE]" for part in result.parts if part.kind == "text"}
    sent = WARD.render(result, ward, masks).body
    again = WARD.read(inbound(sent, path="/agents/ward/adt", headers={"content-type": kind}), BOUNDS)
    assert isinstance(again, Message)
    # Cut where a width is fixed, without what would be a delimiter; a date of FHIR's is absent, with a reason.
    left = [part.text for part in again.parts if part.kind == "text" and part.text != "masked"]
    assert set("".join(left)) <= set("[GONE] ")
