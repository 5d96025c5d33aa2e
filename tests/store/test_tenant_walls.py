"""Every function of the store, asked by one tenant for another's things, gives what it gives for things that are not.

The list of functions is taken from the package itself: a new one fails the first test until somebody has thought about
it and put it into one of the two tables below.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, select

from gateway import store as package
from gateway.core.errors import GatewayError, VerificationError
from gateway.core.refusal import Refusal
from gateway.core.tokens import Meant
from gateway.ledger import cosignature
from gateway.ledger.encoding import to_base64
from gateway.ledger.entry import Delegated, Entry, SealedPart, SessionGrowth
from gateway.ledger.note import Signer
from gateway.ledger.record import Detail, timestamp
from gateway.ledger.rotation import Rotation, issue
from gateway.store import reader as reader_module
from gateway.store.api_keys import Administrator, ApiKeyStore, NewKey
from gateway.store.approvals import ApprovalStore
from gateway.store.archives import Archived, ArchiveStore
from gateway.store.archives import added as archive_added
from gateway.store.bundle_jobs import READY, BundleStore
from gateway.store.callbacks import CallbackStore, announced
from gateway.store.candidates import Looks
from gateway.store.checkpointer import Checkpointer
from gateway.store.cosignatures import CosignatureStore
from gateway.store.decided import DecidedStore
from gateway.store.denials import DenialStore
from gateway.store.directory import Directory
from gateway.store.emergencies import STANDING, Emergency, EmergencyStore
from gateway.store.emergencies import prepared as emergency_prepared
from gateway.store.engine import writing
from gateway.store.erasure import ErasureStore, SharedContent
from gateway.store.forwarding import Cursor, ForwardStore, Waiting, begun
from gateway.store.glass import GlassStore
from gateway.store.incidents import IncidentStore
from gateway.store.incidents import opened as incident_opened
from gateway.store.kept import KeptStore, everything
from gateway.store.kept_check import KeptTally, check_kept
from gateway.store.mcp_sessions import McpSessions, Owner
from gateway.store.named import Links, Named, Said
from gateway.store.notices import NoticeStore
from gateway.store.open_exchanges import OpenExchanges
from gateway.store.policies import PolicyStore
from gateway.store.policy_check import check_activations
from gateway.store.postings import BLOCK
from gateway.store.reader import StoreReader
from gateway.store.recovery import close_interrupted, verify_tail
from gateway.store.retention import RetentionStore
from gateway.store.reviews import ReviewStore, drawn, noted
from gateway.store.scheduled import DELIVERED, ScheduledStore
from gateway.store.sealing import Sealer
from gateway.store.search import Filters, Search
from gateway.store.session_tokens import TokenStore
from gateway.store.sessions import SessionStore
from gateway.store.signed import Missing, missing
from gateway.store.signing import LedgerSigning, rotated
from gateway.store.spread import Job, read
from gateway.store.stamps import StampStore
from gateway.store.sticking import StickingClasses
from gateway.store.subject_cases import CaseStore
from gateway.store.subject_cases import opened as case_opened
from gateway.store.subject_trail import SubjectTrail
from gateway.store.subjects import SubjectStore, marked
from gateway.store.tables import forward_cursor, sealed, subject_record, tile
from gateway.store.tasks import TaskStore, created
from gateway.store.tile_check import Tiles, check_tiles
from gateway.store.tools import By, Seen, ToolStore
from gateway.store.tree import TreeReader
from gateway.store.usage import UsageStore
from gateway.store.verification import LedgerVerification
from gateway.store.writer_base import LedgerWriter
from tests.conftest import ManualClock
from tests.store import ledger_kit
from tests.store.kit import NODE, SEAL, START_US, Store, entry, lone
from tests.store.test_api_keys import GRANT, MemoryLedger
from tests.store.test_approvals import made as approval
from tests.store.test_bundle_jobs import job as bundle_job
from tests.store.test_glass import broken
from tests.store.test_incidents import INCIDENT, incident
from tests.store.test_notices import notice
from tests.store.test_reviews import note, review
from tests.store.test_scheduled import period as scheduled_period
from tests.store.test_stamps import kept
from tests.store.test_subject_cases import made as case
from tests.store.test_tasks import REQUEST
from tests.store.test_tasks import made as task

EXCHANGE, NOBODY = "ex_theirs", "tn_nobody"
_DIGEST = "sha256:" + "b" * 64
_TOOL = Seen(name="lookup", digest=_DIGEST, body=b"{}")
_DELEGATED = Delegated(agent="scribe", classes=("phi",), trace="1" * 32, purpose=None, subjects=(), chain=())


class World(msgspec.Struct, kw_only=True):
    """Two tenants: `mine` has one record, `theirs` has everything. Ids of ledgers, and what `theirs` has by its id."""

    store: Store
    directory: Directory
    mine: str
    theirs: str
    writer: LedgerWriter
    """Of `mine`."""
    keys: ApiKeyStore
    key: str
    approvals: ApprovalStore
    denials: DenialStore
    denial: str
    tools: ToolStore
    sessions: SessionStore
    mcp: McpSessions
    note: bytes
    """Their newest checkpoint."""

    def by(self, ledger: str) -> Administrator:
        return Administrator(ledger=MemoryLedger(), tenant=ledger)


def growth(key: bytes, **fields: Any) -> SessionGrowth:
    values: dict[str, Any] = {
        "id": "se_1",
        "actor": "ac_1",
        "principal": b"",
        "agent": "scribe",
        "zone": "in-house",
        "sent": ("phi",),
        "said": (),
        "seen_us": START_US,
        "expires_us": START_US + 10,
        **fields,
    }
    return SessionGrowth(key=key, **values)


@pytest.fixture
async def world(store: Store) -> Any:
    directory = Directory(store.engine, store.keyring, store.clock, "gateway.test")
    mine, theirs = await directory.entry("mine"), await directory.entry("theirs")
    await PolicyStore(store.engine, store.clock).put(b"{}")
    activation = entry("policy.activated", ledger=theirs.ledger, policy=ledger_kit.POLICY)
    opened = ledger_kit.intent(EXCHANGE, tenant=theirs.ledger, delegated=_DELEGATED)
    content = SealedPart(part="content:2999-01-01T00:00:00.000000Z", key="dk_1", nonce=b"n", ciphertext=b"c")
    entries = [
        msgspec.structs.replace(entry(ledger=theirs.ledger), sealed=(content,)),
        Entry.of(msgspec.structs.replace(_envelope(activation)), activates=ledger_kit.POLICY),
        opened,
        *(entry(ledger=theirs.ledger, subjects=("su_theirs",), exchange=f"ex_{number}") for number in range(4)),
    ]
    async with store.writer(theirs.ledger) as writer:
        for one in entries:
            await writer.append(one)
        waiting = task(tenant=theirs.ledger, idempotency=b"once")
        await writer.submit(Entry(draft=entry(ledger=theirs.ledger).draft, change=created(waiting, REQUEST)))
        telling = announced("t1", "billing", "d1", START_US)
        await writer.submit(Entry(draft=entry(ledger=theirs.ledger).draft, change=telling))
        subjects = SubjectStore(store.engine, store.clock)
        row = await subjects.row(theirs.ledger, "su_theirs")
        held = case_opened(case("sc_theirs", tenant=theirs.ledger, subject="su_theirs"))
        for change in (marked(row, merged="su_other", restricted_us=1), held):
            await writer.submit(Entry(draft=entry(ledger=theirs.ledger).draft, change=change, denies=True))
        signer = store.keyring.signer(theirs.origin)
        checkpointer = Checkpointer(
            store.engine,
            ledger=theirs.ledger,
            signing=lone(store, signer, theirs.ledger),
            writer=writer,
            clock=store.clock,
            node=NODE,
        )
        point = await checkpointer.publish(force=True)
        assert point is not None
    keys = ApiKeyStore(store.engine, store.clock, SEAL)
    key = await keys.create(Administrator(ledger=MemoryLedger(), tenant=theirs.ledger), "theirs", GRANT)
    assert isinstance(key, NewKey)
    approvals = ApprovalStore(store.engine)
    assert await approvals.put(approval("ap_theirs", tenant=theirs.ledger, lookup=b"asked"))
    tools = ToolStore(store.engine, store.clock)
    await tools.note(By(ledger=MemoryLedger(), tenant=theirs.ledger), "scribe", (_TOOL,))
    sessions = SessionStore(store.engine, bytes(32))
    await sessions.put(theirs.ledger, [growth(sessions.key("theirs"))])
    mcp = McpSessions(store.engine, store.clock, 60)
    await mcp.open("theirs", Owner(theirs.ledger, "ac_1", "scribe"), "upstream")
    await directory.actor(theirs.ledger, "eve")
    await directory.subject(theirs.ledger, "patient-1")
    async with store.writer(mine.ledger) as writer:
        await writer.append(entry(ledger=mine.ledger))
        denials = DenialStore(store.engine, store.clock, (), lambda: None)
        denial = await denials.deny(
            Administrator(ledger=MemoryLedger(), tenant=theirs.ledger), "subject", "eve", until_us=None
        )
        assert not isinstance(denial, Refusal)
        yield World(
            store=store,
            directory=directory,
            mine=mine.ledger,
            theirs=theirs.ledger,
            writer=writer,
            keys=keys,
            key=key.record.id,
            approvals=approvals,
            denials=denials,
            denial=denial.id,
            tools=tools,
            sessions=sessions,
            mcp=mcp,
            note=point.note,
        )


def _envelope(made: Entry) -> Any:
    return made.envelope


async def got(question: Awaitable[Any]) -> Any:
    """The answer, or the kind of error: its words may name the place that was asked for."""
    try:
        return await question
    except GatewayError as error:
        return type(error).__name__


async def every(found: Any) -> list[Any]:
    return [one async for one in found]


Ask = Callable[[World], Awaitable[tuple[Any, Any]]]
ASKS: dict[str, Ask] = {}
"""Function → what `mine` gets for `theirs`, and what it gets for nothing (or must get)."""


def ask(name: str) -> Callable[[Ask], Ask]:
    def keep(function: Ask) -> Ask:
        assert name not in ASKS
        ASKS[name] = function
        return function

    return keep


# --------------------------------------------------------------------------------------------------- keys, deny-lists


@ask("api_keys.ApiKeyStore.get")
async def _(w: World) -> tuple[Any, Any]:
    assert await w.keys.get("theirs", w.key) is not None
    return await w.keys.get("mine", w.key), await w.keys.get("mine", "ak_none")


@ask("api_keys.ApiKeyStore.list")
async def _(w: World) -> tuple[Any, Any]:
    assert await w.keys.list("theirs")
    return await w.keys.list("mine"), ()


@ask("api_keys.ApiKeyStore.create")
async def _(w: World) -> tuple[Any, Any]:
    before = await w.keys.list("theirs")
    assert isinstance(await w.keys.create(w.by(w.mine), "mine", GRANT), NewKey)
    return await w.keys.list("theirs"), before


@ask("api_keys.ApiKeyStore.revoke")
async def _(w: World) -> tuple[Any, Any]:
    answers = [await w.keys.revoke(w.by(w.mine), "mine", key) for key in (w.key, "ak_none")]
    (theirs,) = await w.keys.list("theirs")
    assert theirs.revoked_us is None
    return answers[0], answers[1]


@ask("api_keys.ApiKeyStore.rotate")
async def _(w: World) -> tuple[Any, Any]:
    answers = [await w.keys.rotate(w.by(w.mine), "mine", key, overlap_s=0) for key in (w.key, "ak_none")]
    (theirs,) = await w.keys.list("theirs")
    assert theirs.expires_us is None
    return answers[0], answers[1]


@ask("key_use.KeyUse.write")
async def _(w: World) -> tuple[Any, Any]:
    (theirs,) = await w.keys.list("theirs")
    w.keys.used(msgspec.structs.replace(theirs, tenant="mine"), START_US)
    await w.keys.use.write()
    return (await w.keys.list("theirs"))[0].last_used_us, None


@ask("denials.DenialStore.list")
async def _(w: World) -> tuple[Any, Any]:
    assert await w.denials.list(w.theirs)
    return await w.denials.list(w.mine), ()


@ask("denials.DenialStore.allow")
async def _(w: World) -> tuple[Any, Any]:
    answers = [await w.denials.allow(w.by(w.mine), one) for one in (w.denial, "dn_none")]
    assert len(await w.denials.list(w.theirs)) == 1
    return answers[0], answers[1]


@ask("denials.DenialStore.deny")
async def _(w: World) -> tuple[Any, Any]:
    before = await w.denials.list(w.theirs)
    assert not isinstance(await w.denials.deny(w.by(w.mine), "subject", "eve"), Refusal)
    return await w.denials.list(w.theirs), before


@ask("denials.DenialStore.reload")
async def _(w: World) -> tuple[Any, Any]:
    await w.denials.reload(w.theirs)
    assert w.denials.of(w.theirs) != w.denials.of(NOBODY)
    await w.denials.reload(w.mine)
    return w.denials.of(w.mine), w.denials.of(NOBODY)


# ------------------------------------------------------------------------------------------------------------- tokens


async def _tokens(w: World) -> TokenStore:
    """With a page of theirs, durable."""
    sealer = Sealer(w.store.keyring)
    key = sealer.exchange_key()
    w.store.keyring.persist(key.new)
    tokens = TokenStore(w.store.engine, sealer, w.store.clock, 30)
    await tokens.add(w.theirs, "se_1", 0, [("token", Meant("person", "Ann"))], key)
    return tokens


@ask("session_tokens.TokenStore.add")
async def _(w: World) -> tuple[Any, Any]:
    tokens, key = await _tokens(w), Sealer(w.store.keyring).exchange_key()
    assert await tokens.add(w.mine, "se_1", 0, [("token", Meant("person", "Bob"))], key)
    theirs = await tokens.find(w.theirs, "se_1")
    return [meant.value for _, meant in theirs.entries], ["Ann"]


@ask("session_tokens.TokenStore.find")
async def _(w: World) -> tuple[Any, Any]:
    tokens = await _tokens(w)
    assert (await tokens.find(w.theirs, "se_1")).number == 1
    await tokens.forget(w.mine, "se_1")
    return await tokens.find(w.mine, "se_1"), await tokens.find(w.mine, "se_none")


@ask("session_tokens.TokenStore.forget")
async def _(w: World) -> tuple[Any, Any]:
    tokens = await _tokens(w)
    await tokens.forget(w.mine, "se_1")
    return (await tokens.find(w.theirs, "se_1")).number, 1


@ask("session_tokens.TokenStore.sweep")
async def _(w: World) -> tuple[Any, Any]:
    tokens = await _tokens(w)
    w.store.clock.advance(31 * 86_400)
    assert await tokens.sweep(w.mine) <= 1  # its own, where there was one
    w.store.clock.advance(-31 * 86_400)
    return (await tokens.find(w.theirs, "se_1")).number, 1


# -------------------------------------------------------------------------------------------------------- data subjects


@ask("subjects.SubjectStore.flags")
async def _(w: World) -> tuple[Any, Any]:
    subjects = SubjectStore(w.store.engine, w.store.clock)
    assert await subjects.flags(w.theirs, ("su_theirs",), 1)
    return await subjects.flags(w.mine, ("su_theirs",), 0), frozenset()


@ask("subjects.SubjectStore.reload")
async def _(w: World) -> tuple[Any, Any]:
    subjects = SubjectStore(w.store.engine, w.store.clock)
    return dict((await subjects.reload(w.mine)).classes), {}


@ask("subjects.SubjectStore.group")
async def _(w: World) -> tuple[Any, Any]:
    subjects = SubjectStore(w.store.engine, w.store.clock)
    assert len(await subjects.group(w.theirs, "su_theirs")) == 2
    return await subjects.group(w.mine, "su_theirs"), ("su_theirs",)


@ask("subjects.SubjectStore.groups")
async def _(w: World) -> tuple[Any, Any]:
    subjects = SubjectStore(w.store.engine, w.store.clock)
    assert await subjects.groups(w.theirs)
    return await subjects.groups(w.mine), {}


@ask("subjects.SubjectStore.known")
async def _(w: World) -> tuple[Any, Any]:
    subjects = SubjectStore(w.store.engine, w.store.clock)
    assert await subjects.known(w.theirs, "su_theirs")
    return await subjects.known(w.mine, "su_theirs"), False


@ask("subjects.SubjectStore.marks")
async def _(w: World) -> tuple[Any, Any]:
    subjects = SubjectStore(w.store.engine, w.store.clock)
    assert await subjects.marks(w.theirs, ("su_theirs",))
    return await subjects.marks(w.mine, ("su_theirs",)), ()


@ask("subjects.SubjectStore.row")
async def _(w: World) -> tuple[Any, Any]:
    subjects = SubjectStore(w.store.engine, w.store.clock)
    await subjects.row(w.mine, "su_row")
    return await subjects.marks(w.theirs, ("su_row",)), ()


@ask("subjects.SubjectStore.revision")
async def _(w: World) -> tuple[Any, Any]:
    subjects = SubjectStore(w.store.engine, w.store.clock)
    async with w.store.bare() as bare:
        await bare.run("head", f"UPDATE head SET denied = 3 WHERE tenant = '{w.theirs}'")
    assert await subjects.revision(w.theirs) == 3
    return await subjects.revision(w.mine), 0


@ask("subjects.SubjectStore.person")
async def _(w: World) -> tuple[Any, Any]:
    subjects = SubjectStore(w.store.engine, w.store.clock)
    assert len(await subjects.person(w.theirs, "su_theirs")) == 2
    return [(one.id, one.merged) for one in await subjects.person(w.mine, "su_theirs")], [("su_theirs", None)]


@ask("subjects.SubjectStore.identifiers")
async def _(w: World) -> tuple[Any, Any]:
    subjects = SubjectStore(w.store.engine, w.store.clock)
    known = await w.directory.find_subject(w.theirs, "patient-1")
    assert known is not None
    assert await subjects.identifiers(w.theirs, (known,)) == {"subject": 1}
    return await subjects.identifiers(w.mine, (known,)), {}


@ask("subjects.SubjectStore.records")
async def _(w: World) -> tuple[Any, Any]:
    subjects = SubjectStore(w.store.engine, w.store.clock)
    assert await subjects.records(w.theirs, ("su_theirs",)) == 4
    return await subjects.records(w.mine, ("su_theirs",)), 0


@ask("subjects.SubjectStore.about")
async def _(w: World) -> tuple[Any, Any]:
    subjects = SubjectStore(w.store.engine, w.store.clock)
    assert await subjects.about(w.theirs, ("su_theirs",), 3)
    return await subjects.about(w.mine, ("su_theirs",), 3), False


@ask("subject_cases.CaseStore.ripe")
async def _(w: World) -> tuple[Any, Any]:
    cases = CaseStore(w.store.engine)
    due = case_opened(case("sc_due", tenant=w.theirs, kind="erasure", state="approved", ripe_us=1))
    async with w.store.writer(w.theirs) as writer:
        await writer.submit(Entry(draft=entry(ledger=w.theirs).draft, change=due))
    assert await cases.ripe(w.theirs, 2)
    return await cases.ripe(w.mine, 2), ()


@ask("subject_cases.CaseStore.erased")
async def _(w: World) -> tuple[Any, Any]:
    cases = CaseStore(w.store.engine)
    over = case_opened(case("sc_over", tenant=w.theirs, kind="erasure", state="erased"))
    async with w.store.writer(w.theirs) as writer:
        await writer.submit(Entry(draft=entry(ledger=w.theirs).draft, change=over))
    assert len(await cases.erased(w.theirs)) == 1
    return await cases.erased(w.mine), ()


@ask("subject_cases.CaseStore.last_erasing")
async def _(w: World) -> tuple[Any, Any]:
    cases = CaseStore(w.store.engine)
    begun = case_opened(case("sc_begun", tenant=w.theirs, kind="erasure", state="erasing", ripe_us=7))
    async with w.store.writer(w.theirs) as writer:
        await writer.submit(Entry(draft=entry(ledger=w.theirs).draft, change=begun))
    assert await cases.last_erasing(w.theirs) == 7
    return await cases.last_erasing(w.mine), 0


_THEIRS = ("su_theirs",)


@ask("subject_trail.SubjectTrail.records")
async def _(w: World) -> tuple[Any, Any]:
    trail = SubjectTrail(w.store.engine, w.store.clock)
    assert [len(some) for some in await every(trail.records(w.theirs, _THEIRS))] == [4]
    return await every(trail.records(w.mine, _THEIRS)), []


@ask("erasure.ErasureStore.recipients")
async def _(w: World) -> tuple[Any, Any]:
    return await ErasureStore(w.store.engine).recipients(w.mine, _THEIRS), ()


@ask("erasure.ErasureStore.reached")
async def _(w: World) -> tuple[Any, Any]:
    assert await ErasureStore(w.store.engine).reached(w.theirs, _THEIRS) == 4
    return await ErasureStore(w.store.engine).reached(w.mine, _THEIRS), 0


@ask("erasure.ErasureStore.left")
async def _(w: World) -> tuple[Any, Any]:
    assert await ErasureStore(w.store.engine).left(w.theirs, _THEIRS) == _THEIRS
    return await ErasureStore(w.store.engine).left(w.mine, _THEIRS), ()


@ask("erasure.ErasureStore.keys_beside")
async def _(w: World) -> tuple[Any, Any]:
    async with writing(w.store.engine, w.theirs) as connection:
        row = {"tenant": w.theirs, "part": "request", "key": "dk_7", "nonce": b"n", "ciphertext": b"c"}
        about = select(subject_record.c.seq).where(subject_record.c.subject == _THEIRS[0]).limit(1)
        await connection.execute(insert(sealed).values({**row, "seq": await connection.scalar(about)}))
    assert await ErasureStore(w.store.engine).keys_beside(w.theirs, _THEIRS) == ("dk_7",)
    return await ErasureStore(w.store.engine).keys_beside(w.mine, _THEIRS), ()


@ask("erasure.ErasureStore.companions")
async def _(w: World) -> tuple[Any, Any]:
    return await ErasureStore(w.store.engine).companions(w.mine, ("su_other",)), ()


@ask("erasure.ErasureStore.under_way")
async def _(w: World) -> tuple[Any, Any]:
    return await ErasureStore(w.store.engine).under_way(w.mine, _THEIRS), False


@ask("erasure.ErasureStore.shared")
async def _(w: World) -> tuple[Any, Any]:
    return await every(ErasureStore(w.store.engine).shared(w.mine, _THEIRS)), []


@ask("erasure.ErasureStore.replace")
async def _(w: World) -> tuple[Any, Any]:
    part = SealedPart(part="content:2999-01-01T00:00:00.000000Z", key="dk_2", nonce=b"n", ciphertext=b"mine")
    was = SharedContent(seq=0, record="r", sealed=part, others=())
    becomes = msgspec.structs.replace(part, part="replaced")
    await ErasureStore(w.store.engine).replace(w.mine, was, becomes)
    kept = [one async for one in KeptStore(w.store.engine, w.store.clock).of(w.theirs, "0" * 27, "9" * 27)]
    return [one.sealed.ciphertext for chunk in kept for one in chunk], [b"c"]


@ask("erasure.ErasureStore.recall")
async def _(w: World) -> tuple[Any, Any]:
    bundles = BundleStore(w.store.engine)
    before = await bundles.newest(w.theirs)
    assert before
    await ErasureStore(w.store.engine).recall(w.mine, 2**60)
    return await bundles.newest(w.theirs), before


@ask("erasure.ErasureStore.forget")
async def _(w: World) -> tuple[Any, Any]:
    known = await w.directory.find_subject(w.theirs, "patient-1")
    assert known is not None
    await ErasureStore(w.store.engine).forget(w.mine, (known,))
    return await w.directory.find_subject(w.theirs, "patient-1"), known


@ask("erasure.ErasureStore.purge")
async def _(w: World) -> tuple[Any, Any]:
    erasure = ErasureStore(w.store.engine)
    assert await erasure.purge(w.mine, _THEIRS, ("dk_1",), ()) == 0
    return await erasure.reached(w.theirs, _THEIRS), 4


@ask("subject_cases.CaseStore.get")
async def _(w: World) -> tuple[Any, Any]:
    cases = CaseStore(w.store.engine)
    assert await cases.get(w.theirs, "sc_theirs") is not None
    return await cases.get(w.mine, "sc_theirs"), await cases.get(w.mine, "sc_none")


@ask("subject_cases.CaseStore.of_subjects")
async def _(w: World) -> tuple[Any, Any]:
    cases = CaseStore(w.store.engine)
    assert await cases.of_subjects(w.theirs, ("su_theirs",))
    return await cases.of_subjects(w.mine, ("su_theirs",)), ()


@ask("subject_cases.CaseStore.open_erasures")
async def _(w: World) -> tuple[Any, Any]:
    cases = CaseStore(w.store.engine)
    wanted = case_opened(case("sc_open", tenant=w.theirs, subject="su_theirs", kind="erasure", state="proposed"))
    async with w.store.writer(w.theirs) as writer:
        await writer.submit(Entry(draft=entry(ledger=w.theirs).draft, change=wanted))
    assert await cases.open_erasures(w.theirs, ("su_theirs",))
    return await cases.open_erasures(w.mine, ("su_theirs",)), ()


@ask("subject_cases.CaseStore.in_state")
async def _(w: World) -> tuple[Any, Any]:
    cases = CaseStore(w.store.engine)
    assert await cases.in_state(w.theirs, "hold", ("active",))
    return await cases.in_state(w.mine, "hold", ("active",)), ()


@ask("subject_cases.CaseStore.newest")
async def _(w: World) -> tuple[Any, Any]:
    cases = CaseStore(w.store.engine)
    assert await cases.newest(w.theirs)
    return await cases.newest(w.mine), ()


@ask("subject_cases.CaseStore.held")
async def _(w: World) -> tuple[Any, Any]:
    cases = CaseStore(w.store.engine)
    assert await cases.held(w.theirs, ("su_theirs",))
    return await cases.held(w.mine, ("su_theirs",)), False


# ------------------------------------------------------------------------------------------ approvals, open exchanges


@ask("approvals.ApprovalStore.put")
async def _(w: World) -> tuple[Any, Any]:
    """What another tenant has asked is in nobody's way."""
    return await w.approvals.put(approval("ap_theirs", tenant=w.mine, lookup=b"asked")), True


@ask("approvals.ApprovalStore.get")
async def _(w: World) -> tuple[Any, Any]:
    assert await w.approvals.get(w.theirs, "ap_theirs") is not None
    return await w.approvals.get(w.mine, "ap_theirs"), await w.approvals.get(w.mine, "ap_none")


@ask("approvals.ApprovalStore.find")
async def _(w: World) -> tuple[Any, Any]:
    assert await w.approvals.find(w.theirs, b"asked") is not None
    return await w.approvals.find(w.mine, b"asked"), await w.approvals.find(w.mine, b"none")


@ask("approvals.ApprovalStore.waiting")
async def _(w: World) -> tuple[Any, Any]:
    assert await w.approvals.waiting(w.theirs, "ac_1", 11) == 1
    return await w.approvals.waiting(w.mine, "ac_1", 11), 0


@ask("approvals.ApprovalStore.newest")
async def _(w: World) -> tuple[Any, Any]:
    assert await w.approvals.newest(w.theirs, states=("pending",), before=None, limit=9)
    return await w.approvals.newest(w.mine, states=("pending",), before=None, limit=9), ()


@ask("approvals.ApprovalStore.due")
async def _(w: World) -> tuple[Any, Any]:
    assert await w.approvals.due(w.theirs, 10**9, 9)
    return await w.approvals.due(w.mine, 10**9, 9), ()


@ask("approvals.ApprovalStore.change")
async def _(w: World) -> tuple[Any, Any]:
    was = approval("ap_theirs", tenant=w.mine, lookup=b"asked")
    done = await w.approvals.change(was, msgspec.structs.replace(was, state="approved"))
    found = await w.approvals.get(w.theirs, "ap_theirs")
    assert found is not None
    assert found.state == "pending"
    return done, False


@ask("open_exchanges.OpenExchanges.enter")
async def _(w: World) -> tuple[Any, Any]:
    exchanges = OpenExchanges(w.store.engine)
    assert await exchanges.enter(w.theirs, EXCHANGE) is not None
    return await exchanges.enter(w.mine, EXCHANGE), await exchanges.enter(w.mine, "ex_none")


@ask("open_exchanges.OpenExchanges.find")
async def _(w: World) -> tuple[Any, Any]:
    exchanges = OpenExchanges(w.store.engine)
    assert await exchanges.find(w.theirs, EXCHANGE) is not None
    return await exchanges.find(w.mine, EXCHANGE), await exchanges.find(w.mine, "ex_none")


@ask("open_exchanges.OpenExchanges.learned")
async def _(w: World) -> tuple[Any, Any]:
    exchanges = OpenExchanges(w.store.engine)
    return await got(exchanges.learned(w.mine, EXCHANGE)), await got(exchanges.learned(w.mine, "ex_none"))


@ask("open_exchanges.OpenExchanges.learn")
async def _(w: World) -> tuple[Any, Any]:
    exchanges = OpenExchanges(w.store.engine)
    await exchanges.learn(w.mine, EXCHANGE, frozenset({"pci"}))
    return await exchanges.learned(w.theirs, EXCHANGE), frozenset()


@ask("open_exchanges.OpenExchanges.extend")
async def _(w: World) -> tuple[Any, Any]:
    exchanges = OpenExchanges(w.store.engine)
    there = await got(exchanges.extend(w.mine, EXCHANGE, _DELEGATED))
    return there, await got(exchanges.extend(w.mine, "ex_none", _DELEGATED))


@ask("notices.NoticeStore.put")
async def _(w: World) -> tuple[Any, Any]:
    notices = NoticeStore(w.store.engine)
    await notices.put((notice("no_put", tenant=w.theirs),))
    await notices.put((notice("no_put", tenant=w.mine),))
    return sorted(one.tenant for one in await notices.due(99, 9)), sorted((w.mine, w.theirs))


@ask("notices.NoticeStore.take")
async def _(w: World) -> tuple[Any, Any]:
    notices = NoticeStore(w.store.engine)
    await notices.put((notice("no_take", tenant=w.theirs),))
    return await notices.take(notice("no_take", tenant=w.mine), 99), None


@ask("notices.NoticeStore.later")
async def _(w: World) -> tuple[Any, Any]:
    notices = NoticeStore(w.store.engine)
    await notices.put((notice("no_later", tenant=w.theirs),))
    await notices.later(notice("no_later", tenant=w.mine), 10**9)
    return [one.id for one in await notices.due(99, 99) if one.id == "no_later"], ["no_later"]


@ask("notices.NoticeStore.untried")
async def _(w: World) -> tuple[Any, Any]:
    notices = NoticeStore(w.store.engine)
    await notices.put((notice("no_untried", tenant=w.theirs, tries=1),))
    await notices.untried(notice("no_untried", tenant=w.mine, tries=1), 10**9)
    return [one.tries for one in await notices.due(99, 99) if one.id == "no_untried"], [1]


@ask("notices.NoticeStore.remove")
async def _(w: World) -> tuple[Any, Any]:
    notices = NoticeStore(w.store.engine)
    await notices.put((notice("no_remove", tenant=w.theirs),))
    await notices.remove(notice("no_remove", tenant=w.mine))
    return [one.id for one in await notices.due(99, 99) if one.id == "no_remove"], ["no_remove"]


@ask("glass.GlassStore.put")
async def _(w: World) -> tuple[Any, Any]:
    glass = GlassStore(w.store.engine)
    await glass.put(broken(tenant=w.mine))
    await glass.put(broken(tenant=w.theirs))
    return await glass.get(w.mine, "bg_1") == await glass.get(w.theirs, "bg_1"), False


@ask("glass.GlassStore.get")
async def _(w: World) -> tuple[Any, Any]:
    glass = GlassStore(w.store.engine)
    await glass.put(broken("bg_get", tenant=w.theirs))
    return await glass.get(w.mine, "bg_get"), await glass.get(w.mine, "bg_none")


@ask("glass.GlassStore.newest")
async def _(w: World) -> tuple[Any, Any]:
    glass = GlassStore(w.store.engine)
    await glass.put(broken("bg_newest", tenant=w.theirs))
    return "bg_newest" in [one.id for one in await glass.newest(w.mine, 99)], False


@ask("glass.GlassStore.overdue")
async def _(w: World) -> tuple[Any, Any]:
    glass = GlassStore(w.store.engine)
    await glass.put(broken("bg_overdue", tenant=w.theirs, due_us=5))
    assert [one.id for one in await glass.overdue(w.theirs, 9)] == ["bg_overdue"]
    return await glass.overdue(w.mine, 9), ()


@ask("glass.GlassStore.change")
async def _(w: World) -> tuple[Any, Any]:
    glass = GlassStore(w.store.engine)
    theirs = broken("bg_change", tenant=w.theirs)
    await glass.put(theirs)
    was = msgspec.structs.replace(theirs, tenant=w.mine)
    done = await glass.change(was, msgspec.structs.replace(was, until_us=11))
    assert await glass.get(w.theirs, "bg_change") == theirs
    return done, False


@ask("sticking.StickingClasses.note")
async def _(w: World) -> tuple[Any, Any]:
    sticking = StickingClasses(w.store.engine, w.store.clock, principal=lambda chain: b"", lasts_s=60)
    await sticking.note(w.theirs, "ac_1", (), ("phi",))
    assert sticking.of(w.theirs, "ac_1", ()) == {"phi"}
    return sticking.of(w.mine, "ac_1", ()), frozenset()


def _callbacks(w: World) -> CallbackStore:
    return CallbackStore(w.store.engine, w.store.clock)


def _tasks(w: World) -> TaskStore:
    return TaskStore(w.store.engine, w.store.clock)


@ask("tasks.TaskStore.get")
async def _(w: World) -> tuple[Any, Any]:
    assert await _tasks(w).get(w.theirs, "t1") is not None
    return await _tasks(w).get(w.mine, "t1"), await _tasks(w).get(w.mine, "none")


@ask("tasks.TaskStore.give_back")
async def _(w: World) -> tuple[Any, Any]:
    (claimed,) = await _tasks(w).claim(w.theirs, "nd_1/bt_1", lease_us=10, limit=9)
    mine = [msgspec.structs.replace(claimed.task, tenant=w.mine, id=one) for one in ("t1", "none")]
    answers = [await _tasks(w).give_back(one) for one in mine]
    assert await _tasks(w).give_back(claimed.task) is not None
    return answers[0], answers[1]


@ask("kept.KeptStore.of")
async def _(w: World) -> tuple[Any, Any]:
    period = ("2000-01-01T00:00:00.000000Z", "2100-01-01T00:00:00.000000Z")
    reader = KeptStore(w.store.engine, w.store.clock)
    assert [len(chunk) >= 1 async for chunk in reader.of(w.theirs, *period)] == [True]
    mine, nobody = [[chunk async for chunk in reader.of(ledger, *period)] for ledger in (w.mine, NOBODY)]
    return mine, nobody


@ask("kept.everything")
async def _(w: World) -> tuple[Any, Any]:
    assert [one for some in await every(everything(w.store.engine, w.theirs)) for one in some]
    return [one for some in await every(everything(w.store.engine, w.mine)) for one in some], []


@ask("kept_check.check_kept")
async def _(w: World) -> tuple[Any, Any]:
    assert (await check_kept(w.store.engine, w.theirs, None, 0)).closed
    return await check_kept(w.store.engine, w.mine, None, 0), KeptTally()


@ask("named.Links.compare")
async def _(w: World) -> tuple[Any, Any]:
    async def nowhere(block: int) -> Said:
        raise AssertionError(f"block {block} lies in no archive")

    async def left(ledger: str) -> list[int]:
        """What is not taken off by a link of this ledger."""
        named = Named()
        named.take(3, Detail(subjects=("su_theirs",)))
        await Links(w.store.engine, ledger).compare(named, 4, nowhere, archived=0)
        return list(named.left())

    assert await left(w.theirs) == []
    return await left(w.mine), [0]


@ask("kept.KeptStore.exchanges")
async def _(w: World) -> tuple[Any, Any]:
    reader, period = KeptStore(w.store.engine, w.store.clock), ("2000", "2100")
    there = entry(ledger=w.theirs, event="exchange.requested", exchange="ex_kept")
    content = SealedPart(part="content:2999-01-01T00:00:00.000000Z", key="dk_1", nonce=b"n", ciphertext=b"c")
    async with w.store.writer(w.theirs) as writer:
        await writer.append(msgspec.structs.replace(there, sealed=(content,)))
    assert [len(chunk) async for chunk in reader.exchanges(w.theirs, *period)] == [1]
    mine, nobody = [[chunk async for chunk in reader.exchanges(ledger, *period)] for ledger in (w.mine, NOBODY)]
    return mine, nobody


@ask("kept.KeptStore.one")
async def _(w: World) -> tuple[Any, Any]:
    reader = KeptStore(w.store.engine, w.store.clock)
    assert await reader.one(w.theirs, 0) is not None
    return await reader.one(w.mine, 0), await reader.one(NOBODY, 0)


async def _bundle(w: World) -> BundleStore:
    bundles = BundleStore(w.store.engine)
    for job in (
        bundle_job("ev_theirs", tenant=w.theirs, state=READY, expires_us=1, work_key="dk_theirs"),
        bundle_job("ev_waits", tenant=w.theirs),
    ):
        if await bundles.get(w.theirs, job.id) is None:  # the same world is asked for several of these
            await bundles.add(job, most=9)
    return bundles


@ask("bundle_jobs.BundleStore.add")
async def _(w: World) -> tuple[Any, Any]:
    bundles = await _bundle(w)
    return await bundles.add(bundle_job("ev_mine", tenant=NOBODY), most=1), True


@ask("bundle_jobs.BundleStore.get")
async def _(w: World) -> tuple[Any, Any]:
    bundles = await _bundle(w)
    return await bundles.get(w.mine, "ev_theirs"), await bundles.get(w.mine, "none")


@ask("bundle_jobs.BundleStore.newest")
async def _(w: World) -> tuple[Any, Any]:
    bundles = await _bundle(w)
    return await bundles.newest(w.mine), []


@ask("bundle_jobs.BundleStore.next")
async def _(w: World) -> tuple[Any, Any]:
    bundles = await _bundle(w)
    assert await bundles.next(w.theirs) is not None
    return await bundles.next(w.mine), None


@ask("bundle_jobs.BundleStore.any")
async def _(w: World) -> tuple[Any, Any]:
    bundles = await _bundle(w)
    assert await bundles.any(w.theirs)
    return await bundles.any(w.mine), False


@ask("bundle_jobs.BundleStore.over")
async def _(w: World) -> tuple[Any, Any]:
    bundles = await _bundle(w)
    assert await bundles.over(w.theirs, 2)
    return await bundles.over(w.mine, 2), []


@ask("bundle_jobs.BundleStore.left")
async def _(w: World) -> tuple[Any, Any]:
    bundles = await _bundle(w)
    assert await bundles.left(w.theirs)
    return await bundles.left(w.mine), []


@ask("bundle_jobs.BundleStore.before")
async def _(w: World) -> tuple[Any, Any]:
    bundles, late = await _bundle(w), 9_000_000_000_000_000
    assert await bundles.before(w.theirs, late)
    return await bundles.before(w.mine, late), []


@ask("bundle_jobs.BundleStore.change")
async def _(w: World) -> tuple[Any, Any]:
    bundles = await _bundle(w)
    return await bundles.change(bundle_job("ev_waits", tenant=w.mine), state=READY), None


@ask("bundle_jobs.BundleStore.tell")
async def _(w: World) -> tuple[Any, Any]:
    bundles = await _bundle(w)
    return await bundles.tell(bundle_job("ev_waits", tenant=w.mine), done=1, total=2), False


async def _scheduled(w: World) -> ScheduledStore:
    rows = ScheduledStore(w.store.engine)
    await rows.add(scheduled_period("2026-10", 0, tenant=w.theirs, state=DELIVERED, ended_us=1))
    await rows.add(scheduled_period("2026-11", 10, tenant=w.theirs))
    return rows


@ask("scheduled.ScheduledStore.add")
async def _(w: World) -> tuple[Any, Any]:
    rows = await _scheduled(w)
    return await rows.add(scheduled_period("2026-10", 0, tenant=NOBODY)), True


@ask("scheduled.ScheduledStore.get")
async def _(w: World) -> tuple[Any, Any]:
    rows = await _scheduled(w)
    return await rows.get(w.mine, "monthly", "2026-10"), None


@ask("scheduled.ScheduledStore.open")
async def _(w: World) -> tuple[Any, Any]:
    rows = await _scheduled(w)
    assert await rows.open(w.theirs, "monthly", "monthly")
    return await rows.open(w.mine, "monthly", "monthly"), []


@ask("scheduled.ScheduledStore.latest")
async def _(w: World) -> tuple[Any, Any]:
    rows = await _scheduled(w)
    assert await rows.latest(w.theirs, "monthly", "monthly", 99)
    return await rows.latest(w.mine, "monthly", "monthly", 99), None


@ask("scheduled.ScheduledStore.newest")
async def _(w: World) -> tuple[Any, Any]:
    rows = await _scheduled(w)
    return await rows.newest(w.mine), []


@ask("scheduled.ScheduledStore.succeeded")
async def _(w: World) -> tuple[Any, Any]:
    rows = await _scheduled(w)
    assert await rows.succeeded(w.theirs, "monthly") == 1
    return await rows.succeeded(w.mine, "monthly"), None


@ask("scheduled.ScheduledStore.change")
async def _(w: World) -> tuple[Any, Any]:
    rows = await _scheduled(w)
    return await rows.change(scheduled_period("2026-11", 10, tenant=w.mine), state=DELIVERED), None


@ask("incidents.IncidentStore.get")
async def _(w: World) -> tuple[Any, Any]:
    incidents = await _incident(w)
    assert await incidents.get(w.theirs, INCIDENT) is not None
    return await incidents.get(w.mine, INCIDENT), await incidents.get(w.mine, "none")


@ask("incidents.IncidentStore.newest")
async def _(w: World) -> tuple[Any, Any]:
    incidents = await _incident(w)
    assert await incidents.newest(w.theirs, 9, closed=False)
    return await incidents.newest(w.mine, 9, closed=False), ()


@ask("incidents.IncidentStore.open")
async def _(w: World) -> tuple[Any, Any]:
    incidents = await _incident(w)
    assert await incidents.open(w.theirs) == 1
    return await incidents.open(w.mine), 0


async def _incident(w: World) -> IncidentStore:
    async with w.store.writer(w.theirs) as writer:
        change = incident_opened(incident(tenant=w.theirs))
        await writer.submit(Entry(draft=entry(ledger=w.theirs).draft, change=change))
    return IncidentStore(w.store.engine)


@ask("reviews.ReviewStore.get")
async def _(w: World) -> tuple[Any, Any]:
    reviews = await _reviewed(w)
    assert await reviews.get(w.theirs, "rv_1") is not None
    return await reviews.get(w.mine, "rv_1"), await reviews.get(w.mine, "rv_none")


@ask("reviews.ReviewStore.newest")
async def _(w: World) -> tuple[Any, Any]:
    reviews = await _reviewed(w)
    assert await reviews.newest(w.theirs, 9)
    return await reviews.newest(w.mine, 9), ()


@ask("reviews.ReviewStore.notes")
async def _(w: World) -> tuple[Any, Any]:
    reviews = await _reviewed(w)
    assert await reviews.notes(w.theirs, "rv_1")
    return await reviews.notes(w.mine, "rv_1"), ()


async def _reviewed(w: World) -> ReviewStore:
    """A sample of theirs, and a mark in it."""
    changes = (drawn(review(tenant=w.theirs)), noted("rv_1", note()))
    async with w.store.writer(w.theirs) as writer:
        for change in changes:
            await writer.submit(Entry(draft=entry(ledger=w.theirs).draft, change=change))
    return ReviewStore(w.store.engine)


@ask("kept.KeptStore.sweep")
async def _(w: World) -> tuple[Any, Any]:
    reader = KeptStore(w.store.engine, ManualClock(us=40_000_000_000_000_000))
    mine, nobody = [await reader.sweep(ledger) for ledger in (w.mine, NOBODY)]
    assert await reader.sweep(w.theirs) >= 1
    return mine, nobody


@ask("decided.DecidedStore.chunks")
async def _(w: World) -> tuple[Any, Any]:
    asked = (("exchange.requested",), "2000", "3000")
    assert (await every(DecidedStore(w.store.engine, w.theirs).chunks(*asked)))[0]
    mine = DecidedStore(w.store.engine, w.mine)
    for subject in _THEIRS:
        assert await every(mine.chunks(*asked, subject=subject)) == [[]]
    return await every(mine.chunks(*asked)), [[]]


@ask("tasks.TaskStore.by_key")
async def _(w: World) -> tuple[Any, Any]:
    assert await _tasks(w).by_key(w.theirs, b"once") is not None
    return await _tasks(w).by_key(w.mine, b"once"), await _tasks(w).by_key(w.mine, b"none")


@ask("tasks.TaskStore.content")
async def _(w: World) -> tuple[Any, Any]:
    assert await _tasks(w).content(w.theirs, "t1", "request") is not None
    return await _tasks(w).content(w.mine, "t1", "request"), await _tasks(w).content(w.mine, "none", "request")


@ask("tasks.TaskStore.page")
async def _(w: World) -> tuple[Any, Any]:
    assert await _tasks(w).page(w.theirs)
    return await _tasks(w).page(w.mine), []


@ask("tasks.TaskStore.waiting")
async def _(w: World) -> tuple[Any, Any]:
    assert await _tasks(w).waiting(w.theirs) == 1
    return await _tasks(w).waiting(w.mine), 0


@ask("tasks.TaskStore.claim")
async def _(w: World) -> tuple[Any, Any]:
    return await _tasks(w).claim(w.mine, "nd_1/bt_1", lease_us=10, limit=9), []


@ask("tasks.TaskStore.fetched")
async def _(w: World) -> tuple[Any, Any]:
    await _tasks(w).fetched(w.mine, "t1")
    theirs = await _tasks(w).get(w.theirs, "t1")
    assert theirs is not None
    return theirs.fetched_us, None


@ask("tasks.TaskStore.wish_cancelled")
async def _(w: World) -> tuple[Any, Any]:
    answers = [await _tasks(w).wish_cancelled(w.mine, one, "ac_1") for one in ("t1", "none")]
    theirs = await _tasks(w).get(w.theirs, "t1")
    assert theirs is not None
    assert (theirs.state, theirs.cancelled_by) == ("queued", None)
    return answers[0], answers[1]


@ask("callbacks.CallbackStore.newest")
async def _(w: World) -> tuple[Any, Any]:
    assert await _callbacks(w).newest(w.theirs, "t1") is not None
    return await _callbacks(w).newest(w.mine, "t1"), await _callbacks(w).newest(w.mine, "none")


@ask("callbacks.CallbackStore.waiting")
async def _(w: World) -> tuple[Any, Any]:
    assert await _callbacks(w).waiting((w.theirs,)) == 1
    return await _callbacks(w).waiting((w.mine,)), 0


@ask("callbacks.CallbackStore.claim")
async def _(w: World) -> tuple[Any, Any]:
    return await _callbacks(w).claim((w.mine,), lease_us=10, limit=9, room=lambda name: 9), []


@ask("callbacks.CallbackStore.later")
async def _(w: World) -> tuple[Any, Any]:
    before = await _callbacks(w).newest(w.theirs, "t1")
    assert before is not None
    mine = msgspec.structs.replace(before, tenant=w.mine)
    await _callbacks(w).later(mine, due_us=1, code="x", status=None)
    return await _callbacks(w).newest(w.theirs, "t1"), before


@ask("usage.UsageStore.sums")
async def _(w: World) -> tuple[Any, Any]:
    day = datetime.fromtimestamp(START_US / 1e6, UTC).date()
    answers = []
    for ledger in (w.mine, NOBODY):
        answers.append(await UsageStore(w.store.engine, ledger, w.store.clock).sums(day, day, ("agent",)))
    return answers[0], answers[1]


# --------------------------------------------------------------------------------------------- pseudonyms, sessions


@ask("directory.Directory.actor")
async def _(w: World) -> tuple[Any, Any]:
    mine = await w.directory.actor(w.mine, "eve")
    return mine == await w.directory.actor(w.theirs, "eve"), False


@ask("directory.Directory.subject")
async def _(w: World) -> tuple[Any, Any]:
    mine = await w.directory.subject(w.mine, "patient-1")
    return mine == await w.directory.subject(w.theirs, "patient-1"), False


@ask("directory.Directory.subjects")
async def _(w: World) -> tuple[Any, Any]:
    wanted = [("mrn", "4711"), ("email", "ann@clinic.example")]
    mine, theirs = await w.directory.subjects(w.mine, wanted), await w.directory.subjects(w.theirs, wanted)
    return set(mine) & set(theirs), set()


@ask("directory.Directory.find_actor")
async def _(w: World) -> tuple[Any, Any]:
    assert await w.directory.find_actor(w.theirs, "eve") is not None
    return await w.directory.find_actor(w.mine, "eve"), await w.directory.find_actor(w.mine, "none")


@ask("directory.Directory.find_subject")
async def _(w: World) -> tuple[Any, Any]:
    assert await w.directory.find_subject(w.theirs, "patient-1") is not None
    return await w.directory.find_subject(w.mine, "patient-1"), await w.directory.find_subject(w.mine, "none")


@ask("mcp_sessions.McpSessions.open")
async def _(w: World) -> tuple[Any, Any]:
    await w.mcp.open("mine", Owner(w.mine, "ac_1", "scribe"), "other")
    return await w.mcp.find("mine", Owner(w.theirs, "ac_1", "scribe")), None


@ask("mcp_sessions.McpSessions.find")
async def _(w: World) -> tuple[Any, Any]:
    assert await w.mcp.find("theirs", Owner(w.theirs, "ac_1", "scribe")) == "upstream"
    owner = Owner(w.mine, "ac_1", "scribe")
    return await w.mcp.find("theirs", owner), await w.mcp.find("none", owner)


@ask("mcp_sessions.McpSessions.end")
async def _(w: World) -> tuple[Any, Any]:
    await w.mcp.end("theirs", Owner(w.mine, "ac_1", "scribe"))
    fresh = McpSessions(w.store.engine, w.store.clock, 60)
    return await fresh.find("theirs", Owner(w.theirs, "ac_1", "scribe")), "upstream"


@ask("sessions.SessionStore.put")
async def _(w: World) -> tuple[Any, Any]:
    key = w.sessions.key("theirs")
    before = await w.sessions.find([key])
    await w.sessions.put(w.mine, [growth(key, sent=("pci",), expires_us=START_US + 99)])
    return await w.sessions.find([key]), before


@ask("tools.ToolStore.of")
async def _(w: World) -> tuple[Any, Any]:
    assert await w.tools.of(w.theirs, "scribe")
    return await w.tools.of(w.mine, "scribe"), {}


@ask("tools.ToolStore.now")
async def _(w: World) -> tuple[Any, Any]:
    # Twice: from the database, and by the row that tells whether what is remembered still stands.
    assert [await w.tools.now(w.theirs, "scribe", _TOOL.name) is not None for _ in range(2)] == [True, True]
    return [await w.tools.now(w.mine, "scribe", _TOOL.name) for _ in range(2)], [None, None]


@ask("tools.ToolStore.note")
async def _(w: World) -> tuple[Any, Any]:
    before = await w.tools.of(w.theirs, "scribe", fresh=True)
    changed = msgspec.structs.replace(_TOOL, digest="sha256:" + "c" * 64)
    await w.tools.note(By(ledger=MemoryLedger(), tenant=w.mine), "scribe", (changed,))
    return await w.tools.of(w.theirs, "scribe", fresh=True), before


@ask("tools.ToolStore.suspect")
async def _(w: World) -> tuple[Any, Any]:
    before = await w.tools.of(w.theirs, "scribe", fresh=True)
    await w.tools.suspect(w.mine, "scribe")
    return await w.tools.of(w.theirs, "scribe", fresh=True), before


@ask("tools.ToolStore.release")
async def _(w: World) -> tuple[Any, Any]:
    by = By(ledger=MemoryLedger(), tenant=w.mine)
    return await w.tools.release(by, "scribe", "lookup"), await w.tools.release(by, "scribe", "none")


# ---------------------------------------------------------------------------------------------------------- witnesses


async def _cosigned(w: World) -> tuple[CosignatureStore, CosignatureStore]:
    """The store of the ledger that has one, and of the one that looks."""
    theirs = CosignatureStore(w.store.engine, w.theirs)
    await theirs.add(5, "line\n", cosignature.Seen("w.example/1", 7))
    return theirs, CosignatureStore(w.store.engine, w.mine)


@ask("cosignatures.CosignatureStore.add")
async def _(w: World) -> tuple[Any, Any]:
    theirs, mine = await _cosigned(w)
    await mine.add(5, "mine\n", cosignature.Seen("w.example/2", 8))
    return await theirs.of(5), {"w.example/1": ("line\n", 7)}


@ask("cosignatures.CosignatureStore.of")
async def _(w: World) -> tuple[Any, Any]:
    theirs, mine = await _cosigned(w)
    assert await theirs.of(5)
    return "w.example/1" in await mine.of(5), False


@ask("cosignatures.CosignatureStore.covering")
async def _(w: World) -> tuple[Any, Any]:
    theirs, mine = await _cosigned(w)
    assert await theirs.covering(1)
    return [one for one in await mine.covering(1) if one[0] == "w.example/1"], []


@ask("cosignatures.CosignatureStore.last")
async def _(w: World) -> tuple[Any, Any]:
    theirs, mine = await _cosigned(w)
    assert await theirs.last("w.example/1") == 5
    return await mine.last("w.example/1"), 0


@ask("cosignatures.CosignatureStore.witnessed")
async def _(w: World) -> tuple[Any, Any]:
    theirs, mine = await _cosigned(w)
    assert await theirs.witnessed(("w.example/1",), 1) == 5
    return await mine.witnessed(("w.example/1",), 1), 0


@ask("cosignatures.CosignatureStore.recorded")
async def _(w: World) -> tuple[Any, Any]:
    theirs, mine = await _cosigned(w)
    async with w.store.writer(w.theirs) as writer:
        told = (1, to_base64(bytes(32)))
        await writer.append(entry("checkpoint.witnessed", ledger=w.theirs, checkpoint=told))
    assert await theirs.recorded(1)
    return await mine.recorded(1), False


@ask("cosignatures.CosignatureStore.acknowledged")
async def _(w: World) -> tuple[Any, Any]:
    theirs, mine = await _cosigned(w)
    async with w.store.writer(w.theirs) as writer:
        await writer.append(entry("restore.acknowledged", ledger=w.theirs, range=(1, 99)))
    assert await theirs.acknowledged("w.example/1") == 99
    return await mine.acknowledged("w.example/1"), 0


# -------------------------------------------------------------------------------------------------------- time-stamps


async def _stamped(w: World) -> tuple[StampStore, StampStore]:
    """The store of the ledger that has one, and of the one that looks."""
    theirs = StampStore(w.store.engine, w.theirs)
    await theirs.add(kept(5))
    return theirs, StampStore(w.store.engine, w.mine)


@ask("stamps.StampStore.add")
async def _(w: World) -> tuple[Any, Any]:
    theirs, mine = await _stamped(w)
    await mine.add(kept(6))
    return await theirs.newest(), (kept(5),)


@ask("stamps.StampStore.last")
async def _(w: World) -> tuple[Any, Any]:
    theirs, mine = await _stamped(w)
    assert await theirs.last("clock") == kept(5)
    return await mine.last("clock") == kept(5), False


@ask("stamps.StampStore.newest")
async def _(w: World) -> tuple[Any, Any]:
    theirs, mine = await _stamped(w)
    assert await theirs.newest() == (kept(5),)
    return kept(5) in await mine.newest(), False


@ask("stamps.StampStore.page")
async def _(w: World) -> tuple[Any, Any]:
    theirs, mine = await _stamped(w)
    assert await theirs.page(0, 9) == (kept(5),)
    return kept(5) in await mine.page(0, 9), False


@ask("stamps.StampStore.covering")
async def _(w: World) -> tuple[Any, Any]:
    theirs, mine = await _stamped(w)
    assert await theirs.covering(5, 5) == (kept(5),)
    return kept(5) in await mine.covering(5, 5), False


# --------------------------------------------------------------------------------------------------------- forwarding


async def _forwarded(w: World) -> tuple[ForwardStore, Cursor, Cursor]:
    """Their cursor, and one of the same name and version that `mine` would have."""
    theirs = Cursor(tenant=w.theirs, forward="siem", next_seq=2, changed_us=1)
    async with w.store.writer(w.theirs) as writer:
        await writer.submit(Entry(draft=entry(ledger=w.theirs).draft, change=begun(theirs)))
    return ForwardStore(w.store.engine), theirs, msgspec.structs.replace(theirs, tenant=w.mine)


@ask("forwarding.ForwardStore.get")
async def _(w: World) -> tuple[Any, Any]:
    store, theirs, _ = await _forwarded(w)
    assert await store.get(w.theirs, "siem") == theirs
    return await store.get(w.mine, "siem"), None


@ask("forwarding.ForwardStore.all")
async def _(w: World) -> tuple[Any, Any]:
    store, _, _ = await _forwarded(w)
    assert await store.all(w.theirs)
    return await store.all(w.mine), ()


@ask("forwarding.ForwardStore.waiting")
async def _(w: World) -> tuple[Any, Any]:
    store, _, _ = await _forwarded(w)
    assert (await store.waiting(w.theirs, 2)).first == 2
    return await store.waiting(w.mine, 2), Waiting(size=1, first=None, since=None)


@ask("forwarding.ForwardStore.advance")
async def _(w: World) -> tuple[Any, Any]:
    store, theirs, mine = await _forwarded(w)
    assert await store.advance(mine, 5, 9) is None
    return await store.get(w.theirs, "siem"), theirs


@ask("forwarding.ForwardStore.fails")
async def _(w: World) -> tuple[Any, Any]:
    store, theirs, mine = await _forwarded(w)
    assert await store.fails(mine, "x", 9) is None
    return await store.get(w.theirs, "siem"), theirs


# ------------------------------------------------------------------------------------------------ the record itself


def _readers(w: World) -> tuple[StoreReader, StoreReader]:
    return StoreReader(w.store.engine, w.mine), StoreReader(w.store.engine, NOBODY)


@ask("reader.StoreReader.size")
async def _(w: World) -> tuple[Any, Any]:
    assert await StoreReader(w.store.engine, w.theirs).size() > 1
    return await _readers(w)[0].size(), 1


@ask("reader.StoreReader.record")
async def _(w: World) -> tuple[Any, Any]:
    assert await StoreReader(w.store.engine, w.theirs).record(3) is not None
    return await _readers(w)[0].record(3), await _readers(w)[0].record(99)


@ask("reader.StoreReader.records")
async def _(w: World) -> tuple[Any, Any]:
    assert await every(StoreReader(w.store.engine, w.theirs).records(1, 50, details=True))
    return await every(_readers(w)[0].records(1, 50, details=True)), []


@ask("reader.StoreReader.lots")
async def _(w: World) -> tuple[Any, Any]:
    assert await every(StoreReader(w.store.engine, w.theirs).lots(1, 50))
    return await every(_readers(w)[0].lots(1, 50)), []


@ask("reader.StoreReader.details")
async def _(w: World) -> tuple[Any, Any]:
    assert await StoreReader(w.store.engine, w.theirs).details(range(1, 50))
    return await _readers(w)[0].details(range(1, 50)), {}


@ask("reader.StoreReader.runs")
async def _(w: World) -> tuple[Any, Any]:
    seqs = range(1, 50)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader_module, "MAX_DETAILS", 1)  # so that each detail that is seen has a run of its own
        assert len(await StoreReader(w.store.engine, w.theirs).runs(seqs)) > 1
        return await _readers(w)[0].runs(seqs), [list(seqs)]


@ask("reader.StoreReader.exchange")
async def _(w: World) -> tuple[Any, Any]:
    assert await StoreReader(w.store.engine, w.theirs).exchange(EXCHANGE)
    return await _readers(w)[0].exchange(EXCHANGE), await _readers(w)[0].exchange("ex_none")


@ask("reader.StoreReader.checkpoint")
async def _(w: World) -> tuple[Any, Any]:
    assert await StoreReader(w.store.engine, w.theirs).checkpoint() is not None
    return await _readers(w)[0].checkpoint(), None


@ask("reader.StoreReader.checkpoints")
async def _(w: World) -> tuple[Any, Any]:
    assert await every(StoreReader(w.store.engine, w.theirs).checkpoints())
    return await every(_readers(w)[0].checkpoints()), []


@ask("reader.StoreReader.checkpoint_until")
async def _(w: World) -> tuple[Any, Any]:
    newest = await StoreReader(w.store.engine, w.theirs).checkpoint()
    assert newest is not None
    assert await StoreReader(w.store.engine, w.theirs).checkpoint_until(newest.size) is not None
    return await _readers(w)[0].checkpoint_until(newest.size), None


@ask("reader.StoreReader.checkpoint_of")
async def _(w: World) -> tuple[Any, Any]:
    newest = await StoreReader(w.store.engine, w.theirs).checkpoint()
    assert newest is not None
    return await _readers(w)[0].checkpoint_of(newest.size), None


@ask("reader.StoreReader.uncovered_since")
async def _(w: World) -> tuple[Any, Any]:
    assert await StoreReader(w.store.engine, w.theirs).uncovered_since(1) is not None
    return await _readers(w)[0].uncovered_since(1), None


@ask("reader.StoreReader.hashes")
async def _(w: World) -> tuple[Any, Any]:
    assert await StoreReader(w.store.engine, w.theirs).hashes(0, 1, 3)
    mine, nobody = _readers(w)
    return await got(mine.hashes(0, 1, 3)), await got(nobody.hashes(0, 1, 3))


@ask("reader.StoreReader.inclusion")
async def _(w: World) -> tuple[Any, Any]:
    assert await StoreReader(w.store.engine, w.theirs).inclusion(3, 6)
    mine, nobody = _readers(w)
    return await got(mine.inclusion(3, 6)), await got(nobody.inclusion(3, 6))


@ask("reader.StoreReader.consistency")
async def _(w: World) -> tuple[Any, Any]:
    assert await StoreReader(w.store.engine, w.theirs).consistency(3, 6)
    mine, nobody = _readers(w)
    return await got(mine.consistency(3, 6)), await got(nobody.consistency(3, 6))


# --------------------------------------------------------------------------------------------------------- emergencies


async def _emergencies(w: World) -> EmergencyStore:
    """With an emergency ledger of theirs, made by the first that asks."""
    emergencies = EmergencyStore(w.store.engine)
    if not await emergencies.all(w.theirs):
        made = Emergency(id="em_theirs", node="nd_1", state=STANDING, origin="o", vkey="k", prepared_us=1)
        async with w.store.writer(w.theirs) as writer:
            draft = entry("emergency.prepared", ledger=w.theirs).draft
            await writer.submit(Entry(draft=draft, change=emergency_prepared(made)))
    return emergencies


@ask("emergencies.EmergencyStore.all")
async def _(w: World) -> tuple[Any, Any]:
    emergencies = await _emergencies(w)
    assert await emergencies.all(w.theirs)
    return await emergencies.all(w.mine), ()


@ask("emergencies.EmergencyStore.of_node")
async def _(w: World) -> tuple[Any, Any]:
    emergencies = await _emergencies(w)
    assert await emergencies.of_node(w.theirs, "nd_1")
    return await emergencies.of_node(w.mine, "nd_1"), ()


# ------------------------------------------------------------------------------------------------------------ archives


async def _archives(w: World) -> ArchiveStore:
    """With an archive of theirs, made by the first that asks."""
    if await ArchiveStore(w.store.engine).all(w.theirs):
        return ArchiveStore(w.store.engine)
    made = Archived(
        id="ar_theirs",
        first=0,
        end=1,
        digest=_DIGEST,
        size=1,
        first_at=timestamp(START_US),
        last_at=timestamp(START_US),
        last_hash=bytes(32),
        recorded_at=timestamp(START_US),
        checkpoint=2,
        at_us=START_US,
    )
    async with w.store.writer(w.theirs) as writer:
        draft = entry("ledger.archived", ledger=w.theirs, archive=made.id).draft
        await writer.submit(Entry(draft=draft, change=archive_added(made)))  # left out where it is there by now
    return ArchiveStore(w.store.engine)


@ask("archives.ArchiveStore.all")
async def _(w: World) -> tuple[Any, Any]:
    archives = await _archives(w)
    assert await archives.all(w.theirs)
    return await archives.all(w.mine), ()


@ask("archives.ArchiveStore.leaving")
async def _(w: World) -> tuple[Any, Any]:
    archives = await _archives(w)
    assert await archives.leaving(w.theirs)
    return await archives.leaving(w.mine), ()


@ask("archives.ArchiveStore.holding")
async def _(w: World) -> tuple[Any, Any]:
    archives = await _archives(w)
    assert await archives.holding(w.theirs, 0) is not None
    return await archives.holding(w.mine, 0), None


@ask("archives.ArchiveStore.among")
async def _(w: World) -> tuple[Any, Any]:
    archives = await _archives(w)
    assert await archives.among(w.theirs, None, None)
    return await archives.among(w.mine, None, None), ()


@ask("archives.ArchiveStore.about")
async def _(w: World) -> tuple[Any, Any]:
    archives = await _archives(w)
    return await archives.about(w.mine, _THEIRS), {}


@ask("subject_trail.SubjectTrail.archived")
async def _(w: World) -> tuple[Any, Any]:
    _ = await _archives(w)
    return await SubjectTrail(w.store.engine, w.store.clock).archived(w.mine, _THEIRS), {}


@ask("erasure.ErasureStore.archives")
async def _(w: World) -> tuple[Any, Any]:
    _ = await _archives(w)
    return await ErasureStore(w.store.engine).archives(w.mine, _THEIRS), {}


@ask("archives.ArchiveStore.oldest")
async def _(w: World) -> tuple[Any, Any]:
    return await ArchiveStore(w.store.engine).oldest(NOBODY), None


@ask("archives.ArchiveStore.next")
async def _(w: World) -> tuple[Any, Any]:
    archives = ArchiveStore(w.store.engine)
    return await archives.next(w.mine, BLOCK), await archives.next(NOBODY, BLOCK)


@ask("archives.ArchiveStore.open_before")
async def _(w: World) -> tuple[Any, Any]:
    archives = ArchiveStore(w.store.engine)
    assert await archives.open_before(w.theirs, 99)
    return await archives.open_before(w.mine, 99), 0


@ask("archives.ArchiveStore.content_before")
async def _(w: World) -> tuple[Any, Any]:
    archives = ArchiveStore(w.store.engine)
    assert await archives.content_before(w.theirs, 99)
    return await archives.content_before(w.mine, 99), 0


@ask("archives.ArchiveStore.unforwarded")
async def _(w: World) -> tuple[Any, Any]:
    archives = ArchiveStore(w.store.engine)
    async with writing(w.store.engine, w.theirs) as connection:
        row = {"tenant": w.theirs, "forward": "vault", "next_seq": 0, "version": 0, "changed_us": 1, "stalled": 0}
        await connection.execute(forward_cursor.insert().values(row))
    assert await archives.unforwarded(w.theirs, 99, ("vault",))
    return await archives.unforwarded(w.mine, 99, ("vault",)), False


@ask("retention.RetentionStore.extent")
async def _(w: World) -> tuple[Any, Any]:
    retention, late = RetentionStore(w.store.engine), timestamp(START_US + 10**12)
    assert await retention.extent(w.theirs, late) > (0, 1)
    return await retention.extent(NOBODY, late), (0, 0)


@ask("retention.RetentionStore.beside")
async def _(w: World) -> tuple[Any, Any]:
    retention = RetentionStore(w.store.engine)
    assert await retention.beside(w.theirs, 0, 99, "details")
    return await retention.beside(w.mine, 0, 99, "details"), []


@ask("retention.RetentionStore.about")
async def _(w: World) -> tuple[Any, Any]:
    retention = RetentionStore(w.store.engine)
    assert await retention.about(w.theirs, 0, 99, _THEIRS)
    return await retention.about(w.mine, 0, 99, _THEIRS), frozenset()


@ask("retention.RetentionStore.destroy")
async def _(w: World) -> tuple[Any, Any]:
    retention = RetentionStore(w.store.engine)
    before = await retention.beside(w.theirs, 0, 99, "details")
    await retention.destroy(w.mine, [one.seq for one in before], "details")
    return await retention.beside(w.theirs, 0, 99, "details"), before


@ask("archives.ArchiveStore.linked")
async def _(w: World) -> tuple[Any, Any]:
    archives = ArchiveStore(w.store.engine)
    assert await archives.linked(w.theirs, 0, 99, _THEIRS)
    return await archives.linked(w.mine, 0, 99, _THEIRS), False


@ask("archives.ArchiveStore.places")
async def _(w: World) -> tuple[Any, Any]:
    archives = ArchiveStore(w.store.engine)
    assert await archives.places(w.theirs, _THEIRS, 0, 99)
    return await archives.places(w.mine, _THEIRS, 0, 99), frozenset()


@ask("archives.ArchiveStore.recorded")
async def _(w: World) -> tuple[Any, Any]:
    archives = await _archives(w)
    (one,) = await archives.all(w.theirs)
    found = await archives.recorded(w.theirs, one)
    assert found is not None
    with pytest.raises(VerificationError, match="it is not on record"):
        await archives.recorded(w.mine, one)
    return None, None


@ask("archives.ArchiveStore.beside")
async def _(w: World) -> tuple[Any, Any]:
    archives = ArchiveStore(w.store.engine)
    assert await archives.beside(w.theirs, 0, 99)
    return await archives.beside(w.mine, 0, 99), {}


@ask("archives.ArchiveStore.links")
async def _(w: World) -> tuple[Any, Any]:
    archives = ArchiveStore(w.store.engine)
    assert await archives.links(w.theirs, 0, 99)
    return await archives.links(w.mine, 0, 99), {}


@ask("archives.ArchiveStore.labels")
async def _(w: World) -> tuple[Any, Any]:
    archives = ArchiveStore(w.store.engine)
    assert await archives.labels(w.theirs, 0, 99)
    return await archives.labels(w.mine, 0, 99), frozenset()


@ask("archives.ArchiveStore.remove")
async def _(w: World) -> tuple[Any, Any]:
    archives = await _archives(w)
    assert not await archives.remove(w.mine)
    return await StoreReader(w.store.engine, w.theirs).record(0) is not None, True


@ask("subject_cases.CaseStore.holding")
async def _(w: World) -> tuple[Any, Any]:
    cases = CaseStore(w.store.engine)
    assert await cases.holding(w.theirs) == _THEIRS
    return await cases.holding(w.mine), ()


@ask("reader.StoreReader.checkpoint_within")
async def _(w: World) -> tuple[Any, Any]:
    assert await StoreReader(w.store.engine, w.theirs).checkpoint_within(0, 99) is not None
    return await StoreReader(w.store.engine, w.mine).checkpoint_within(0, 99), None


@ask("tree.TreeReader.leaves")
async def _(w: World) -> tuple[Any, Any]:
    mine, nobody = _trees(w)
    return await got(every(mine.leaves(0, 256))), await got(every(nobody.leaves(0, 256)))


def _trees(w: World) -> tuple[TreeReader, TreeReader]:
    return TreeReader(w.store.engine, w.mine), TreeReader(w.store.engine, NOBODY)


@ask("tree.TreeReader.inclusion")
async def _(w: World) -> tuple[Any, Any]:
    assert await TreeReader(w.store.engine, w.theirs).inclusion(3, 6)
    mine, nobody = _trees(w)
    return await got(mine.inclusion(3, 6)), await got(nobody.inclusion(3, 6))


@ask("tree.TreeReader.consistency")
async def _(w: World) -> tuple[Any, Any]:
    assert await TreeReader(w.store.engine, w.theirs).consistency(3, 6)
    mine, nobody = _trees(w)
    return await got(mine.consistency(3, 6)), await got(nobody.consistency(3, 6))


@ask("reader.StoreReader.root")
async def _(w: World) -> tuple[Any, Any]:
    assert await StoreReader(w.store.engine, w.theirs).root(6)
    return await got(_readers(w)[0].root(6)), await got(StoreReader(w.store.engine, NOBODY).root(6))


@ask("tile_check.check_tiles")
async def _(w: World) -> tuple[Any, Any]:
    async with writing(w.store.engine, w.theirs) as connection:
        await connection.execute(insert(tile).values(tenant=w.theirs, level=5, idx=0, hashes=bytes(8192)))
    assert await check_tiles(w.store.engine, w.theirs, Tiles()) > 0
    return await check_tiles(w.store.engine, w.mine, Tiles()), 0


@ask("policy_check.check_activations")
async def _(w: World) -> tuple[Any, Any]:
    with pytest.raises(VerificationError):
        await check_activations(w.store.engine, w.theirs, (), 50, ())
    return await got(check_activations(w.store.engine, w.mine, (), 50, ())), None


@ask("tree.TreeReader.peaks")
async def _(w: World) -> tuple[Any, Any]:
    assert await TreeReader(w.store.engine, w.theirs).peaks(6)
    mine, nobody = _trees(w)
    return await got(mine.peaks(6)), await got(nobody.peaks(6))


@ask("tree.TreeReader.hashes")
async def _(w: World) -> tuple[Any, Any]:
    assert await TreeReader(w.store.engine, w.theirs).hashes(0, 2, 5)
    mine, nobody = _trees(w)
    return await got(mine.hashes(0, 2, 5)), await got(nobody.hashes(0, 2, 5))


@ask("search.Search.page")
async def _(w: World) -> tuple[Any, Any]:
    search = Search(w.store.engine, w.mine)
    assert (await _page(Search(w.store.engine, w.theirs), exchange=EXCHANGE)).hits
    return await _page(search, exchange=EXCHANGE), await _page(search, exchange="ex_none")


async def _page(search: Search, **filters: str) -> Any:
    return await search.page(Filters(**filters), details=True)


@ask("search.Search.stream")
async def _(w: World) -> tuple[Any, Any]:
    theirs = await every(Search(w.store.engine, w.theirs).stream(Filters(subject="su_theirs")))
    assert len(theirs) == 4
    return await every(Search(w.store.engine, w.mine).stream(Filters(subject="su_theirs"))), []


@ask("search.Search.part")
async def _(w: World) -> tuple[Any, Any]:
    async def part(ledger: str) -> Any:
        asked: dict[str, Any] = {"order": "asc", "after": None, "most": 9, "first": 0, "end": 99}
        found = await Search(w.store.engine, ledger).part(Filters(subject="su_theirs"), **asked, looks=Looks())
        return found[0]

    assert len(await part(w.theirs)) == 4
    return await part(w.mine), []


@ask("search.Search.extent")
async def _(w: World) -> tuple[Any, Any]:
    assert (await Search(w.store.engine, w.theirs).extent())[1] > 1
    return await Search(w.store.engine, NOBODY).extent(), (0, 0)


@ask("verification.LedgerVerification.run")
async def _(w: World) -> tuple[Any, Any]:
    """Their checkpoint says no more to my ledger's verification than somebody's."""
    entry_of = await w.directory.entry("mine")
    verifier = w.store.keyring.signer(entry_of.origin).verifier
    verification = LedgerVerification(w.store.engine, w.mine, verifier)
    alone, given = await verification.run(), await verification.run(w.note)
    return (alone.size, alone.failure, given.failure is not None), (1, None, True)


@ask("spread.read")
async def _(w: World) -> tuple[Any, Any]:
    """A part of my ledger ends where mine does, whatever theirs has behind it."""
    with pytest.raises(VerificationError):
        await read(Job(where=w.store.where, ledger=w.mine, first=0, marks=(2,)))
    part = await read(Job(where=w.store.where, ledger=w.mine, first=0, marks=(1,)))
    return [part.last], [one.hash async for one in StoreReader(w.store.engine, w.mine).records(0, 1)]


@ask("policies.PolicyStore.active")
async def _(w: World) -> tuple[Any, Any]:
    policies = PolicyStore(w.store.engine, w.store.clock)
    assert await policies.active(w.theirs) == ledger_kit.POLICY
    return await policies.active(w.mine), await policies.active(NOBODY)


@ask("policies.PolicyStore.history")
async def _(w: World) -> tuple[Any, Any]:
    assert await PolicyStore(w.store.engine, w.store.clock).history(w.theirs)
    return await PolicyStore(w.store.engine, w.store.clock).history(w.mine), ()


@ask("policies.PolicyStore.in_force")
async def _(w: World) -> tuple[Any, Any]:
    assert await PolicyStore(w.store.engine, w.store.clock).in_force(w.theirs, 0, 50)
    return await PolicyStore(w.store.engine, w.store.clock).in_force(w.mine, 0, 50), ()


@ask("checkpointer.Checkpointer.publish")
async def _(w: World) -> tuple[Any, Any]:
    signer = w.store.keyring.signer((await w.directory.entry("mine")).origin)
    mine = Checkpointer(
        w.store.engine,
        ledger=w.mine,
        signing=lone(w.store, signer, w.mine),
        writer=w.writer,
        clock=w.store.clock,
        node=NODE,
    )
    point = await mine.publish(force=True)
    return None if point is None else point.size, 1


@ask("signed.missing")
async def _(w: World) -> tuple[Any, Any]:
    """A checkpoint of theirs, in mine and in theirs."""
    point = await StoreReader(w.store.engine, w.theirs).checkpoint()
    assert point is not None
    assert await missing(w.store.engine, w.theirs, point) is None
    return await missing(w.store.engine, w.mine, point), Missing(point.size, forked=False)


@ask("signing.LedgerSigning.load")
async def _(w: World) -> tuple[Any, Any]:
    """Their key was replaced; mine was not."""
    old, new = (Signer("gateway.test/ledger/t", bytes([byte]) * 32) for byte in (1, 2))
    rotation = Rotation(
        origin=old.name, old=old.verifier.vkey, new=new.verifier.vkey, after=100, at=timestamp(START_US)
    )
    async with w.store.writer(w.theirs) as writer:
        await writer.append(
            msgspec.structs.replace(
                entry("key.rotated", ledger=w.theirs), change=rotated(1, issue(rotation, old, new), START_US)
            )
        )
    theirs = LedgerSigning(w.store.engine, w.theirs, old.name, w.store.clock, lambda vkey: new)
    assert (await theirs.load()).number == 1
    mine = w.store.keyring.signer((await w.directory.entry("mine")).origin)
    return (await lone(w.store, mine, w.mine).load()).number, 0


@ask("recovery.verify_tail")
async def _(w: World) -> tuple[Any, Any]:
    return await verify_tail(w.store.engine, w.mine), (1, 1)


@ask("recovery.close_interrupted")
async def _(w: World) -> tuple[Any, Any]:
    return await close_interrupted(w.store.engine, w.writer, w.store.clock), 0


@ask("writer_base.LedgerWriter.interrupt")
async def _(w: World) -> tuple[Any, Any]:
    done = await w.writer.interrupt(ledger_kit.intent(EXCHANGE, tenant=w.mine).envelope)
    assert await got(w.writer.interrupt(ledger_kit.intent(EXCHANGE, tenant=w.theirs).envelope)) == "FormatError"
    assert await OpenExchanges(w.store.engine).enter(w.theirs, EXCHANGE) is not None
    return done, None


@ask("writer_base.LedgerWriter.append")
async def _(w: World) -> tuple[Any, Any]:
    answers = [await got(w.writer.append(entry(ledger=ledger))) for ledger in (w.theirs, NOBODY)]
    return answers[0], answers[1]


# ----------------------------------------------------------------------------------------------------- and the others

_INSTALLATION = "of the installation: belongs to no tenant and reads nothing of one"
_OPERATOR = "asked by the configured id, which comes from the configuration or a verified credential"
NOT_ASKED = {
    "spread.Spread.over": "puts together what `spread.read` reads",
    "signed.Remembered.demand": "compares what `TreeReader.consistency` reads",
    "signed.demand_signed": "asks `signed.missing`",
    "engine.let_go": "closes connections, and asks nothing",
    "signed.Remembered.mark": "reads a file that is named by the origin",
    "signed.Remembered.keep": "writes that file",
    "spread.in_processes": "has `spread.read` done",
    "policy_check.check_versions": "versions are no tenant's: whoever names the digest of one has its bytes or none",
    "known_directory.KnownDirectory.subject": "as `Directory.subject`, and makes nobody",
    "known_directory.KnownDirectory.subjects": "as `Directory.subjects`, and makes nobody",
    "emergency_copy.copy": "copies each configured tenant's rows, within its wall, to a file of the node's own",
    "emergency_carry.carry": "carries rows of each tenant from such a file back, within its wall",
    "sticking.put": "writes rows of the tenant that is named",
    **dict.fromkeys(
        (
            *("guard.guard", "engine.Walled.execute", "engine.at_once", "sqlite_connection.connect", "walls.fallen"),
            *(f"key_pool.KeyPool.{name}" for name in ("start", "stop")),
            *("key_stage.gathered", "key_stage.KeyStage.stop", "key_use.KeyUse.keep"),
            *(f"lease.Lease.{name}" for name in ("take", "keep", "release")),
            "aside.Aside.run",
            *(f"ledgers.Ledgers.{name}" for name in ("start", "stop", "sweep", "prove")),
            *(f"migrate.{name}" for name in ("upgrade", "current", "revision", "demand_current")),
            *(f"node.{name}" for name in ("register", "renew_lease", "retire", "living")),
            *(f"node.Claim.{name}" for name in ("take", "held", "release")),
            *(f"redis_counters.RedisCounters.{name}" for name in ("run", "memory", "ping", "close", "tellers")),
            *(f"nats_messages.NatsLink.{name}" for name in ("say", "heard", "done")),
            *("erasure.ErasureStore.settle", "backup.states"),
            *("replication.standing", "replication.standing_of"),
        ),
        _INSTALLATION,
    ),
    **dict.fromkeys(
        (
            *(f"directory.Directory.{name}" for name in ("tenant", "entry", "find_tenant", "origin")),
            "ledgers.Ledgers.open",
        ),
        _OPERATOR,
    ),
    "api_keys.ApiKeyStore.find": "before anybody is known: the key itself says whose it is, and its hash must match",
    **dict.fromkeys(
        (f"denials.DenialStore.{name}" for name in ("fresh", "watch", "look")),
        "keeps this process's copies of the lists, each by its tenant, with `reload`",
    ),
    **dict.fromkeys(
        (f"subjects.SubjectStore.{name}" for name in ("watch", "look")),
        "keeps this process's copies of the flags, each by its tenant, with `flags`",
    ),
    "notices.insert_notices": "within others' transactions, as `put`, asked above",
    **dict.fromkeys(
        ("notices.NoticeStore.due", "notices.NoticeStore.waiting"),
        "over all tenants on purpose: what a node delivers, each row by its tenant",
    ),
    "glass.GlassStore.open": "over all tenants on purpose: each node holds what is lent, each row by its tenant",
    **dict.fromkeys(
        (f"sticking.StickingClasses.{name}" for name in ("look", "prune", "watch", "keep")),
        "keeps this process's copy of what sticks, each row by its tenant",
    ),
    **dict.fromkeys(
        (f"tasks.TaskStore.{name}" for name in ("depths", "next_us", "renew", "sweep")),
        "over all tenants on purpose: what a node has to do next, what it holds and what is over",
    ),
    "open_exchanges.OpenExchanges.of_agent": "over all tenants on purpose: an agent is one program, whoever told it",
    **dict.fromkeys(
        (f"policies.PolicyStore.{name}" for name in ("put", "get")),
        "versions are shared by all tenants; which one a tenant was under is asked above",
    ),
    **dict.fromkeys(
        (
            f"proposals.ProposalStore.{name}"
            for name in (
                "put",
                "change",
                "get",
                "newest",
                "open",
                "activating",
                "history",
                "activated",
                "known",
                "last",
            )
        ),
        "of the operator's own ledger alone: what a tenant sees of one is `exchange.proposals`' to say",
    ),
    "recovery.recover": "of one writer's own ledger: `verify_tail` and `close_interrupted`, asked above",
    "sessions.SessionStore.find": "over all tenants on purpose: a name that is another's must not be taken for new",
    "search.Search.newer": "within one search of one ledger: `search.Search`, asked above",
    "indexer.Indexer.run": "makes postings of one ledger's records, for that one alone (`tests/store/test_indexer.py`)",
    **dict.fromkeys(
        (f"writer_base.LedgerWriter.{name}" for name in ("start", "stop")),
        "writes one ledger, and rows of that one alone",
    ),
}


def functions() -> set[str]:
    """Everything of the store that can be awaited or iterated over, by its name."""
    found: set[str] = set()
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for name, item in vars(module).items():
            if getattr(item, "__module__", None) != module.__name__ or name.startswith("_"):
                continue
            if inspect.isclass(item):
                found |= {f"{info.name}.{name}.{one}" for one, inner in vars(item).items() if _asks(one, inner)}
            elif _asks(name, item):
                found.add(f"{info.name}.{name}")
    return found


def _asks(name: str, item: Any) -> bool:
    return not name.startswith("_") and (inspect.iscoroutinefunction(item) or inspect.isasyncgenfunction(item))


def test_every_function_of_the_store_is_asked_or_says_why_not() -> None:
    assert set(ASKS) & set(NOT_ASKED) == set()
    assert functions() == set(ASKS) | set(NOT_ASKED)


@pytest.mark.parametrize("part", range(4))
async def test_what_is_anothers_is_as_what_is_not_there(world: World, part: int) -> None:
    # The one that adds to the record what others look at comes last.
    for name in sorted(ASKS, key=lambda one: (one == "checkpointer.Checkpointer.publish", one))[part::4]:
        there, nowhere = await ASKS[name](world)
        assert there == nowhere, name
