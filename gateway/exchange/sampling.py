"""Draws a sample of the exchanges of which content is still kept, for people to judge.

Every exchange of the period has the same chance. It is drawn by SHA-256(seed ‖ 0x00 ‖ the exchange's id), the smallest
first: with the seed, which is on record, anybody can draw again, and see of the records that are there whether one was
passed over. The order is as random as the choice, so that those judged first are a sample too.
"""

import asyncio
import heapq
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Protocol

import msgspec

from gateway.core.ids import random_id, uuid7
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.metrics import Metrics
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry, Ledger
from gateway.ledger.record import Envelope, NodeInfo, SampleInfo, encode_detail, parse, timestamp
from gateway.store.reviews import Review, drawn

MAX_SIZE = 1_000
"""Messages of one sample: each is a person's work of minutes, and the record names them all."""
MAX_ZONES = 128
TURN = 64
"""Records that are read at once: some two milliseconds of work."""
_KEPT = "a period of which content is still kept, as rules with keep-content have it kept for some days"
_SEED = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Population(Protocol):
    """What there is to draw from (`store.kept.KeptStore`)."""

    def exchanges(self, ledger: str, since: str, until: str) -> AsyncIterator[list[bytes]]: ...


class _Draw(msgspec.Struct, frozen=True, order=True):
    """One exchange by its place in the draw."""

    key: bytes
    seq: int
    exchange: str


class Sampler:
    """Draws from one tenant's ledger. `tenant` is the ledger's id, `engine` the version that will be judged."""

    def __init__(
        self,
        *,
        tenant: str,
        ledger: Ledger,
        kept: Population,
        engine: str,
        clock: Clock,
        node: NodeInfo,
        metrics: Metrics,
    ) -> None:
        self._tenant, self._ledger, self._kept, self._engine = tenant, ledger, kept, engine
        self._clock, self._node, self._metrics = clock, node, metrics

    async def draw(
        self, by: Reader, since: str, until: str, size: int, seed: str | None = None
    ) -> tuple[Review, SampleInfo] | Refusal:
        """`size` exchanges of those whose first kept message occurred in the period (27 characters each), or all there
        are. The record and the sample come true together: a crash before leaves neither."""
        if not 1 <= size <= MAX_SIZE:
            return Refusal(code="parameter_invalid", field="size", hint=f"1 to {MAX_SIZE}")
        if seed is not None and not _SEED.fullmatch(seed):
            return Refusal(code="parameter_invalid", field="seed", hint="1 to 64 letters, digits, dots and dashes")
        seed = seed or secrets.token_hex(16)
        zones, found = await self._drawn(since, until, size, seed)
        if not found:
            return Refusal(code="not_found", field="from", hint=_KEPT)
        if len(zones) > MAX_ZONES:
            return Refusal(code="parameter_invalid", field="from", hint=f"a period with at most {MAX_ZONES} zones")
        review = Review(
            tenant=self._tenant,
            id=random_id("rv"),
            created_us=self._clock.now_us(),
            since=since,
            until=until,
            engine=self._engine,
            population=zones.total(),
            items=tuple((one.seq, one.exchange) for one in found),
        )
        sample = SampleInfo(
            since=since,
            until=until,
            population=dict(sorted(zones.items())),
            seed=seed,
            records=tuple(one.seq for one in found),
        )
        await self._ledger.append(self._entry(by, review, sample))
        self._metrics.review(self._tenant, "sampled")
        return review, sample

    async def _drawn(self, since: str, until: str, size: int, seed: str) -> tuple[Counter[str], list[_Draw]]:
        """How many exchanges there are of each zone, and the smallest `size` of all. Memory: those."""
        zones: Counter[str] = Counter()
        chosen: list[_Draw] = []
        start = seed.encode() + b"\0"
        async for chunk in self._kept.exchanges(self._tenant, since, until):
            for first in range(0, len(chunk), TURN):
                draws = []
                for data in chunk[first : first + TURN]:
                    envelope = parse(data)
                    exchange = envelope.exchange or ""
                    zones[envelope.zone or "none"] += 1
                    draws.append(_Draw(sha256(start + exchange.encode()).digest(), envelope.seq or 0, exchange))
                chosen = heapq.nsmallest(size, (*chosen, *draws))
                await asyncio.sleep(0)  # traffic goes on beside it, and has its turn
        return zones, chosen

    def _entry(self, by: Reader, review: Review, sample: SampleInfo) -> Entry:
        salt, detail = new_salt(), encode_detail(by.detail)
        envelope = Envelope(
            id=uuid7(review.created_us),
            tenant=self._tenant,
            event="review.sampled",
            occurred_at=timestamp(review.created_us),
            actor=by.actor,
            actor_kind=by.kind,
            exchange=by.exchange,
            trace=by.trace,
            engine=review.engine,
            count=len(review.items),
            review=review.id,
            sample=sample,
            detail=committed(salt, "detail", detail),
            node=self._node,
        )
        return Entry.of(envelope, detail=detail, salt=salt, change=drawn(review))
