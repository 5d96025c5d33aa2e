"""Control frameworks are read strictly: whatever is not a question that the audit API knows is refused by file and
field, and what was written is never repeated."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import ConfigurationError
from gateway.core.finding import CLASSES
from gateway.exchange.frameworks import FOLDER, MAX_FILES, Framework, load
from gateway.store.search import Filters
from tests.checks.policy.making import SHIPPED

NAME = f"{FOLDER}own.toml"
ZONES = ("cloud",)
PROVISION = {
    "id": '"7(a)"',
    "title": '"Reading"',
    "text": '"Who read the records."',
    "report": '"records"',
    "columns": '["occurred_at", "actor"]',
    "query": '[{event = "audit.read"}, {decision = "deny", data_class = "phi", zone = "cloud", purpose = "TREAT"}]',
}
HEAD = {"id": '"own"', "title": '"Own"', "text": '"Of our own."'}
SECRET = "quorvix"


def toml(head: dict[str, Any] | None = None, *provisions: dict[str, Any]) -> bytes:
    """A file with the fields given in the place of, or beside, those of one that is right; None leaves one out."""
    lines = [f"{key} = {value}" for key, value in {**HEAD, **(head or {})}.items() if value is not None]
    for one in provisions or ({},):
        lines.append("[[provision]]")
        lines += [f"{key} = {value}" for key, value in {**PROVISION, **one}.items() if value is not None]
    return "\n".join(lines).encode()


def read(data: bytes, name: str = NAME) -> tuple[Framework, ...]:
    return load({name: data, "policy.csv": b"no framework"}, classes=CLASSES, zones=ZONES)


def test_a_provision_becomes_the_questions_that_the_audit_api_is_asked() -> None:
    (found,) = read(toml())
    assert (found.id, found.title, found.text) == ("own", "Own", "Of our own.")
    (provision,) = found.provisions
    assert (provision.id, provision.report, provision.columns) == ("7(a)", "records", ("occurred_at", "actor"))
    assert provision.queries == (
        Filters(event="audit.read"),
        Filters(decision="deny", data_class="phi", zone="cloud", purpose="TREAT"),
    )


def test_everything_is_asked_for_only_where_it_is_said() -> None:
    (found,) = read(toml(None, {"query": None, "everything": "true"}))
    assert found.provisions[0].queries == (Filters(),)


def test_where_there_are_no_files_there_is_no_framework() -> None:
    assert load({"policy.csv": b""}, classes=CLASSES, zones=ZONES) == ()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"id": '"a b"'}, r"provision\[0\].id"),
        ({"id": f'"{"1" * 64}"'}, r"provision\[0\].id"),
        ({"title": '""'}, r"provision\[0\].title"),
        ({"text": '"two\\nlines"'}, r"provision\[0\].text"),
        ({"text": None}, "missing required field `text`"),
        ({"report": f'"{SECRET}"'}, "report: must be one of records, counts"),
        ({"columns": "[]"}, r"provision\[0\].columns: must be some of id, event"),
        ({"columns": '["actor", "actor"]'}, "each once"),
        ({"columns": f'["{SECRET}"]'}, "must be some of"),
        ({"report": '"counts"', "columns": '["exchange"]'}, "must be some of event, actor"),
        ({"query": "[]"}, "either query, or everything"),
        ({"query": None}, "either query, or everything"),
        ({"everything": "true"}, "either query, or everything"),
        ({"query": "[{}]"}, r"query\[0\]: must hold one or more of action"),
        ({"query": f'[{{{SECRET} = "x"}}]'}, "must hold one or more of action"),
        ({"query": '[{event = "audit.read", from = "2026-01-01"}]'}, "a period, persons and agents"),
        ({"query": '[{actor = "somebody"}]'}, "a period, persons and agents"),
        ({"query": '[{agent = "ward"}]'}, "a period, persons and agents"),
        ({"query": '[{event = "audit.read"}, {event = "audit.read"}]'}, "each question once"),
        ({"query": f'[{{event = "{SECRET}"}}]'}, r"query\[0\].event: must be"),
        ({"query": f'[{{decision = "{SECRET}"}}]'}, r"query\[0\].decision: must be one of"),
        ({"query": f'[{{data_class = "{SECRET}"}}]'}, "data_class: must be a class of a g2 line"),
        ({"query": f'[{{zone = "{SECRET}"}}]'}, "zone: must be the id of a"),
        ({"query": f'[{{purpose = "{SECRET}"}}]'}, "purpose: must be an HL7"),
        ({"query": '[{action = ""}]'}, r"query\[0\].action: must be"),
        ({"query": "[{action = 1}]"}, "Expected `str`"),
        ({"query": "[" + '{event = "audit.read"}, ' * 33 + "]"}, "at most 32"),
        ({SECRET: "1"}, "must hold no other fields"),
    ],
)
def test_what_is_no_question_is_refused_by_file_and_field(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as refused:
        read(toml(None, changed))
    assert str(refused.value).startswith(f"{NAME}: ")
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (toml({"id": '"other"'}), "id: must be the name of the file"),
        (toml({"title": f'"{"x" * 201}"'}), "title: must be one line"),
        (toml({"text": '"\\u202e\\u2028"'}), "text: must be one line"),
        (toml(None, {}, {}), r"provision\[1\].id: must be another"),
        (b'id = "own"\ntitle = "x"\ntext = "x"\nprovision = []', "1 to 256 tables"),
        (toml({SECRET: "1"}), "must hold no other fields"),
        (b"\xff", "must be TOML"),
        (b"x = ", "must be TOML"),
        (b'id = "own"\nid = "own"', "must be TOML"),
        (b"#" * 262_145, "at most 262144 bytes"),
    ],
)
def test_a_file_that_is_no_framework_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as refused:
        read(data)
    assert SECRET not in str(refused.value)


def test_other_files_and_too_many_are_refused() -> None:
    for name in (f"{FOLDER}own.csv", f"{FOLDER}sub/own.toml", f"{FOLDER}Own.toml"):
        with pytest.raises(ConfigurationError, match=name):
            read(toml(), name)
    with pytest.raises(ConfigurationError, match="at most 32 files"):
        load({f"{FOLDER}f{number}.toml": toml() for number in range(MAX_FILES + 1)}, classes=CLASSES, zones=ZONES)


def test_the_frameworks_that_ship_are_read_in_every_installation() -> None:
    members = {f"{FOLDER}{path.name}": path.read_bytes() for path in (SHIPPED / "frameworks").glob("*.toml")}
    found = {one.id: one for one in load(members, classes=CLASSES, zones=())}
    assert set(found) == {"gdpr", "hipaa"}
    assert any(one.queries == (Filters(),) for one in found["hipaa"].provisions)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
def test_nothing_else_is_raised_whatever_a_file_holds(data: bytes) -> None:
    for whole in (data, toml() + b"\n" + data):
        with suppress(ConfigurationError):
            read(whole)
