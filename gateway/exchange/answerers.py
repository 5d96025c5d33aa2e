"""Who answers for people, and whose answers still count.

What is kept of an answer is opaque: persons and names are HMACs under the tenant's search key. An answer counts no more
once the one who gave it is on the deny-list, by whichever name, or the API key that it was given with is revoked. A key
that ran out, or a person who lost a role, was entitled when the answer was given, and that stands.
"""

from collections.abc import Iterable, Mapping

import msgspec

from gateway.core.approval import Answer
from gateway.core.caller import Identity
from gateway.core.denial import DenySet, Name
from gateway.core.ports import Clock, DenyList
from gateway.exchange.standing import API_KEY, KeysById
from gateway.store.directory import Directory


def persons_of(directory: Directory, ledger: str, identity: Identity) -> tuple[str, ...]:
    """Opaque ids of everybody who stands behind a credential, sorted: its owner or subject, and for whom that acts."""
    return tuple(sorted({directory.person(ledger, name) for name in (identity.subject, *identity.on_behalf_of)}))


def denied_names(directory: Directory, ledger: str, names: Iterable[Name]) -> tuple[str, ...]:
    """What stands for names that a deny-list may hold: 64 hex digits each, sorted."""
    return tuple(
        sorted(
            directory.bound(ledger, "denied-name", *(part.encode("utf-8", "surrogatepass") for part in name)).hex()
            for name in names
        )
    )


def key_of(identity: Identity) -> str | None:
    """The id of the API key that the caller shows, if it is one."""
    return identity.credential if identity.method.partition("+")[0] == API_KEY else None


class Listed(msgspec.Struct, frozen=True):
    """A tenant's deny-list, and its names by what stands for them."""

    held: DenySet
    names: Mapping[str, Name]


class Answerers:
    """Looks again at those who have answered."""

    def __init__(self, *, directory: Directory, denials: DenyList, keys: KeysById, clock: Clock) -> None:
        self._directory, self._denials, self._keys, self._clock = directory, denials, keys, clock
        self._listed: dict[str, Listed] = {}

    async def void(self, tenant: str, ledger: str, answers: Iterable[Answer]) -> bool:
        """Whether any of these must not count any more, as the database has it now. `tenant` is the configured id,
        `ledger` its ledger's. `LedgerUnavailable` where that cannot be known."""
        given = tuple(answers)
        if not given:
            return False
        await self._denials.fresh(ledger)
        listed, now = self._of(ledger), self._clock.now_us()
        for answer in given:
            for opaque in answer.names:
                name = listed.names.get(opaque)
                if name is not None and listed.held.holds(name, now):
                    return True
        for key in sorted({answer.key for answer in given if answer.key is not None}):
            record = await self._keys.get(tenant, key)
            if record is None or record.revoked_us is not None:
                return True
        return False

    def _of(self, ledger: str) -> Listed:
        """The list as this process has it. What stands for a name is worked out once, when the name is first there:
        lists are long, and change seldom."""
        held, known = self._denials.of(ledger), self._listed.get(ledger)
        if known is not None and known.held is held:
            return known
        before = {} if known is None else {name: opaque for opaque, name in known.names.items()}
        names = {before.get(name) or denied_names(self._directory, ledger, (name,))[0]: name for name in held.entries}
        found = self._listed[ledger] = Listed(held, names)
        return found
