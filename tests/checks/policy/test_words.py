"""Names, action patterns, purposes and obligations."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.policy import words
from gateway.checks.policy.policy import SENTENCES
from gateway.core.errors import FormatError

from .making import DAY_US, NOON_US


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("role:clerk", ("role",)),
        ("class:special-category", ("class",)),
        ("agent:gpt-4.1", ("agent", "zone")),
        ("caller:default/alice@example.org", ("caller", "role")),
    ],
)
def test_a_name_with_its_kind_is_kept_as_it_is(text: str, kinds: tuple[str, ...]) -> None:
    assert words.name(text, *kinds) == text


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("clerk", ("role",)),
        ("zone:cloud", ("role",)),
        ("role:", ("role",)),
        ("role:a b", ("role",)),
        ("Role:clerk", ("role",)),
        ("role:*", ("role",)),
        ("class:PII", ("class",)),
        ("caller:alice", ("caller",)),
        ("caller:default/", ("caller",)),
        ("role:role:x", ("role",)),
        ("role:x\n", ("role",)),
        ("", ("role",)),
    ],
)
def test_a_name_without_the_kind_of_its_column_is_refused_without_being_repeated(
    text: str, kinds: tuple[str, ...]
) -> None:
    with pytest.raises(FormatError) as caught:
        words.name(text, *kinds)
    assert len(text) < 6 or text not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "chat",
        "receive",
        "onward:web_search",
        "tool:*",
        "tool:lookup_*",
        "http:*:/notes/*",
        "http:GET:/notes/{id}",
        "http:*:*",
    ],
)
def test_actions_and_their_patterns_are_accepted(text: str) -> None:
    assert words.action(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cha*",
        "CHAT",
        "http:get:/x",
        "http:GET:notes",
        "tool:",
        "onward:",
        "onward:*",
        "onward:web search",
        "chat ",
        "http:GET",
    ],
)
def test_what_no_request_can_be_is_no_action(text: str) -> None:
    with pytest.raises(FormatError):
        words.action(text)


def test_an_onward_action_is_allowed_by_its_own_name_alone_and_denied_by_a_rule_about_everything() -> None:
    assert words.action_matches("onward:url", "onward:url")
    assert words.action_matches("onward:url", words.EVERY_ACTION)
    assert not any(words.action_matches("onward:url", other) for other in ("*", "onward:*", "onward:urls", "*:url"))
    assert words.action_matches("chat", words.EVERY_ACTION)
    assert words.actions_meet("onward:url", words.EVERY_ACTION)
    assert words.actions_meet(words.EVERY_ACTION, "onward:url")
    assert not words.actions_meet("*", "onward:url")
    assert not words.actions_meet("onward:url", "onward:mcp")


@pytest.mark.parametrize(
    ("action", "pattern", "fits"),
    [
        ("chat", "*", True),
        ("chat", "chat", True),
        ("chats", "chat", False),
        ("http:POST:/notes/{id}", "http:*:/notes/*", True),
        ("http:POST:/notes", "http:*:/notes/*", False),
        ("http:POST:/other/notes/", "http:*:/notes/*", False),
        ("tool:a", "tool:*", True),
        ("aa", "aa*a", False),
        ("tool:CHAT", "tool:chat", False),
    ],
)
def test_a_star_stands_for_any_run_of_characters(action: str, pattern: str, fits: bool) -> None:
    assert words.action_matches(action, pattern) is fits


_PATTERN = st.text(alphabet="ab*", max_size=7)


@settings(max_examples=300, deadline=None)
@given(action=st.text(alphabet="ab", max_size=8), pattern=_PATTERN)
def test_matching_agrees_with_the_regular_expression_of_the_pattern(action: str, pattern: str) -> None:
    expression = ".*".join(re.escape(piece) for piece in pattern.split("*"))
    assert words.action_matches(action, pattern) is bool(re.fullmatch(expression, action))


@settings(max_examples=300, deadline=None)
@given(one=_PATTERN, other=_PATTERN, action=st.text(alphabet="ab", max_size=8))
def test_patterns_that_share_an_action_are_found_to_meet(one: str, other: str, action: str) -> None:
    """Never missed; and in the other direction, two patterns without a star meet only when they are the same."""
    if words.action_matches(action, one) and words.action_matches(action, other):
        assert words.actions_meet(one, other)
    assert words.actions_meet(one, other) is words.actions_meet(other, one)
    if "*" not in one + other:
        assert words.actions_meet(one, other) is (one == other)
    elif "*" not in one:
        assert words.actions_meet(one, other) is words.action_matches(one, other)


def test_patterns_that_share_nothing_do_not_meet() -> None:
    assert not words.actions_meet("tool:*", "http:*:/x")
    assert not words.actions_meet("http:GET:/a*", "http:POST:*")
    assert words.actions_meet("http:*:/a", "http:GET:*")


def test_a_purpose_is_a_known_code_any_or_none() -> None:
    known = frozenset({"TREAT"})
    assert words.purpose("purpose:TREAT", known) == "purpose:TREAT"
    assert words.purpose("purpose:*", known) == "purpose:*"
    assert words.purpose("purpose:none", known) == "purpose:none"
    for wrong in ("TREAT", "purpose:TRAET", "purpose:", "*", "purpose:treat"):
        with pytest.raises(FormatError):
            words.purpose(wrong, known)


def test_a_request_without_purpose_fits_any_and_none_only() -> None:
    assert words.purpose_matches("purpose:none", "purpose:*")
    assert words.purpose_matches("purpose:none", "purpose:none")
    assert not words.purpose_matches("purpose:none", "purpose:TREAT")
    assert words.purpose_matches("purpose:TREAT", "purpose:TREAT")


def test_obligations_are_sorted_and_none_means_none() -> None:
    assert words.obligations("none") == ()
    assert words.obligations("redact; approve:2/privacy") == ("approve:2/privacy", "redact")
    assert words.obligations("redact:phone, email") == ("redact:email,phone",)
    assert words.obligations("approve:privacy") == ("approve:privacy",)
    assert words.obligations("redact:secret-jwt,x-badge") == ("redact:secret-jwt,x-badge",)
    assert words.by_form(("approve", "redact:email,secret-jwt,x-badge")) == ("secret-jwt", "x-badge")
    assert words.by_form(("redact", "notify:x-badge")) == ()
    assert words.obligations("redact;declassify:phi") == ("declassify:phi", "redact")
    assert words.obligations("supervise:ward; approve:2/privacy") == ("approve:2/privacy", "supervise:ward")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "redact;",
        "none;redact",
        "redact;redact",
        "redact;redact:email",
        "redact:",
        "declassify",
        "declassify:",
        "declassify:phi,pii",
        "declassify:class:phi",
        "redact:emial",
        "redact:email,email",
        "approve:",
        "approve:0/privacy",
        "approve:a;approve:b",
        "supervise",
        "supervise:",
        "supervise:a;supervise:b",
        "supervise:agent:ward",
        "supervise:2/ward",
        "notify",
        "notify:",
        "notify:Desk",
        "Redact",
        "mask",
    ],
)
def test_an_obligation_that_would_do_something_else_than_it_says_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        words.obligations(text)


@pytest.mark.parametrize(
    "text",
    [
        "observe",
        "observe:",
        "observe:soon",
        "observe:20261231",
        "observe:2026-W53-4",
        "observe:2026-02-30",
        "observe:9999-12-31",
        "observe:2026-12-31T00:00",
    ],
)
def test_a_rule_is_watched_up_to_a_day_and_not_for_ever(text: str) -> None:
    with pytest.raises(FormatError, match="observe:<YYYY-MM-DD> must name the last day"):
        words.obligations(text)


def test_a_watched_rule_is_in_force_when_its_last_day_is_over() -> None:
    assert words.obligations("redact; observe:2026-01-05") == ("observe:2026-01-05", "redact")
    assert words.watched_until_us("observe:2026-01-05") == NOON_US + DAY_US // 2
    with pytest.raises(FormatError, match="at most one observe"):
        words.obligations("observe:2026-01-05;observe:2026-01-06")


def test_ids_of_rules_cannot_be_those_that_are_built_in() -> None:
    assert words.rule_id("phi-in-house") == "phi-in-house"
    assert SENTENCES.keys() == words.RESERVED_IDS
    for wrong in (*SENTENCES, "contract:acme", "Upper", "", "a" * 64):
        with pytest.raises(FormatError):
            words.rule_id(wrong)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=40))
def test_no_text_makes_a_reader_raise_anything_but_its_own_error(text: str) -> None:
    for reader in (words.action, words.obligations, words.rule_id, lambda t: words.purpose(t, words.PURPOSES)):
        try:
            reader(text)
        except FormatError:
            continue


def test_content_is_kept_for_a_number_of_days_that_is_said_once() -> None:
    assert words.obligations("keep-content:30; redact") == ("keep-content:30", "redact")
    for wrong in ("keep-content", "keep-content:", "keep-content:0", "keep-content:100", "keep-content:x"):
        with pytest.raises(FormatError, match="keep-content"):
            words.obligations(wrong)
    with pytest.raises(FormatError, match="at most one keep-content"):
        words.obligations("keep-content:1; keep-content:2")


def test_what_keeps_nothing_goes_with_nothing_that_keeps() -> None:
    assert words.obligations("redact; no-content") == ("no-content", "redact")
    for wrong in ("no-content:3", "no-content;no-content", "no-content:"):
        with pytest.raises(FormatError):
            words.obligations(wrong)
    for other in ("keep-content:3", "approve:lead", "supervise:judge"):
        with pytest.raises(FormatError, match="must not hold no-content beside"):
            words.obligations(f"no-content;{other}")


def test_an_unknown_purpose_is_told_the_nearest_of_the_standard_and_none_of_an_issuers() -> None:
    known = words.PURPOSES | {"TREATX"}
    with pytest.raises(FormatError, match=r"the nearest is TREAT$"):
        words.purpose("purpose:TREATY", known)
    with pytest.raises(FormatError, match=r"may assert$"):
        words.purpose("purpose:0000", known)
