"""Lines to rules, and every line that is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import ConfigurationError

from .making import GROUPS, rule, rules


def test_rules_are_sorted_by_priority_and_then_as_written() -> None:
    loaded = rules(rule("c", 20), rule("a", 3), rule("b", 20))
    assert [found.id for found in loaded.rules] == ["a", "c", "b"]


def test_a_rule_goes_to_casbin_in_the_columns_of_the_model() -> None:
    line = rule("x-1", 7, when="zone:trusted;contract:valid", obligations="redact", text="Why, in words.")
    assert rules(line).rules[0].casbin() == [
        "7",
        "role:user",
        "class:public",
        "zone:in-house",
        "*",
        "purpose:*",
        "contract:valid;zone:trusted",
        "allow",
        "redact",
        "x-1",
        "Why, in words.",
    ]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("priority", "0"),
        ("priority", "01"),
        ("priority", "-1"),
        ("priority", "1.0"),
        ("priority", "²"),
        ("priority", "high"),
        ("priority", "1000001"),
        ("role", "clerk"),
        ("role", "caller:default/alice"),
        ("role", "zone:cloud"),
        ("role", "*"),
        ("data", "pii"),
        ("data", "class:phy"),
        ("data", "class:*"),
        ("data", "role:user"),
        ("agent", "sky"),
        ("agent", "agent:nobody"),
        ("agent", "zone:moon"),
        ("agent", "capability:sing"),
        ("agent", "role:user"),
        ("agent", "*"),
        ("action", "chatting"),
        ("action", "onward:*"),
        ("purpose", "TREAT"),
        ("purpose", "purpose:TRAET"),
        ("when", "network:10.0.0.0/8"),
        ("when", "region:US"),
        ("when", "tenant:nobody"),
        ("eft", "Allow"),
        ("eft", "Deny"),
        ("eft", "dney"),
        ("eft", "true"),
        ("obligations", "observe"),
        ("obligations", "mask"),
        ("id", "purpose-required"),
        ("id", "Caps"),
        ("text", "word"),
        ("text", "a " * 300),
    ],
)
def test_a_wrong_word_is_refused_with_file_line_and_column(column: str, text: str) -> None:
    line = rule(**{column: text})
    with pytest.raises(ConfigurationError) as caught:
        rules(line)
    assert str(caught.value).startswith(f"policy.csv:{GROUPS.count(chr(10)) + 1}: {column} ")
    named = ("observe", "caller:default/alice")  # names of this version's limits, or of a form
    assert len(text) < 5 or text in named or text not in str(caught.value), "the value is not repeated"


@pytest.mark.parametrize("column", ["role", "data", "agent", "when", "eft", "obligations", "id", "text"])
def test_an_empty_field_is_refused(column: str) -> None:
    with pytest.raises(ConfigurationError, match="is empty"):
        rules(rule(**{column: ""}))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("q, role:a, role:b", "type must be one of"),
        ("P, 1", "type must be one of"),
        ("p, 1, role:user", "line must hold 12 fields"),
        ("g, role:a, role:b, default", "line must hold 3 fields"),
        ("g, role:user, role:user", "same on both sides"),
        ("g, role:user, caller:default/x", "second name must name its kind"),
        ("g, caller:x, role:user", "first name must have the form"),
        ("g, role:*, role:user", "first name"),
        ("g, role:clerk, role:user", "is there twice"),
        ("g2, class:any, class:phi", "circle"),
        ("g2, role:x, class:any", "first name"),
        ("g3, agent:nobody, zone:cloud", r"must name an \[\[agent\]\]"),
        ("g3, zone:moon, zone:cloud", r"must name a \[\[zone\]\]"),
        ("g3, zone:cloud, capability:triage", "second name"),
        ("g3, zone:cloud, zone:*", "second name"),
        ("f, role:clerk, phi", "second name"),
        ("f, zone:cloud, class:phi", "first name"),
        ("i, class:pii, class:phy", "second name"),
        ("x, role:clerk, chatting", "action must be"),
        ("x, clerk, chat", "role must name its kind"),
        ("x, role:clerk, onward:url", "action must be an action of a caller"),
        ("o, a-rule, class:phi", "line must hold 4 fields"),
        ("o, no-rule, class:phi, Somebody answers.", "rule must be the id of a rule"),
        ("o, a-rule, class:phy, Somebody answers.", "class or text"),
        ("o, a-rule, zone:cloud, Somebody answers.", "class or text"),
        ("o, a-rule, class:phi, because", "class or text must be a sentence"),
        ("o, a-rule, class:phi, One word.\no, a-rule, class:phi, Another word.", "is there twice"),
    ],
)
def test_a_wrong_line_of_another_type_is_refused(line: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        rules(rule(), line + "\n")


def test_a_repeated_id_is_refused_wherever_it_stands() -> None:
    with pytest.raises(ConfigurationError, match="id is there twice"):
        rules(rule("same", 1), rule("same", 2))
    with pytest.raises(ConfigurationError, match=r"profile\.csv:2: id is there twice"):
        rules(rule(), profile=rule("same", 1) + rule("same", 2))


def test_a_rule_of_the_profile_takes_the_place_of_the_one_with_its_id() -> None:
    loaded = rules(rule("a", 1), rule("b", 2), profile=rule("b", 9, eft="deny") + rule("c", 3))
    assert [(found.id, found.allows) for found in loaded.rules] == [("a", True), ("c", True), ("b", False)]
    assert loaded.rules[2].row.file == "profile.csv"


def test_a_denial_with_an_obligation_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="obligations of a rule that denies must be none"):
        rules(rule(eft="deny", obligations="redact"))


def test_what_is_watched_is_a_denial_or_a_duty_and_its_word_is_kept_apart() -> None:
    denial, duty = rules(
        rule("a", 1, eft="deny", obligations="observe:2026-12-31"),
        rule("b", 2, obligations="observe:2026-12-31;redact"),
    ).rules
    assert (denial.obligations, denial.watch) == ((), "observe:2026-12-31")
    assert (duty.obligations, duty.written) == (("redact",), ("observe:2026-12-31", "redact"))
    assert duty.casbin()[8] == "observe:2026-12-31;redact"
    with pytest.raises(ConfigurationError, match="must stand in a rule that denies, or beside another obligation"):
        rules(rule(obligations="observe:2026-12-31"))
    with pytest.raises(ConfigurationError, match=r"must be none, or observe:<YYYY-MM-DD> alone"):
        rules(rule(eft="deny", obligations="redact;observe:2026-12-31"))


def test_no_answer_is_kept() -> None:
    with pytest.raises(ConfigurationError, match="keeps what is sent: the action must not be receive"):
        rules(rule(action="receive", obligations="keep-content:3"))


def test_what_implies_is_followed_to_the_end() -> None:
    loaded = rules(rule(), "i, class:pii, class:phi\ni, class:phi, class:special-category\n")
    assert loaded.implied == {"pii": ("phi", "special-category"), "phi": ("special-category",)}


_FIELD = st.sampled_from(
    [
        "p",
        "g",
        "g2",
        "i",
        "f",
        "x",
        "role:user",
        "class:pii",
        "zone:cloud",
        "allow",
        "1",
        "*",
        "none",
        "always",
        "a b",
        "",
    ]
)


@settings(max_examples=150, deadline=None)
@given(lines=st.lists(st.lists(_FIELD, min_size=1, max_size=12), max_size=5))
def test_no_lines_make_the_loader_raise_anything_but_a_configuration_error(lines: list[list[str]]) -> None:
    try:
        rules(rule(), "".join(", ".join(line) + "\n" for line in lines))
    except ConfigurationError:
        return


def test_that_nothing_is_kept_is_said_of_what_is_sent() -> None:
    with pytest.raises(ConfigurationError, match="decided with what is sent: the action must not be receive"):
        rules(rule(action="receive", obligations="no-content"))


def test_tokens_are_of_what_is_sent() -> None:
    with pytest.raises(ConfigurationError, match="tokenize is of what is sent: for receive it must be redact"):
        rules(rule(data="class:pii", action="receive", obligations="tokenize"))
