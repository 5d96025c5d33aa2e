"""Control frameworks are read strictly: whatever is not a question that the audit API knows is refused by file and
field, and what was written is never repeated."""

from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import ConfigurationError
from gateway.core.finding import CLASSES
from gateway.evidence.figures.endings import ending_of
from gateway.evidence.figures.needs import Need, need_of
from gateway.evidence.figures.provisions import Provisions, Question
from gateway.evidence.figures.seen import Seen
from gateway.exchange.frameworks import FOLDER, MAX_FILES, Framework, load
from gateway.exchange.terms import questions
from gateway.store.search import Filters
from tests.checks.policy.making import SHIPPED
from tests.exchange import recorded

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
ROWS = {
    "hipaa": "164.308(a)(1)(ii)(D) 164.308(a)(3)-(4) 164.308(a)(6) 164.308(a)(7) 164.308(b) 164.312(a)(1)"
    " 164.312(a)(2)(i) 164.312(a)(2)(ii) 164.312(b) 164.312(c)(1) 164.312(d) 164.312(e)(1) 164.316(b)(2)(i)"
    " 164.402-410 164.502(b) 164.528",
    "gdpr": "5(1)(c) 5(1)(e) 5(2) 15-20 16 17 18 25 28-30 32 33-34 35 44-49",
    "eu-ai-act": "12(1) 12(2) 12(3) 14 19 26(6)",
    "soc2": "CC6.1 CC6.2 CC6.3 CC6.6 CC6.7 CC7.1 CC7.2 CC7.3 CC7.4 CC7.5",
    "pci-dss": "10.2.1.1 10.2.1.2 10.2.1.3 10.2.1.4 10.2.1.5 10.2.1.6 10.2.1.7 10.2.2 10.3 10.4 10.5.1 10.6 10.7",
}
"""What every installation is told of, framework by framework."""


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
        ({"sections": f'["{SECRET}"]'}, r"provision\[0\].sections: must be some of coverage"),
        ({"sections": '["flows", "flows"]'}, "each once"),
        ({"needs": f'["actor", "{SECRET}"]'}, r"provision\[0\].needs\[1\]: must be a field of the envelope"),
        ({"needs": '["actor", "actor"]'}, "at most 32 fields, each once"),
        ({"lacks": '"two\\nlines"'}, r"provision\[0\].lacks"),
        ({"query": None, "lacks": '"Elsewhere."'}, "neither columns, needs nor standing"),
        (
            {"query": None, "columns": None, "needs": '["actor"]', "lacks": '"Elsewhere."'},
            "neither columns, needs nor standing",
        ),
        ({"query": None, "columns": None, "lacks": '"Elsewhere."'}, "at least one that asks for records"),
        ({"query": None}, "either query, or everything"),
        ({"query": None, "columns": None}, "either query, or everything = true, or lacks alone"),
        ({"query": None, "needs": '["audit.read: actor"]'}, "either query, or everything"),
        ({"query": None, "columns": None, "standing": "true"}, "either query, or everything"),
        (
            {"query": None, "columns": None, "needs": '["audit.read: actor"]', "lacks": '"Elsewhere."'},
            "neither columns, needs nor standing where nothing is asked for: no query",
        ),
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
        ({"standing": "true"}, r"provision\[0\].standing: must stand with a query for one of key.created"),
        (
            {"standing": "true", "query": '[{event = "key.created"}]', "sections": '["callers"]'},
            r"provision\[0\].sections: must name standing, which",
        ),
        (
            {"standing": "true", "query": '[{event = "key.created"}]', "sections": '["subjects"]'},
            r"provision\[0\].sections: must name standing, which",
        ),
        (
            {"standing": "true", "query": '[{event = "subject.erasure"}]', "sections": '["callers"]'},
            r"provision\[0\].sections: must name standing or subjects, which",
        ),
        (
            {"standing": "true", "query": '[{event = "incident.opened"}]', "sections": '["subjects"]'},
            r"provision\[0\].sections: must name standing or incidents, which",
        ),
        (
            {
                "standing": "true",
                "query": '[{event = "incident.opened"}, {event = "alert.review_overdue"}]',
                "sections": '["incidents", "callers"]',
            },
            r"provision\[0\].sections: must name standing, which",
        ),
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
    assert set(found) == {"eu-ai-act", "gdpr", "hipaa", "pci-dss", "soc2"}
    assert any(one.queries == (Filters(),) for one in found["hipaa"].provisions)
    for framework, ids in ROWS.items():
        there = {one.id for one in found[framework].provisions}
        assert set(ids.split()) <= there, framework


def test_a_provision_may_say_what_goes_with_it_what_it_needs_and_what_is_lacking() -> None:
    more = {"sections": '["trail"]', "needs": '["actor", "detail.query"]', "lacks": '"The sign-off is on paper."'}
    alone = {"id": '"8"', "report": None, "columns": None, "query": None, "lacks": '"Drills are elsewhere."'}
    (found,) = read(toml(None, more, alone))
    first, second = found.provisions
    assert (first.sections, first.needs, first.lacks) == (
        ("trail",),
        ("actor", "detail.query"),
        "The sign-off is on paper.",
    )
    assert (second.queries, second.columns, second.lacks) == ((), (), "Drills are elsewhere.")


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
def test_nothing_else_is_raised_whatever_a_file_holds(data: bytes) -> None:
    for whole in (data, toml() + b"\n" + data):
        with suppress(ConfigurationError):
            read(whole)


@cache
def shipped() -> dict[str, Question]:
    """Framework and provision → the question that it asks, of those that ship."""
    members = {f"{FOLDER}{path.name}": path.read_bytes() for path in (SHIPPED / "frameworks").glob("*.toml")}
    asked = [one for framework in load(members, classes=CLASSES, zones=()) for one in questions(framework)]
    return {f"{one.framework} {one.id}": one for one in asked}


def answered(question: Question, records: Iterable[Seen]) -> dict[str, Any]:
    made = Provisions([question])
    for one in records:
        made.feed(one)
    return made.document()[0]


_START = "a start takes a version from the policy directory, and nobody is named"
_NO_TLS = "the caller's connection is without TLS, as the operator has it"
_PLAIN = "the operator's agent, or a callback's destination, is spoken to over plain HTTP"
UNHELD = {
    "policy.activated: actor": _START,
    "any: policy.activated: actor": _START,
    "agent_version | model where agent": "the operator registers neither",
    "region where agent": "the operator gives the zone none",
    "purpose": "the caller's credential allows none",
    "exchange.requested | exchange.denied: detail.tls": _NO_TLS,
    "exchange.completed: detail.agent_tls where found": _PLAIN,
    "any: exchange.completed | task.callback_failed: detail.agent_tls where outcome.unanswered": _PLAIN,
    "any: task.callback_delivered | task.callback_failed: detail.agent_tls where outcome.status": _PLAIN,
    "exchange.requested: detail.destination where agent": "the agent fetches its requests: who did is in the outcome",
    "exchange.requested | exchange.attempted: detail.subjects where agent": "the caller names nobody",
}
"""Needs that not every record of a gateway holds, and why not."""


def test_records_that_the_gateway_writes_hold_whatever_a_provision_needs() -> None:
    """As it writes them: each need is held by every record that it is asked of, of whatever shape."""
    for name, question in shipped().items():
        told = answered(question, recorded.records())
        if not question.queries:
            assert (told["state"], told["reasons"]) == ("not evidenced", [question.lacks]), name
            continue
        counts = {need: (held, asked) for need, asked, held, _ in told["needs"] if not need.startswith("some: ")}
        short = {need: (held, asked) for need, (held, asked) in counts.items() if held < asked}
        assert set(short) <= set(UNHELD), (name, short)
        assert [need for need, _, held, _ in told["needs"] if not held] == [], name
        reasons = [f"{need}: in {held} of {asked} records" for need, (held, asked) in short.items()]
        if question.standing and any(map(ending_of, question.needs)):  # nobody has said what was open before
            needs = filter(None, map(ending_of, question.needs))
            reasons += [f"{need.kind.words} of before the period were not looked at" for need in needs]
        assert told["reasons"] == reasons + ([question.lacks] if question.lacks else []), name
        assert told["state"] == ("in part" if told["reasons"] else "supported"), name


def test_what_a_need_is_not_held_for_is_still_so() -> None:
    told = [row for question in shipped().values() for row in answered(question, recorded.records())["needs"]]
    assert {need for need, asked, held, _ in told if held < asked and not need.startswith("some: ")} == set(UNHELD)


def test_one_record_is_enough_only_for_who_runs_an_agent() -> None:
    """A form that hides what others lack is for what not every record can hold."""
    some = {need for question in shipped().values() for need in question.needs if need.startswith("some: ")}
    assert some == {"some: processor"}


def test_every_provision_that_ships_names_the_sections_that_tell_of_it() -> None:
    assert [name for name, question in shipped().items() if not question.sections] == []


def test_every_event_that_a_provision_asks_for_is_one_that_the_gateway_writes() -> None:
    asked = {query["event"] for one in shipped().values() for query in one.queries if "event" in query}
    assert asked <= {one.envelope.event for one in recorded.records()}


def _of_fields(question: Question) -> list[Need]:
    """Its needs, without those of cases, which no record answers alone."""
    return [need_of(need) for need in question.needs if ending_of(need) is None]


def _holding(alone: Question, need: Need) -> list[Seen]:
    """The records that the one need of a question is asked of and that have what it needs."""
    events: set[str | None] = {*need.events} or {query.get("event") for query in alone.queries}
    found = [one for one in recorded.records() if None in events or one.envelope.event in events]
    rows = ((one, answered(alone, [one])["needs"]) for one in found)
    return [one for one, needs in rows if any(row[1] for row in needs) and needs[0][2]]


def test_where_one_record_lacks_what_is_needed_a_provision_is_supported_in_part_and_says_of_how_many() -> None:
    checked = 0
    for name, question in shipped().items():
        for need in _of_fields(question):
            alone = msgspec.structs.replace(question, needs=(need.text,), lacks="")
            records = _holding(alone, need)
            assert answered(alone, records)["state"] == "supported", (name, need)
            changed = [recorded.lacking(records[0], need), *records[1:]]
            told = answered(alone, changed)
            held, asked = (0, len(records)) if need.mode == "some" else (len(records) - 1, len(records))
            if need.mode == "some":
                told = answered(alone, [recorded.lacking(one, need) for one in records])
            assert told["state"] == "in part", (name, need)
            means = ": whoever was sent something is in-house, or was registered without one" * (need.mode == "some")
            assert told["reasons"] == [f"{need.text}: in {held} of {asked} records{means}"], (name, need)
            assert (told["records"], told["needs"]) == (len(records), [[need.text, asked, held, 0]]), (name, need)
            checked += 1
    assert checked > 100


def test_a_detail_that_was_deleted_is_told_apart_from_a_field_that_was_never_recorded() -> None:
    checked = 0
    for name, question in shipped().items():
        for need in _of_fields(question):
            if not all(path.startswith("detail.") for path in need.fields):
                continue
            alone = msgspec.structs.replace(question, needs=(need.text,), lacks="")
            records = _holding(alone, need)
            told = answered(alone, [*records, recorded.closed(records[0])])
            held = len(records)
            assert told["needs"] == [[need.text, held + 1, held, 1]], (name, need)
            assert told["reasons"] == [f"{need.text}: in {held} of {held + 1} records (the details of 1 are deleted)"]
            checked += 1
    assert checked > 15


@pytest.mark.parametrize("provision", ["hipaa 164.312(d)", "soc2 CC6.1", "pci-dss 10.2.2", "gdpr 5(1)(c)"])
def test_an_installation_whose_callers_have_api_keys_alone_is_supported(provision: str) -> None:
    """Records of a gateway that no issuer of tokens is configured for: none names one."""
    own = [one for one in recorded.records() if one.envelope.event.startswith(("exchange.", "auth."))]
    plain = [one for one in own if one.detail is None or one.detail.issuer is None]
    assert len(plain) < len(own)
    told = answered(shipped()[provision], plain)
    assert (told["state"], told["reasons"]) == ("supported", [])


def test_without_records_of_what_it_asks_for_a_provision_is_not_evidenced() -> None:
    for name, question in shipped().items():
        told = answered(question, ())
        assert told["state"] == "not evidenced", name
        nothing = "no record of the period is of what is asked for"
        if question.standing:
            nothing += "; what stood before it was not looked at"
        assert told["reasons"][-1] == (question.lacks or nothing), name


def test_a_need_may_name_an_event_that_its_provision_asks_for_and_no_other() -> None:
    (found,) = read(toml(None, {"needs": '["audit.read: detail.query"]'}))
    assert found.provisions[0].needs == ("audit.read: detail.query",)
    (found,) = read(toml(None, {"query": None, "everything": "true", "needs": '["key.created: actor"]'}))
    assert found.provisions[0].needs == ("key.created: actor",)
    with pytest.raises(ConfigurationError, match=r"provision\[0\].needs\[0\]: must name events that queries"):
        read(toml(None, {"needs": '["key.created: actor"]'}))
    with pytest.raises(ConfigurationError, match=r"needs\[0\]: must name events"):
        read(toml(None, {"needs": '["any: audit.read | key.created: actor"]'}))
