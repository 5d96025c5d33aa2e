"""Destinations of callbacks are registered without gaps, and named by who may name them."""

from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import ConfigurationError
from gateway.settings import Callback, parse

GOOD: dict[str, Any] = {"id": "billing", "url": "https://a.example/told", "secret": "env:S", "zone": "partner"}


def parsed(**fields: Any) -> Callback:
    document = {
        "zone": [{"id": "partner"}],
        "tenant": [{"id": "clinic"}, {"id": "bank"}],
        "callback": [{**GOOD, **fields}],
    }
    return parse(document, {}, Path()).callback[0]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"id": "Billing"}, "id must be of lower-case letters"),
        ({"zone": "moon"}, r"callback\[0\].zone names no"),
        ({"url": "ftp://a"}, "url must be http"),
        ({"url": "https://a/x?y=1"}, "url must be http"),
        ({"secret": "a value"}, "secret must be a reference"),
        ({"url": "http://a", "ca": "ca.pem"}, "url must be https"),
        ({"pin": ["sha1:00"]}, "pin must be sha256"),
        ({"addresses": ["everywhere"]}, "addresses must be networks"),
        ({"timeout_s": 0.0}, "timeout_s must lie between"),
        ({"tenants": ["nobody"]}, r"tenants names no \[\[tenant\]\]"),
        ({"callers": ["ada"]}, "callers must be TENANT/SUBJECT"),
        ({"callers": ["nobody/ada"]}, "callers must be TENANT/SUBJECT"),
        ({"tenants": ["clinic"], "callers": ["bank/ada"]}, "callers must be TENANT/SUBJECT"),
    ],
)
def test_what_could_not_be_held_to_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        parsed(**fields)


@pytest.mark.parametrize(
    ("fields", "serves"),
    [
        ({}, [True, True, True]),
        ({"tenants": ["clinic"]}, [True, True, False]),
        ({"callers": ["clinic/ada"]}, [True, False, False]),
        ({"tenants": ["clinic"], "callers": ["clinic/ada"]}, [True, False, False]),
        ({"callers": ["bank/ada"]}, [False, False, True]),
    ],
)
def test_who_may_name_it_is_of_its_tenants_and_among_its_callers(fields: dict[str, Any], serves: list[bool]) -> None:
    callback = parsed(**fields)
    assert [callback.serves(*who) for who in (("clinic", "ada"), ("clinic", ""), ("bank", "ada"))] == serves
