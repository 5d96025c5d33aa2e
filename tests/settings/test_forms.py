"""What must look like something else is refused with its place and what would be right, never with what was given."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.core.errors import ConfigurationError
from gateway.settings.forms import (
    check_address,
    check_between,
    check_networks,
    check_pins,
    check_reference,
    check_unique,
)
from tests.settings.kit import HIDDEN

PIN = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (
            check_address,
            ["http://h", "https://h:1/a/b"],
            [f"https://{HIDDEN}@h", f"https://h?{HIDDEN}", "ftp://h", "h\n"],
        ),
        (check_networks, [(), ("10.0.0.0/8", "fd00::/64")], [("10.0.0.0/8", HIDDEN), ("10.0.0.1/8",)]),
        (check_pins, [(), (PIN,)], [(PIN, HIDDEN), (PIN.upper(),), (f"{PIN}\n",)]),
        (check_reference, [None, "env:NAME", "file:a/b"], [HIDDEN, "env:", "file:", "env:A B"]),
        (check_unique, [[], ["a", "b.c-1"]], [["a", "a"], [HIDDEN.upper()], [""]]),
    ],
)
def test_a_form_holds_or_is_refused_by_its_place(check: Callable[..., None], good: list[Any], bad: list[Any]) -> None:
    for value in good:
        check("a.place", value)
    for value in bad:
        with pytest.raises(ConfigurationError) as raised:
            check("a.place", value)
        assert str(raised.value).startswith("a.place")
        assert HIDDEN not in str(raised.value)


def test_both_ends_of_a_bound_are_inside_and_what_is_no_number_is_not() -> None:
    for value in (1, 2.5):
        check_between("a.place", value, 1, 2.5)
    for value in (0.9, 2.6, float("nan"), float("inf")):
        with pytest.raises(ConfigurationError, match=r"^a\.place must lie between 1 and 2\.5$"):
            check_between("a.place", value, 1, 2.5)
