"""What records say of each capability, against ledgers whose answers are known."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence.advice.seen import HOUR_US, MAX_CAPABILITIES, OTHERS, Seen, Spread
from gateway.ledger.record import ClassesInfo, Envelope, OutcomeInfo, timestamp

HOUR = 1_800_000_000_000_000 // (24 * HOUR_US) * 24
SENSITIVE = ("phi", "unscanned")


def record(
    event: str = "exchange.requested", *, hour: int = 0, classes: tuple[str, ...] = (), **fields: Any
) -> Envelope:
    given_: dict[str, Any] = {"agent": "ward", "zone": "in-house", "capability": "triage", "attempt": 1, **fields}
    if event == "exchange.denied":
        given_ |= {"agent": None, "zone": None, "capability": None, "attempt": None}
    return Envelope(
        id="id",
        tenant="tn",
        event=event,
        occurred_at=timestamp((HOUR + hour) * HOUR_US + 5),
        classes=ClassesInfo(found=classes, declared=(), inherited=(), floor=()),
        **given_,
    )


def completed(code: str = "ok", **outcome: Any) -> Envelope:
    return record("exchange.completed", outcome=OutcomeInfo(code=code, status=200, **outcome))


def seen(*records: Envelope, offered: dict[str, tuple[str, ...]] | None = None) -> Seen:
    made = Seen({"ward": ("triage", "night-round")} if offered is None else offered, SENSITIVE)
    for one in records:
        made.feed(one)
    return made


def load(*counts: int) -> Any:
    """Of a load with so many requests in each hour, one after the other."""
    return seen(*(record(hour=hour) for hour, count in enumerate(counts) for _ in range(count))).load("triage")


def test_a_steady_load_has_no_volatility_and_one_that_comes_in_a_third_of_the_hours_has_much() -> None:
    assert load(*[10] * 48).volatility == 0
    bursty = load(*([300, 0, 0] * 16))
    assert (bursty.hours, bursty.peak, bursty.mean) == (46, 300, pytest.approx(4_800 / 46))
    assert bursty.volatility == pytest.approx(math.sqrt(2), abs=0.08)
    assert bursty.days == pytest.approx(46 / 24)


def test_what_varies_by_chance_alone_is_not_volatile() -> None:
    """Hourly numbers of a Poisson process of mean 2: their own variance is taken away."""
    assert load(*[2, 0, 3, 1, 4, 2, 2, 1, 3, 2, 0, 4, 2, 1, 3, 2] * 3).volatility < 0.05


def test_hours_count_from_the_first_request_of_a_capability_to_the_last_of_the_ledger() -> None:
    made = seen(record(hour=0), record(hour=30), record(hour=47, capability="other"))
    assert (made.load("triage").hours, made.load("other").hours) == (48, 1)


def test_sensitive_requests_are_counted_once_and_denied_ones_too() -> None:
    made = seen(
        record(classes=("phi", "unscanned")),
        record(classes=("public",)),
        record("exchange.denied", classes=("phi",), route_requested="triage"),
        record("exchange.denied", route_requested="ward"),
        record(attempt=0, agent=None, capability=None, route_requested="triage"),
        record("audit.read"),
    ).capabilities["triage"]
    assert (made.requests, made.denied, made.sensitive, made.kept) == (4, 2, 2, 1)
    assert made.classes == {"phi": 2, "unscanned": 1, "public": 1}


def test_what_names_no_capability_goes_by_its_agent_or_what_was_asked_for() -> None:
    made = seen(
        record(capability=None, agent="lonely"),
        record("exchange.denied", route_requested="unheard"),
        record("exchange.denied"),
        offered={},
    )
    assert set(made.capabilities) == {"agent lonely", "agent unheard", "(nothing registered)"}


def test_what_was_refused_goes_by_any_capability_that_an_agent_is_registered_for() -> None:
    made = seen(record("exchange.denied", route_requested="night-round"))
    assert {name: one.denied for name, one in made.capabilities.items()} == {"night-round": 1}


def test_the_end_of_a_kept_answer_makes_no_capability() -> None:
    kept = record("exchange.completed", agent=None, capability=None, outcome=OutcomeInfo(code="cached", status=200))
    assert set(seen(record(), kept).capabilities) == {"triage"}


def test_agents_have_their_latency_cost_and_failures() -> None:
    made = seen(
        record(),
        record("exchange.attempted", agent="cloudy", zone="cloud"),
        *(completed(latency_us=us, tokens_in=5, tokens_out=2, cost=30) for us in (1_000, 2_000, 100_000)),
        completed(latency_us=1_000),
        completed("agent_timeout"),
        completed("cached"),
    ).capabilities["triage"]
    ward = made.agents["ward"]
    assert (ward.requests, ward.answers, ward.failures, ward.cost, ward.costed, ward.tokens) == (1, 4, 1, 90, 3, 21)
    assert made.agents["cloudy"].zone == "cloud"
    assert made.requests == 1, "what goes to a further agent is one request"


def test_capabilities_are_bounded() -> None:
    made = seen(*(record(capability=f"c{number}") for number in range(MAX_CAPABILITIES + 3)))
    assert made.capabilities[OTHERS].requests == 3


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=30), st.sampled_from([0.5, 0.95, 1.0]))
def test_a_spread_is_at_most_a_twentieth_too_high_and_never_too_low(values: list[int], share: float) -> None:
    spread = Spread()
    for value in values:
        spread.add(value)
    exact = sorted(values)[math.ceil(share * len(values)) - 1]
    found = spread.at(share)
    assert found is not None
    assert exact <= found <= exact * 1.05 + 1


def test_a_spread_of_nothing_has_no_figure() -> None:
    assert Spread().at(0.5) is None
