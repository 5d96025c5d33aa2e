"""Assessment results of a framework: valid OSCAL, claiming nothing, the same for the same records."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oscal_bindings import AssessmentResultsDocument

from gateway.core.errors import FormatError
from gateway.evidence.figures.provisions import Provisions, Question
from gateway.evidence.figures.seen import Known, Seen, seen
from gateway.evidence.figures.standing import Before, Stood
from gateway.evidence.oscal import Assessment, Resource, Subject, document, encode
from gateway.exchange.frameworks import load
from gateway.exchange.terms import questions
from gateway.ledger.granted import Granted
from gateway.ledger.record import Envelope, parse, timestamp
from tests.evidence.figures.kit import record as made
from tests.evidence.figures.test_in_force import key

from .making import ORIGIN, T0, ledger

ABOUT = Subject(
    origin=ORIGIN, first=0, end=12, since=timestamp(T0), until=timestamp(T0 + 12_000_000), created=timestamp(T0)
)
RECORDS = Resource(path="../records.jsonl", title="The records", media_type="application/jsonl", sha256="5e" * 32)
REQUESTED = Question(
    framework="hipaa",
    id="164.312(b)",
    title="Audit controls",
    text="What was asked.",
    report="records",
    columns=(),
    queries=({"event": "exchange.requested"},),
)
NEVER = msgspec.structs.replace(
    REQUESTED, id="164.404", title="Notification", text="Breaches.", queries=({"event": "incident.opened"},)
)


def asked(name: str, *queries: dict[str, str]) -> Question:
    return msgspec.structs.replace(REQUESTED, id=name, queries=queries)


def record(envelope: Envelope, emergency: str | None = None) -> Seen:
    return seen(envelope, None, Known(), emergency)


def results(*questions: Question, framework: str = "hipaa", records: int = 12) -> dict[str, Any]:
    assessment = Assessment(framework=framework, title="HIPAA", text="Support evidence.", questions=questions)
    for stored in ledger(records).stored:
        assessment.feed(record(parse(stored.envelope)))
    found = json.loads(encode(document([assessment], ABOUT, [RECORDS], "no gaps")))
    AssessmentResultsDocument.model_validate(found)
    made: dict[str, Any] = found["assessment-results"]
    return made


def test_a_provision_with_records_is_observed_with_its_evidence_and_found_nothing() -> None:
    made = results(REQUESTED)
    (result,) = made["results"]
    (observation,) = result["observations"]
    assert "6 records, the first 0 and the last 10" in observation["description"]
    assert "findings" not in result
    _, file = made["back-matter"]["resources"]
    assert observation["relevant-evidence"][0]["href"] == f"#{file['uuid']}"
    assert file["rlinks"][0]["hashes"] == [{"algorithm": "SHA-256", "value": "5e" * 32}]


def test_a_provision_without_a_record_is_not_evidenced_and_nothing_is_ever_satisfied() -> None:
    made = results(REQUESTED, NEVER)
    (finding,) = made["results"][0]["findings"]
    assert finding["target"]["target-id"] == "hipaa-164.404"
    assert finding["target"]["status"]["reason"] == "other"
    assert "Not evidenced" in finding["description"]
    assert '"satisfied"' not in json.dumps(made)
    assert made["results"][0]["remarks"] == "no gaps"


def test_a_case_that_has_no_end_by_the_newest_record_is_in_part_as_in_the_report() -> None:
    queries = ({"event": "subject.erasure"}, {"event": "subject.erased"})
    question = msgspec.structs.replace(asked("a", *queries), needs=("subject.erasure end in subject.erased",))
    begun, months = made("subject.erasure", case="sc_1"), made("audit.read", 1, at_s=40 * 86_400)
    for records, state in (((begun,), "supported"), ((begun, months), "in part")):
        assessment = Assessment(framework="gdpr", title="GDPR", text="Support evidence.", questions=[question])
        provisions = Provisions([question])
        for one in records:
            assessment.feed(one)
            provisions.feed(one)
        found = json.loads(encode(document([assessment], ABOUT, [RECORDS], "")))
        (observation,) = found["assessment-results"]["results"][0]["observations"]
        assert {prop["name"]: prop["value"] for prop in observation["props"]}["evidence"] == state
        assert provisions.document()[0]["state"] == state


def test_what_is_evidenced_in_part_or_not_says_why_as_the_report_does() -> None:
    part = msgspec.structs.replace(asked("a", {"event": "exchange.requested"}), needs=("zone", "detail.tls"))
    short = msgspec.structs.replace(asked("b", {"event": "exchange.requested"}), lacks="the sign-off is on paper")
    none = msgspec.structs.replace(asked("c"), lacks="drills are elsewhere")
    every = (REQUESTED, part, short, none, NEVER)
    (made,) = results(*every)["results"]
    provisions = Provisions(every)
    for stored in ledger(12).stored:
        provisions.feed(record(parse(stored.envelope)))
    reported = {one["id"]: (one["state"], one["reasons"]) for one in provisions.document()}
    for one in made["observations"]:
        props = {prop["name"]: prop["value"] for prop in one["props"]}
        state, reasons = reported.pop(props["provision"])
        assert props["evidence"] == state
        assert one.get("remarks") == (f"In part: {'; '.join(reasons)}." if reasons else None)
        assert bool(reasons) == (state == "in part")
    assert {one["title"].split()[0] for one in made["findings"]} == {*reported} == {"c", "164.404"}
    for one in made["findings"]:
        state, reasons = reported[one["title"].split()[0]]
        assert state == "not evidenced"
        assert one["description"].startswith(f"Not evidenced: {'; '.join(reasons)}.")
    told = json.dumps(made)
    assert "detail.tls: in 0 of 6 records" in told
    assert "zone: in" not in told


def test_records_of_emergencies_are_evidence_in_files_of_their_own() -> None:
    completed = msgspec.structs.replace(REQUESTED, id="b", queries=({"event": "exchange.completed"},))
    questions = (REQUESTED, completed, NEVER)
    assessment = Assessment(framework="hipaa", title="HIPAA", text="x.", questions=questions)
    for envelope in [parse(stored.envelope) for stored in ledger(12).stored]:
        if envelope.event == "exchange.requested":
            assessment.feed(record(envelope))
        assessment.feed(record(envelope, "em_2"))
    files = [
        RECORDS,
        *(msgspec.structs.replace(RECORDS, path=f"../{name}.zip", emergency=name) for name in ("em_1", "em_2")),
    ]
    found = json.loads(encode(document([assessment], ABOUT, files, "no gaps")))
    AssessmentResultsDocument.model_validate(found)
    (result,), (_, *resources) = (
        found["assessment-results"]["results"],
        found["assessment-results"]["back-matter"]["resources"],
    )
    paths = {f"#{one['uuid']}": one["rlinks"][0]["href"] for one in resources}
    both, only = result["observations"]
    assert "the last 10 and 6 records of emergency ledgers" in both["description"]
    assert "In this range: 6 records of emergency ledgers" in only["description"]
    assert [[paths[one["href"]] for one in each["relevant-evidence"]] for each in (both, only)] == [
        ["../records.jsonl", "../em_2.zip"],
        ["../em_2.zip"],
    ]
    assert len(result["findings"]) == 1


def test_a_record_that_several_queries_find_counts_once_and_filters_hold_together() -> None:
    both = asked(
        "a",
        {"event": "exchange.requested", "zone": "cloud"},
        {"zone": "cloud"},
        {"event": "exchange.requested", "decision": "deny"},
    )
    text = results(both)["results"][0]["observations"][0]["description"]
    assert "7 records" in text  # 6 of the cloud's, and one request in house that was denied


def test_no_filter_at_all_asks_for_every_record() -> None:
    assert "12 records" in results(asked("a", {}))["results"][0]["observations"][0]["description"]


def test_a_query_that_envelopes_cannot_answer_is_refused() -> None:
    with pytest.raises(FormatError, match="a filter must be one of"):
        Assessment(framework="x", title="t", text="x", questions=(asked("a", {"subject": "su_1"}),))


def test_several_frameworks_are_several_results_of_one_document() -> None:
    assessments = [
        Assessment(framework=name, title=name.upper(), text="Support evidence.", questions=(REQUESTED,))
        for name in ("gdpr", "hipaa")
    ]
    found = json.loads(encode(document(assessments, ABOUT, [RECORDS], "no gaps")))
    AssessmentResultsDocument.model_validate(found)
    made = found["assessment-results"]
    ids = [one["uuid"] for result in made["results"] for one in (result, *result["findings"])]
    assert (len(made["results"]), len(set(ids))) == (2, 4)
    assert len(made["back-matter"]["resources"]) == 3
    with pytest.raises(FormatError, match="control framework"):
        document([], ABOUT, [RECORDS], "no gaps")


def test_the_same_records_give_the_same_document_and_others_another_id() -> None:
    assert results(REQUESTED) == results(REQUESTED)
    assert results(REQUESTED)["uuid"] != results(REQUESTED, records=9)["uuid"]
    assert results(REQUESTED)["uuid"] != results(NEVER)["uuid"]


def test_the_frameworks_that_ship_become_valid_documents() -> None:
    folder = Path(__file__).parents[2] / "policies" / "frameworks"
    members = {f"frameworks/{file.name}": file.read_bytes() for file in folder.glob("*.toml")}
    classes = ("phi", "pii", "pci", "secret", "special-category", "personal", "unscanned", "public", "internal")
    loaded = load(members, classes=classes, zones=())
    assert loaded
    for framework in loaded:
        made = results(*questions(framework), framework=framework.id)
        controls = made["results"][0]["reviewed-controls"]["control-selections"][0]["include-controls"]
        assert len({one["control-id"] for one in controls}) == len(framework.provisions)


_ID = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.()/§-]{0,12}", fullmatch=True)


@settings(max_examples=25, deadline=None)
@given(st.lists(_ID, min_size=1, max_size=6, unique=True), st.from_regex(r"[a-z0-9][a-z0-9-]{0,9}", fullmatch=True))
def test_whatever_a_provision_is_called_the_document_is_valid(ids: list[str], framework: str) -> None:
    made = results(
        *(asked(one, {"event": "key.created"}) for one in ids),
        framework=framework,
        records=1,
    )
    found = [one["target"]["target-id"] for one in made["results"][0]["findings"]]
    assert len(set(found)) == len(ids)


def test_what_stood_before_the_range_is_named_as_evidence_that_is_in_no_file_as_the_report_says() -> None:
    state = msgspec.structs.replace(asked("a", {"event": "key.created"}), standing=True)
    event = msgspec.structs.replace(state, id="b", standing=False)
    assessment = Assessment(framework="hipaa", title="HIPAA", text="x.", questions=(state, event))
    provisions = Provisions([state, event])
    before = Before()
    for seq in (3, 5):
        before.feed(key("created", seq, f"ak_{seq}", Granted(owner="a")))
    start = before.start(timestamp(T0))
    assessment.begin(Stood(start=start))
    provisions.begin(Stood(start=start))
    found = json.loads(encode(document([assessment], ABOUT, [RECORDS], "no gaps")))
    AssessmentResultsDocument.model_validate(found)
    (result,) = found["assessment-results"]["results"]
    (observed,), (missing,) = result["observations"], result["findings"]
    props = {one["name"]: one["value"] for one in observed["props"]}
    assert (props["provision"], props["evidence"], props["records"], props["records-before"]) == (
        *("a", "supported", "0", "2"),
    )
    (evidence,) = observed["relevant-evidence"]
    assert evidence["description"].startswith("Records 3, 5 of the ledger: before the range, and in none")
    assert "href" not in evidence
    assert missing["title"].startswith("b ")
    states = [(one["id"], one["state"], one["before"]) for one in provisions.document()]
    assert states == [("a", "supported", 2), ("b", "not evidenced", 0)]
