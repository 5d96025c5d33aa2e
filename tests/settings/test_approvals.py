"""Who may be lent what is said without gaps."""

from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import ConfigurationError
from gateway.settings import parse


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"role": "nurse", "grants": [], "reviewer": "privacy"}, "must be the name of a role"),
        ({"role": "nurse", "grants": ["a b"], "reviewer": "privacy"}, "must be the name of a role"),
        ({"role": "nurse", "grants": ["clinician"], "reviewer": "clinician"}, "reviewer must be none of grants"),
        ({"role": "nurse", "grants": ["clinician"], "reviewer": "privacy", "minutes": 481}, "between 1 and 480"),
    ],
)
def test_break_glass_names_roles_a_reviewer_apart_and_minutes(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        parse({"break_glass": [rule]}, {}, Path())
