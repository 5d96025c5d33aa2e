"""Limits can be kept, prices are for somebody, and whoever counts can be asked."""

from typing import Any

import pytest

from tests.settings.kit import AGENT, HIDDEN, ZONE, parsed, refused

LIMIT = {"name": "daily", "what": "tokens", "count": 10}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "tenant"}, "limit[0].name must not be that of a limit in [limits]"),
        ({"name": HIDDEN + " "}, "limit[0].name must be of lower-case letters"),
        ({"per": ["caller", HIDDEN]}, "limit[0].per may hold agent, caller, capability, class"),
        ({"tenants": [HIDDEN]}, "limit[0].tenants must name configured tenants"),
        ({"agents": [HIDDEN]}, "limit[0].agents must name configured agents"),
        ({"capabilities": [HIDDEN]}, "limit[0].capabilities must name configured capabilities"),
        ({"count": 0}, "limit[0].count must lie between"),
        ({"window_s": 2_678_401}, "limit[0].window_s must lie between"),
        ({"what": "spend"}, "limit[0] limits spend, and an agent that it applies to has no [[price]]"),
    ],
)
def test_a_limit_that_could_not_be_kept_is_refused(fields: dict[str, Any], said: str) -> None:
    assert refused(zone=[ZONE], agent=[AGENT], limit=[{**LIMIT, **fields}]).startswith(said)


def test_limits_have_names_of_their_own_and_name_what_there_is() -> None:
    assert refused(limit=[LIMIT, LIMIT]) == "limit[1].name is there twice"
    whole = {**LIMIT, "agents": ["local"], "capabilities": ["triage"], "tenants": ["default"], "per": ["class"]}
    (limit,) = parsed(zone=[ZONE], agent=[AGENT], limit=[whole]).limit
    assert (limit.agents, limit.window_s, limit.hard) == (("local",), 60, True)


def test_spend_is_limited_only_where_every_agent_has_a_price() -> None:
    spend, other = {**LIMIT, "what": "spend"}, {**AGENT, "id": "other", "model": "big", "capabilities": []}
    agents: dict[str, Any] = {"zone": [ZONE], "agent": [AGENT, other]}
    assert "no [[price]]" in refused(**agents, limit=[spend], price=[{"agent": "local"}])
    assert parsed(**agents, limit=[spend], price=[{"agent": "local"}, {"model": "big", "input": 5}]).limit
    assert parsed(**agents, limit=[{**spend, "agents": ["local"]}], price=[{"agent": "local"}]).limit


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        ([{}], "price[0] must name either an agent or a model"),
        ([{"agent": "local", "model": "m"}], "price[0] must name either an agent or a model"),
        ([{"agent": HIDDEN}], "price[0].agent names no [[agent]]"),
        ([{"model": "m"}, {"model": "m"}], "price[1] is there twice"),
        ([{"model": "m", "output": -1}], "price[0].output must lie between"),
    ],
)
def test_a_price_that_is_for_nobody_or_for_two_or_below_nothing_is_refused(
    prices: list[dict[str, Any]], said: str
) -> None:
    assert refused(zone=[ZONE], agent=[AGENT], price=prices).startswith(said)


def test_money_is_of_a_currency_that_has_a_code() -> None:
    assert refused(limits={"currency": HIDDEN}) == "limits.currency must be the three letters of ISO 4217, like EUR"


@pytest.mark.parametrize(
    "url", [f"redis://:{HIDDEN}@host", f"redis://user:{HIDDEN}@host", "http://host", "redis://host/x", "redis://"]
)
def test_counts_are_kept_at_an_address_that_holds_no_password(url: str) -> None:
    assert refused(limits={"url": url}).startswith("limits.url must be memory://, redis://")


def test_what_belongs_to_a_server_of_counts_is_refused_without_one() -> None:
    assert (
        parsed(limits={"url": "rediss://gw@redis.example:6380/2", "ca": "ca.pem", "password": "env:P"}).limits.ca
        == "ca.pem"
    )
    assert "never a value" in refused(limits={"url": "redis://host", "password": HIDDEN})
    assert "limits.password is for" in refused(limits={"password": "env:P"})
    assert "limits.ca is for" in refused(limits={"url": "redis://host", "ca": "ca.pem"})
    shown = {"client_certificate": "client.pem", "client_key": "client.key"}
    assert parsed(limits={"url": "rediss://host", **shown}).limits.client_key == "client.key"
    assert "limits.client_certificate is for" in refused(limits={"url": "redis://host", **shown})
    for name in shown:
        assert "go together" in refused(limits={"url": "rediss://host", name: "client.pem"})
