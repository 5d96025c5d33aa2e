"""Rules name tenants, classes and days that there can be."""

from typing import Any

import pytest

from tests.settings.kit import parsed, refused


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"tenant": "nobody"}, "retention[0].tenant names no"),
        ({"about": ["exchange", "gossip"]}, "retention[0].about must be of exchange, access"),
        ({"details_days": -1}, "retention[0].details_days must lie between"),
        ({"content_days": 36_501}, "retention[0].content_days must lie between"),
    ],
)
def test_what_cannot_be_is_refused_by_name(rule: dict[str, Any], said: str) -> None:
    assert refused(retention=[rule]).startswith(said)


def test_a_rule_may_be_about_the_operators_own_ledger_and_about_everything() -> None:
    first, second = parsed(retention=[{"tenant": "_system", "details_days": 0}, {}]).retention
    assert (first.tenant, first.details_days, second.about, second.details_days) == ("_system", 0, (), None)
