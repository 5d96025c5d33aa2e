"""Verification of a ledger from the command line, also of one that nothing may be appended to any more.

The result of a verification is a record. But a database whose own rules are gone, or whose head was tampered with, must
not be written to; it is exactly then that somebody verifies. So what cannot be put on record is verified all the same,
and reported as not on record, which is not a success.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from gateway.bootstrap import DEFAULT_ORIGIN, SystemClock
from gateway.cli.common import demand_database, opened, operator
from gateway.core.errors import ConfigurationError, LedgerUnavailable, VerificationError
from gateway.exchange.archived import Archives
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.emergency_files import EmergencyFiles
from gateway.settings import Settings
from gateway.store.archives import ArchiveStore
from gateway.store.directory import Directory
from gateway.store.engine import open_engine, target
from gateway.store.keyring import open_keyring
from gateway.store.recovery import verify_tail
from gateway.store.sealing import Sealer
from gateway.store.signed import SignedMarks, unclaimed
from gateway.store.signing import LedgerSigning
from gateway.store.spread import Spread
from gateway.store.verification import LedgerVerification, Verdict


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict, and whether it is on record."""

    verdict: Verdict
    against: bool
    """Whether a checkpoint from elsewhere was given."""
    problem: str | None = None
    """Why it is not on record; None when it is."""
    unclaimed: tuple[str, ...] = ()
    """Origins that something was signed for here and that are no configured tenant's: one's ledger may be another."""

    @property
    def ok(self) -> bool:
        verdict = self.verdict
        whole = verdict.failure is None and not verdict.absent and verdict.said is None
        return whole and self.problem is None and not self.unclaimed

    def data(self) -> dict[str, Any]:
        """As data, the verdict's fields at the top."""
        return {
            "ok": self.ok,
            **msgspec.to_builtins(self.verdict),
            "uncovered": self.verdict.uncovered,
            "on_record": self.problem is None,
            "problem": self.problem,
            "unclaimed": self.unclaimed,
        }


async def verify(
    settings: Settings,
    tenant: str,
    given: bytes | None,
    archives: Sequence[Path] = (),
    emergencies: Sequence[Path] = (),
    processes: int = 1,
) -> Verification:
    """Verify the ledger of a configured tenant, against a signed checkpoint from elsewhere where one is given, and with
    the records of these archives. Of others it knows the hashes. `emergencies`: files of emergency ledgers, beside
    those that lie where the settings say. `processes`: how many may go over the records, which changes nothing but the
    time.

    `ConfigurationError` or `LedgerUnavailable` where there is nothing that could be read at all.
    """
    spread = Spread(target(settings), processes)
    try:
        async with opened(settings) as site:
            by = await operator(site, tenant)
            auditor = await site.auditor(tenant)
            # Nothing is appended to a head that is not the newest record's: it would break the chain for good.
            ledger = site.tenants[tenant].ledger
            await verify_tail(site.engine, ledger, tail=1)
            read = await site.archives.given(ledger, archives)
            reader = Reader(actor=by.actor, kind="person", detail=by.detail)
            verdict = await auditor.verify(reader, given, read, emergencies, spread)
            signed = SignedMarks(settings.path(settings.keys.directory))
            others = unclaimed(signed, [entry.origin for entry in site.tenants.values()])
            return Verification(verdict=verdict, against=given is not None, unclaimed=tuple(others))
    except (ConfigurationError, LedgerUnavailable, VerificationError) as error:
        try:
            verdict = await _reading_only(settings, tenant, given, archives, emergencies, spread)
        except LedgerUnavailable:
            if isinstance(error, ConfigurationError):  # as of tables of an older version: it says what is to be done
                raise error from None
            raise
        return Verification(verdict=verdict, against=given is not None, problem=str(error))


async def _reading_only(
    settings: Settings,
    tenant: str,
    given: bytes | None,
    archives: Sequence[Path],
    emergencies: Sequence[Path],
    spread: Spread,
) -> Verdict:
    """The verdict, with nothing made and nothing written."""
    await demand_database(settings)
    engine = open_engine(target(settings))
    try:
        keyring = open_keyring(settings)
        try:
            entry = await Directory(engine, keyring, SystemClock(), DEFAULT_ORIGIN).find_tenant(tenant)
            if entry is None:
                raise ConfigurationError("the tenant has no ledger in this database")
            origin = entry.origin
            signing = LedgerSigning(engine, entry.ledger, origin, SystemClock(), partial(keyring.signer, origin))
            keys = (await signing.load()).keys
            sealer = Sealer(keyring)
            read = await Archives(ArchiveStore(engine), sealer, None).given(entry.ledger, archives)
            mark = SignedMarks(settings.path(settings.keys.directory)).of(origin)
            verification = LedgerVerification(engine, entry.ledger, keys, sealer, spread)
            verdict = await verification.run(given, read, None if mark is None else mark.note)
            place = settings.emergency.place
            files = EmergencyFiles(None if place is None else settings.path(place))
            return await files.followed(entry.ledger, verdict, emergencies)
        finally:
            keyring.close()
    finally:
        await engine.dispose()
