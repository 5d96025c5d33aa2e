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
from gateway.evidence.oscal import Assessment, Provision, Resource, Subject, document, encode
from gateway.exchange.frameworks import load
from gateway.ledger.record import parse, timestamp

from .making import ORIGIN, T0, ledger

ABOUT = Subject(
    origin=ORIGIN, first=0, end=12, since=timestamp(T0), until=timestamp(T0 + 12_000_000), created=timestamp(T0)
)
RECORDS = Resource(path="../records.jsonl", title="The records", media_type="application/jsonl", sha256="5e" * 32)
REQUESTED = Provision(
    id="164.312(b)", title="Audit controls", text="What was asked.", queries=({"event": "exchange.requested"},)
)
NEVER = Provision(id="164.404", title="Notification", text="Breaches.", queries=({"event": "incident.opened"},))


def results(*provisions: Provision, framework: str = "hipaa", records: int = 12) -> dict[str, Any]:
    assessment = Assessment(framework=framework, title="HIPAA", text="Support evidence.", provisions=provisions)
    for stored in ledger(records).stored:
        assessment.feed(parse(stored.envelope))
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


def test_records_of_emergencies_are_evidence_in_files_of_their_own() -> None:
    completed = msgspec.structs.replace(REQUESTED, id="b", queries=({"event": "exchange.completed"},))
    provisions = (REQUESTED, completed, NEVER)
    assessment = Assessment(framework="hipaa", title="HIPAA", text="x.", provisions=provisions)
    for envelope in [parse(stored.envelope) for stored in ledger(12).stored]:
        if envelope.event == "exchange.requested":
            assessment.feed(envelope)
        assessment.feed(envelope, "em_2")
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
    both = Provision(
        id="a",
        title="t",
        text="x.",
        queries=(
            {"event": "exchange.requested", "zone": "cloud"},
            {"zone": "cloud"},
            {"event": "exchange.requested", "decision": "deny"},
        ),
    )
    text = results(both)["results"][0]["observations"][0]["description"]
    assert "7 records" in text  # 6 of the cloud's, and one request in house that was denied


def test_no_filter_at_all_asks_for_every_record() -> None:
    everything = Provision(id="a", title="t", text="x.", queries=({},))
    assert "12 records" in results(everything)["results"][0]["observations"][0]["description"]


def test_a_query_that_envelopes_cannot_answer_is_refused() -> None:
    bad = Provision(id="a", title="t", text="x.", queries=({"subject": "su_1"},))
    with pytest.raises(FormatError, match="a filter must be one of"):
        Assessment(framework="x", title="t", text="x", provisions=(bad,))


def test_several_frameworks_are_several_results_of_one_document() -> None:
    assessments = [
        Assessment(framework=name, title=name.upper(), text="Support evidence.", provisions=(REQUESTED,))
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
        provisions = [
            Provision(
                id=one.id,
                title=one.title,
                text=one.text,
                queries=tuple({str(k): str(v) for k, v in msgspec.to_builtins(query).items()} for query in one.queries),
            )
            for one in framework.provisions
        ]
        made = results(*provisions, framework=framework.id)
        controls = made["results"][0]["reviewed-controls"]["control-selections"][0]["include-controls"]
        assert len({one["control-id"] for one in controls}) == len(framework.provisions)


_ID = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.()/§-]{0,12}", fullmatch=True)


@settings(max_examples=25, deadline=None)
@given(st.lists(_ID, min_size=1, max_size=6, unique=True), st.from_regex(r"[a-z0-9][a-z0-9-]{0,9}", fullmatch=True))
def test_whatever_a_provision_is_called_the_document_is_valid(ids: list[str], framework: str) -> None:
    made = results(
        *(Provision(id=one, title="t", text="x.", queries=({"event": "key.created"},)) for one in ids),
        framework=framework,
        records=1,
    )
    found = [one["target"]["target-id"] for one in made["results"][0]["findings"]]
    assert len(set(found)) == len(ids)
