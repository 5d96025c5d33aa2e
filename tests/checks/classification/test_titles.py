"""What names a value of JSON: its sibling, the head of its column, the text before it; what does not."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.bodies import walk
from gateway.agents.content import Content, read_content
from gateway.checks.classification.labels import labelled
from gateway.checks.classification.titles import Titles, is_value, may_name
from gateway.core.message import Part
from gateway.core.ports import Bounds
from tests.checks.classification.conftest import ENGINE

BOUNDS = Bounds(body_bytes=1 << 20, answer_bytes=1 << 20, depth=32)
KNOWN = {"mrn", "medicalrecordnumber", "socialsecuritynumber", "dateofbirth"}


def parts_of(document: Any) -> list[Part]:
    parts: list[Part] = []
    walk(document, parts)
    return parts


def found_in(parts: list[Part]) -> list[tuple[str, str]]:
    return [
        (part.text[one.start : one.end], one.type)
        for part, several in zip(parts, ENGINE.scan(parts).parts, strict=True)
        for one in several
    ]


def before(document: Any, text: str) -> str:
    parts = parts_of(document)
    (part,) = (one for one in parts if one.text == text)
    return Titles(parts, KNOWN).of(part) if may_name(part) else ""


@pytest.mark.parametrize(
    ("document", "title"),
    [
        ({"name": "MRN", "value": "4481920"}, "mrn: "),
        ({"value": "4481920", "use": "usual", "name": "MRN"}, "mrn: "),
        ({"key": "patientNumber", "Value": "4481920"}, "patient number: "),
        ({"fieldName": "mrn", "field_value": "4481920"}, "mrn: "),
        ({"attribute_name": "mrn", "attribute_value": "4481920"}, "mrn: "),
        ({"id": "3", "label": "MRN", "val": "4481920"}, "mrn: "),
        ({"question": "What is the MRN?", "answer": "4481920"}, "what is the mrn: "),
        ({"name": "MRN", "values": ["4481920"]}, "mrn: "),
        ({"name": "MRN", "value": 4481920}, "mrn: "),
        ({"identifier": [{"type": {"text": "MRN"}, "value": "4481920"}]}, "identifier mrn: "),
        ({"identifier": [{"type": {"coding": [{"code": "X", "display": "MRN"}]}, "value": "4481920"}]},
         "identifier mrn: "),
        ({"identifier": [{"system": "https://a.example/ids/mrn/", "value": "4481920"}]}, "identifier mrn: "),
        ({"identifier": [{"system": "urn:x:mrn", "value": "4481920"}]}, "identifier mrn: "),
        ({"item": [{"linkId": "7", "text": "MRN", "answer": [{"valueString": "4481920"}]}]}, "mrn: "),
        ({"columns": ["name", "mrn"], "rows": [["Roe", "4481920"]]}, "rows mrn: "),
        ({"columns": [{"name": "name"}, {"name": "mrn"}], "data": [["Roe", "4481920"]]}, "mrn: "),
        ([["name", "mrn"], ["Roe", "1"], ["Poe", "4481920"]], "mrn: "),
        ([["name", "active", "mrn"], ["Roe", True, 4481920]], "mrn: "),
        (["MRN", "4481920"], "mrn: "),
        (["the medical record number", "4481920"], "the medical record number: "),
    ],
)  # fmt: skip
def test_a_value_is_named_by_what_stands_for_its_key(document: Any, title: str) -> None:
    text = "4481920"
    assert before(document, text) == title
    held = json.dumps({"note": "x" * 40, "in": document})
    for parts in (parts_of(document), [Part("/arguments", held), Part("/other", "x")]):
        assert {(text, "mrn"), (text, "patient-number")} & set(found_in(parts)), parts


@pytest.mark.parametrize(
    "document",
    [
        {"name": "4481", "value": "4481920"},
        {"name": "", "value": "4481920"},
        {"value": "4481920"},
        {"name": "MRN", "amount": "4481920"},
        {"text": "4481920"},
        {"one": {"name": "MRN"}, "two": {"value": "4481920"}},
        [["Roe", "Poe"], ["1", "4481920"]],
        [["mrn", "a1"], ["Roe", "4481920"]],
        ["Total", "4481920"],
        ["MRN", "4481921", "4481920"],
        {"columns": [], "rows": [["Roe", "4481920"]]},
        {"columns": ["name"], "rows": [["Roe", "4481920"]]},
        "4481920",
        {"²": "MRN", "³": "4481920"},
        {"9" * 5000: "4481920"},
        {"mrns of " + "x" * 70: 1, "name": {"value": "4481920"}},
    ],
)
def test_what_names_something_else_or_nothing_names_no_value(document: Any) -> None:
    assert before(document, "4481920") == ""


@pytest.mark.parametrize(
    "document",
    [
        "<r><entry><name>MRN</name><value>4481920</value></entry></r>",
        "<r><entry><name>MRN</name><use>a</use><note>b</note><value>4481920</value></entry></r>",
        '<s:Attribute xmlns:s="urn:s" Name="mrn"><s:AttributeValue>4481920</s:AttributeValue></s:Attribute>',
        '<item key="mrn" value="4481920"/>',
        '<r><observation code="mrn">4481920</observation></r>',
    ],
)
def test_a_value_of_xml_is_named_by_what_comes_before_it(document: str) -> None:
    content = read_content(document.encode(), "application/xml", BOUNDS)
    assert isinstance(content, Content)
    assert ("4481920", "mrn") in found_in(list(content.parts))


@pytest.mark.parametrize(
    "document",
    [
        "<r><entry><name>MRN</name><value>yes</value><total>4481920</total></entry></r>",
        '<r><observation code="mrn"/><amount>4481920</amount></r>',
        "<r><name>Total</name><value>4481920</value></r>",
    ],
)
def test_other_values_of_xml_are_not(document: str) -> None:
    content = read_content(document.encode(), "application/xml", BOUNDS)
    assert isinstance(content, Content)
    assert ("4481920", "mrn") not in found_in(list(content.parts))


def test_a_value_of_a_form_is_named_by_the_field_before_it() -> None:
    content = read_content(b"name=MRN&value=4481920&amount=4481921", "application/x-www-form-urlencoded", BOUNDS)
    assert isinstance(content, Content)
    assert [text for text, kind in found_in(list(content.parts)) if kind == "mrn"] == ["4481920"]


@pytest.mark.parametrize(
    "document",
    [
        {"mrn": {"0": "4481920"}},
        {"mrn": {"S": "4481920"}},
        {"mrn": {"$eq": "4481920"}},
        {"mrn": {"eq": "4481920", "use": "x"}},
        {"mrn": {"in": ["7", "4481920"]}},
        {"mrn": {"from": "4481921", "to": "4481920"}},
        {"mrns": ["4481921", "4481920"]},
        {"op": "replace", "path": "/patient/mrn", "value": "4481920"},
        {"field": "mrn", "oldValue": "4481921", "newValue": "4481920"},
        {"schema": {"fields": [{"name": "id"}, {"name": "mrn"}]}, "rows": [{"f": [{"v": "1"}, {"v": "4481920"}]}]},
        {
            "columnMetadata": [{"name": "id"}, {"name": "mrn"}],
            "records": [[{"longValue": 1}, {"stringValue": "4481920"}]],
        },
    ],
)
def test_what_a_value_stands_in_names_it_where_its_key_does_not(document: Any) -> None:
    assert ("4481920", "mrn") in found_in(parts_of(document))
    assert ("4481920", "mrn") in found_in([Part("/arguments", json.dumps(document))])


@pytest.mark.parametrize(
    "document", [{"total": {"0": "4481920"}}, {"0": {"1": "4481920"}}, {"mrn": {"amount": "4481920"}}]
)
def test_what_says_nothing_under_another_word_is_no_more(document: Any) -> None:
    assert ("4481920", "mrn") not in found_in(parts_of(document))


@pytest.mark.parametrize(
    ("asked", "answer", "kind"),
    [
        ("What is your SSN?", "536228731", "us-ssn"),
        ("Thanks, Ann! To go on I need this. Please give me your medical record number:", "4481920", "mrn"),
        ("**What is your account number?**", "it is 44812345", "account"),
        ("And the password?", "hunter2!!", "secret-password"),
        ("Welcher Tag ist Ihr Geburtsdatum?", "22.07.1984", "date-of-birth"),
        ("What is your SSN? I ask for the form.", "536228731", "us-ssn"),
        ("Please give me your SSN.", "536228731", "us-ssn"),
        ("I need your SSN to continue.", "536228731", "us-ssn"),
        ("Kindly share your SSN so that I can verify who you are and go on with it", "536228731", "us-ssn"),
        ("Please provide the MRN.", "88231944", "mrn"),
        ("Please enter your password.", "Zomer2024!", "secret-password"),
        ("Bitte nennen Sie Ihre Kundennummer.", "88231944", "account"),
        ("Veuillez indiquer votre numéro client.", "88231944", "account"),
        ("I need your account number and SSN.", "4410029913 and 536228731", "account"),
        ("How old are you?", "93", "age"),
        ("How old are you?", "I'm 93", "age"),
        ("Wie alt sind Sie?", "93", "age"),
        ("What is your name?", "Zaqueu Brito", "person"),
        ("Wie heißen Sie?", "Zaqueu Brito", "person"),
        ("¿Cómo se llama?", "Zaqueu Brito", "person"),
        ("Please provide your full name and date of birth.", "Zaqueu Brito, 5/2/1984", "person"),
        ("Please provide your full name and date of birth.", "Zaqueu Brito, 5/2/1984", "date-of-birth"),
    ],
)
def test_a_short_answer_is_named_by_the_question_before_it(asked: str, answer: str, kind: str) -> None:
    parts: list[Part] = []
    for index, text in enumerate(("Hello.", asked, answer)):
        parts.append(Part(f"/messages/{index}/content", text))
    assert kind in [found for _, found in found_in(parts)]
    parts = [Part(f"/input/{index}/content/0/text", text) for index, text in enumerate((asked, answer))]
    assert kind in [found for _, found in found_in(parts)]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("How many records are there?", "4481920"),
        ("I have your SSN.", "536228731"),
        ("Please confirm that I do not need your SSN.", "536228731"),
        ("Your account number was updated.", "4500123456"),
        ("Please give me the order number.", "4500123456"),
        ("I updated your SSN. Which order is it?", "4500123456"),
        ("What is the product name?", "Super Glue"),
        ("Please choose a file name.", "Report Final"),
        ("Which company name?", "Acme Widgets"),
        ("How old is the server?", "93"),
        ("How old is the data?", "95"),
        ("Please reset your password.", "done"),
        ("Please enter your password on the login page and tell me what happens.", "It worked!"),
        ("Never share your password.", "Understood!"),
        ("What is your MRN?", "4481920 is what I paid for the whole of the house and all that is in it"),
    ],
)
def test_other_messages_are_no_answers(asked: str, answer: str) -> None:
    parts = [Part(f"/messages/{index}/content", text) for index, text in enumerate((asked, answer))]
    assert {kind for _, kind in found_in(parts)} <= {"phone"}


def test_what_the_value_stands_under_is_said_too() -> None:
    assert before({"phone": [{"type": "account", "value": "4481920"}]}, "4481920") == "phone account: "


def test_keys_that_only_say_that_a_value_stands_under_them() -> None:
    assert all(map(is_value, ("value", "Value", "valueDate", "field_value", "answer", "text", "VALUES")))
    assert not any(map(is_value, ("name", "evaluated", "content", "values_" + "x" * 80, "")))


def test_a_title_beyond_what_is_read_as_words_is_read_from_its_end() -> None:
    asked = "Before we can go on we have to ask for one more thing, please: what is your social security number?"
    parts = parts_of({"question": asked, "answer": "536228731"})
    (found,) = (several for part, several in zip(parts, ENGINE.scan(parts).parts, strict=True) if part.text[0] == "5")
    assert [one.type for one in found] == ["us-ssn"]


_TEXTS = st.sampled_from(["MRN", "4481920", "name", "Roe", "", "1", "what is the mrn?", "é"])
_JSON = st.recursive(
    _TEXTS | st.integers(0, 10**8) | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "value",
                    "type",
                    "text",
                    "columns",
                    "rows",
                    "answer",
                    "coding",
                    "/",
                    "0",
                    "1",
                    "²",
                    "٣",
                    "9" * 5000,
                    "",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(document=_JSON)
@settings(max_examples=200, deadline=None)
def test_any_document_is_read_and_a_title_is_never_part_of_its_text(document: Any) -> None:
    parts = parts_of(document)
    titles = Titles(parts, KNOWN)
    for part in parts:
        title = titles.of(part)
        assert title == "" or title.endswith(": ")
    scan = ENGINE.scan(parts)
    assert len(scan.parts) == len(parts)
    for part, several in zip(parts, scan.parts, strict=True):
        assert all(0 <= one.start < one.end <= len(part.text) for one in several)


def test_what_somebody_wrote_beside_a_value_is_not_remembered() -> None:
    ENGINE.scan(parts_of({"name": "Ann Roe", "value": "4481920"}))
    before = labelled.cache_info().currsize
    ENGINE.scan(parts_of({"name": "Jane Poe", "value": "4481921"}))
    assert labelled.cache_info().currsize == before


def test_what_cannot_be_named_is_read_without_and_leaves_the_message_unscanned(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object, __: object) -> str:
        raise RuntimeError("broken")

    parts = parts_of({"name": "x", "value": "bob@example.com"})
    monkeypatch.setattr(Titles, "of", broken)
    scan = ENGINE.scan(parts)
    assert ("bob@example.com", "email") in found_in(parts)
    assert "unscanned" in scan.classes
    assert ENGINE.scan(parts_of({"name": "x", "value": "y"})).classes == {"unscanned"}
    assert ENGINE.scan(parts_of({"name": "x", "amount": "y"})).scanned == "full"
    held = [Part("/a", json.dumps({"name": "x", "value": "bob@example.com"}))]
    assert ("bob@example.com", "email") in found_in(held)
    assert "unscanned" in ENGINE.scan(held).classes


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"type": "ssn", "number": "536228731"}, "536228731"),
        ({"idType": "SSN", "idNumber": "536228731"}, "536228731"),
        ({"id_type": "SSN", "id_number": "536228731"}, "536228731"),
        ({"documentType": "PASSPORT", "documentNumber": "C01X00T47"}, "C01X00T47"),
        ({"field": "ssn", "old": "536228731", "new": "x"}, "536228731"),
        ({"patient": {"id": "88231944"}}, "88231944"),
        ({"member": {"id": "W88231944"}}, "W88231944"),
        ({"customer": {"first": "Nkechi", "last": "Obiora"}}, "Nkechi"),
        ({"primaryContact": {"first": "Nkechi", "last": "Obiora"}}, "Obiora"),
        ({"row": {"first": "Nkechi", "last": "Obiora"}}, "Obiora"),
        ({"first": "Nkechi", "last": "Obiora", "age": 4}, "Nkechi"),
        ({"tax_id": "536228731"}, "536228731"),
        ({"national_id": "536-22-8731"}, "536-22-8731"),
        ({"ssnum": "536228731"}, "536228731"),
    ],
)
def test_what_says_of_which_kind_a_number_is_names_it(document: Any, text: str) -> None:
    assert text in [value for value, _ in found_in(parts_of(document))]
    for said in (json.dumps(document), json.dumps(document, indent=2)):
        assert text in [value for value, _ in found_in([Part("/a", said)])]


@pytest.mark.parametrize(
    "document",
    [
        {"type": "invoice", "number": "4500123456"},
        {"type": "object", "number": "536228731"},
        {"documentType": "INVOICE", "documentNumber": "4500123456"},
        {"eventType": "ORDER", "eventNumber": "4500123456"},
        {"idType": "SSN", "orderNumber": "4500123456"},
        {"field": "status", "old": "12345678", "new": "22345678"},
        {"order": {"id": "4500123456"}},
        {"plan": {"id": "plan-2024-gold1"}},
        {"policy": {"id": "default-deny-2024"}},
        {"device": {"id": "4500123"}},
        {"tax_id": "txr_4500123456"},
        {"tin": "45001234567"},
    ],
)
def test_a_number_of_another_kind_is_none(document: Any) -> None:
    assert found_in(parts_of(document)) == []
    assert found_in([Part("/a", json.dumps(document))]) == []


@pytest.mark.parametrize(
    "document",
    [
        {"user": {"first": "seen", "last": "never"}},
        {"page": {"first": "Nkechi", "next": "Obiora"}},
        {"links": {"first": "page one", "last": "page nine"}},
        {"page": {"first": 1, "last": 44}},
    ],
)
def test_first_and_last_that_are_no_names_are_none_in_bodies_and_in_texts(document: Any) -> None:
    assert found_in(parts_of(document)) == []
    assert found_in([Part("/a", json.dumps(document))]) == []


def test_a_chat_in_a_body_of_no_protocol_is_one() -> None:
    asked = {"role": "assistant", "content": "Please give me your SSN."}
    parts = parts_of({"messages": [asked, {"role": "user", "content": "536228731"}]})
    assert ("536228731", "us-ssn") in found_in(parts)
