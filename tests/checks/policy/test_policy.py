"""Questions and rulings."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from gateway.checks.policy import policy as policy_module
from gateway.checks.policy.policy import POLICY_ERROR, REQUEST_INVALID, UNKNOWN_AGENT, UNKNOWN_ZONE, Policy
from gateway.checks.policy.version import policy_set
from gateway.core.decision import Ruling
from gateway.core.errors import ConfigurationError
from tests.exchange.making import caller

from .making import DAY_US, ENGINE, NOON_US, configured, document, files, policy, question, rule, shipped
from .test_engine import _request, _rule

_ALL = rule("all", 100, data="class:any", agent="agent:local")


def test_the_join_denies_if_any_class_is_denied_and_names_every_rule_that_decided() -> None:
    served = policy(
        rule("pii-ok", 1, data="class:pii", obligations="redact"), rule("pci-no", 2, data="class:pci", eft="deny"), _ALL
    )
    found = served.ruling(question("pii", "pci", "internal"), "local", now_us=NOON_US)
    assert (found.allowed, found.rules, found.obligations) == (False, ("all", "pci-no", "pii-ok"), ())
    assert [(verdict.data_class, verdict.allowed) for verdict in found.verdicts] == [
        ("internal", True),
        ("pci", False),
        ("pii", True),
    ]


def test_allowed_obligations_add_up_and_each_class_keeps_its_own() -> None:
    served = policy(
        rule("one", 1, data="class:pci", obligations="redact;approve:privacy"),
        rule("two", 2, data="class:pii", obligations="redact:email,phone"),
        _ALL,
    )
    found = served.ruling(question("pii", "pci", "public"), "local", now_us=NOON_US)
    assert found.allowed
    assert found.obligations == ("approve:privacy", "redact", "redact:email,phone")
    assert found.verdicts[0].obligations == ("approve:privacy", "redact")
    assert found.verdicts[2].obligations == ()


def test_what_no_rule_permits_is_denied_without_a_rule_and_explained() -> None:
    served = policy(rule())
    found = served.ruling(question("internal"), "local", now_us=NOON_US)
    assert (found.allowed, found.rules) == (False, ())
    assert served.explain(found) == ("No rule permits data of class internal here, so it is denied.",)


def test_a_class_or_role_that_the_policy_does_not_know_is_denied() -> None:
    served = policy(_ALL)
    for name in ("nonsense", "any", "personal", "class:pii", "*"):
        assert not served.ruling(question(name), "local", now_us=NOON_US).allowed
    for roles in ((), ("stranger",), ("role:user",), ("*",)):
        assert not served.ruling(question("public", roles=roles), "local", now_us=NOON_US).allowed


def test_an_unknown_agent_or_zone_is_denied_by_name() -> None:
    served = policy(_ALL)
    assert served.ruling(question(), "nobody", now_us=NOON_US).rules == (UNKNOWN_AGENT,)
    assert served.receive(question(zone="moon"), now_us=NOON_US).rules == (UNKNOWN_ZONE,)
    assert "agent" in served.explain(served.ruling(question(), "nobody", now_us=NOON_US))[0]


def test_a_question_with_an_empty_value_is_denied() -> None:
    served = policy(_ALL)
    for changed in ({"classes": ()}, {"classes": ("",)}, {"roles": ("clerk", "")}, {"purpose": ""}, {"subject": ""}):
        found = served.ruling(question(**changed), "local", now_us=NOON_US)
        assert (found.allowed, found.rules) == (False, (REQUEST_INVALID,))


def test_health_data_need_a_purpose_whatever_the_rules_say() -> None:
    served = policy(_ALL, "g2, class:notes, class:phi\n")
    for name in ("phi", "notes"):
        found = served.ruling(question(name, purpose=None), "local", now_us=NOON_US)
        assert (found.allowed, found.rules) == (False, ("purpose-required",))
        assert served.ruling(question(name), "local", now_us=NOON_US).allowed
    assert served.ruling(question("pii", purpose=None), "local", now_us=NOON_US).allowed


def test_personal_data_need_a_valid_agreement_with_whoever_runs_the_agent() -> None:
    served = policy(rule("open", data="class:any", agent="agent:inside"), agent=[_inside("acme")])
    assert served.ruling(question("pii"), "inside", now_us=NOON_US).allowed
    lapsed = served.ruling(question("pii", "public"), "inside", now_us=NOON_US + 400 * DAY_US)
    assert (lapsed.allowed, lapsed.rules) == (False, ("contract:acme", "open"))
    assert "No valid agreement with processor acme" in served.explain(lapsed)[0]
    uncovered = served.ruling(question("pci"), "inside", now_us=NOON_US)
    assert uncovered.rules == ("contract:acme",)
    assert served.ruling(question("internal"), "inside", now_us=NOON_US).allowed


def test_a_missing_contract_explains_why_no_rule_matched_but_not_why_one_denied() -> None:
    served = policy(
        rule("masked", 2, data="class:pii", agent="zone:cloud", when="contract:valid", obligations="redact")
    )
    later = NOON_US + 400 * DAY_US
    assert served.ruling(question("pii"), "sky", now_us=NOON_US).obligations == ("redact",)
    assert served.ruling(question("pii"), "sky", now_us=later).rules == ("contract:acme",)
    denied = policy(rule("no", 1, data="class:pii", agent="zone:cloud", eft="deny"))
    assert denied.ruling(question("pii"), "sky", now_us=later).rules == ("no",)


def _inside(processor: str) -> dict[str, str]:
    return {"id": "inside", "protocol": "openai", "url": "http://i", "zone": "in-house", "processor": processor}


def test_the_kind_of_agreement_can_be_asked_for() -> None:
    for kind, allowed in (("contract:baa", True), ("contract:dpa", False)):
        served = policy(rule(data="class:pii", agent="zone:cloud", when=kind, obligations="redact"))
        assert served.ruling(question("pii"), "sky", now_us=NOON_US).allowed is allowed


def test_an_answer_is_decided_against_the_callers_zone_and_needs_no_contract() -> None:
    served = policy(rule(data="class:pii", agent="zone:cloud", action="receive", obligations="redact"))
    assert served.receive(question("pii", zone="cloud"), now_us=NOON_US).obligations == ("redact",)
    assert not served.receive(question("pii", zone="in-house"), now_us=NOON_US).allowed
    assert not served.ruling(question("pii"), "sky", now_us=NOON_US).allowed


def test_a_condition_on_time_is_asked_anew_though_answers_are_cached() -> None:
    served = policy(rule(when="time:08:00-18:00;weekday:mon-fri"))
    for offset, allowed in ((0, True), (7 * 3_600_000_000, False), (0, True), (5 * DAY_US, False), (7 * DAY_US, True)):
        assert served.ruling(question(), "local", now_us=NOON_US + offset).allowed is allowed


def test_a_contract_that_lapses_is_noticed_though_answers_are_cached() -> None:
    answered = "o, a-rule, class:internal, The board has agreed to this.\n"
    served = policy(rule(data="class:internal", agent="zone:cloud", when="contract:valid"), answered)
    assert not served.ruling(question("internal"), "sky", now_us=NOON_US).allowed
    served = policy(rule(data="class:pii", agent="zone:cloud", when="contract:valid", obligations="redact"))
    days = [served.ruling(question("pii"), "sky", now_us=NOON_US + day * DAY_US).allowed for day in (0, 400, 0)]
    assert days == [True, False, True]
    # Of what is not personal the rule alone asks for a contract: nothing behind what is cached would deny it.
    (acme,) = document()["processor"]
    covering = {**acme, "agreement": {**acme["agreement"], "classes": ["internal"]}}
    served = policy(
        rule(data="class:internal", agent="zone:cloud", when="contract:valid"), answered, processor=[covering]
    )
    days = [served.ruling(question("internal"), "sky", now_us=NOON_US + day * DAY_US).allowed for day in (0, 400, 0)]
    assert days == [True, False, True]


def test_tenant_and_region_can_be_asked_for() -> None:
    tenants = [{"id": "default"}, {"id": "other"}]
    served = policy(rule(when="tenant:default;region:DE"), tenant=tenants)
    assert served.ruling(question(), "local", now_us=NOON_US).allowed
    assert not served.ruling(question(tenant="other"), "local", now_us=NOON_US).allowed
    assert not policy(rule(when="region:FR")).ruling(question(), "local", now_us=NOON_US).allowed


def test_answers_differ_by_everything_in_the_question_though_they_are_cached() -> None:
    served = policy(rule(role="role:clinician", data="class:pii", action="chat", purpose="purpose:TREAT"))
    asked = question("pii", roles=("clinician",))
    for _ in range(2):
        assert served.ruling(asked, "local", now_us=NOON_US).allowed
        for changed in ({"roles": ("clerk",)}, {"action": "embed"}, {"purpose": "HPAYMT"}, {"purpose": None}):
            other = msgspec.structs.replace(asked, **changed)
            assert not served.ruling(other, "local", now_us=NOON_US).allowed
        assert not served.ruling(asked, "friend", now_us=NOON_US).allowed


def test_the_answer_cache_is_bounded_and_forgets_the_longest_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_module, "CACHE_SIZE", 3)
    monkeypatch.setattr(policy_module, "_CALLERS", 2)
    served = policy(rule(action="tool:*"))
    for name in ("a", "b", "c", "a", "d"):
        served.ruling(question(action=f"tool:{name}", roles=(name, "user")), "local", now_us=NOON_US)
    assert [key[4] for key in served._verdicts] == ["tool:c", "tool:a", "tool:d"]
    assert len(served._callers) == 2


def test_a_failed_evaluation_denies_and_is_counted() -> None:
    served = policy(rule())
    served._engine = None  # type: ignore[assignment]
    found = served.ruling(question("public", "pii"), "local", now_us=NOON_US)
    assert (found.allowed, found.rules, served.errors) == (False, (POLICY_ERROR,), 2)


def test_floors_follow_roles_agents_and_capabilities() -> None:
    lines = ("f, role:clinician, class:phi\n", "f, capability:triage, class:pii\n", "f, agent:sky, class:internal\n")
    served = policy(rule(), *lines, "g, role:surgeon, role:clinician\n", "g, caller:default/bob, role:clinician\n")
    assert served.floors == {"sky": ("internal",)}
    assert {agent.id: agent.floor for agent in served.agents.values()} == {
        "local": (),
        "friend": (),
        "sky": ("internal",),
    }
    assert served.floor(("surgeon",), "unknown") == {"phi"}
    assert served.floor(("clerk",), "triage") == {"pii"}
    assert served.floor(("clerk",), "sky") == {"pii", "internal"}
    assert served.floor((), "triage", tenant="default", subject="bob") == {"phi", "pii"}
    assert policy(rule()).floor(("clinician",), "triage") == frozenset()


def test_a_name_is_its_bearers_only_where_their_issuer_may_use_it() -> None:
    given = (rule(role="role:lead"), "f, role:lead, class:public\n", "g, caller:default/bob, role:lead\n")
    served = policy(*given)
    meant, stranger = (question("public", subject="bob", roles=(), named=named) for named in (True, False))
    assert served.ruling(meant, "local", now_us=NOON_US).allowed
    assert not served.ruling(stranger, "local", now_us=NOON_US).allowed
    own, others = (caller(subject="bob", roles=(), named=named) for named in (True, False))
    assert served.standing(own, NOON_US) != served.standing(others, NOON_US)
    assert served.named_callers == {"default/bob"}
    token: dict[str, Any] = {"audience": "gateway", "algorithms": ["ES256"], "jwks_file": "keys.json"}
    issuers = [{**token, "issuer": "https://a.example", "named": True}, {**token, "issuer": "https://b.example"}]
    with pytest.raises(ConfigurationError, match=r"issuer\[1\].named must be true or false: the policy names"):
        policy(*given, issuer=issuers)
    policy(*given, issuer=[issuers[0], {**issuers[1], "named": False}])


def test_an_implied_class_is_decided_on_too() -> None:
    served = policy(
        rule("a", 1, data="class:pii"), rule("b", 2, data="class:phi", eft="deny"), "i, class:pii, class:phi\n"
    )
    assert served.implied(["pii", "public"]) == ("phi", "pii", "public")
    found = served.ruling(question("pii"), "local", now_us=NOON_US)
    assert [verdict.data_class for verdict in found.verdicts] == ["phi", "pii"]
    assert served.implied(["public"]) == ("public",)


def test_rerouting_is_allowed_unless_a_line_says_exact() -> None:
    served = policy(rule(), "x, role:clerk, http:*:/orders/*\n")
    assert served.reroutes(question())
    assert not served.reroutes(question(action="http:POST:/orders/{id}"))
    assert served.reroutes(question(action="http:POST:/orders/{id}", roles=("clinician",)))
    assert policy(rule()).reroutes(question())


def test_inputs_hold_what_conditions_read_and_nothing_else() -> None:
    assert policy(rule()).inputs(question(), "local", now_us=NOON_US) == {}
    served = policy(rule(when="zone:trusted;region:DE;tenant:default;time:08:00-18:00"))
    assert served.inputs(question(), "local", now_us=NOON_US) == {
        "zone": "trusted",
        "region": "DE",
        "tenant": "default",
        "time": "12:00",
        "weekday": "mon",
    }
    assert served.inputs(question(), "sky", now_us=NOON_US)["zone"] == "untrusted"
    assert policy(rule()).inputs(question(), "sky", now_us=NOON_US) == {"contract:acme": "valid"}
    assert served.inputs(question(), "nobody", now_us=NOON_US) == {}


INSIDE, GUEST, OUTSIDE = "10.1.2.3", "10.9.0.1", "192.0.2.1"


def test_where_a_request_comes_from_can_be_asked_for_and_is_asked_anew_though_answers_are_cached() -> None:
    served = policy(
        rule("no-guests", 1, when="network:guests", eft="deny"),
        rule("from-the-ward", 2, when="network:ward"),
        rule("answers", 3, when="network:ward", action="receive"),
    )
    for source, decided in (
        (INSIDE, ("from-the-ward",)),
        (GUEST, ("no-guests",)),
        (OUTSIDE, ()),
        (INSIDE, ("from-the-ward",)),
    ):
        ruling = served.ruling(question(source=source), "local", now_us=NOON_US)
        assert (ruling.rules, ruling.allowed) == (decided, source == INSIDE)
        assert served.receive(question(source=source), now_us=NOON_US).allowed is (source == INSIDE)
        derived, told = served.derived(question(source=source), "local", now_us=NOON_US)
        assert (derived, [one.rule for one in told]) == (ruling, [next(iter(decided), None)])


def test_how_strongly_a_caller_was_identified_can_be_asked_for() -> None:
    served = policy(
        rule("strong", 1, when="strength:certificate"), rule("token", 2, action="embed", when="strength:token")
    )
    for strength, chats, embeds in (("key", False, False), ("token", False, True), ("certificate", True, True)):
        asked = question(strength=strength)
        assert served.ruling(asked, "local", now_us=NOON_US).allowed is chats
        assert served.ruling(question(strength=strength, action="embed"), "local", now_us=NOON_US).allowed is embeds


@pytest.mark.parametrize(
    ("when", "known"), [("network:guests", {"strength": "key"}), ("strength:certificate", {"source": INSIDE})]
)
def test_what_is_not_known_of_a_caller_is_denied_and_not_taken_for_not_so(when: str, known: dict[str, str]) -> None:
    """Taken for not so, the rule that denies would be passed over."""
    served = policy(rule("no", 1, when=when, eft="deny"), rule("yes", 2))
    ruling = served.ruling(question(**known), "local", now_us=NOON_US)
    assert (ruling.allowed, ruling.rules) == (False, ("unknown-way",))
    assert served.explain(ruling) == (
        "Rules ask where the request comes from or how its caller was identified, and that is not known.",
    )
    assert policy(rule()).ruling(question(**known), "local", now_us=NOON_US).allowed


def test_what_the_rules_of_another_tenant_ask_need_not_be_known() -> None:
    tenants = [{"id": "clinic"}, {"id": "bank"}]
    served = policy(rule("bank", 1, when="tenant:bank;network:guests", eft="deny"), rule(), tenant=tenants)
    assert served.ruling(question(tenant="clinic"), "local", now_us=NOON_US).allowed
    assert served.ruling(question(tenant="bank"), "local", now_us=NOON_US).rules == ("unknown-way",)
    assert served.inputs(question(tenant="clinic", source=GUEST), "local", now_us=NOON_US) == {}


def test_callers_who_differ_in_what_rules_ask_of_them_do_not_stand_alike() -> None:
    served = policy(rule(when="network:ward"), rule("b", 11, when="strength:token"))
    ways = [(INSIDE, "key"), (OUTSIDE, "key"), (INSIDE, "token"), ("local", "key")]
    assert len({served.way(*way) for way in ways}) == len(ways)
    assert served.way(OUTSIDE, "key") == served.way("198.51.100.7", "key")


def test_inputs_name_the_networks_and_never_the_address() -> None:
    served = policy(rule(when="network:ward;strength:token"), rule("b", 11, when="network:guests"))
    asked = question(source=INSIDE, strength="certificate")
    assert served.inputs(asked, "local", now_us=NOON_US) == {"network:ward": "within", "strength": "certificate"}
    asked = question(source=OUTSIDE, strength="key")
    assert served.inputs(asked, "local", now_us=NOON_US) == {"network": "none", "strength": "key"}


def test_the_known_names_are_told() -> None:
    served = policy(rule(), "g2, class:mnpi, class:any\n")
    assert served.known_classes == {
        *("public", "internal", "pii", "phi", "pci", "secret", "special-category", "unscanned", "mnpi")
    }
    assert "TREAT" in served.known_purposes
    assert served.known_zones == {"in-house", "partner", "cloud"}
    assert served.known_roles == {"user", "clerk", "clinician"}


def test_a_set_made_for_other_settings_is_refused() -> None:
    made = policy_set(files(rule()), configured(), ENGINE)
    agents = document()["agent"]
    agents[2]["zone"] = "in-house"
    with pytest.raises(ConfigurationError, match="made for other settings"):
        Policy(made, configured(agent=agents))


@pytest.mark.parametrize("missing", ["model.conf", "structure.json"])
def test_a_set_that_lacks_a_member_is_refused(missing: str) -> None:
    made = policy_set(files(rule()), configured(), ENGINE)
    members = {name: data for name, data in made.members.items() if name != missing}
    with pytest.raises(ConfigurationError, match=missing.replace(".", r"\.")):
        Policy(msgspec.structs.replace(made, members=members), configured())


def test_two_policies_of_the_same_set_answer_alike_and_share_nothing() -> None:
    one, other = shipped(), shipped()
    assert one.digest == other.digest
    for name in sorted(one.known_classes):
        for agent in ("local", "friend", "sky"):
            assert one.ruling(question(name), agent, now_us=NOON_US) == other.ruling(
                question(name), agent, now_us=NOON_US
            )
    assert one._verdicts is not other._verdicts


WATCHED = "observe:2026-01-05"
"""Up to and with the Monday of `NOON_US`."""


def test_what_is_only_watched_is_not_done_and_the_verdict_says_what_it_would_have_been() -> None:
    served = policy(
        rule("trial", 1, data="class:internal", action="chat", eft="deny", obligations=WATCHED),
        rule("masked", 2, data="class:pii", action="chat", obligations=f"redact;{WATCHED}"),
        rule("open", 9, data="class:any"),
    )
    now = served.ruling(question("internal", "pii", "public"), "local", now_us=NOON_US)
    assert (now.allowed, now.rules, now.obligations) == (True, ("open",), ())
    assert [one.observed for one in now.verdicts] == ["trial", "masked", None]
    then = served.ruling(question("internal", "pii", "public"), "local", now_us=NOON_US, watched=True)
    assert (then.allowed, then.rules) == (False, ("trial", "masked", "open"))
    later = served.ruling(question("internal", "pii", "public"), "local", now_us=NOON_US + DAY_US // 2)
    assert later == then
    assert served.moment(NOON_US) != served.moment(NOON_US + DAY_US // 2)
    assert served.watched(NOON_US) == (("trial", "2026-01-05", False), ("masked", "2026-01-05", False))
    assert served.watched(NOON_US + DAY_US)[0][2]


def test_a_watched_rule_that_would_have_done_the_same_is_not_spoken_of() -> None:
    served = policy(
        rule("trial", 1, action="chat", eft="deny", obligations=WATCHED), rule("deny", 2, action="chat", eft="deny")
    )
    (verdict,) = served.ruling(question("public"), "local", now_us=NOON_US).verdicts
    assert (verdict.rule, verdict.observed) == ("deny", None)


def test_a_watched_rule_opens_nothing_however_it_is_written() -> None:
    served = policy(rule("masked", 1, data="class:pii", action="chat", obligations=f"redact;{WATCHED}"))
    (verdict,) = served.ruling(question("pii"), "local", now_us=NOON_US).verdicts
    assert (verdict.allowed, verdict.observed) == (False, "masked")


@examples(max_examples=60, deadline=None)
@given(
    lines=st.lists(_rule, min_size=2, max_size=10),
    watched=st.sets(st.integers(0, 9)),
    asked=st.lists(_request, min_size=1, max_size=6),
)
def test_it_is_decided_as_without_the_watched_rules_and_after_their_day_as_with_them(
    lines: list[dict[str, Any]], watched: set[int], asked: list[Any]
) -> None:
    numbered = [columns | {"priority": 1 + number} for number, columns in enumerate(lines)]
    watched = {number for number in watched if number < len(lines) and _may_be_watched(numbered[number])}
    texts = [rule(f"r-{number}", **columns) for number, columns in enumerate(numbered)]
    trials = [
        rule(f"r-{number}", **columns, obligations=WATCHED) if number in watched else text
        for number, (columns, text) in enumerate(zip(numbered, texts, strict=True))
    ]
    rest = [text for number, text in enumerate(texts) if number not in watched] or [
        rule("none", 99, role="role:nobody")
    ]
    try:
        served, plain, without = policy(*trials), policy(*texts), policy(*rest)
    except ConfigurationError:
        return  # such rules are not served with at all
    for roles, data, target, action, purpose, facts in asked:
        bare = None if purpose == "purpose:none" else purpose.removeprefix("purpose:")
        way = {
            "source": INSIDE if "network:ward" in facts else OUTSIDE,
            "strength": "token" if "strength:token" in facts else "key",
        }
        one = question(data.removeprefix("class:"), roles=tuple(roles), action=action, purpose=bare, **way)
        agent = target.partition(":")[2]
        if not target.startswith("agent:") or action == "receive":
            continue
        now = served.ruling(one, agent, now_us=NOON_US)
        assert _plainly(now) == _plainly(without.ruling(one, agent, now_us=NOON_US))
        expected = _plainly(plain.ruling(one, agent, now_us=NOON_US))
        assert _plainly(served.ruling(one, agent, now_us=NOON_US, watched=True)) == expected
        assert (now.verdicts[0].observed is not None) == (expected[:2] != _plainly(now)[:2])
        day_after = NOON_US + DAY_US
        assert _plainly(served.ruling(one, agent, now_us=day_after)) == _plainly(
            plain.ruling(one, agent, now_us=day_after)
        )


def _may_be_watched(columns: dict[str, Any]) -> bool:
    return columns["eft"] == "deny" and columns["action"] not in ("*", "receive")


def _plainly(ruling: Ruling) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    return ruling.allowed, ruling.obligations, ruling.rules


def test_a_policy_that_becomes_another_answers_as_that_for_everybody_who_holds_it() -> None:
    one, other = policy(rule()), policy(rule(eft="deny"))
    asked, digest, who = question("public"), other.digest, caller()
    before = one.standing(who, NOON_US)
    assert one.ruling(asked, "local", now_us=NOON_US).allowed
    one.become(other)
    assert not one.ruling(asked, "local", now_us=NOON_US).allowed
    assert one.digest == digest
    assert one.standing(who, NOON_US) != before, "nothing that was remembered of the former is found"
