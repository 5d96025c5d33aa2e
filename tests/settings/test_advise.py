"""The questionnaire is answered, or it is not; thresholds part what they are to part."""

from typing import Any

import pytest

from tests.settings.kit import HIDDEN, parsed, refused


def test_nothing_is_answered_by_default() -> None:
    advise = parsed().advise
    assert (advise.on_call, advise.security, advise.min_days) == (None, None, 7)
    assert "unscanned" in advise.sensitive
    assert parsed(advise={"on_call": False, "models": "strong"}).advise.models == "strong"


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"on_call": HIDDEN}, "advise.on_call"),
        ({"security": HIDDEN}, "advise.security"),
        ({"sensitive": []}, "advise.sensitive"),
        ({"sensitive": [HIDDEN.upper()]}, "advise.sensitive"),
        ({"sensitive_share": 1.5}, "advise.sensitive_share"),
        ({"plain_share": 0.5}, "advise.plain_share"),
        ({"steady": 2.0}, "advise.steady"),
        ({"volatile": -1.0}, "advise.volatile"),
        ({"min_days": 0}, "advise.min_days"),
        ({"min_requests": 0}, "advise.min_requests"),
    ],
    ids=str,
)
def test_what_cannot_be_is_told_by_its_key(given: dict[str, Any], word: str) -> None:
    assert word in refused(advise=given)
