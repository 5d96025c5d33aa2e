"""FHIR in XML is known by its elements as it is in JSON, wherever in a document it stands."""

from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from gateway.agents.formats.document import Reading, rewrite
from gateway.agents.formats.fhir import parts
from gateway.agents.formats.fhir_xml import NAMESPACE
from gateway.agents.formats.layout import Layout
from gateway.agents.formats.xml import read

from ..support import BOUNDS
from .support import known, masked, reading, texts
from .test_fhir import BUNDLE, CONDITION, LAYOUT, PATIENT

XML = Layout(format="xml")
DIV = PATIENT["text"]["div"]
ABSENT = (
    '><extension url="http://hl7.org/fhir/StructureDefinition/data-absent-reason"><valueCode value="masked"/>'
    "</extension></"
)


def element(name: str, value: Any, prefix: str = "") -> str:
    """A member of a resource in JSON as the element that it is in XML (§2.6.1)."""
    if isinstance(value, list):
        return "".join(element(name, one, prefix) for one in value)
    if name == "div":
        return str(value)
    name = f"{prefix}{name}"
    if not isinstance(value, dict):
        return f"<{name} value={quoteattr(str(value))}/>"
    if "resourceType" in value:
        return f"<{name}>{resource(value, prefix=prefix)}</{name}>"
    address = f" url={quoteattr(value['url'])}" if "url" in value and "xtension" in name else ""
    within = {key: item for key, item in value.items() if not (key == "url" and address)}
    return f"<{name}{address}>{''.join(element(key, item, prefix) for key, item in within.items())}</{name}>"


def resource(document: dict[str, Any], declared: str = "", prefix: str = "") -> str:
    name = f"{prefix}{document['resourceType']}"
    within = "".join(element(key, item, prefix) for key, item in document.items() if key != "resourceType")
    return f"<{name}{declared}>{within}</{name}>"


def whole(document: dict[str, Any]) -> str:
    return resource(document, f' xmlns="{NAMESPACE}"')


def found_in(text: str) -> Reading:
    return reading(read(text, XML, BOUNDS))


@pytest.mark.parametrize("document", [PATIENT, CONDITION, BUNDLE])
def test_elements_are_what_they_are_in_json(document: dict[str, Any]) -> None:
    assert known(found_in(whole(document)).parts) == known(tuple(parts(document, LAYOUT, BOUNDS)))


@pytest.mark.parametrize(
    "text",
    [
        whole(PATIENT),
        resource(PATIENT, f' xmlns:f="{NAMESPACE}"', "f:"),
        f'<s:Envelope xmlns:s="urn:soap" xmlns="{NAMESPACE}"><s:Body>{resource(PATIENT)}</s:Body></s:Envelope>',
        f"<s:Envelope xmlns:s='urn:soap'><s:Body>{whole(PATIENT)}</s:Body></s:Envelope>",
        f'<?xml version="1.0"?><!-- x --><Patient xmlns="&#104;ttp://hl7.org/fhir">{whole(PATIENT)}</Patient>',
    ],
)
def test_it_is_known_by_its_name_space_and_health_data(text: str) -> None:
    found = found_in(text)
    assert known(found.parts)["Annabel"] == "person"
    assert [part.text for part in found.parts if part.pointer.endswith("resource")] == ["Patient"]


@pytest.mark.parametrize(
    "text",
    [
        resource(PATIENT),
        resource(PATIENT, ' xmlns="urn:other"'),
        resource(PATIENT, f' xmlns:f="{NAMESPACE}"'),
        f'<f:x xmlns:f="{NAMESPACE}"/>',
        f'<a xmlns="{NAMESPACE}"><b xmlns="urn:other"><Patient><name><family value="Roe"/></name></Patient></b></a>',
    ],
)
def test_what_only_looks_like_it_is_xml_like_any_other(text: str) -> None:
    assert not known(found_in(text).parts)


def test_resources_that_are_about_nobody_are_no_health_data() -> None:
    found = found_in(whole({"resourceType": "Organization", "name": "Salem Clinic"}))
    assert not [part for part in found.parts if part.known == "health-term"]


def test_it_stays_fhir_when_it_is_masked() -> None:
    text = whole(PATIENT)
    found = found_in(text)
    assert '<family value="[MASKED-IT]"/>' in masked(text, found, "Roe")
    assert f"<birthDate {ABSENT}birthDate>" in masked(text, found, "1967-08-24")
    prefixed = resource(PATIENT, f' xmlns:f="{NAMESPACE}"', "f:")
    instead = ABSENT.replace("<ext", "<f:ext").replace("<val", "<f:val").replace("</ext", "</f:ext")
    assert f"<f:birthDate {instead}f:birthDate>" in masked(prefixed, found_in(prefixed), "1967-08-24")
    for one in (text, prefixed):
        again = found_in(rewrite(one, found_in(one), dict.fromkeys(found_in(one).slots, "x")))
        assert not {"Roe", "Annabel", "7701", "1967-08-24", "1 Elm St"} & set(texts(again.parts))


def test_a_date_beside_another_attribute_is_masked_where_it_stands() -> None:
    text = f'<Patient xmlns="{NAMESPACE}"><birthDate id="b1" value="1967-08-24"/></Patient>'
    assert '<birthDate id="b1" value="[MASKED-IT]"/>' in masked(text, found_in(text), "1967-08-24")
    open_ = f'<Patient xmlns="{NAMESPACE}"><birthDate value="1967-08-24"></birthDate></Patient>'
    assert '<birthDate value="[MASKED-IT]"></birthDate>' in masked(open_, found_in(open_), "1967-08-24")


def test_what_machines_follow_is_scanned_and_not_masked() -> None:
    found = found_in(whole(CONDITION))
    kinds = {part.text: part.kind for part in found.parts}
    assert kinds["Patient/p1"] == kinds["http://hl7.org/fhir/sid/icd-10-cm"] == "name"
    assert kinds["Ann B. Roe"] == "text"


@pytest.mark.parametrize(
    "document",
    [
        {"resourceType": "Binary", "contentType": "application/pdf", "data": "JVBERi0="},
        {"resourceType": "Patient", "photo": [{"contentType": "image/png", "data": "iVBORw0KGgo="}]},
        {"resourceType": "Patient", "extension": [{"url": "urn:x", "valueBase64Binary": "iVBORw0KGgo="}]},
    ],
)
def test_attachments_cannot_be_read(document: dict[str, Any]) -> None:
    found = found_in(whole(document))
    assert [part.kind for part in found.parts if part.kind == "unreadable"] == ["unreadable"]
    assert not [part for part in found.parts if part.text in ("JVBERi0=", "iVBORw0KGgo=")]


def test_its_narrative_is_read_as_xhtml() -> None:
    assert "Ann & Roe" in texts(found_in(whole(PATIENT)).parts)
