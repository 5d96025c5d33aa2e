"""Formats of old systems and hospitals: every field, element, attribute, cell and column, by what the standards say
there is, and what stands between them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from gateway.agents.content import Content, read_content, render_content
from gateway.agents.formats.hl7_fields import FIELDS
from gateway.agents.formats.layout import Column, Layout
from gateway.core.message import Part
from gateway.core.refusal import Refusal
from tests.agents.formats.test_x12 import ISA
from tests.extraction.planting import CARD, DENIED, LIMITS, MASKED, UNSCANNED, holds, look

PLANTED = "SSN 536-22-8731 jane.roe@example.com"
FIXED = Layout(
    format="fixed", columns=(Column(name="note", start=2, length=60), Column(name="more", start=70, length=60))
)
SEGMENTS = ("NTE", "OBX", "PV1", "SCH", "TXA", "ZPI", "ZZZ", *dict.fromkeys(segment for segment, _ in FIELDS))
"""HL7 v2: those of which something is known, others, and those that a site makes up."""
WIDEST = 50
"""Fields of a segment; none of the standard's has more."""
ELEMENTS = ("NM1", "N3", "N4", "REF", "DMG", "CLM", "HI", "NTE", "DTP", "SV1", "MSG", "PER", "ZZZ")


def hl7(segment: str) -> str:
    return f"MSH|^~\\&|A|B|C|D|20240101||ADT^A01|1|P|2.9\r{segment}\r"


def x12(segment: str) -> str:
    return f"{ISA}GS*HC*S*R*20240101*1253*1*X*005010X222A1~ST*837*0001~{segment}~SE*3*0001~GE*1*1~IEA*1*000000905~"


def read(text: str, kind: str, layout: Layout | None = None) -> Content:
    found = read_content(text.encode(), kind, LIMITS, layout)
    assert not isinstance(found, Refusal), found
    return found


def becomes(text: str, kind: str, layout: Layout | None = None) -> str:
    """What becomes of a document that somebody is in: and what leaves is a document of its format, without them."""
    content = read(text, kind, layout)
    found, masked = look(content.parts)
    assert found >= {"us-ssn", "email"} or "card" in found, "nothing was found"
    if isinstance(masked, str):
        return masked
    left = render_content(text.encode(), content.form, content.document, masked)
    assert not holds(left)
    # What the format says of a place it says of a placeholder too.
    again = [Part(part.pointer, part.text, part.kind, part.label) for part in read(left.decode(), kind, layout).parts]
    assert not look(again)[0]
    return MASKED


@pytest.mark.parametrize("segment", dict.fromkeys(SEGMENTS))
def test_every_field_of_an_hl7_segment_is_found(segment: str) -> None:
    """All fields of a segment in one message: what one of them kept would leave with it."""
    for form in ("{}", "a^{}", "a&{}", "a~{}", "^^^^^^^{}^b"):
        fields = [form.format(PLANTED)] * WIDEST
        if segment == "OBX":
            fields[1] = ""  # its value would be the datatype of the others: below
        assert becomes(hl7("|".join((segment, *fields))), "application/hl7-v2") == MASKED, form


@pytest.mark.parametrize("segment", ["PID", "ZZZ"])
def test_a_field_of_an_hl7_segment_is_found_by_itself(segment: str) -> None:
    for number in range(1, WIDEST + 1):
        assert becomes(hl7(f"{segment}{'|' * number}{PLANTED}"), "application/hl7-v2") == MASKED, number


HL7: Mapping[str, tuple[str, str]] = {
    "the sender of a message": (f"MSH|^~\\&|{PLANTED}|B|C|D|20240101||ADT^A01|1|P|2.9\r", MASKED),
    "its control id": (f"MSH|^~\\&|A|B|C|D|20240101||ADT^A01|{PLANTED}|P|2.9\r", MASKED),
    "a batch's comment": (f"BHS|^~\\&|A|B|C|D|20240101||x|{PLANTED}\rMSH|^~\\&|A\rBTS|1|{PLANTED}\r", MASKED),
    "a file's comment": (f"FHS|^~\\&|A|B|C|D|20240101||x|{PLANTED}\rMSH|^~\\&|A\rFTS|1|{PLANTED}\r", MASKED),
    "an observation's datatype": (hl7(f"OBX|1|{PLANTED}|a"), MASKED),
    "an observation's text": (hl7(f"OBX|1|TX|a||{PLANTED}"), MASKED),
    "its date": (hl7(f"OBX|1|DT|a||{PLANTED}"), MASKED),
    "a coded one": (hl7(f"OBX|1|CWE|a||a^{PLANTED}^b"), MASKED),
    "escaped in hexadecimal": (hl7(f"NTE|1||\\X{PLANTED.encode().hex()}\\"), MASKED),
    "escaped delimiters around": (hl7(f"NTE|1||a\\F\\{PLANTED}\\S\\b\\.br\\c"), MASKED),
    "between highlights": (hl7(f"NTE|1||\\H\\{PLANTED}\\N\\"), MASKED),
    "an enclosed text": (hl7(f"OBX|1|ED|a||x^TEXT^PLAIN^A^{PLANTED}"), MASKED),
    "a card's number": (hl7(f"GT1|{CARD}"), MASKED),
    "an enclosed file": (hl7("OBX|1|ED|a||x^IM^PNG^Base64^iVBORw0KGgo="), UNSCANNED),
    "a command that is none": (hl7(f"NTE|1||a\\.in{PLANTED}\\b"), UNSCANNED),
    "a change of the character set": (hl7("NTE|1||\x1b$B#5#3#6\x1b(B"), UNSCANNED),
    "an escape of the site's own": (hl7("NTE|1||\\Zab\\"), UNSCANNED),
    "another character set": (hl7("NTE|1||\\C2842\\"), UNSCANNED),
}


@pytest.mark.parametrize("place", [place for place, (_, verdict) in HL7.items() if verdict == MASKED])
def test_what_else_an_hl7_message_holds_is_found(place: str) -> None:
    assert becomes(HL7[place][0], "application/hl7-v2") == MASKED


@pytest.mark.parametrize("place", [place for place, (_, verdict) in HL7.items() if verdict == UNSCANNED])
def test_what_an_hl7_message_holds_that_cannot_be_read_is_unscanned(place: str) -> None:
    assert look(read(HL7[place][0], "application/hl7-v2").parts)[1] == UNSCANNED


@pytest.mark.parametrize("segment", ELEMENTS)
def test_every_element_of_an_x12_segment_is_found(segment: str) -> None:
    """Each by itself: what one of them is depends on what stands in the one before."""
    for number in range(1, 25):
        assert becomes(x12(f"{segment}{'*' * number}{PLANTED}"), "application/edi-x12") == MASKED, number


@pytest.mark.parametrize("segment", ELEMENTS)
def test_every_component_and_repetition_of_an_x12_segment_is_found(segment: str) -> None:
    """All elements of a segment in one document: what one of them kept would leave with it."""
    for form in ("AB:{}", "AB^{}", "AB:{}:x"):
        assert becomes(x12("*".join((segment, *[form.format(PLANTED)] * 24))), "application/edi-x12") == MASKED, form


@pytest.mark.parametrize("element", range(2, 9))
def test_every_element_of_x12s_envelopes_is_found(element: int) -> None:
    group = ["GS", "HC", "S", "R", "20240101", "1253", "1", "X", "005010X222A1"]
    group[element] = PLANTED
    text = f"{ISA}{'*'.join(group)}~ST*837*0001~SE*2*0001~GE*1*1~IEA*1*000000905~"
    assert becomes(text, "application/edi-x12") == MASKED


def test_who_exchanges_by_x12_is_found_and_its_binary_segments_are_unscanned() -> None:
    named = ISA.replace("SUBMITTERS.ID  ", "jo@example.com ")
    assert look(read(x12("NTE*ADD*x").replace(ISA, named), "application/edi-x12").parts)[0] == {"email"}
    assert look(read(x12("BIN*5*AAAAA"), "application/edi-x12").parts)[1] == UNSCANNED


XML: Mapping[str, tuple[str, str]] = {
    "a text": (f"<a><b>{PLANTED}</b></a>", MASKED),
    "a text beside elements": (f"<a>x<b/>{PLANTED}</a>", MASKED),
    "a text cut by a comment": (f"<a>{PLANTED[:10]}<!-- x -->{PLANTED[10:]}</a>", DENIED),
    "an attribute": (f'<a b="{PLANTED}"/>', MASKED),
    "an attribute in single quotes": (f"<a b='{PLANTED}'/>", MASKED),
    "a name space": (f'<a xmlns="urn:{PLANTED}"/>', MASKED),
    "character data": (f"<a><![CDATA[{PLANTED}]]></a>", MASKED),
    "a comment": (f"<a><!-- {PLANTED} --></a>", MASKED),
    "a comment before": (f"<!-- {PLANTED} --><a/>", MASKED),
    "an instruction": (f"<a><?note {PLANTED}?></a>", MASKED),
    "references": ("<a>SSN 536-22-8731 jane.roe&#64;example.com</a>", MASKED),
    "references with zeros before them": (
        "<a>SSN &#0000000000053;36-22-8731 jane.roe&#x0000000040;example.com</a>",
        MASKED,
    ),
    "a clinical document's name": (
        f"<ClinicalDocument><recordTarget><patientRole><patient><name>{PLANTED}</name></patient></patientRole>"
        "</recordTarget></ClinicalDocument>",
        MASKED,
    ),
}


@pytest.mark.parametrize("place", XML)
def test_every_place_of_an_xml_document_is_found(place: str) -> None:
    text, verdict = XML[place]
    assert becomes(text, "application/xml") == verdict


@pytest.mark.parametrize("text", [f"<a><b-{CARD}/></a>", f'<a b-{CARD}="x"/>', f"<a><?b-{CARD} x?></a>"])
def test_names_of_an_xml_document_are_scanned(text: str) -> None:
    parts = read(text, "application/xml").parts
    assert any(str(CARD) in part.text and part.kind == "name" for part in parts)


TABLES: Mapping[str, tuple[str, str, Layout | None, str]] = {
    "a cell": (f"a,b\n1,{PLANTED}\n", "text/csv", Layout(format="csv"), MASKED),
    "a quoted cell": (f'a,b\n1,"x ""{PLANTED}"""\n', "text/csv", Layout(format="csv"), MASKED),
    "a cell with a line end": (f'a,b\n1,"x\n{PLANTED}"\n', "text/csv", Layout(format="csv"), MASKED),
    "a cell too many": (f"a,b\n1,2,{PLANTED}\n", "text/csv", Layout(format="csv", header=True), MASKED),
    "a heading": (f"a,{PLANTED}\n1,2\n", "text/csv", Layout(format="csv", header=True), DENIED),
    "a cell apart by semicolons": (f"a;{PLANTED}\n", "text/csv", Layout(format="csv", delimiter=";"), MASKED),
    "a table that nothing is said of": (f"a,b\n1,{PLANTED}\n", "text/csv", None, MASKED),
    "a column": (f"  {PLANTED}", "text/plain", FIXED, MASKED),
    "what follows the columns": (f"{'x' * 130}{PLANTED}", "text/plain", FIXED, MASKED),
    "the second record": (f"x\n  {PLANTED}", "text/plain", FIXED, MASKED),
}  # fmt: skip


@pytest.mark.parametrize("place", TABLES)
def test_every_place_of_a_table_is_found(place: str) -> None:
    text, kind, layout, verdict = TABLES[place]
    assert becomes(text, kind, layout) == verdict


def test_what_stands_between_columns_is_found() -> None:
    layout = Layout(format="fixed", columns=(Column(name="a", start=0, length=2), Column(name="b", start=60, length=2)))
    assert becomes(f"xx{PLANTED}", "text/plain", layout) == MASKED


def resources() -> Iterator[tuple[str, Any, str]]:
    """Places of FHIR resources: of each datatype, and what stands around them."""
    yield "a name", {"resourceType": "Patient", "name": [{"family": PLANTED, "given": ["x"]}]}, MASKED
    yield "a given name", {"resourceType": "Patient", "name": [{"given": ["x", PLANTED]}]}, MASKED
    yield "an address", {"resourceType": "Patient", "address": [{"line": [PLANTED], "city": "x"}]}, MASKED
    yield "a contact", {"resourceType": "Patient", "telecom": [{"system": "email", "value": PLANTED}]}, MASKED
    yield "an identifier", {"resourceType": "Patient", "identifier": [{"system": "s", "value": PLANTED}]}, MASKED
    yield "its assigner", {"resourceType": "Patient", "identifier": [{"assigner": {"display": PLANTED}}]}, MASKED
    yield "a date", {"resourceType": "Patient", "birthDate": PLANTED}, MASKED
    yield "a concept", {"resourceType": "Condition", "code": {"text": PLANTED}}, MASKED
    yield "a coding", {"resourceType": "Condition", "code": {"coding": [{"display": PLANTED}]}}, MASKED
    yield "a note", {"resourceType": "Condition", "note": [{"text": PLANTED}]}, MASKED
    yield "a reference", {"resourceType": "Observation", "subject": {"reference": f"Patient/{PLANTED}"}}, DENIED
    yield "a reference's words", {"resourceType": "Observation", "subject": {"display": PLANTED}}, MASKED
    yield "an id", {"resourceType": "Patient", "id": PLANTED}, DENIED
    yield "an extension", {"resourceType": "Patient", "extension": [{"url": "u", "valueString": PLANTED}]}, MASKED
    yield "an extension's address", {"resourceType": "Patient", "extension": [{"url": PLANTED}]}, DENIED
    yield (
        "beside a primitive",
        {"resourceType": "Patient", "_birthDate": {"extension": [{"valueString": PLANTED}]}},
        MASKED,
    )
    yield "a contained one", {"resourceType": "Patient", "contained": [{"resourceType": "Basic", "x": PLANTED}]}, MASKED
    yield "one of a bundle", {"resourceType": "Bundle", "entry": [{"resource": {"name": [{"text": PLANTED}]}}]}, MASKED
    yield (
        "a bundle's request",
        {"resourceType": "Bundle", "entry": [{"request": {"url": f"Patient?x={PLANTED}"}}]},
        DENIED,
    )
    yield "a narrative", {"resourceType": "Patient", "text": {"div": f"<div><p>{PLANTED}</p></div>"}}, MASKED
    yield "a narrative's attribute", {"resourceType": "Patient", "text": {"div": f'<div title="{PLANTED}"/>'}}, MASKED
    yield "an attachment's title", {"resourceType": "Media", "content": {"title": PLANTED}}, MASKED
    yield "an element that is not known", {"resourceType": "Patient", "zz": {"deep": [PLANTED]}}, MASKED
    yield "an element's name", {"resourceType": "Patient", PLANTED: "x"}, DENIED
    yield "a resource's type", {"resourceType": PLANTED}, DENIED
    yield "a number", {"resourceType": "Observation", "valueQuantity": {"value": CARD}}, DENIED
    yield "no resource", [PLANTED], MASKED


@pytest.mark.parametrize(("place", "resource", "verdict"), [pytest.param(*one, id=one[0]) for one in resources()])
def test_every_place_of_a_fhir_resource_is_found(place: str, resource: Any, verdict: str) -> None:
    assert becomes(json.dumps(resource), "application/fhir+json") == verdict


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Media", "content": {"contentType": "image/png", "data": "iVBORw0KGgo="}},
        {"resourceType": "Binary", "contentType": "text/plain", "data": "SmFuZQ=="},
        {"resourceType": "Patient", "photo": [{"contentType": "image/png", "data": "iVBORw0KGgo="}]},
        {"resourceType": "Provenance", "signature": [{"sigFormat": "application/jose", "data": "SmFuZQ=="}]},
        {"resourceType": "Patient", "extension": [{"url": "u", "valueBase64Binary": "SmFuZQ=="}]},
        {"resourceType": "Patient", "text": {"div": "<div>not closed"}},
    ],
)
def test_what_a_fhir_resource_holds_that_cannot_be_read_is_unscanned(resource: Any) -> None:
    assert look(read(json.dumps(resource), "application/fhir+json").parts)[1] == UNSCANNED
