"""Each trap of casbin, as casbin itself behaves, and that it cannot be stepped into here.

Should one of the first halves fail one day, casbin has changed, and the guard may be looked at again.
"""

import logging
from pathlib import Path
from typing import Any

import casbin
import pytest

from gateway.checks.policy.engine import Answer, Ask
from gateway.checks.policy.policy import REQUEST_INVALID, Policy
from gateway.checks.policy.version import policy_set
from gateway.core.errors import ConfigurationError

from .making import ENGINE, NOON_US, configured, files, policy, question, rule, rules

_MODEL = """\
[request_definition]
r = sub, obj, act
[policy_definition]
p = {policy}
[role_definition]
g = _, _
[policy_effect]
e = {effect}
[matchers]
m = {matcher}
"""
_FIRST = "priority(p.eft) || deny"
_SOME = "some(where (p.eft == allow))"


def _plain(
    matcher: str = "g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act",
    policy: str = "sub, obj, act",
    effect: str = _SOME,
    rows: tuple[tuple[str, ...], ...] = (),
) -> Any:
    enforcer = casbin.Enforcer(
        casbin.Enforcer.new_model(text=_MODEL.format(policy=policy, effect=effect, matcher=matcher))
    )
    for row in rows:
        enforcer.add_policy(*row)
    return enforcer


def test_without_rules_casbin_allows_an_empty_subject_and_here_neither_is_possible() -> None:
    assert _plain("r.sub == p.sub").enforce("", "x", "y")
    with pytest.raises(ConfigurationError, match="holds no rule"):
        policy()
    served = policy(rule())
    for changed in ({"subject": ""}, {"roles": ("",)}, {"zone": ""}, {"action": ""}, {"purpose": ""}, {"tenant": ""}):
        found = served.ruling(question("public", **changed), "local", now_us=NOON_US)
        assert (found.allowed, found.rules) == (False, (REQUEST_INVALID,))


def test_a_literal_alternative_in_a_matcher_allows_without_rules_and_is_refused_here() -> None:
    assert _plain('r.sub == p.sub || r.sub == "root"').enforce("root", "x", "y")
    given = files(rule())
    given["model.conf"] = given["model.conf"].rstrip() + b' || r.caller == "root"\n'
    with pytest.raises(ConfigurationError, match=r"matchers\.m is not that of the model that ships"):
        Policy(policy_set(given, configured(), ENGINE), configured())


def test_the_switch_allows_everything_and_is_not_exposed() -> None:
    enforcer = _plain(rows=(("a", "b", "c"),))
    enforcer.enable_enforce(False)
    assert enforcer.enforce("nobody", "x", "y")
    assert not hasattr(policy(rule()), "enable_enforce")


def test_casbin_logs_what_it_is_asked_and_here_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    enforcer = _plain(rows=(("a", "b", "c"),))
    logger = logging.getLogger("casbin.enforcer")
    logger.disabled, propagate = False, logger.propagate
    logger.propagate = True
    try:
        enforcer.enforce("a-secret-subject", "x", "y")
        assert "a-secret-subject" in caplog.text
        caplog.clear()
        served = policy(rule())
        logger.disabled = False
        served.ruling(question("pii", subject="a-secret-subject"), "sky", now_us=NOON_US)
        assert not caplog.text
    finally:
        logger.disabled, logger.propagate = True, propagate


@pytest.mark.parametrize("typo", ["Deny", "dney", "DENY"])
def test_a_misspelt_denial_is_skipped_by_casbin_and_refused_here(typo: str) -> None:
    rows = (("1", "a", "b", "c", typo), ("2", "a", "b", "c", "allow"))
    assert _plain(policy="priority, sub, obj, act, eft", effect=_FIRST, rows=rows).enforce("a", "b", "c")
    with pytest.raises(ConfigurationError, match="eft must be exactly allow or deny"):
        rules(rule("a", 1, eft=typo), rule("b", 2))


def test_a_name_is_in_itself_so_names_bear_their_kind() -> None:
    """casbin's g(x, x) is true: a subject called like a role holds it."""
    assert _plain(rows=(("clinician", "b", "c"),)).enforce("clinician", "b", "c")
    served = policy(rule(role="role:clinician"))
    assert not served.ruling(question("public", subject="clinician", roles=()), "local", now_us=NOON_US).allowed
    agent = {"id": "in-house", "protocol": "openai", "url": "http://x", "zone": "cloud"}
    assert not policy(rule(), agent=[agent]).ruling(question("public"), "in-house", now_us=NOON_US).allowed


def test_a_caller_named_in_a_grouping_is_that_of_its_tenant_only() -> None:
    served = policy(
        rule(role="role:boss"), "g, caller:default/alice, role:boss\n", tenant=[{"id": "default"}, {"id": "b"}]
    )
    assert served.ruling(question("public"), "local", now_us=NOON_US).allowed
    assert not served.ruling(question("public", tenant="b"), "local", now_us=NOON_US).allowed
    assert not served.ruling(question("public", subject="bob"), "local", now_us=NOON_US).allowed
    assert not served.ruling(question("public", subject="x", tenant="default/alice"), "local", now_us=NOON_US).allowed


def test_equal_priorities_mean_file_order_to_casbin_and_are_refused_here() -> None:
    one, other = ("1", "a", "b", "c", "allow"), ("1", "a", "b", "c", "deny")
    columns = {"policy": "priority, sub, obj, act, eft", "effect": _FIRST}
    assert _plain(rows=(one, other), **columns).enforce("a", "b", "c")
    assert not _plain(rows=(other, one), **columns).enforce("a", "b", "c")
    with pytest.raises(ConfigurationError, match="priority equals that of line"):
        policy(rule("a", 1), rule("b", 1, eft="deny"))


def test_a_hierarchy_of_more_than_ten_links_ends_silently_in_casbin_and_is_refused_here() -> None:
    enforcer = _plain(rows=(("n12", "b", "c"),))
    for number in range(12):
        enforcer.add_grouping_policy(f"n{number}", f"n{number + 1}")
    assert enforcer.enforce("n5", "b", "c")
    assert not enforcer.enforce("n0", "b", "c")
    with pytest.raises(ConfigurationError, match="deep"):
        rules(rule(), "".join(f"g, role:n{number}, role:n{number + 1}\n" for number in range(12)))


def test_casbins_file_reader_cuts_a_quoted_sentence_at_its_commas_and_ours_does_not(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text('p, a, b, "one, two"\n')
    enforcer = _plain()
    enforcer.set_adapter(casbin.FileAdapter(str(file)))
    enforcer.load_policy()
    assert enforcer.get_policy() == [["a", "b", '"one', 'two"']]
    assert rules(rule(text="One, two.")).rules[0].text == "One, two."


def test_casbins_fast_enforcer_skips_a_denial_with_a_wildcard_and_our_index_does_not(tmp_path: Path) -> None:
    matcher = "keyMatch(r.sub, p.sub) && r.obj == p.obj && r.act == p.act"
    model, rows = tmp_path / "m.conf", tmp_path / "p.csv"
    effect = "some(where (p.eft == allow)) && !some(where (p.eft == deny))"
    model.write_text(_MODEL.format(policy="sub, obj, act, eft", effect=effect, matcher=matcher))
    rows.write_text("p, *, b, c, deny\np, a, b, c, allow\n")
    assert not casbin.Enforcer(str(model), str(rows)).enforce("a", "b", "c")
    assert casbin.FastEnforcer(str(model), str(rows), cache_key_order=[0, 1]).enforce("a", "b", "c")
    served = policy(rule("deny", 1, role="role:*", data="class:any", agent="zone:*", eft="deny"), rule("allow", 2))
    assert served.ruling(question("public"), "local", now_us=NOON_US).rules == ("deny",)


def test_an_exception_in_the_evaluation_denies_and_is_not_remembered() -> None:
    served = policy(rule())
    answer = served._engine.answer

    def broken(ask: Ask, without: int = 0) -> Answer:
        raise RuntimeError("broken")

    served._engine.answer = broken  # type: ignore[method-assign]
    found = served.ruling(question("public"), "local", now_us=NOON_US)
    assert (found.allowed, found.rules, served.errors) == (False, ("policy-error",), 1)
    served._engine.answer = answer  # type: ignore[method-assign]
    assert served.ruling(question("public"), "local", now_us=NOON_US).allowed
