"""A disclosure is each time that somebody was sent personal data, and nothing else."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.evidence.disclosed import COLUMNS, row
from gateway.evidence.reports.register import NO_PROCESSOR, Declared, Party, Register
from gateway.ledger.record import ClassesInfo, Detail, Envelope, parse
from tests.golden.records.make import DETAIL

GOLDEN = Path(__file__).parent.parent / "golden" / "records"
IT = Party(
    legal_name="Clinic IT Ltd",
    address="1 Ward Street",
    country="DE",
    safeguard="BAA",
    valid_until="2030-01-01",
    classes=("phi",),
    no_training=True,
)
DECIDED = "sha256:" + "1f" * 32
DECLARED = Declared(registers={DECIDED: Register(processors={"clinic-it": IT})})


def golden(event: str, **changes: Any) -> Envelope:
    return msgspec.structs.replace(parse((GOLDEN / f"{event}.json").read_bytes()), **changes)


def classes(*names: str) -> ClassesInfo:
    return ClassesInfo(found=names, declared=(), inherited=(), floor=())


def told(envelope: Envelope, detail: Detail | None = DETAIL) -> dict[str, Any]:
    found = row(envelope, detail, DECLARED)
    assert found is not None
    assert tuple(found) == COLUMNS
    return found


def test_a_row_says_who_was_sent_what_for_what_about_whom() -> None:
    found = told(golden("exchange.requested"))
    assert (found["recipient"], found["region"], found["purpose"]) == ("scribe", "DE", "TREAT")
    assert (found["registered_name"], found["registered_country"]) == ("Clinic IT Ltd", "DE")
    assert (found["registered_address"], found["registered_safeguard"]) == ("1 Ward Street", "BAA")
    assert (found["classes"], found["found"]) == (["internal", "phi", "pii"], {"mrn": 1, "person": 2})
    assert (found["subjects"], found["destination"]) == (["su_00112233445566778899aabbcc"], "10.0.0.5:8101")
    sent = golden("exchange.requested")
    assert sent.decision is not None
    assert (found["rules"], found["actor"]) == (list(sent.decision.rules), sent.actor)


def test_what_the_configuration_or_the_detail_does_not_say_is_not_made_up() -> None:
    found = told(golden("exchange.requested", processor=None), None)
    assert (found["registered_name"], found["subjects"], found["destination"]) == (NO_PROCESSOR, None, None)


@pytest.mark.parametrize(
    ("purpose", "accountable"), [("TREAT", False), ("HPAYMT", False), ("HRESCH", True), (None, True)]
)
def test_treatment_payment_and_operations_need_no_accounting(purpose: str | None, accountable: bool) -> None:
    assert told(golden("exchange.requested", purpose=purpose))["accountable"] is accountable


def test_any_class_that_is_not_known_to_be_nobodys_counts_and_so_does_what_was_not_assessed() -> None:
    assert told(golden("exchange.requested", classes=classes("genetic")))["classes"] == ["genetic"]
    assert told(golden("exchange.requested", classes=classes("public", "unscanned")))["classes"]
    assert told(golden("exchange.attempted", classes=None))["classes"] is None
    for nobodys in (classes(), classes("public", "internal"), classes("secret")):
        assert row(golden("exchange.requested", classes=nobodys), None, DECLARED) is None


def test_only_what_was_sent_is_a_disclosure() -> None:
    found = {
        file.stem
        for file in GOLDEN.glob("*.json")
        if file.stem != "detail" and row(parse(file.read_bytes()), None, DECLARED) is not None
    }
    assert found == {
        "exchange.requested",
        "exchange.requested.kept",
        "exchange.requested.observed",
        "exchange.requested.tokens",
        "exchange.attempted",
    }
    assert row(golden("exchange.requested", agent=None, attempt=0), None, DECLARED) is None
    allowed = golden("task.callback_sent", decision=golden("task.read").decision)
    assert told(allowed)["recipient"] == "billing"
