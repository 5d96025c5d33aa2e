"""What a policy version says of recipients is read from its text, whatever is configured."""

import msgspec
import pytest

from benchmarks.year_register import FIRST, SECOND
from benchmarks.year_versions import OF_ANOTHER, TENANT, TEXTS, VERSIONS
from gateway.checks.policy.version import from_bytes, made, to_bytes
from gateway.core.errors import VerificationError
from gateway.evidence.reports.register import NO_AGREEMENT, NOT_KEPT, NOT_READ, UNKNOWN, Register
from gateway.exchange.declared import VersionRegisters
from gateway.store.policies import PolicyStore, digest_of


class Kept(PolicyStore):
    """Versions in memory; counts what is read."""

    def __init__(self, *texts: bytes) -> None:
        self.texts = {digest_of(one): one for one in texts}
        self.read: list[str] = []

    async def get(self, digest: str) -> bytes | None:
        self.read.append(digest)
        found = self.texts.get(digest)
        if found == b"another":
            raise VerificationError("a policy version in the database is not the one that its digest names")
        return found


async def read(text: bytes, tenant: str = TENANT) -> Register:
    store = Kept(text)
    return (await VersionRegisters(store, tenant).declared([digest_of(text)])).of(digest_of(text))


async def test_each_version_says_what_was_declared_then() -> None:
    declared = await VersionRegisters(Kept(*TEXTS.values()), TENANT).declared(VERSIONS)
    for version, terms in zip(VERSIONS, (FIRST, SECOND), strict=True):
        register = declared.of(version)
        assert register.retention_days == terms.retention_days
        assert register.processors.keys() == terms.processors.keys()
        for name, one in terms.processors.items():
            party = register.party(name)
            assert (party.legal_name, party.address, party.country) == (one.legal_name, one.address, one.country)
            assert (party.safeguard, party.valid_until, party.document) == (
                one.safeguard,
                one.valid_until,
                one.document,
            )
            assert (party.classes, party.no_training) == (one.classes, one.no_training == "yes")
        assert {name for name, place in register.zones.items() if place.trusted} == terms.trusted
    assert declared.of(VERSIONS[0]).party("paper-mill").safeguard == NO_AGREEMENT
    assert declared.of(VERSIONS[1]).party("paper-mill").country == UNKNOWN


async def test_a_version_of_all_tenants_says_nothing_of_what_is_another_ones_alone() -> None:
    text = TEXTS[VERSIONS[0]]
    own, other = await read(text), await read(text, "another")
    assert OF_ANOTHER not in own.processors
    assert OF_ANOTHER in other.processors
    assert (own.retention_days, other.retention_days) == (2_192, 7)
    assert (await read(text, "nobody")).retention_days is None


async def test_what_is_not_kept_or_of_another_form_is_told_so() -> None:
    garbled = to_bytes(made({**from_bytes(TEXTS[VERSIONS[0]]).members, "structure.json": b"{}"}))
    texts = (b"{}", garbled)
    declared = await VersionRegisters(Kept(*texts), TENANT).declared(["sha256:00", *map(digest_of, texts)])
    assert [declared.why(one) for one in ("sha256:00", *map(digest_of, texts))] == [NOT_KEPT, NOT_READ, NOT_READ]


async def test_a_text_that_is_not_its_digests_ends_it() -> None:
    with pytest.raises(VerificationError, match="not the one"):
        await read(b"another")


async def test_a_version_is_read_once() -> None:
    store = Kept(*TEXTS.values())
    registers = VersionRegisters(store, TENANT)
    first = await registers.declared(VERSIONS)
    again = await registers.declared(VERSIONS[:1])
    assert msgspec.structs.asdict(again)["registers"] == {VERSIONS[0]: first.of(VERSIONS[0])}
    assert sorted(store.read) == sorted(VERSIONS)
