"""A mapping file says in one way how bodies are laid out; what is wrong in it is named with its place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.formats.labels import Labels
from gateway.agents.formats.layout import Column, Layout, Marking
from gateway.agents.formats.mapping import Mapped, load, words_of
from gateway.core.errors import ConfigurationError

GOOD = """
[[route]]
route = "POST /charges"
[route.request]
format = "csv"
charset = "iso-8859-1"
delimiter = ";"
quote = ""
header = true
health = true
[route.request.fields]
Patient = "person"
remark = ["label:diagnosis", "class:phi"]
[route.answer]
format = "fixed"
record = 40
columns = [{name = "amount", start = 21, length = 8}, {name = "patient", start = 1, length = 20, is = "person"}]

[[route]]
route = "PUT /notes/{id}"
request = {format = "json", fields = {"/patient/*/name" = "person"}}
"""


def one(text: str) -> Layout:
    (mapped,) = load(f'[[route]]\nroute = "POST /x"\n[route.request]\n{text}'.encode(), "m.toml")
    assert mapped.request is not None
    return mapped.request


def test_a_file_becomes_layouts_of_routes() -> None:
    charges, notes = load(GOOD.encode(), "m.toml")
    assert charges.request == Layout(
        format="csv",
        charset="iso-8859-1",
        health=True,
        delimiter=";",
        quote="",
        header=True,
        fields={"patient": Marking("person"), "remark": Marking("x-declared-phi", "diagnosis")},
    )
    assert charges.answer == Layout(
        format="fixed",
        record=40,
        columns=(
            Column(name="patient", start=0, length=20, marking=Marking("person")),
            Column(name="amount", start=20, length=8),
        ),
    )
    assert isinstance(notes, Mapped)
    assert notes.answer is None
    assert notes.request is not None
    assert isinstance(notes.request.labels, Labels)
    assert notes.request.labels.parts({"patient": [{"name": "Ann"}]})[-1].known == "person"
    assert words_of((charges, notes)) == {"person", "x-declared-phi"}


@pytest.mark.parametrize(
    ("format_", "name"),
    [
        ("hl7", "PID-5"),
        ("hl7", "ZPI-12.3"),
        ("x12", "NM103"),
        ("x12", "HI01-2"),
        ("xml", "//a/*/@b"),
        ("fhir", "/name/*/family"),
        ("form", "first name"),
        ("csv", "3"),
    ],
)
def test_each_format_has_its_own_names_of_places(format_: str, name: str) -> None:
    assert one(f'format = "{format_}"\nfields = {{"{name}" = "person"}}').fields == {name: Marking("person")}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('format = "pdf"', "Invalid enum value"),
        ('format = "csv"\nsheet = 1', "unknown field"),
        ('format = "csv"\ncharset = "utf-7"', r"route\[0\].request.charset must be one of"),
        ('format = "json"\ncharset = "utf-8"', "always UTF-8"),
        ('format = "xml"\ndelimiter = ";"', "delimiter is for format csv alone"),
        ('format = "csv"\ncolumns = [{name = "a", start = 1, length = 1}]', "columns is for format fixed alone"),
        ('format = "csv"\ndelimiter = ";;"', "one character"),
        ('format = "csv"\ndelimiter = "\\n"', "neither a line end"),
        ('format = "csv"\nquote = ","', "another one"),
        ('format = "fixed"', "columns must list"),
        ('format = "fixed"\nfields = {a = "person"}', "say themselves"),
        ('format = "fixed"\ncolumns = [{name = "a", start = 0, length = 1}]', "must start at 1"),
        (
            'format = "fixed"\ncolumns = [{name = "a", start = 1, length = 5}, {name = "b", start = 5, length = 1}]',
            "not overlap",
        ),
        ('format = "fixed"\nrecord = 3\ncolumns = [{name = "a", start = 1, length = 5}]', "within the record"),
        ('format = "fixed"\nrecord = 0\ncolumns = [{name = "a", start = 1, length = 5}]', "record must lie"),
        ('format = "hl7"\nfields = {PID5 = "person"}', r"fields \(number 1\) must be named by SEG-field"),
        ('format = "x12"\nfields = {NM1 = "person"}', "an element"),
        ('format = "xml"\nfields = {"a" = "person"}', "a path"),
        ('format = "json"\nfields = {"a" = "person"}', "a JSON pointer"),
        ('format = "csv"\nfields = {a = "person"}', "without header = true none has a name"),
        ('format = "csv"\nfields = {0 = "person"}', "a column's number from 1"),
        ('format = "csv"\nheader = true\nfields = {a = "Person"}', "must be a finding type"),
        ('format = "csv"\nheader = true\nfields = {a = "class:"}', "must be a finding type"),
        ('format = "csv"\nheader = true\nfields = {a = "kind:x"}', "must be a finding type"),
        ('format = "csv"\nheader = true\nfields = {a = "label:<b>"}', "must be a finding type"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        one(text)
    assert "m.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[route", "not TOML"),
        ("x = 1", "unknown field"),
        ('[[route]]\nroute = "GET /x"', "must say something"),
        ('[[route]]\nroute = "GET /x"\nrequest = {format = "xml"}\n' * 2, "twice"),
    ],
)
def test_a_file_that_is_none_is_refused(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        load(text.encode(), "m.toml")


@settings(max_examples=100)
@given(st.binary(max_size=60))
def test_any_file_is_read_or_refused_by_name(data: bytes) -> None:
    """No file of random bytes says anything of a route."""
    with pytest.raises(ConfigurationError, match=r"^m\.toml"):
        load(data, "m.toml")
