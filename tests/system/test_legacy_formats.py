"""Old systems as agents: every format by field, and OpenAPI documents, through a whole gateway."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import Settings
from tests.agents.formats.test_x12 import ISA
from tests.system.kit import MAIL, policies
from tests.system.site import PROCESSOR, Agent, System, system
from tests.system.test_plain_http import Seen

HL7 = "application/hl7-v2"
ADT = "\r".join(
    (
        r"MSH|^~\&|ADT1|MCM|LAB|MCM|20240115||ADT^A01^ADT_A01|MSG1|P|2.5.1",
        "PID|1||7701^^^MCM^MR||Zelnik^Abelard||19670824|M|||1 Elm St^^Salem^OR^97301||555-0101",
        "PV1|1|I|2000||||C77^Quarrel^Ann",
        "DG1|1||I10^Essential hypertension^I10C",
        "",
    )
)
ACK = "\r".join(
    (
        r"MSH|^~\&|LAB|MCM|ADT1|MCM|20240115||ACK^A01|A1|P|2.5.1",
        "MSA|AA|MSG1|Zelnik admitted",
        "PID|1||7701||Zelnik^Abelard",
        "",
    )
)
IDENTIFIERS = ("7701", "Zelnik", "Abelard", "19670824", "1 Elm St", "Salem", "97301", "555-0101", "Quarrel")


class Interface:
    """An HL7 interface over HTTP: takes a message, remembers it, acknowledges it."""

    def __init__(self) -> None:
        self.answers = Seen(ACK.encode())
        self.answers.headers = [(b"content-type", HL7.encode())]

    def of(self, agent: Agent) -> None:
        agent.behave = self.answers


def agents(**more: Any) -> dict[str, dict[str, Any]]:
    common = {"protocol": "http", "capabilities": ["admit"], "routes": ["POST /adt", "POST /billing"], **more}
    return {
        "sky": {**common, "zone": "cloud", "processor": "cloud-inc"},
        "ward": {**common, "zone": "in-house"},
    }


async def post(site: System, path: str, body: str | bytes, kind: str, *roles: str, **headers: str) -> Any:
    key = await site.key(*(roles or ("clinician",)))
    named = {"authorization": f"Bearer {key}", "content-type": kind, "x-purpose": "TREAT", **headers}
    return await site.http.post(path, content=body, headers=named)


async def test_an_admission_goes_to_the_interface_in_the_house_untouched_and_is_phi(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=agents()) as site:
        for agent in site.agents.values():
            Interface().of(agent)
        answer = await post(site, "/agents/sky/adt", ADT, HL7)
        assert answer.status_code == 200, answer.text
        assert (answer.headers["x-routed-agent"], answer.text) == ("ward", ACK)
        assert [body for _, body in site.agents["ward"].received] == [ADT.encode()]
        assert not site.agents["sky"].received
        trail = await site.trail(answer.headers["x-exchange-id"])
        assert {"phi", "pii"} <= set(trail[0]["classes"]["found"])
        assert not any(name in json.dumps(trail) for name in IDENTIFIERS)


async def test_an_admission_is_denied_to_the_cloud(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=agents()) as site:
        answer = await post(site, "/agents/sky/adt", ADT, HL7, **{"x-route": "exact"})
        assert answer.status_code == 403
        assert not site.agents["sky"].received


async def test_where_policy_says_so_every_identifier_is_masked_and_the_message_stays_one(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    rule = (
        "p, 290, role:user, class:phi, zone:cloud, *, purpose:*, contract:baa, allow, redact, phi-masked, "
        '"Health text goes to the cloud masked."'
    )
    async with system(sqlite_settings, agents=agents(), policy=policies(tmp_path, rule), processor=[PROCESSOR]) as site:
        Interface().of(site.agents["sky"])
        answer = await post(site, "/agents/sky/adt", ADT, HL7, **{"x-route": "exact"})
        assert (answer.status_code, answer.headers.get("x-decision")) == (200, "redact"), answer.text
        ((_, body),) = site.agents["sky"].received
        sent = body.decode()
        assert not any(name in sent for name in IDENTIFIERS)
        assert sent.split("\r")[3] == ADT.split("\r")[3]
        assert [line.count("|") for line in sent.split("\r")] == [line.count("|") for line in ADT.split("\r")]
        assert "||[PERSON]^[PERSON]||" in sent


IN_XML = (
    '<Patient xmlns="http://hl7.org/fhir"><identifier><value value="7701"/></identifier><name><family value="Zelnik"/>'
    '<given value="Abelard"/></name><telecom><value value="555-0101"/></telecom>'
    '<birthDate value="1967-08-24"/></Patient>'
)


IN_JSON = (
    '{"resourceType":"Patient","identifier":[{"value":"7701"}],"name":[{"family":"Zelnik","given":["Abelard"]}],'
    '"birthDate":"1967-08-24"}'
)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/fhir+xml", IN_XML),
        ("application/xml", IN_XML),
        ("application/json", IN_JSON),
        ("application/json", f'{{"hook":"patient-view","prefetch":{{"patient":{IN_JSON}}}}}'),
        ("text/plain", ADT),
    ],
)
async def test_what_is_plainly_health_data_is_that_whatever_it_is_sent_as(
    sqlite_settings: Settings, kind: str, body: str
) -> None:
    async with system(sqlite_settings, agents=agents()) as site:
        refused = await post(site, "/agents/sky/adt", body, kind, "clerk", **{"x-route": "exact"})
        assert refused.status_code == 403
        assert not site.agents["sky"].received
        (denied,) = await site.trail(refused.headers["x-exchange-id"])
        assert denied["classes"]["found"] == ["phi", "pii"]
        assert not any(name in json.dumps(denied) for name in ("7701", "Zelnik", "Abelard", "1967-08-24"))


async def test_what_is_no_hl7_is_refused_before_any_agent(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=agents()) as site:
        answer = await post(site, "/agents/ward/adt", "\x0b" + ADT + "\x1c\r", HL7)
        assert answer.status_code == 400
        assert answer.json()["type"].endswith("body_malformed")
        assert not site.agents["ward"].received


MAPPING = """
[[route]]
route = "POST /billing"
[route.request]
format = "csv"
delimiter = ";"
header = true
fields = {Versicherter = "person", Diagnose = "class:phi"}
[route.answer]
format = "fixed"
columns = [{name = "who", start = 1, length = 12, is = "person"}, {name = "state", start = 13, length = 4}]
"""
SHEET = "Versicherter;Betrag;Diagnose\nZelnik Abelard;77;unwell\n"


def mapped(tmp_path: Path, name: str, text: str, *lines: str) -> dict[str, Any]:
    section = policies(tmp_path, *lines)
    (Path(section["directory"]) / "schemas" / name).write_text(text, "utf-8")
    return section


async def test_a_sheet_is_read_by_its_mapping_in_both_directions(sqlite_settings: Settings, tmp_path: Path) -> None:
    section = mapped(tmp_path, "billing.toml", MAPPING)
    async with system(sqlite_settings, agents=agents(mapping="billing.toml"), policy=section) as site:
        for agent in site.agents.values():
            seen = agent.behave = Seen(b"ZELNIK ABEL PAID\n")
            seen.headers = [(b"content-type", b"text/plain")]
        answer = await post(site, "/agents/sky/billing", SHEET, "text/csv", "clerk")
        assert answer.headers["x-routed-agent"] == "ward"
        assert [body for _, body in site.agents["ward"].received] == [SHEET.encode()]
        assert "phi" in (await site.trail(answer.headers["x-exchange-id"]))[0]["classes"]["found"]
        cloud = await site.key("clerk", zone="cloud", purposes=("TREAT",))
        headers = {"authorization": f"Bearer {cloud}", "content-type": "text/csv"}
        masked = await site.http.post(
            "/agents/ward/billing", content="Versicherter;Betrag;Diagnose\n;2;\n", headers=headers
        )
        assert (masked.status_code, masked.text) == (200, "[PERSON]    PAID\n")


DOCUMENT = {
    "openapi": "3.1.0",
    "paths": {
        "/notes/{id}": {
            "put": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"maxLength": 8}}],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}},
                    "required": True,
                },
                "responses": {"200": {"content": {"application/json": {"schema": {"required": ["echo"]}}}}},
            }
        }
    },
    "components": {
        "schemas": {
            "Note": {
                "additionalProperties": False,
                "properties": {"mood": {"type": "string", "x-data-class": "phi"}, "room": {"type": "string"}},
            }
        }
    },
}


FITS_NONE = [
    ("/notes/7", {"mood": 1}, "schema_violation"),
    ("/notes/7", {"other": "x"}, "schema_violation"),
    ("/notes/123456789", {"room": "x"}, "parameter_invalid"),
    ("/notes/7?x=1", {"room": "x"}, "parameter_invalid"),
    ("/other", {"room": "x"}, "not_found"),
]


async def test_a_request_that_fits_no_operation_is_refused(
    sqlite_settings: Settings, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    section = mapped(tmp_path, "notes.json", json.dumps(DOCUMENT))
    async with system(sqlite_settings, agents=agents(routes=[], openapi="notes.json"), policy=section) as site:
        for path, body, code in FITS_NONE:
            with subtests.test(path=path, body=body, code=code):
                key = await site.key("clerk")
                answer = await site.http.put(
                    f"/agents/ward{path}", json=body, headers={"authorization": f"Bearer {key}"}
                )
                assert answer.json()["type"].endswith(code), answer.text
                assert not site.agents["ward"].received


async def test_a_field_that_is_labelled_phi_stays_in_the_house_whatever_it_says(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    section = mapped(tmp_path, "notes.json", json.dumps(DOCUMENT))
    async with system(sqlite_settings, agents=agents(routes=[], openapi="notes.json"), policy=section) as site:
        key = await site.key("clerk")
        headers = {"authorization": f"Bearer {key}", "x-purpose": "TREAT"}
        plain = await site.http.put("/agents/sky/notes/7", json={"room": "blue"}, headers=headers)
        assert (plain.status_code, plain.headers["x-routed-agent"]) == (200, "sky"), plain.text
        health = await site.http.put("/agents/sky/notes/7", json={"mood": "blue"}, headers=headers)
        assert (health.status_code, health.headers["x-routed-agent"]) == (200, "ward"), health.text
        assert (await site.trail(health.headers["x-exchange-id"]))[0]["classes"]["found"] == ["phi"]


async def test_an_answer_that_fits_no_operation_is_not_released(sqlite_settings: Settings, tmp_path: Path) -> None:
    section = mapped(tmp_path, "notes.json", json.dumps(DOCUMENT))
    async with system(sqlite_settings, agents=agents(routes=[], openapi="notes.json"), policy=section) as site:
        site.agents["ward"].behave = Seen(b'{"other": 1}')
        key = await site.key("clerk")
        headers = {"authorization": f"Bearer {key}"}
        answer = await site.http.put("/agents/ward/notes/7", json={"room": "blue"}, headers=headers)
        assert answer.status_code == 502
        assert "other" not in answer.text


BOUNDARY = "----cut"
FIELDS = """
[[route]]
route = "POST /{0}"
[route.request]
format = "{0}"
health = true
{1}
[route.answer]
format = "{0}"
health = true
{1}
"""
COLUMNS = 'columns = [{name = "who", start = 1, length = 20, is = "person"}, {name = "note", start = 21, length = 60}]'
PLACES = {
    "xml": 'fields = {"/order/customer" = "person"}',
    "form": 'fields = {customer = "person"}',
    "csv": 'delimiter = ";"\nheader = true\nfields = {customer = "person"}',
    "fixed": COLUMNS,
}
NOTE = f"write to {MAIL} today"
PATIENT = {
    "resourceType": "Patient",
    "name": [{"family": "Zelnik", "given": ["Abelard"]}],
    "telecom": [{"system": "email", "value": MAIL}],
}
X12 = (
    f"{ISA}GS*HC*S*R*20240101*1253*1*X*005010X222A1~ST*837*0001~NM1*QC*1*ZELNIK*ABELARD~NTE*ADD*{NOTE}~"
    "SE*4*0001~GE*1*1~IEA*1*000000905~"
)
PARTED = (
    f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="note"\r\n\r\n{NOTE}\r\n'
    f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="patient"; filename="patient.json"\r\n'
    f"content-type: application/fhir+json\r\n\r\n{json.dumps(PATIENT)}\r\n--{BOUNDARY}--\r\n"
)
BODIES = {
    "fhir": ("/fhir", "application/fhir+json", json.dumps(PATIENT)),
    "hl7": ("/hl7", HL7, f"{ADT}NTE|1||{NOTE}\r"),
    "x12": ("/x12", "application/edi-x12", X12),
    "xml": (
        "/xml",
        "application/xml",
        f"<order><customer>Zelnik Abelard</customer><note by='{MAIL}'>{NOTE}</note></order>",
    ),
    "form": (
        "/form",
        "application/x-www-form-urlencoded",
        f"customer=Zelnik+Abelard&note={NOTE.replace(' ', '+').replace('@', '%40')}",
    ),
    "multipart": ("/parts", f"multipart/form-data; boundary={BOUNDARY}", PARTED),
    "csv": ("/csv", "text/csv", f"customer;note\nZelnik Abelard;{NOTE}\n"),
    "fixed": ("/fixed", "text/plain", f"{'Zelnik Abelard':<20}{NOTE:<60}\n"),
}
"""Format → path, media type, and a body in which a person stands where only the format tells of it, and an address in
running text."""
MASKED_OUT = (
    "p, 290, role:user, class:phi, zone:cloud, *, purpose:*, contract:baa, allow, redact, phi-masked, "
    '"Health text goes to the cloud masked."',
    "p, 206, role:user, class:phi, zone:cloud, receive, purpose:*, always, allow, redact, phi-back-masked, "
    '"Health text comes to callers in the cloud masked."',
)


def every_format(tmp_path: Path, *lines: str) -> dict[str, Any]:
    mapping = "".join(FIELDS.format(name, places) for name, places in PLACES.items())
    routes = [f"POST {path}" for path in dict.fromkeys(path for path, _, _ in BODIES.values())]
    section = mapped(tmp_path, "every.toml", mapping, *lines)
    return {"agents": agents(routes=routes, mapping="every.toml"), "policy": section}


def names_nobody(*texts: str) -> bool:
    return not any(name in text.lower() for text in texts for name in ("zelnik", "abelard", MAIL))


@pytest.mark.parametrize("name", BODIES)
async def test_what_stands_in_a_format_is_found_in_request_and_answer_and_masked_in_both(
    sqlite_settings: Settings, tmp_path: Path, name: str
) -> None:
    path, kind, body = BODIES[name]
    async with system(sqlite_settings, **every_format(tmp_path, *MASKED_OUT)) as site:
        seen = site.agents["sky"].behave = Seen(body.encode())
        seen.headers = [(b"content-type", kind.encode())]
        key = await site.key("clinician", zone="cloud")
        headers = {"authorization": f"Bearer {key}", "content-type": kind, "x-purpose": "TREAT", "x-route": "exact"}
        answer = await site.http.post(f"/agents/sky{path}", content=body, headers=headers)
        assert (answer.status_code, answer.headers["x-decision"]) == (200, "redact"), answer.text
        ((_, sent),) = site.agents["sky"].received
        assert names_nobody(sent.decode(), answer.text)
        for left in (sent.decode(), answer.text):
            assert "[PERSON]" in left.replace("%5B", "[").replace("%5D", "]")
        intent, end = trail = await site.trail(answer.headers["x-exchange-id"])
        for found in (intent["classes"]["found"], end["classes"]["found"]):
            assert "phi" in found
        assert names_nobody(json.dumps(trail))


@pytest.mark.parametrize("name", BODIES)
async def test_what_stands_in_a_format_decides_where_it_goes(
    sqlite_settings: Settings, tmp_path: Path, name: str
) -> None:
    path, kind, body = BODIES[name]
    async with system(sqlite_settings, **every_format(tmp_path)) as site:
        for agent in site.agents.values():
            seen = agent.behave = Seen(body.encode())
            seen.headers = [(b"content-type", kind.encode())]
        answer = await post(site, f"/agents/sky{path}", body, kind)
        assert (answer.status_code, answer.headers["x-routed-agent"]) == (200, "ward"), answer.text
        assert answer.text == body
        assert [sent for _, sent in site.agents["ward"].received] == [body.encode()]
        assert not site.agents["sky"].received
        exact = await post(site, f"/agents/sky{path}", body, kind, **{"x-route": "exact"})
        assert exact.status_code == 403
        far = await site.key("clinician", zone="cloud")
        headers = {"authorization": f"Bearer {far}", "content-type": kind, "x-purpose": "TREAT"}
        withheld = await site.http.post(f"/agents/ward{path}", content=body, headers=headers)
        assert (withheld.status_code, names_nobody(withheld.text)) == (403, True), withheld.text
