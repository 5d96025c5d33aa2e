"""A data subject is told everything that is known of it, and nothing of others, on record before it is read."""

from typing import Any

import msgspec
import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.core.message import Part
from gateway.core.refusal import Refusal
from gateway.evidence.reports.register import NOT_KNOWN, Party, Register
from gateway.evidence.tabular import CSV
from gateway.exchange import kept
from gateway.exchange.emergency_trail import EmergencyTrail
from gateway.exchange.subject_access import COLUMNS, SubjectAccess, Wanted, passed_over, rows
from gateway.ledger.record import DecisionInfo, parse_detail
from gateway.store.reader import StoreReader
from gateway.store.sealing import Sealer
from gateway.store.subject_trail import SubjectTrail
from tests.evidence.reports.registers import Told
from tests.exchange import erasure_kit
from tests.exchange.erasure_kit import exchanged, none_of
from tests.exchange.subject_kit import Registry, called, registry
from tests.store.conftest import store as store
from tests.store.kit import LEDGER, NODE, Store

WANTED = Wanted(identity="passport seen, ticket 17", reason="letter 3")
MAIL = kept.encode((Part("/a", "write to ann@clinic.example", "text"),), {}, health_context=False)
INC = Party(
    legal_name="Cloud Inc.",
    address="1 Way",
    country="US",
    safeguard="SCC",
    valid_until="2099-12-31",
    classes=("pii",),
    no_training=False,
)
IRISH = msgspec.structs.replace(INC, address="2 Quay", country="IE")
REGISTERS = Told({"v1": Register(processors={"inc": INC}), "v2": Register(processors={"inc": IRISH}), "v0": Register()})


def under(version: str) -> dict[str, Any]:
    """Of a record that was decided under this version."""
    decision = DecisionInfo(effect="route", obligations=(), policy=version, rules=())
    return {"decision": decision, "zone": "cloud", "region": "US", "processor": "inc"}


def access(found: Registry, trail: Any = None) -> SubjectAccess:
    return SubjectAccess(
        subjects=found.subjects,
        flags=found.flags,
        trail=trail or SubjectTrail(found.store.engine, found.store.clock),
        sealer=Sealer(found.store.keyring),
        clock=found.store.clock,
        node=NODE,
        registers=lambda ledger: {LEDGER: REGISTERS}[ledger],
        emergencies=lambda ledger: none_of(found.store, ledger),
        retention={LEDGER: 2192},
    )


@pytest.fixture(autouse=True)
def mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is of the form that exchanges keep it in."""
    monkeypatch.setattr(erasure_kit, "CANARY", MAIL.decode())


async def test_everything_of_the_subject_is_told_and_of_shared_messages_that_they_are_there(store: Store) -> None:
    async with registry(store) as found:
        ann, bob = await found.named("ann", "bob")
        alone = await exchanged(found, ann, **under("v1"))
        both = await exchanged(found, ann, bob, agent="gone")
        await exchanged(found, bob, **under("v2"))
        for version in ("v1", "v2", "v3", "v0"):
            await exchanged(found, ann, **under(version))
        told = await access(found).give(found.who(), called("ann"), WANTED)
        assert isinstance(told, dict)
        assert [row["seq"] for row in told["records"]][:2] == [alone, both]
        texts = [one.get("parts") or one["withheld"] for one in told["content"]]
        assert texts[0] == [{"place": "/a", "text": "write to ann@clinic.example"}]
        assert "Art. 15(4)" in texts[1]
        told_of = ("zone", "region", "processor", "address", "country", "safeguard")
        recipients = [(one["agent"], one["times"], *(one[name] for name in told_of)) for one in told["recipients"]]
        assert recipients == [
            ("gone", 1, *[None] * 6),
            ("ward", 2, "cloud", "US", "Cloud Inc.", "1 Way", "US", "SCC"),
            ("ward", 1, "cloud", "US", "Cloud Inc.", "2 Quay", "IE", "SCC"),
            ("ward", 1, "cloud", "US", "inc", None, None, None),  # by its id: the version has it not
            ("ward", 1, "cloud", "US", *[NOT_KNOWN] * 4),
        ]
        assert told["retention"]["records_days"] == 2192
        assert bob not in str(told)
        last = (await found.events())[-1]
        assert (last.event, last.case, last.outcome.code if last.outcome else "") == (
            "subject.access",
            told["case"],
            "answered",
        )
        (case,) = await found.cases.of_subjects(LEDGER, (ann,), "access")
        assert (case.state, case.due_us is not None) == ("answered", True)


async def test_it_is_on_record_before_anything_is_read(store: Store) -> None:
    async with registry(store) as found:
        await found.named("ann")

        class Away:
            async def archived(self, tenant: str, ids: object) -> dict[str, int]:
                return {"ar_1": 2}

            def records(self, tenant: str, ids: object) -> Any:
                raise LedgerUnavailable("away")

        with pytest.raises(LedgerUnavailable):
            await access(found, trail=Away()).give(found.who(), called("ann"), WANTED)
        (told,) = await found.events()
        assert told.event == "subject.access"


async def test_an_answer_after_its_month_says_that_it_is_late(store: Store) -> None:
    async with registry(store) as found:
        await found.named("ann")
        received = store.clock.now_us() - 40 * 86_400_000_000
        early = msgspec.structs.replace(WANTED, received_us=received)
        assert isinstance(await access(found).give(found.who(), called("ann"), early), dict)
        last = (await found.events())[-1]
        assert last.outcome is not None
        assert last.outcome.code == "late"


async def test_emergency_ledgers_whose_files_are_not_at_hand_are_named(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> tuple[str, ...]:
        return ("em_1",)

    async with registry(store) as found:
        await found.named("ann")
        told = await access(found).give(found.who(), called("ann"), WANTED)
        assert isinstance(told, dict)
        assert told["emergencies"] == []
        monkeypatch.setattr(EmergencyTrail, "away", away)
        told = await access(found).give(found.who(), called("ann"), WANTED)
        assert isinstance(told, dict)
        assert (told["emergencies"], told["records"][-1]["emergency"]) == (["em_1"], None)
        assert passed_over(told) == {"emergencies": "em_1"}
        reader = StoreReader(store.engine, LEDGER)
        last = await reader.record(await reader.size() - 1)
        assert last is not None
        lines = parse_detail(last.detail or b"").diff
        assert lines == (f"identity {WANTED.identity}", "emergency em_1: its file is not at hand")


@pytest.mark.parametrize("change", [{"identity": " "}, {"reason": ""}, {"received_us": 1 << 62}])
async def test_who_asks_must_be_known_and_why(store: Store, change: dict[str, object]) -> None:
    async with registry(store) as found:
        await found.named("ann")
        refused = await access(found).give(found.who(), called("ann"), msgspec.structs.replace(WANTED, **change))
        assert isinstance(refused, Refusal)
        assert refused.code == "parameter_invalid"
        barred = await access(found).give(found.who(roles=("auditor",)), called("ann"), WANTED)
        assert isinstance(barred, Refusal)
        assert barred.code == "role_required"
        assert await found.events() == []


def test_a_table_runs_nothing_in_a_spreadsheet() -> None:
    row = {**dict.fromkeys(COLUMNS), "seq": 1, "agent": "=cmd()", "action": "@x", "classes": "pii phi"}
    lines = rows({"records": [row]}, CSV).decode().splitlines()
    assert lines[0].split(",") == list(COLUMNS)
    assert "'=cmd()" in lines[1]
    assert "'@x" in lines[1]
