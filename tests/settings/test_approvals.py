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
        ({"role": "nurse", "grants": ["clinician"], "reviewer": "privacy", "review_h": 0}, "between 1 and 8760"),
    ],
)
def test_break_glass_names_roles_a_reviewer_apart_and_minutes(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        parse({"break_glass": [rule]}, {}, Path())


DESK = {"id": "desk", "url": "https://desk.example/told", "secret": "env:DESK"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"id": "_approvals"}, r"channel\[0\]\.id"),
        ({"url": "ftp://desk.example"}, r"channel\[0\]\.url"),
        ({"secret": "swordfish"}, r"channel\[0\]\.secret must be a reference"),
        ({"roles": ["a b"]}, r"channel\[0\]\.roles"),
        ({"addresses": ["everywhere"]}, r"channel\[0\]\.addresses"),
    ],
)
def test_a_channel_has_a_name_an_address_and_a_secret_that_is_not_written_down(
    changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said) as error:
        parse({"channel": [{**DESK, **changed}]}, {}, Path())
    assert "swordfish" not in str(error.value)


def test_with_several_tenants_a_channel_of_a_role_says_whose() -> None:
    two = {"tenant": [{"id": "hospital"}, {"id": "bank"}]}
    with pytest.raises(ConfigurationError, match=r"channel\[0\]\.tenants must name whose"):
        parse({"channel": [{**DESK, "roles": ["privacy"]}], **two}, {}, Path())
    with pytest.raises(ConfigurationError, match=r"channel\[0\]\.tenants names no"):
        parse({"channel": [{**DESK, "tenants": ["swordfish"]}], **two}, {}, Path())
    parse({"channel": [{**DESK, "roles": ["privacy"], "tenants": ["bank"]}], **two}, {}, Path())
    parse({"channel": [{**DESK, "roles": []}], **two}, {}, Path())


def test_channels_have_different_names() -> None:
    with pytest.raises(ConfigurationError, match=r"channel\[1\]\.id is there twice"):
        parse({"channel": [DESK, DESK]}, {}, Path())
    assert parse({"channel": [DESK]}, {}, Path()).channel[0].roles == ()
