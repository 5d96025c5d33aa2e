"""The fixed model."""

import pytest

from gateway.checks.policy.model import MODEL, check
from gateway.core.errors import ConfigurationError

from .making import SHIPPED


def test_the_model_that_ships_is_the_one_in_the_code() -> None:
    check((SHIPPED / "model.conf").read_bytes())


def test_spacing_comments_and_line_ends_make_no_difference() -> None:
    check(b"# of ours\n" + MODEL.replace(" && ", "   &&\t").replace("\n", "\r\n").encode())
    check(MODEL.replace("\\\n", "").encode())


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("p.when)\n", 'p.when) || r.caller == "root"\n', "matchers.m"),
        ("p.when)\n", "p.when) || True\n", "matchers.m"),
        ("holds(r.facts, p.when)", "eval(p.when)", "matchers.m"),
        ("priority(p.eft) || deny", "some(where (p.eft == allow))", "policy_effect.e"),
        ("when, eft", "when, effect", "policy_definition.p"),
        ("g2 = _, _\n", "", "role_definition.g2"),
        ("[matchers]\n", "[matchers]\nm2 = r.caller == p.role\n", "matchers.m2"),
        ("[matchers]\n", "[matchers]\nm = r.caller == p.role\n", "twice"),
        ("[matchers]\n", "matchers\n", "key = value"),
    ],
)
def test_a_model_that_says_anything_else_is_refused_by_name(old: str, new: str, named: str) -> None:
    assert old in MODEL
    with pytest.raises(ConfigurationError, match=named):
        check(MODEL.replace(old, new).encode())


@pytest.mark.parametrize("data", [b"", b"\xff", b"[matchers]", b"= x"])
def test_an_empty_or_garbled_model_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigurationError):
        check(data)
