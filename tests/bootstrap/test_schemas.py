"""What files say of agents is read with the policy version that they are part of; what is none is named by its
setting."""

from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import load_schemas
from gateway.core.errors import ConfigurationError
from gateway.settings import Settings, parse


def settings(directory: Path, content: str | None) -> Settings:
    (directory / "policies" / "schemas").mkdir(parents=True)
    if content is not None:
        (directory / "policies" / "schemas" / "told.json").write_text(content)
    common = {"protocol": "openai", "url": "http://127.0.0.1:9", "zone": "in-house"}
    agents = [{"id": "plain", **common}, {"id": "held", "answer_schema": "told.json", **common}]
    document: dict[str, Any] = {"zone": [{"id": "in-house", "trusted": True}], "agent": agents}
    return parse(document, {}, directory)


def test_each_agent_that_has_a_schema_is_held_to_its_own(tmp_path: Path) -> None:
    given = settings(tmp_path, '{"type": "object"}')
    assert load_schemas(given, "schema") == {}
    found = load_schemas(given, "answer_schema")
    assert list(found) == ["held"]
    assert found["held"].validate({}) is None
    assert found["held"].validate([]) is not None


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "names no file"), ("{", "is not a JSON Schema"), ("[]", "is not a JSON Schema"), ('{"type": 1}', "")],
)
def test_what_is_not_a_schema_is_told_by_the_setting_that_names_it(
    tmp_path: Path, content: str | None, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"agent\[1\]\.answer_schema.*{said}"):
        load_schemas(settings(tmp_path, content), "answer_schema")
