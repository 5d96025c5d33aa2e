"""Records about health data as AuditEvents: valid FHIR R4, as the profiles of BALP ask, and nothing made up."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.evidence import fhir
from gateway.evidence.fhir import DISCLOSURE, PATIENT_READ, AuditEvents
from gateway.ledger.record import ClassesInfo, DecisionInfo, Detail, Envelope, NodeInfo, OutcomeInfo, parse
from tests.golden.records.make import DETAIL

from .making import ORIGIN

GOLDEN = Path(__file__).parent.parent / "golden" / "records"
PHI = ClassesInfo(found=("phi", "pii"), declared=(), inherited=(), floor=())
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def golden(event: str, **changes: Any) -> Envelope:
    return msgspec.structs.replace(parse((GOLDEN / f"{event}.json").read_bytes()), **changes)


def events(envelope: Envelope, detail: Detail | None = DETAIL) -> list[dict[str, Any]]:
    made = [json.loads(fhir.line(one)) for one in AuditEvents(ORIGIN).of(envelope, detail)]
    for one in made:
        check(one)
    return made


def event(envelope: Envelope, detail: Detail | None = DETAIL) -> dict[str, Any]:
    (made,) = events(envelope, detail)
    return made


def check(event: dict[str, Any]) -> None:
    """What FHIR asks, and what the profile that the event claims asks (BALP 1.1.4)."""
    AuditEvent.model_validate_json(json.dumps(event))
    profile = event.get("meta", {}).get("profile", [None])[0]
    agents = {
        code["code"]: agent
        for agent in event["agent"]
        for code in agent["type"]["coding"]
        if agent["type"].get("coding")
    }
    assert set(agents) <= {"110152", "110153", "IRCP"}
    assert event["outcome"] == "0" if profile else event["outcome"] in ("4", "8")
    assert event["action"] == "R"
    for code in ("110152", "110153"):
        assert agents[code]["who"]
        assert agents[code]["network"]
        assert "media" not in agents[code]
    patients = [one for one in event["entity"] if one["type"]["code"] == "1"]
    data = [one for one in event["entity"] if one["type"]["code"] == "2"]
    assert (len(patients), len(data)) == (1, 1)
    assert patients[0]["role"]["code"] == "1"
    assert patients[0]["what"]["type"] == "Patient"
    if profile == DISCLOSURE:
        assert event["type"]["code"] == "110106"
        assert [one["code"] for one in event["subtype"]] == ["disclose"]
        assert agents["110153"]["who"] == event["source"]["observer"], "val-audit-source"
    elif profile == PATIENT_READ:
        assert (event["type"]["code"], event["subtype"][0]["code"]) == ("rest", "read")
        assert agents.get("IRCP", {"requestor": True})["requestor"] is True
    else:
        assert profile is None


def who(event: dict[str, Any], code: str) -> dict[str, Any]:
    return next(agent for agent in event["agent"] if agent["type"]["coding"][0]["code"] == code)


def test_what_an_agent_is_sent_is_a_disclosure_by_the_gateway() -> None:
    made = event(golden("exchange.requested"))
    assert made["meta"]["profile"] == [DISCLOSURE]
    assert who(made, "110153")["who"]["identifier"]["value"] == "nd_00000000000000000000000001"
    assert who(made, "110152")["who"]["identifier"] == {"system": f"https://{ORIGIN}/agents", "value": "scribe"}
    assert who(made, "110152")["network"] == {"address": "10.0.0.5:8101", "type": "2"}
    assert who(made, "IRCP")["altId"] == "nurse-1@clinic.example"
    assert who(made, "IRCP")["role"] == [{"text": "clinician"}]
    assert made["purposeOfEvent"][0]["coding"][0]["code"] == "TREAT"
    patient, data, transaction = made["entity"]
    assert patient["what"]["identifier"]["value"] == "su_00112233445566778899aabbcc"
    assert [one["code"] for one in data["securityLabel"]] == ["internal", "phi", "pii"]
    assert {one["type"]: one["valueString"] for one in data["detail"]} == {
        "record": "0",
        "found": "mrn=1 person=2",
        "decision": "redact",
        "obligations": "redact:mrn",
    }
    assert transaction["type"]["code"] == "XrequestId"


def test_what_a_caller_is_given_is_a_reading_from_the_agent() -> None:
    for given_ in (golden("exchange.completed", classes=PHI, actor="ac_1"), golden("task.read", agent="scribe")):
        made = event(given_)
        assert made["meta"]["profile"] == [PATIENT_READ]
        assert who(made, "110153")["who"]["identifier"]["value"] == "scribe"
        assert who(made, "110152")["network"] == {"address": "192.0.2.7", "type": "2"}


def test_what_was_not_given_or_sent_claims_no_profile_and_says_why() -> None:
    denied = golden("exchange.denied")
    late = golden("exchange.late", classes=PHI)
    failed = golden("exchange.completed", classes=PHI, outcome=OutcomeInfo(code="answer_withheld", status=502))
    callback = golden("task.callback_sent")
    told = [(made["outcome"], made["outcomeDesc"]) for made in map(event, (denied, late, failed, callback))]
    assert told == [
        ("4", "policy_denied"),
        ("8", "timeout_total"),
        ("8", "answer_withheld"),
        ("4", "withheld by policy"),
    ]
    assert not any("meta" in event(one) for one in (denied, late, failed, callback))


def test_every_golden_record_about_health_data_maps_and_no_other() -> None:
    mapped = {file.stem for file in GOLDEN.glob("*.json") if file.stem != "detail" and events(parse(file.read_bytes()))}
    assert mapped == {
        "exchange.requested",
        "exchange.requested.kept",
        "exchange.requested.observed",
        "exchange.requested.tokens",
        "exchange.denied",
        "task.read",
        "task.callback_sent",
    }


def test_a_kept_answer_was_sent_to_nobody() -> None:
    assert events(golden("exchange.requested", agent=None, attempt=0)) == []


def test_each_subject_has_an_event_of_its_own() -> None:
    detail = msgspec.structs.replace(DETAIL, subjects=("su_1", "su_2"))
    made = events(golden("exchange.requested"), detail)
    assert [one["entity"][0]["what"]["identifier"]["value"] for one in made] == ["su_1", "su_2"]
    assert len({one["id"] for one in made}) == 2


@pytest.mark.parametrize(("detail", "reason"), [(None, "masked"), (Detail(), "unknown")])
def test_what_is_not_on_record_is_absent_for_a_reason(detail: Detail | None, reason: str) -> None:
    made = event(golden("exchange.requested", purpose=None), detail)
    absent = {"extension": [{"url": ABSENT, "valueCode": reason}]}
    assert made["entity"][0]["what"] == {"type": "Patient", **absent}
    assert who(made, "110152")["network"] == {"_address": absent}
    assert made["purposeOfEvent"] == [{"extension": [{"url": ABSENT, "valueCode": "unknown"}]}]
    assert "altId" not in who(made, "IRCP")


def test_a_record_that_never_had_a_detail_is_not_masked() -> None:
    made = event(golden("exchange.requested", detail=None), None)
    assert made["entity"][0]["what"]["extension"][0]["valueCode"] == "unknown"


def test_what_could_not_be_searched_is_counted_and_other_classes_are_not() -> None:
    mapping = AuditEvents(ORIGIN)
    unscanned = ClassesInfo(found=("unscanned",), declared=(), inherited=(), floor=())
    public = ClassesInfo(found=("public",), declared=(), inherited=(), floor=())
    for classes, scanned in ((unscanned, "none"), (public, "full"), (public, "partial")):
        assert not list(mapping.of(golden("exchange.requested", classes=classes, scanned=scanned), None))
    assert mapping.unscanned == 2


def test_an_operators_own_class_may_be_one_of_health_data() -> None:
    genetic = ClassesInfo(found=("genetic",), declared=(), inherited=(), floor=())
    made = AuditEvents(ORIGIN, ("phi", "genetic")).of(golden("exchange.requested", classes=genetic), None)
    assert len(list(made)) == 1


_TEXT = st.text(max_size=12)
_NAME = st.text(min_size=1, max_size=12)
_MAYBE = st.none() | _NAME


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_a_record_holds_the_event_is_valid(data: st.DataObject) -> None:
    draw = data.draw
    names: dict[str, Any] = {
        name: draw(_MAYBE) for name in ("actor", "agent", "callback", "exchange", "purpose", "action", "detail")
    }
    envelope = Envelope(
        id=draw(_NAME),
        tenant="tn_1",
        event=draw(st.sampled_from(sorted(fhir.EVENTS))),
        occurred_at="2026-11-24T01:02:03.000004Z",
        recorded_at=draw(st.none() | st.just("2026-11-24T01:02:03.000005Z")),
        seq=draw(st.none() | st.integers(0, 2**53)),
        **names,
        classes=ClassesInfo(found=("phi", draw(_NAME)), declared=(), inherited=(), floor=()),
        found=draw(st.none() | st.dictionaries(_NAME, st.integers(0, 9), max_size=2)),
        node=draw(st.none() | st.builds(NodeInfo, id=_NAME, boot=_NAME)),
        outcome=draw(st.none() | st.builds(OutcomeInfo, code=_NAME)),
        decision=draw(
            st.none()
            | st.builds(DecisionInfo, effect=_NAME, rules=st.just(()), obligations=st.tuples(_NAME), policy=_NAME)
        ),
    )
    detail = draw(
        st.none()
        | st.builds(
            Detail,
            subject=st.none() | _TEXT,
            roles=st.none() | st.tuples(_TEXT),
            subjects=st.none() | st.just(()) | st.tuples(_TEXT, _TEXT),
            source=st.none() | _TEXT,
            destination=st.none() | _TEXT,
        )
    )
    events(envelope, detail)
