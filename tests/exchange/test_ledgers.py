"""Each tenant's entries go to its own ledger, or nowhere."""

from asyncio import Future

import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.exchange.ledgers import Ledgers
from gateway.ledger.entry import Appended, Entry


class Silent:
    def submit(self, entry: Entry, only_if_open: bool = False) -> "Future[Appended | None]":
        raise LedgerUnavailable("not here")

    async def append(self, entry: Entry) -> Appended:
        raise LedgerUnavailable("not here")

    def missed(self) -> None:
        """Counts nothing."""


def test_a_tenant_has_its_own_ledger_and_the_operator_has_one_too() -> None:
    one, other, own = Silent(), Silent(), Silent()
    ledgers = Ledgers({"tn_1": one, "tn_2": other, "_system": own})
    assert ledgers.of("tn_1") is one
    assert ledgers.of("tn_2") is other
    assert ledgers.system is own


def test_a_tenant_that_is_not_written_here_is_never_given_anothers_ledger() -> None:
    with pytest.raises(LedgerUnavailable) as raised:
        Ledgers({"_system": Silent()}).of("tn_secret")
    assert "tn_secret" not in str(raised.value)


def test_whose_ledger_it_is_is_known_of_configured_tenants_that_are_written_here_alone() -> None:
    ledgers = Ledgers({"tn_1": Silent(), "_system": Silent()}, {"clinic": "tn_1", "bank": "tn_2"})
    assert [ledgers.whose(name) for name in ("clinic", "bank", "tn_1", None)] == ["tn_1", *["_system"] * 3]


def test_without_the_operators_ledger_nothing_can_be_served() -> None:
    with pytest.raises(KeyError):
        Ledgers({"tn_1": Silent()})
