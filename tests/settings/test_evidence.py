"""Where bundles lie, for how long, and how many may wait."""

import pytest

from tests.settings.kit import parsed, refused


@pytest.mark.parametrize(
    ("key", "value"),
    [("keep_days", 0), ("keep_days", 3651), ("queue", 0), ("queue", 1001), ("processes", 0), ("processes", 3)],
)
def test_what_lies_outside_is_refused_by_name(key: str, value: int) -> None:
    assert refused(evidence={key: value}).startswith(f"evidence.{key} must lie between")


def test_there_is_a_default_for_each() -> None:
    evidence = parsed().evidence
    assert (evidence.directory, evidence.keep_days, evidence.queue, evidence.processes) == ("bundles", 30, 20, 2)


def test_bundles_to_configured_recipients_alone_need_some() -> None:
    tenant = {"id": "a", "bundle_encryption": "configured"}
    for said in (
        {"evidence": {"encryption": "configured"}},
        {"evidence": {"recipients": ["age1"]}, "tenant": [{**tenant, "bundle_recipients": []}]},
        {"tenant": [tenant]},
    ):
        assert "must name recipients" in refused(**said)
    assert parsed(evidence={"recipients": ["age1"]}, tenant=[tenant]).tenants[0].bundle_encryption == "configured"
