"""Bodies of any type are read by what they declare, and what cannot be read is said to be so."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.content import FORM, Content, charset_of, media_type, read_content, render_content
from gateway.agents.formats.labels import Labels
from gateway.agents.formats.layout import Layout, Marking
from gateway.core.errors import FormatError
from gateway.core.message import Part
from gateway.core.refusal import Refusal

from .formats.test_x12 import ISA
from .support import BOUNDS

UNREADABLE = Part("", "", "unreadable")


def content(body: bytes, content_type: str | None) -> Content:
    result = read_content(body, content_type, BOUNDS)
    assert isinstance(result, Content), result
    return result


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("Application/JSON; charset=utf-8", "application/json"),
        (" text/plain ", "text/plain"),
        ("application/fhir+json;fhirVersion=4.0", "application/fhir+json"),
        (None, ""),
        ("", ""),
        ("json", ""),
        ("text/plain text/html", ""),
        ("a/b/c", ""),
    ],
)
def test_a_media_type_is_read_strictly(given_: str | None, expected: str) -> None:
    assert media_type(given_) == expected


@pytest.mark.parametrize(
    ("body", "kind", "parts"),
    [
        (b"", None, ()),
        (b"", "application/json", ()),
        (b'{"a": "x"}', "application/json", (Part("/a", "a", "name"), Part("/a", "x", "text", "a"))),
        (b'"x"', "application/fhir+json; charset=UTF-8", (Part("", "x"),)),
        ("né".encode(), "text/plain", (Part("", "né"),)),
        (b"a,b", "text/csv; charset=us-ascii", (Part("", "a,b"),)),
        (b"<p>x</p>", "text/html", (Part("", "<p>x</p>"),)),
        (b"<p>&#48;&ouml;</p>", "text/html", (Part("", "<p>&#48;&ouml;</p>"),)),
        (b"<p>J&oumlrg</p>", "text/html", (Part("", "<p>J&oumlrg</p>"), UNREADABLE)),
        (
            b"n=Ann+S&x",
            FORM,
            (Part("form:n", "n", "name"), Part("form:n", "Ann S", "text", "n"), Part("form:x", "x", "name")),
        ),
        (b"x", None, (UNREADABLE,)),
        (b"x", "nonsense", (UNREADABLE,)),
        (b"\x89PNG", "image/png", (UNREADABLE,)),
        (b"x", "application/octet-stream", (UNREADABLE,)),
        (b"\xe9", "text/plain; charset=iso-8859-1", (Part("", "\xe9"),)),
        (b"x", "text/plain; charset=shift_jis", (UNREADABLE,)),
        (b"\x81", "text/plain; charset=windows-1252", (UNREADABLE,)),
        (b"+ADU", "text/plain; charset=utf-8; charset=utf-7", (UNREADABLE,)),
        (b"+ADU", 'text/plain; x="; charset=utf-8"; charset=utf-7', (UNREADABLE,)),
        (b"+ADU", "text/plain; charset = utf-7", (UNREADABLE,)),
        (b"+ADU", "text/plain; charset*=utf-8''utf-7", (UNREADABLE,)),
        (b"\xff", "application/xml", (UNREADABLE,)),
        (
            b"<q>\xe4</q>",
            "text/xml; charset=iso-8859-1",
            (Part("xml:name#1", "q", "name"), Part("xml:q#1", "ä", "text", "q")),
        ),
        (
            b'<?xml version="1.0" encoding="latin1"?><q>\xe4</q>',
            "application/xml",
            (Part("xml:name#1", "q", "name"), Part("xml:q#1", "ä", "text", "q")),
        ),
        (b"{}", "application/fhir+json", ()),
        (b"a=%E9", FORM + "; charset=iso-8859-1", (UNREADABLE,)),
    ],
)
def test_a_body_is_read_by_its_type_or_is_unreadable(body: bytes, kind: str | None, parts: tuple[Part, ...]) -> None:
    assert content(body, kind).parts == parts


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"<a>&x;</a>", "application/xml", "body_malformed"),
        (b"<a", "image/svg+xml", "body_malformed"),
        (b"<?xml version='1.0' encoding='utf-8'?><a/>", "text/xml; charset=latin1", "body_malformed"),
        (b"--b", "multipart/form-data; boundary=b", "body_malformed"),
        (b"PID|1", "application/hl7-v2", "body_malformed"),
        (b"GS*1~", "application/edi-x12", "body_malformed"),
        (b"{", "application/fhir+json", "body_not_json"),
        (b"{", "application/json", "body_not_json"),
        (b'{"a":1,"a":2}', "application/vnd.x+json", "body_duplicate_key"),
        (b"{}", "application/json; charset=utf-16", "media_type"),
        (b"\xff", "text/plain", "body_not_utf8"),
        (b"a=%zz", FORM, "parameter_invalid"),
        (b"a=%ff", FORM, "parameter_invalid"),
        (b"a=\xff", FORM, "parameter_invalid"),
        (b"a=b c", FORM, "parameter_invalid"),
        (b"a&" * 1000, FORM, "parameter_invalid"),
    ],
)
def test_a_body_that_breaks_the_rules_of_its_type_is_refused(body: bytes, kind: str, code: str) -> None:
    result = read_content(body, kind, BOUNDS)
    assert isinstance(result, Refusal)
    assert result.code == code


@pytest.mark.parametrize(
    ("body", "kind", "masked", "expected"),
    [
        (b'{"a": "x",  "b": 1.50}', "application/json", {"/a": "[M]"}, b'{"a":"[M]","b":1.50}'),
        (b'"x"', "application/json", {"": "[M]"}, b'"[M]"'),
        (b"x", "text/plain", {"": "é[M]"}, "é[M]".encode()),
        (b"a=1&b=%41&c", FORM, {"form:a": "[M] &"}, b"a=%5BM%5D+%26&b=%41&c"),
        (b' {"a": "x"}', "application/json", {}, b' {"a": "x"}'),
        (b"<a> \xe4 </a>", "text/xml; charset=latin1", {"xml:a#1": "<\xe4>"}, b"<a>&lt;\xe4&gt;</a>"),
        (b"\xe4", "text/plain; charset=latin1", {"": "[\xe4]"}, b"[\xe4]"),
        (b"MSH|^|x\r", "text/hl7v2", {"hl7:1:MSH-3.1": "[M]"}, b"MSH|^|[M]\r"),
    ],
)
def test_a_mask_changes_its_place_and_nothing_else(
    body: bytes, kind: str, masked: dict[str, str], expected: bytes
) -> None:
    read = content(body, kind)
    assert render_content(body, read.form, read.document, masked) == expected


@pytest.mark.parametrize(
    ("body", "kind", "masked"),
    [
        (b'{"a": 1}', "application/json", {"/a": "x"}),
        (b"x", "text/plain", {"/a": "x"}),
        (b"a=1", FORM, {"form:b": "x"}),
        (b"\x89", "image/png", {"": "x"}),
        (b"<a>x</a>", "text/xml", {"": "x"}),
        (b"\xe4", "text/plain; charset=latin1", {"": "\u20ac"}),
    ],
)
def test_a_mask_without_its_place_is_never_lost(body: bytes, kind: str, masked: dict[str, str]) -> None:
    read = content(body, kind)
    with pytest.raises(FormatError):
        render_content(body, read.form, read.document, masked)


KINDS = ["application/json", "application/fhir+json", FORM, "text/plain", "text/xml", "text/hl7v2", "image/png", None]


@settings(max_examples=100)
@given(st.binary(max_size=40), st.sampled_from(KINDS))
def test_any_body_of_any_type_is_read_or_refused(body: bytes, kind: str | None) -> None:
    result = read_content(body, kind, BOUNDS)
    assert isinstance(result, Refusal) or not body or result.parts or result.document is not None or kind == FORM


SENT = (
    b'--b\r\nContent-Disposition: form-data; name="who"\r\n\r\nAnn\r\n'
    b'--b\r\nContent-Disposition: form-data; name="doc"; filename="Roe.json"\r\nContent-Type: application/json\r\n\r\n'
    b'{"a": "x"}\r\n'
    b'--b\r\nContent-Disposition: form-data; name="scan"; filename="s.png"\r\nContent-Type: image/png\r\n\r\n\x89\r\n'
    b"--b--\r\n"
)
KIND = "multipart/form-data; boundary=b"


def test_fields_and_files_of_a_form_are_read_each_by_its_own_type() -> None:
    assert content(SENT, KIND).parts == (
        Part("multipart:0", "who", "name"),
        Part("multipart:0:", "Ann", "text", "who"),
        Part("multipart:1", "doc", "name"),
        Part("multipart:1", "Roe.json", "name"),
        Part("multipart:1", "application/json", "name"),
        Part("multipart:1:/a", "a", "name", "doc"),
        Part("multipart:1:/a", "x", "text", "a"),
        Part("multipart:2", "scan", "name"),
        Part("multipart:2", "s.png", "name"),
        Part("multipart:2", "image/png", "name"),
        Part("multipart:2:", "", "unreadable", "scan"),
    )


def test_masks_in_a_form_with_files_change_their_field_alone() -> None:
    read = content(SENT, KIND)
    sent = render_content(SENT, read.form, read.document, {"multipart:0:": "[M]", "multipart:1:/a": "[M]"})
    assert sent == SENT.replace(b"Ann", b"[M]").replace(b'{"a": "x"}', b'{"a":"[M]"}')
    with pytest.raises(FormatError):
        render_content(SENT, read.form, read.document, {"multipart:9:": "[M]"})


@pytest.mark.parametrize(
    ("layout", "body", "part"),
    [
        (Layout(format="csv", fields={"1": Marking("person")}), b"Ann\n", Part("csv:1:1", "Ann", "text", "", "person")),
        (
            Layout(format="csv", charset="ibm037", fields={"1": Marking("person")}),
            b"\xc1\x95\x95",
            Part("csv:1:1", "Ann", "text", "", "person"),
        ),
        (
            Layout(format="form", fields={"a": Marking("person")}),
            b"a=Ann",
            Part("form:a", "Ann", "text", "a", "person"),
        ),
        (
            Layout(format="fhir", labels=Labels({"properties": {"a": {"x-finding-type": "person"}}}, None)),
            b'{"a": "Ann"}',
            Part("/a", "Ann", "text", "a", "person"),
        ),
        (
            Layout(format="json", labels=Labels({"x-data-class": "phi"}, {})),
            b'"ill"',
            Part("", "ill", "text", "", "x-declared-phi"),
        ),
    ],
)
def test_a_declared_layout_counts_whatever_the_media_type_says(layout: Layout, body: bytes, part: Part) -> None:
    result = read_content(body, "application/octet-stream", BOUNDS, layout)
    assert isinstance(result, Content)
    assert part in result.parts
    sent = render_content(body, result.form, result.document, {part.pointer: "[M]"})
    assert any(mask in sent for mask in (b"[M]", "[M]".encode("cp037"), b"%5BM%5D"))


@pytest.mark.parametrize("name", ["json", "fhir", "form", "csv", "hl7"])
def test_a_layout_may_say_that_all_of_it_is_about_health(name: str) -> None:
    body = {"json": b"{}", "fhir": b"{}", "form": b"a=b", "csv": b"a", "hl7": b"MSH|^|x"}[name]
    result = read_content(body, "text/plain", BOUNDS, Layout(format=name, health=True))  # type: ignore[arg-type]
    assert isinstance(result, Content)
    assert "health-term" in {part.known for part in result.parts}


def test_the_charset_parameter_is_told_in_lower_case() -> None:
    assert charset_of('text/plain; CharSet="ISO-8859-1"; x=y') == "iso-8859-1"
    assert charset_of(None) == ""
    assert charset_of('text/plain; charset=""') == ""


PATIENT = b'{"resourceType":"Patient","name":[{"family":"Roe"}]}'
HL7 = b"MSH|^~\\&|A\rPID|1||7701||Roe^Ann\r"
X12 = f"{ISA}GS*HC*S*R*20240101*1253*1*X*005010X222A1~ST*837*0001~NM1*IL*1*ROE~".encode()


@pytest.mark.parametrize(
    ("body", "kind", "text", "known", "read"),
    [
        (PATIENT, "application/json", "Roe", "person", "fhir"),
        (b'{"prefetch":[{"x":' + PATIENT + b"}]}", "application/vnd.hooks+json", "Roe", "person", "fhir"),
        (PATIENT.replace(b"resource", b"\\u0072esource"), "application/json", "Roe", "person", "fhir"),
        (PATIENT.replace(b"Patient", b"Account"), "application/json", "Roe", "", "json"),
        (PATIENT.replace(b"Patient", b"Bucket"), "application/json", "Roe", "", "json"),
        (HL7, "text/plain", "Roe", "person", "hl7"),
        (HL7, "text/csv; charset=iso-8859-1", "7701", "mrn", "hl7"),
        (X12, "text/plain", "ROE", "person", "x12"),
    ],
)
def test_what_is_plainly_of_a_format_is_read_as_that(body: bytes, kind: str, text: str, known: str, read: str) -> None:
    found = content(body, kind)
    assert found.form.kind == read
    (part,) = (part for part in found.parts if part.text == text and part.kind == "text")
    assert part.known == known
    sent = render_content(body, found.form, found.document, {part.pointer: "[P]"})
    assert text.encode() not in sent
    assert b"[P]" in sent


@pytest.mark.parametrize(
    "body",
    [
        b"\x0b" + HL7 + b"\x1c\r",
        b"\xef\xbb\xbf" + HL7,
        b"\r\n" + HL7,
        HL7 + b"and what do you think?\r",
        HL7 + b"NTE|1\n",
        b"FHS|^~\\&|A\rnothing",
        X12 + b"and more",
    ],
)
def test_what_begins_as_a_format_and_is_not_it_is_a_text_that_could_not_be_read(body: bytes) -> None:
    found = content(body, "text/plain")
    assert found.parts == (Part("", body.decode()), UNREADABLE)


@pytest.mark.parametrize("body", [b"MSH is a hormone", b"ISA 315 asks for it", b"FHS||", b"MSH-1 is its first field"])
def test_words_that_begin_like_one_are_words(body: bytes) -> None:
    assert content(body, "text/plain").parts == (Part("", body.decode()),)


def test_what_was_declared_comes_before_what_it_looks_like() -> None:
    declared = read_content(PATIENT, "application/json", BOUNDS, Layout(format="json"))
    assert isinstance(declared, Content)
    assert not [part for part in declared.parts if part.known]


@pytest.mark.parametrize("kind", ["plain", "csv", "tab-separated-values", "markdown", "html", "json", "yaml", "css"])
def test_types_that_are_plain_text_are_read_as_that(kind: str) -> None:
    assert content(b"hello", f"text/{kind}").parts == (Part("", "hello"),)


@pytest.mark.parametrize("kind", ["rtf", "richtext", "enriched", "x-vcard", "directory", "x-unknown", "sgml", "x"])
def test_types_of_text_whose_form_is_another_are_not_read(kind: str) -> None:
    assert content(b"hello", f"text/{kind}").parts == (UNREADABLE,)


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "text/csv; charset=iso-8859-1"])
def test_rtf_is_never_taken_for_words(kind: str) -> None:
    body = b" {\\rtf1\\ansi Card \\'34\\'31}"
    assert content(body, kind).parts == (Part("", body.decode()), UNREADABLE)


VCARD = "BEGIN:VCARD\r\nVERSION:4.0\r\nEMAIL:anna.smi\r\n th@exam\r\n\tple.org\r\nEND:VCARD\r\n"
CALENDAR = "BEGIN:VCALENDAR\nVERSION:2.0\nSUMMARY:an\n na.smith@example.org\nEND:VCALENDAR\n"


@pytest.mark.parametrize(
    ("text", "kind"),
    [(VCARD, "text/vcard"), (VCARD, "text/plain"), (CALENDAR, "text/calendar"), (CALENDAR, "text/plain")],
)
def test_folded_lines_are_read_whole_and_masked(text: str, kind: str) -> None:
    found = content(text.encode(), kind)
    (part,) = found.parts
    assert "anna.smith@example.org" in part.text
    assert render_content(text.encode(), found.form, None, {}) == text.encode()
    after = part.text.replace("anna.smith@example.org", "[EMAIL]")
    assert render_content(text.encode(), found.form, None, {"": after}) == after.encode()
    assert after.splitlines()[0].startswith("BEGIN:V")


@pytest.mark.parametrize(
    "text",
    [
        VCARD.replace("4.0", "2.1"),
        VCARD.replace("VERSION:4.0\r\n", ""),
        VCARD + VCARD.replace("4.0", "2.1"),
        VCARD.replace("VERSION", "NOTE:x\r\nVERSION:2.1\r\nVERSION"),
        CALENDAR.replace("2.0", "1.0"),
        VCARD.replace("\r\n", "\r"),
        "nothing of it",
    ],
)
def test_of_lines_folded_in_another_way_nobody_knows_what_they_say(text: str) -> None:
    assert UNREADABLE in content(text.encode(), "text/vcard").parts
