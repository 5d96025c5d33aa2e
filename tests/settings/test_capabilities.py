"""An order is for a capability that is offered, and can be had."""

from typing import Any

import pytest

from tests.settings.kit import AGENT, HIDDEN, ZONE, parsed, refused

TRIAGE = {"id": "triage", "order": "cheapest"}
BIG = {**AGENT, "id": "big", "model": "large"}


@pytest.mark.parametrize(
    ("capabilities", "said"),
    [
        ([{"id": HIDDEN}], "capability[0].id must name a capability that an [[agent]] offers"),
        ([{"id": "Triage"}], "capability[0].id must be of lower-case letters"),
        ([{"id": "triage"}, {"id": "triage"}], "capability[1].id is there twice"),
        ([{"id": "triage", "order": HIDDEN}], "capability[0].order"),
        ([TRIAGE], "capability[0].order is cheapest, and no agent that offers it has a [[price]]"),
    ],
)
def test_an_order_that_could_not_be_kept_is_refused(capabilities: list[dict[str, Any]], said: str) -> None:
    assert said in refused(zone=[ZONE], agent=[AGENT, BIG], capability=capabilities)


@pytest.mark.parametrize("price", [{"agent": "local"}, {"model": "large"}])
def test_one_price_is_enough_to_ask_the_cheapest_first(price: dict[str, Any]) -> None:
    settings = parsed(zone=[ZONE], agent=[AGENT, BIG], capability=[TRIAGE], price=[price])
    assert settings.capability[0].order == "cheapest"


def test_a_price_of_somebody_else_is_none() -> None:
    other = {**AGENT, "id": "other", "capabilities": ["lookup"], "model": "small"}
    for price in ({"agent": "other"}, {"model": "small"}):
        assert "no agent that offers it" in refused(
            zone=[ZONE], agent=[AGENT, other], capability=[TRIAGE], price=[price]
        )


def test_without_a_word_the_order_is_that_of_the_file() -> None:
    assert parsed(zone=[ZONE], agent=[AGENT], capability=[{"id": "triage"}]).capability[0].order == "static"
