"""`[emergency]`: off by default, and nothing half configured."""

from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import ConfigurationError
from gateway.settings import Settings, parse

AGENT = {"id": "ward", "protocol": "openai", "url": "http://127.0.0.1:1", "zone": "in-house", "capabilities": ["care"]}


def settings(**values: Any) -> Settings:
    zones = [{"id": "in-house", "trusted": True}]
    return parse({"zone": zones, "agent": [AGENT], "emergency": values}, {}, Path("/tmp"))  # noqa: S108 — nothing is read


def test_without_a_directory_there_is_none() -> None:
    assert settings().emergency.directory is None
    assert settings().emergency.place is None
    assert settings(files="elsewhere").emergency.place == "elsewhere"


def test_files_lie_below_the_directory_unless_said_otherwise() -> None:
    assert settings(directory="e", capabilities=["care"]).emergency.place == "e/closed"
    assert settings(directory="e", capabilities=["care"], files="f").emergency.place == "f"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"capabilities": ["care"]}, "emergency.directory must be set"),
        ({"directory": "e"}, "emergency.capabilities must name"),
        ({"directory": "e", "capabilities": ["other"]}, "capabilities that agents offer"),
        ({"directory": "e", "capabilities": ["care"], "zones": []}, "emergency.zones"),
        ({"directory": "e", "capabilities": ["care"], "zones": ["cloud"]}, "emergency.zones"),
        ({"enter_after_s": 0.5}, "emergency.enter_after_s"),
        ({"leave_after_s": 0}, "emergency.leave_after_s"),
        ({"max_s": 0}, "emergency.max_s"),
        ({"max_records": 99}, "emergency.max_records"),
        ({"copy_s": 0}, "emergency.copy_s"),
        ({"max_copy_rows": 0}, "emergency.max_copy_rows"),
        ({"copy_s": 400}, "at least twice"),
    ],
)
def test_what_would_not_work_is_refused_with_what_would(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        settings(**values)
