"""Every record is an event of OCSF's class 6003 that says no more than the envelope does, and nothing less."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import canonical
from gateway.core.errors import FormatError
from gateway.evidence import ocsf
from gateway.ledger.chain import leaf_hash
from gateway.ledger.encoding import from_base64
from gateway.ledger.record import Envelope, parse

GOLDEN = Path(__file__).parent.parent / "golden"
RECORDS = {path.stem: path.read_bytes() for path in sorted((GOLDEN / "records").glob("*.*.json"))}
VALID = jsonschema_rs.validator_for(msgspec.json.decode((GOLDEN / "ocsf" / "api_activity-1.5.0.json").read_bytes()))
NEEDED = {"v", "seq", "prev", "id", "tenant", "event", "occurred_at", "recorded_at"}


def restored(event: dict[str, Any]) -> dict[str, Any]:
    """The envelope's fields again, from the places where the event has them."""
    meta, actor = event["metadata"], event["actor"]
    placed = {
        "v": int(meta["log_version"]),
        "id": meta["uid"],
        "seq": meta["sequence"],
        "tenant": meta["tenant_uid"],
        "event": meta["event_code"],
        "occurred_at": meta["original_time"],
        "actor": actor.get("user", {}).get("uid"),
        "session": actor.get("session", {}).get("uid"),
        "exchange": event["api"].get("request", {}).get("uid"),
    }
    rest = {name: value for name, value in event["unmapped"].items() if name != "leaf_hash"}
    return {name: value for name, value in {**placed, **rest}.items() if value is not None}


def shown(data: bytes) -> dict[str, Any]:
    """The event as a receiver reads it."""
    line = ocsf.line(data)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    event = msgspec.json.decode(line)
    assert isinstance(event, dict)
    return event


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_of_each_event_is_valid_by_the_class(name: str) -> None:
    event = shown(RECORDS[name])
    VALID.validate(event)
    assert event["type_uid"] == 600_300 + event["activity_id"]


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """A golden record with any of its optional fields gone and any place in the ledger."""
    document = msgspec.json.decode(draw(st.sampled_from(list(RECORDS.values()))))
    for name in draw(st.sets(st.sampled_from(sorted(document)))) - NEEDED:
        del document[name]
    document["seq"] = draw(st.integers(0, 2**53))
    if "agent" in document:
        document["agent"] = draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128))
    return canonical.encode(document)


@given(data=records())
def test_any_record_is_valid_and_nothing_of_it_is_lost(data: bytes) -> None:
    event = shown(data)
    VALID.validate(event)
    assert restored(event) == msgspec.json.decode(data)
    assert from_base64(event["unmapped"]["leaf_hash"]) == leaf_hash(data)


@given(data=st.binary(max_size=200))
def test_what_is_no_record_becomes_no_event(data: bytes) -> None:
    with pytest.raises(FormatError):
        ocsf.line(data)


def test_how_an_exchange_ended_is_its_status() -> None:
    good = shown(RECORDS["exchange.completed"])
    assert (good["status"], good["severity"], good["http_response"], good["duration"]) == (
        "Success",
        "Informational",
        {"code": 200},
        81,
    )
    denied = shown(RECORDS["exchange.denied"])
    assert (denied["status"], denied["status_code"], denied["api"]["response"]["error"]) == (
        "Failure",
        "policy_denied",
        "policy_denied",
    )


@pytest.mark.parametrize(
    ("code", "status"),
    [("made", 1), ("ok", 1), ("due", 1), ("delivered", 1), ("undelivered", 2), ("missed", 2), ("cancelled", 2)],
)
def test_evidence_that_came_to_be_is_no_failure(code: str, status: int) -> None:
    document = msgspec.json.decode(RECORDS["audit.exported.made"])
    document["outcome"] = {"code": code}
    assert shown(canonical.encode(document))["status_id"] == status


def test_a_verification_that_failed_is_critical() -> None:
    document = msgspec.json.decode(RECORDS["audit.verified"])
    document["outcome"] = {"code": "chain_broken"}
    event = shown(canonical.encode(document))
    assert (event["status_id"], event["severity_id"]) == (2, 5)


def test_times_are_whole_milliseconds_and_the_microseconds_stand_beside_them() -> None:
    event = shown(RECORDS["exchange.requested"])
    assert event["time"] == 1_795_482_123_000
    assert event["metadata"]["original_time"] == "2026-11-24T01:02:03.000004Z"


def test_who_acted_is_told_by_random_ids_alone() -> None:
    event = shown(RECORDS["exchange.requested"])
    assert event["actor"] == {
        "user": {"uid": "ac_0a1b2c3d4e5f60718293a4b5c6", "type_id": 1, "type": "User"},
        "session": {"uid": "se_77665544332211009988776655"},
    }
    assert event["src_endpoint"] == {"name": "caller", "zone": "in-house"}
    assert event["dst_endpoint"] == {"name": "scribe", "svc_name": "scribe", "zone": "in-house"}


def test_what_the_gateway_did_by_itself_has_the_process_as_its_source() -> None:
    event = shown(RECORDS["ledger.started"])
    assert event["actor"] == {"app_name": "agent-compliance-gateway"}
    assert event["src_endpoint"]["uid"] == "nd_00000000000000000000000001"


def test_many_failures_in_one_record_are_counted_as_many() -> None:
    assert shown(RECORDS["auth.failed"])["count"] == 12


def test_fields_that_have_a_place_are_fields_of_the_envelope() -> None:
    assert set(ocsf._PLACED) <= set(Envelope.__struct_fields__)


def test_severity_alone_is_that_of_the_event() -> None:
    for data in RECORDS.values():
        assert ocsf.severity_of(parse(data)) == shown(data)["severity_id"]
