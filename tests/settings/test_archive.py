"""Archives are whole blocks, and days lie within bounds."""

from typing import Any

import pytest

from tests.settings.kit import parsed, refused


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("interval_s", 0),
        ("interval_s", 86_401),
        ("system_days", -1),
        ("range_records", 4_095),
        ("range_records", 1 << 21),
    ],
)
def test_what_lies_outside_is_refused_by_name(key: str, value: int) -> None:
    assert refused(archive={key: value}).startswith(f"archive.{key} must lie between")


def test_an_archive_is_whole_blocks() -> None:
    assert refused(archive={"range_records": 5_000}) == "archive.range_records must be a multiple of 4096"


@pytest.mark.parametrize("days", [-1, 36_501])
def test_days_of_a_tenant_lie_within_bounds(days: int) -> None:
    tenant = {"id": "clinic", "retention_days": days}
    assert refused(tenant=[tenant]).startswith("tenant[0].retention_days must lie between")


def test_records_stay_as_long_as_their_tenants_configuration_says() -> None:
    given: dict[str, Any] = {"tenant": [{"id": "clinic", "retention_days": 90}, {"id": "bank"}]}
    settings = parsed(archive={"directory": "archive", "system_days": 400}, **given)
    assert [settings.archive.days(one, settings.tenants) for one in ("clinic", "bank", "_system")] == [90, 2_192, 400]
    assert settings.archive.least_days(settings.tenants) == 90
    assert parsed(**given).archive.least_days(settings.tenants) is None, "nothing leaves where nothing is archived"
