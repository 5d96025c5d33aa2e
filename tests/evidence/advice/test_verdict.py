"""Verdicts on capabilities whose answers are known: sensitivity first, then load, then what the house can."""

from collections import Counter
from typing import Any

import pytest

from gateway.evidence.advice.seen import AgentSeen, CapabilitySeen, Load, Spread
from gateway.evidence.advice.verdict import Placement, Verdict, can_inside, judge, placement_now
from gateway.settings import AdviseSettings

INSIDE = frozenset({"in-house"})
READY: dict[str, Any] = {
    **dict.fromkeys(("orchestration", "observability", "on_call", "accelerators"), True),
    **dict.fromkeys(("operations", "security", "models", "cloud"), "some"),
}


def agent(zone: str, cost: int | None = None, requests: int = 10) -> AgentSeen:
    costs = {} if cost is None else {"cost": cost * 10, "costed": 10}
    return AgentSeen(zone=zone, requests=requests, spread=Spread(), **costs)


def verdict(
    sensitive: int,
    volatility: float,
    *,
    agents: tuple[AgentSeen, ...] = (),
    days: int = 30,
    requests: int = 1_000,
    **answers: Any,
) -> Verdict:
    seen = CapabilitySeen(
        requests=requests,
        sensitive=sensitive,
        classes=Counter(),
        hours=Counter(),
        agents={str(number): one for number, one in enumerate(agents)},
    )
    load = Load(hours=days * 24, mean=1.5, peak=9, volatility=volatility)
    return judge(seen, load, AdviseSettings(**answers), INSIDE)


@pytest.mark.parametrize(
    ("sensitive", "volatility", "answers", "fits"),
    [
        (1_000, 0.1, READY, "on-premise"),
        (1_000, 0.1, {}, "on-premise"),
        (990, 5.0, READY, "on-premise"),
        (600, 5.0, READY, "hybrid"),
        (600, 0.7, READY, "on-premise"),
        (200, 0.1, READY, "hybrid"),
        (200, 5.0, {}, "hybrid"),
        (0, 5.0, READY, "cloud"),
        (0, 0.1, READY, "on-premise"),
        (0, 0.1, {}, "cloud"),
        (0, 0.1, {**READY, "on_call": False}, "cloud"),
        (0, 0.1, {**READY, "models": "none"}, "cloud"),
        (0, 0.7, READY, "cloud"),
    ],
    ids=range(13),
)
def test_what_fits_follows_from_the_data_then_the_load_then_the_house(
    sensitive: int, volatility: float, answers: dict[str, Any], fits: Placement
) -> None:
    assert verdict(sensitive, volatility, **answers).fits == fits


def test_sensitive_data_is_never_sent_away_for_want_of_hands() -> None:
    for sensitive in range(60, 1_001, 47):
        for volatility in (0.0, 0.7, 9.0):
            assert verdict(sensitive, volatility).fits != "cloud"
    found = verdict(1_000, 0.1, **{**READY, "accelerators": False, "security": "none", "models": None})
    assert found.lacking == ("machines that models run on fast enough", "people who can secure them")
    assert found.unanswered == ("advise.models",)


def test_cost_on_record_on_both_sides_decides_of_plain_data_that_is_not_volatile() -> None:
    dear, cheap = (agent("in-house", 90), agent("cloud", 30)), (agent("in-house", 20), agent("cloud", 30))
    assert verdict(0, 0.1, agents=dear, **READY).fits == "cloud"
    assert verdict(0, 0.7, agents=cheap, **READY).fits == "on-premise"
    assert "20 millionths in the house and 30 elsewhere" in " ".join(verdict(0, 0.7, agents=cheap, **READY).reasons)
    assert verdict(0, 0.1, agents=(agent("in-house"), agent("cloud", 1)), **READY).fits == "on-premise"
    assert verdict(1_000, 0.1, agents=dear, **READY).fits == "on-premise"


def test_too_little_on_record_is_said_and_nothing_concluded() -> None:
    for days, requests in ((30, 199), (6, 1_000)):
        found = verdict(100, 0.1, days=days, requests=requests, **READY)
        assert (found.fits, found.sensitivity, found.course, found.lacking) == ("not enough recorded", None, None, ())
        assert "200 requests and 7 days" in found.reasons[0]


def test_thresholds_are_the_configurations_and_the_figures_stand_beside_the_verdict() -> None:
    assert verdict(100, 0.1, plain_share=0.2, **READY).sensitivity == "plain"
    assert verdict(100, 0.1, sensitive_share=0.1, **READY).sensitivity == "sensitive"
    assert verdict(0, 0.4, steady=0.1, **READY).course == "between"
    assert verdict(0, 0.4, steady=0.1, volatile=0.4, **READY).course == "volatile"
    assert verdict(100, 0.1).reasons[:2] == (
        "mixed: 10.0 % of 1000 requests carried sensitive data",
        "steady: volatility 0.10, 1.5 requests an hour, 9 in the busiest",
    )


def test_only_a_whole_questionnaire_says_that_the_house_can() -> None:
    assert can_inside(AdviseSettings(**READY))
    for name in READY:
        assert can_inside(AdviseSettings(**{**READY, name: None})) is (name == "cloud")


def test_where_it_is_now_is_where_it_was_sent() -> None:
    assert placement_now([agent("in-house"), agent("cloud", requests=0)], INSIDE) == "on-premise"
    assert placement_now([agent("in-house"), agent("cloud")], INSIDE) == "hybrid"
    assert placement_now([agent("cloud")], INSIDE) == "cloud"
    assert placement_now([], INSIDE) == "not enough recorded"
