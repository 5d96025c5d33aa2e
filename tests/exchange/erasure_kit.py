"""Subjects with something to erase: records with details and sealed parts, on a real database beside a real keyring."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import msgspec
from sqlalchemy import select

from gateway.core.errors import VerificationError
from gateway.core.ids import uuid7
from gateway.core.refusal import Refusal
from gateway.exchange.approving import Approver
from gateway.exchange.emergency_files import EmergencyFiles
from gateway.exchange.emergency_trail import EmergencyTrail
from gateway.exchange.erasing import Asked, Erasing
from gateway.exchange.erasure import Erasure
from gateway.ledger.commitment import new_salt
from gateway.ledger.content import check_content, content_commitment, until_of
from gateway.ledger.entry import Appended, Entry, SealedPart
from gateway.ledger.record import Detail, KeptInfo, parse
from gateway.settings import SubjectSettings
from gateway.store.engine import reading
from gateway.store.erasure import ErasureStore
from gateway.store.lease import Lease
from gateway.store.reader import StoreReader
from gateway.store.sealing import Sealer
from gateway.store.subject_cases import Case
from gateway.store.tables import sealed
from tests.exchange.subject_kit import Registry, called
from tests.store.kit import LEDGER, NODE, START_US, Store, entry

CANARY = "canary-4711"
ASKED = Asked(ground="b", identity="passport seen, ticket 17", reason="consent withdrawn")
UNTIL = "content:2999-01-01T00:00:00.000000Z"
HOUR_US = 3_600_000_000
_UNDER: dict[str, str] = {}
"""Records by their ids → the keys that their content was sealed under first."""


class Between:
    """A ledger before whose next record something else comes: somebody else's, who was looking at the same time."""

    def __init__(self, found: Registry, first: Callable[[], Awaitable[object]]) -> None:
        self._found, self._first = found, first
        self.came: list[object] = []

    async def submit(self, entry: Entry) -> Appended | None:
        if not self.came:
            self.came.append(None)
            self.came[0] = await self._first()
        return await self._found.writer.submit(entry)


def interrupted(found: Registry, first: Callable[[], Awaitable[object]], name: str = "ada") -> tuple[Approver, Between]:
    """A person, between whose look and whose record something comes; and what came."""
    ledger = Between(found, first)
    stands_in: Any = ledger
    return msgspec.structs.replace(found.who(name), ledger=stands_in), ledger


def erasing(found: Registry, settings: SubjectSettings | None = None) -> Erasing:
    return Erasing(
        subjects=found.subjects,
        flags=found.flags,
        cases=found.cases,
        clock=found.store.clock,
        node=NODE,
        settings=settings or SubjectSettings(),
    )


def erasure(
    found: Registry,
    *,
    store: Any = None,
    keys: Any = None,
    mask: Callable[[bytes], bytes | None] = lambda data: data.replace(CANARY.encode(), b"[masked]"),
    holder: str = "nd_1/bt_1/er_1",
) -> Erasure:
    where = found.store
    return Erasure(
        store=store or ErasureStore(where.engine),
        flags=found.flags,
        cases=found.cases,
        keys=keys or where.keyring,
        sealer=Sealer(where.keyring),
        mask=mask,
        lease=lambda name: Lease(where.engine, name, holder, where.clock, 300),
        clock=where.clock,
        node=NODE,
        settings=SubjectSettings(),
        emergencies=lambda ledger: none_of(where, ledger),
    )


def none_of(where: Store, ledger: str) -> EmergencyTrail:
    """What emergency ledgers hold of which no file is at hand."""
    keyring = where.keyring
    return EmergencyTrail(where.engine, ledger, EmergencyFiles(None), Sealer(keyring), keyring.subject_keys)


async def exchanged(
    found: Registry,
    *subjects: str,
    agent: str = "ward",
    opens: bool = False,
    content: bytes | None = None,
    **said: Any,
) -> int:
    """An exchange about these, with a detail, an opening and kept content (`CANARY` where none is given); the number of
    its record. `said`: further fields of it."""
    content = content or CANARY.encode()
    sealer, record = Sealer(found.store.keyring), uuid7(START_US)
    key = sealer.exchange_key(subjects)
    salt = new_salt()
    _UNDER[record] = "+".join(key.ids)
    parts = tuple(
        sealer.seal(tenant=LEDGER, record=record, part=part, opening=salt, value=value, key=key)
        for part, value in (("request", None), (UNTIL, content))
    )
    made = entry(
        "exchange.requested",
        exchange=f"ex_{record}" if opens else None,
        agent=agent,
        **said,
        detail=Detail(user_agent=CANARY, subjects=subjects),
        subjects=subjects,
    )
    envelope = made.envelope
    envelope.id = record
    commitment = content_commitment(salt, _UNDER[record], content)
    envelope.kept = KeptInfo(commitment=commitment, bytes=len(content), until=until_of(UNTIL))
    told = Entry.of(
        envelope,
        detail=made.detail,
        salt=made.salt,
        subjects=subjects,
        sealed=parts,
        keys=key.new,
        opens=opens,
    )
    return (await found.writer.append(told)).seq


async def asked_for(found: Registry, identifier: str) -> Case:
    """An erasure that two persons have agreed to."""
    made = await erasing(found).request(found.who(), called(identifier), ASKED)
    assert isinstance(made, Case), made
    agreed = await erasing(found).approve(found.who("eve"), made.id, "it is right")
    assert isinstance(agreed, Case), agreed
    return agreed


async def guessed(found: Registry, seq: int) -> bool:
    """Whether anything that is still kept of a record lets somebody who guesses what was sent, and under which keys,
    see that the guess is right."""
    stored = await StoreReader(found.store.engine, LEDGER).record(seq)
    assert stored is not None
    envelope = parse(stored.envelope)
    for part in await sealed_of(found, seq):
        opened = Sealer(found.store.keyring).open(tenant=LEDGER, record=envelope.id, sealed=part)
        with suppress(VerificationError):
            check_content(envelope, opened.opening if opened else b"", _UNDER[envelope.id], CANARY.encode())
            return True
    return False


async def readable(found: Registry, seq: int) -> list[bytes | None]:
    """What of a record's sealed parts can be opened now, by part: the value, None for an opening alone."""
    reader, sealer = StoreReader(found.store.engine, LEDGER), Sealer(found.store.keyring)
    stored = await reader.record(seq)
    assert stored is not None
    record = parse(stored.envelope).id
    opened = [sealer.open(tenant=LEDGER, record=record, sealed=part) for part in await sealed_of(found, seq)]
    return [one.value for one in opened if one is not None]


async def sealed_of(found: Registry, seq: int) -> list[SealedPart]:
    query = select(sealed).where(sealed.c.tenant == LEDGER, sealed.c.seq == seq).order_by(sealed.c.part)
    async with reading(found.store.engine, LEDGER) as connection:
        rows = (await connection.execute(query)).all()
    return [SealedPart(part=row.part, key=row.key, nonce=row.nonce, ciphertext=row.ciphertext) for row in rows]


def later(found: Registry, us: int) -> None:
    found.store.clock.advance(us / 1_000_000)


def case(answer: Case | Refusal) -> Case:
    assert isinstance(answer, Case), answer
    return answer
