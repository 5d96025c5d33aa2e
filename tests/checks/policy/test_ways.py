"""From where a request comes and how its caller was identified: what rules ask of it, and what cannot be told."""

import pytest

from gateway.checks.policy.structure import NetworkFacts
from gateway.checks.policy.ways import NOWHERE, Way, Ways, is_address

NETWORKS = (
    NetworkFacts(id="ward", addresses=("10.1.0.0/16", "fd00:1::/64")),
    NetworkFacts(id="house", addresses=("10.0.0.0/8",)),
    NetworkFacts(id="unasked", addresses=("0.0.0.0/0",)),
)
ASKED = ("network:ward", "network:house", "strength:token", "strength:certificate", "zone:trusted")


@pytest.mark.parametrize(
    ("source", "within"),
    [
        ("10.1.2.3", {"network:ward", "network:house"}),
        ("10.2.0.1", {"network:house"}),
        ("192.0.2.1", set()),
        ("fd00:1::5", {"network:ward"}),
        ("fd00:1::5%eth0", {"network:ward"}),
        ("::ffff:10.1.2.3", {"network:ward", "network:house"}),
    ],
)
def test_an_address_lies_in_every_network_that_holds_it(source: str, within: set[str]) -> None:
    way = Ways(ASKED, NETWORKS).of(source, "key")
    assert way == Way(frozenset(within))


@pytest.mark.parametrize(
    ("strength", "terms"),
    [("key", set()), ("token", {"strength:token"}), ("certificate", {"strength:token", "strength:certificate"})],
)
def test_who_is_identified_more_strongly_is_what_the_weaker_condition_asks_too(strength: str, terms: set[str]) -> None:
    way = Ways(ASKED, NETWORKS).of("192.0.2.1", strength)
    assert way == Way(frozenset(terms))


@pytest.mark.parametrize("source", ["", "local", "command line of root", "10.1.2", "10.1.2.3/32"])
def test_what_is_no_address_is_not_known_and_not_outside(source: str) -> None:
    assert Ways(ASKED, NETWORKS).of(source, "key").unknown == {"network:"}
    assert not is_address(source)


@pytest.mark.parametrize("strength", ["", "command-line"])
def test_how_a_caller_was_identified_may_not_be_known(strength: str) -> None:
    assert Ways(ASKED, NETWORKS).of("10.1.2.3", strength).unknown == {"strength:"}


def test_rules_that_ask_nothing_of_it_know_no_difference() -> None:
    ways = Ways(("zone:trusted",), NETWORKS)
    assert ways.of("10.1.2.3", "key") == ways.of("", "") == NOWHERE
    assert Ways(("strength:token",), NETWORKS).of("", "key") == NOWHERE


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.checks.policy.ways._REMEMBERED", 2)
    ways = Ways(ASKED, NETWORKS)
    found = [ways.of(f"10.1.0.{number}", "key") for number in range(4)]
    assert len(ways._known) == 2
    assert found == [ways.of(f"10.1.0.{number}", "key") for number in range(4)]
