"""Settings are consistent as a whole: references lead somewhere, numbers keep to their bounds."""

from pathlib import Path

import pytest

from gateway.settings import parse
from tests.settings.kit import AGENT, ISSUER, ZONE, refused


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("server", "port", 65536),
        ("server", "port", -1),
        ("server", "max_body_bytes", 1023),
        ("server", "max_depth", 3),
        ("server", "body_timeout_s", float("nan")),
        ("server", "write_timeout_s", 0),
        ("ledger", "checkpoint_interval_s", 0),
        ("limits", "concurrency", 0),
        ("classification", "budget_ms", float("inf")),
    ],
)
def test_a_number_out_of_its_bounds_is_refused_with_the_bounds(section: str, key: str, value: float) -> None:
    assert refused(None, **{section: {key: value}}).startswith(f"{section}.{key} must lie between")


def test_every_reference_leads_to_something_that_is_there() -> None:
    assert refused(agent=[AGENT]) == "agent[0].zone names no [[zone]] (agent local)"
    assert (
        refused(zone=[ZONE], agent=[{**AGENT, "processor": "no"}])
        == "agent[0].processor names no [[processor]] (agent local)"
    )
    assert refused(zone=[{**ZONE, "within": "no"}]) == "zone[0].within names no [[zone]] (zone in-house)"
    assert refused(issuer=[{**ISSUER, "zone": "no"}]) == "issuer[0].zone names no [[zone]]"
    assert refused(zone=[ZONE, ZONE]) == "zone[1].id is there twice"
    assert refused(issuer=[ISSUER, ISSUER]) == "issuer[1].issuer is there twice"
    assert "configured tenants, or _system" in refused(ledger={"public_hashes": ["default", "no"]})
    shown = parse({"ledger": {"public_hashes": ["default", "_system"]}}, {}, Path("/nowhere"))
    assert shown.ledger.public_hashes == ("default", "_system")
    assert "is both" in refused(zone=[ZONE], agent=[{**AGENT, "capabilities": ["local"]}])


def test_who_calls_as_an_agent_is_that_agent_alone() -> None:
    first, second = ({**AGENT, "id": name, "callers": ["default/bot", f"default/{name}"]} for name in ("a", "b"))
    assert refused(zone=[ZONE], agent=[first, second]).startswith("agent[1].callers holds a caller that is there twice")
    calls = {**AGENT, "callers": ["default/some/one"], "delegation": True}
    assert parse({"zone": [ZONE], "agent": [calls]}, {}, Path("/nowhere")).agent[0].callers == ("default/some/one",)


def test_what_could_not_be_read_is_never_kept() -> None:
    assert refused(cache={"classes": ["public", "unscanned"]}).startswith("cache.classes must not name unscanned")


def test_what_this_version_cannot_keep_is_refused_not_ignored() -> None:
    assert "workers" in refused(server={"workers": 2})
    assert "go together" in refused(server={"tls_key": "k.pem"})
    assert "algorithms" in refused(issuer=[{**ISSUER, "algorithms": []}])
