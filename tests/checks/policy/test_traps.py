"""Sets of rules that would not do what they seem to say."""

from typing import Any

import pytest

from gateway.checks.policy.policy import Policy
from gateway.checks.policy.traps import misplaced, refuse, refuse_empty, refuse_openings
from gateway.checks.policy.version import policy_set
from gateway.core.errors import ConfigurationError

from .making import ENGINE, GROUPS, configured, document, facts, files, policy, rule, rules

MEANT = "o, open, class:{}, The board has agreed to this.\n"
_BAA = {"when": "contract:baa", "obligations": "redact"}


def _check(*lines: str, groups: str = GROUPS, **changed: Any) -> None:
    loaded = rules(*lines, groups=groups, **changed)
    refuse(loaded, facts(**changed), {})
    refuse_openings(loaded, facts(**changed))


_REST = {"id": "rest", "protocol": "http", "url": "http://r", "zone": "in-house", "routes": ["POST /notes/{id}"]}


@pytest.mark.parametrize("action", ["http:POST:/notes/42", "http:*:/notes", "http:DELETE:/notes/{id}"])
def test_a_denial_of_a_route_that_its_agent_does_not_have_is_refused(action: str) -> None:
    """It says that something is closed, and policy is asked about templates alone."""
    closed = rule("note-42", agent="agent:rest", action=action, eft="deny", role="role:*", data="class:any")
    with pytest.raises(ConfigurationError, match=r"action must fit a route .*: http:POST:/notes/\{id\}$") as refused:
        policy(rule("open", 20), closed, agent=[_REST], processor=[])
    assert action not in str(refused.value)
    # A version that is only replayed is what it was.
    known = configured(agent=[_REST], processor=[])
    Policy(policy_set(files(rule("open", 20), closed), known, ENGINE), None)


def test_denials_of_routes_that_there_are_or_that_may_come_are_taken() -> None:
    for changed in (
        {"agent": "agent:rest", "action": "http:POST:/notes/{id}"},
        {"agent": "agent:rest", "action": "http:*:/notes/*"},
        {"agent": "agent:rest", "action": "*"},
        {"agent": "zone:in-house", "action": "http:POST:/notes/42"},
        {"agent": "agent:rest", "action": "http:POST:/notes/42", "eft": "allow"},
    ):
        policy(rule(**({"eft": "deny"} | changed)), agent=[_REST], processor=[])


@pytest.mark.parametrize("lines", ["", "# only words\n", GROUPS])
def test_a_set_without_a_rule_is_refused(lines: str) -> None:
    with pytest.raises(ConfigurationError, match="holds no rule"):
        refuse_empty(rules(groups=lines))
    refuse_empty(rules(rule()))


@pytest.mark.parametrize(
    "edge",
    [
        ("secret", "any"),
        ("unscanned", "any"),
        ("internal", "any"),
        ("public", "any"),
        ("personal", "any"),
        ("pii", "personal"),
        ("pci", "personal"),
        ("special-category", "personal"),
        ("phi", "pii"),
    ],
)
def test_each_grouping_that_promises_rest_on_is_required(edge: tuple[str, str]) -> None:
    """`class:phi` is under `class:personal` by way of `class:pii` too, and so on: the closure counts, not the line."""
    kept = GROUPS.replace(f"g2, class:{edge[0]}, class:{edge[1]}\n", "")
    assert kept != GROUPS
    with pytest.raises(ConfigurationError, match="is missing"):
        _check(rule(data="class:any", agent="agent:local"), groups=kept)


def test_a_class_of_the_operators_must_be_under_any() -> None:
    _check(rule(), "g2, class:mnpi, class:internal\n")
    with pytest.raises(ConfigurationError, match="class:mnpi must be under class:any"):
        _check(rule(), "g2, class:mnpi, class:secretive\n")


@pytest.mark.parametrize(
    "other",
    [
        {"eft": "deny"},
        {"eft": "deny", "data": "class:any"},
        {"eft": "deny", "agent": "zone:*"},
        {"eft": "deny", "agent": "agent:local"},
        {"eft": "deny", "agent": "capability:triage"},
        {"eft": "deny", "action": "chat"},
        {"eft": "deny", "purpose": "purpose:TREAT"},
        {"eft": "deny", "role": "role:clinician"},
        {"eft": "deny", "when": "time:08:00-18:00"},
        {"obligations": "redact"},
    ],
)
def test_equal_priorities_of_different_effect_that_can_meet_are_refused(other: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="priority equals that of line"):
        _check(rule("a"), rule("b", **other))


@pytest.mark.parametrize(
    "other",
    [
        {"priority": 11, "eft": "deny"},
        {"eft": "allow", "data": "class:any", "agent": "agent:local"},
        {"eft": "deny", "data": "class:internal"},
        {"eft": "deny", "agent": "zone:cloud"},
        {"eft": "deny", "agent": "agent:sky"},
    ],
)
def test_rules_that_cannot_meet_or_say_the_same_may_share_a_priority(other: dict[str, Any]) -> None:
    _check(rule("a"), rule("b", **other))


def test_rules_apart_by_action_or_purpose_may_share_a_priority() -> None:
    _check(rule("a", action="http:GET:*"), rule("b", action="http:POST:*", eft="deny"))
    _check(rule("a", purpose="purpose:TREAT"), rule("b", purpose="purpose:none", eft="deny"))


@pytest.mark.parametrize(
    "opening",
    [
        {"data": "class:phi", "agent": "zone:cloud"},
        {"data": "class:pci", "agent": "agent:sky"},
        {"data": "class:special-category", "agent": "capability:triage"},
        {"data": "class:any", "agent": "zone:*"},
        {"data": "class:personal", "agent": "zone:partner"},
        {"data": "class:pii", "agent": "zone:cloud"},
        {"data": "class:phi", "agent": "zone:cloud", "obligations": "redact"},
        {"data": "class:phi", "agent": "zone:cloud", "when": "contract:baa"},
        {"data": "class:phi", "agent": "zone:cloud", "when": "contract:baa", "obligations": "redact:email"},
        {"data": "class:phi", "agent": "zone:cloud", "when": "contract:baa", "obligations": "approve:privacy"},
        {"data": "class:phi", "agent": "zone:cloud", "when": "region:FR", "obligations": "redact"},
        {"data": "class:secret", "agent": "zone:cloud", **_BAA},
        {"data": "class:unscanned", "agent": "zone:cloud", **_BAA},
        {"data": "class:secret", "agent": "zone:cloud", "action": "receive"},
        {"data": "class:unscanned", "agent": "zone:cloud", "action": "receive", "obligations": "redact"},
    ],
)
def test_a_rule_that_opens_sensitive_data_to_an_untrusted_zone_is_refused(opening: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="which is not trusted"):
        _check(rule(**opening))


@pytest.mark.parametrize(
    "opening",
    [
        {"data": "class:phi", "agent": "zone:cloud", **_BAA},
        {"data": "class:personal", "agent": "zone:cloud", **_BAA},
        {"data": "class:phi", "agent": "zone:in-house"},
        {"data": "class:any", "agent": "agent:local"},
        {"data": "class:any", "agent": "zone:*", "when": "zone:trusted"},
        {"data": "class:secret", "agent": "zone:*", "action": "receive", "obligations": "redact"},
        {"data": "class:public", "agent": "zone:cloud"},
        {"data": "class:pii", "agent": "agent:sky", "action": "receive", "obligations": "redact"},
        {"data": "class:internal", "agent": "zone:cloud", "obligations": "redact"},
        {"data": "class:internal", "agent": "zone:*", "when": "zone:trusted"},
    ],
)
def test_trusted_zones_and_masking_under_contract_are_open(opening: dict[str, str]) -> None:
    _check(rule(**opening))


@pytest.mark.parametrize(
    ("opening", "name"),
    [
        ({"data": "class:phi", "agent": "zone:cloud", "when": "contract:baa"}, "phi"),
        ({"data": "class:unscanned", "agent": "agent:sky", "when": "contract:valid"}, "unscanned"),
        ({"data": "class:pci", "agent": "zone:partner", "action": "receive"}, "pci"),
        (
            {"data": "class:unscanned", "agent": "zone:partner", "action": "receive", "obligations": "redact"},
            "unscanned",
        ),
    ],
)
def test_what_somebody_answers_for_may_leave_as_it_is(opening: dict[str, str], name: str) -> None:
    _check(rule(**opening), f"o, a-rule, class:{name}, The board has agreed to this.\n")
    other = "public" if name != "public" else "phi"
    with pytest.raises(ConfigurationError, match=rf"a line `o, a-rule, class:{name}, <why>` says so"):
        _check(rule(**opening), f"o, a-rule, class:{other}, The board has agreed to this.\n")
    with pytest.raises(ConfigurationError, match="which is not trusted"):
        _check(rule(**opening), rule("b-rule", 11), f"o, b-rule, class:{name}, The board has agreed to this.\n")


@pytest.mark.parametrize(
    "opening",
    [
        {"data": "class:phi", "agent": "zone:cloud"},  # to an agent whom nobody has a contract about
        {"data": "class:unscanned", "agent": "zone:cloud", "when": "region:FR"},
        {"data": "class:secret", "agent": "zone:cloud", "when": "contract:baa"},
        {"data": "class:secret", "agent": "zone:cloud", "action": "receive"},
    ],
)
def test_for_secrets_and_without_a_contract_nobody_can_answer(opening: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="which is not trusted") as error:
        _check(rule(**opening), f"o, a-rule, {opening['data']}, The board has agreed to this.\n")
    assert "<why>" not in str(error.value)


@pytest.mark.parametrize(
    "groups",
    [
        ("g2, class:pii, class:public\n",),
        ("g2, class:secret, class:public\n",),
        ("g2, class:unscanned, class:public\n",),
        ("g2, class:personal, class:public\n",),
        ("g2, class:own, class:any\n", "g2, class:own, class:public\n", "g2, class:secret, class:own\n"),
    ],
)
def test_a_class_that_ships_is_not_public_because_a_line_puts_it_there(groups: tuple[str, ...]) -> None:
    anywhere = rule(data="class:public", agent="zone:cloud", action="chat")
    _check(anywhere)
    with pytest.raises(ConfigurationError, match="would let class:"):
        _check(anywhere, *groups)


def test_what_a_broader_class_opens_is_answered_for_class_by_class() -> None:
    opening = rule(data="class:pii", agent="zone:cloud", when="contract:valid")
    with pytest.raises(ConfigurationError, match="would let class:phi into"):
        _check(opening, "o, a-rule, class:pii, The board has agreed to this.\n")
    with pytest.raises(ConfigurationError, match="would let class:pii into"):
        _check(opening, "o, a-rule, class:phi, The board has agreed to this.\n")
    _check(opening, *(f"o, a-rule, class:{name}, The board has agreed to this.\n" for name in ("pii", "phi")))


@pytest.mark.parametrize(
    "opening",
    [
        {"data": "class:pii", "agent": "zone:cloud", "action": "chat"},
        {"data": "class:pii", "agent": "agent:sky", "when": "contract:valid"},
        {"data": "class:pii", "agent": "zone:cloud", "obligations": "redact:email,phone"},
        {"data": "class:pii", "agent": "zone:cloud", "action": "receive"},
        {"data": "class:internal", "agent": "zone:partner"},
        {"data": "class:internal", "agent": "capability:triage", "obligations": "approve:privacy"},
        {"data": "class:merger", "agent": "zone:cloud"},
        {"data": "class:bid", "agent": "zone:cloud"},
        {"data": "class:leak", "agent": "agent:sky"},
    ],
)
def test_whatever_is_not_public_leaves_as_it_is_only_where_somebody_answers_for_it(opening: dict[str, str]) -> None:
    groups = {
        "class:merger": "g2, class:merger, class:any\n",
        "class:bid": "g2, class:merger, class:any\ng2, class:bid, class:merger\n",
        "class:leak": "g2, class:leak, class:public\ng2, class:leak, class:internal\n",
    }.get(opening["data"], "")
    closed = rule("closed", 1, "role:*", "class:phi", "zone:*", eft="deny")
    with pytest.raises(ConfigurationError, match=rf"a line `o, a-rule, {opening['data']}, <why>` says so"):
        _check(closed, rule(**opening), groups)
    _check(closed, rule(**opening), groups, f"o, a-rule, {opening['data']}, The board has agreed to this.\n")


def test_a_class_that_is_under_public_alone_goes_anywhere() -> None:
    groups = "g2, class:brochure, class:public\ng2, class:cover, class:brochure\n"
    _check(rule(agent="zone:*"), groups)
    _check(rule(data="class:cover", agent="zone:cloud"), groups)


def test_what_a_stricter_rule_takes_first_is_not_opened() -> None:
    deny: dict[str, Any] = {"role": "role:*", "data": "class:phi", "agent": "zone:*", "eft": "deny"}
    opening = rule("open", 20, data="class:pii", agent="zone:cloud") + MEANT.format("pii")
    _check(rule("deny", 10, **deny), opening)
    for weaker in ({"when": "time:08:00-18:00"}, {"action": "chat"}, {"purpose": "purpose:TREAT"}, {"priority": 30}):
        with pytest.raises(ConfigurationError, match="which is not trusted"):
            _check(rule("deny", **({"priority": 10} | deny | weaker)), opening)
    with pytest.raises(ConfigurationError, match="which is not trusted"):
        _check(rule("deny", 10, **(deny | {"role": "role:clerk"})), opening)


def test_a_denial_of_everything_takes_onward_actions_first_too() -> None:
    opening = rule("open", 20, data="class:any", agent="zone:cloud", action="onward:url")
    opening += MEANT.format("pii") + MEANT.format("internal")
    denials = [
        rule(f"deny-{name}", 10 + number, "role:*", f"class:{name}", "zone:*", eft="deny")
        for number, name in enumerate(("phi", "pci", "special-category", "secret", "unscanned"))
    ]
    _check(*denials, opening)
    with pytest.raises(ConfigurationError, match="which is not trusted"):
        _check(*denials[1:], opening)


def test_a_cloud_agent_cannot_be_talked_into_the_house_by_a_grouping() -> None:
    for line in ("g3, agent:sky, zone:in-house\n", "g3, zone:cloud, zone:in-house\n"):
        with pytest.raises(ConfigurationError, match="which is not trusted"):
            _check(rule(data="class:phi"), line)


def test_an_untrusted_zone_within_a_trusted_one_stays_untrusted() -> None:
    zones = document()["zone"]
    zones[2]["within"] = "in-house"
    with pytest.raises(ConfigurationError, match="which is not trusted"):
        _check(rule(data="class:phi"), zone=zones)


def test_what_stands_within_a_trusted_zone_and_is_not_trusted_is_told() -> None:
    zones = document()["zone"]
    assert list(misplaced(rules(rule(), zone=zones), facts(zone=zones))) == []
    zones[1]["within"] = "in-house"
    line = "g3, agent:sky, zone:in-house\n"
    assert list(misplaced(rules(rule(), line, zone=zones), facts(zone=zones))) == [
        ("agent:friend", "zone:in-house"),
        ("agent:sky", "zone:in-house"),
        ("zone:partner", "zone:in-house"),
    ]


def test_a_class_below_a_sensitive_one_is_as_sensitive() -> None:
    with pytest.raises(ConfigurationError, match="which is not trusted"):
        _check(rule(data="class:psychotherapy-notes", agent="zone:cloud"), "g2, class:psychotherapy-notes, class:phi\n")


def test_a_floor_or_agreement_with_an_unknown_class_is_refused() -> None:
    agents, processors = document()["agent"], document()["processor"]
    agents[1]["floor"] = ["phy"]
    with pytest.raises(ConfigurationError, match=r"agent\[1\]\.floor"):
        _check(rule(), agent=agents)
    processors[0]["agreement"]["classes"] = ["phy"]
    with pytest.raises(ConfigurationError, match=r"processor\[0\]\.agreement\.classes"):
        _check(rule(), processor=processors)


def test_a_schema_that_is_not_there_is_refused() -> None:
    agents = document()["agent"]
    agents[0]["schema"] = "triage.json"
    with pytest.raises(ConfigurationError, match=r"agent\[0\]\.schema names no file"):
        _check(rule(), agent=agents)
    refuse(rules(rule(), agent=agents), facts(agent=agents), {"schemas/triage.json": b"{}"})


def test_a_class_leaves_a_flow_only_by_a_rule_that_is_about_it() -> None:
    for data, word in (("class:phi", "phi"), ("class:personal", "phi"), ("class:any", "secret")):
        _check(rule(data=data, agent="agent:local", obligations=f"declassify:{word}", when="zone:trusted"))
    for data, word in (
        ("class:phi", "pii"),
        ("class:public", "phi"),
        ("class:any", "any"),
        ("class:personal", "personal"),
        ("class:any", "unscanned"),
        ("class:unscanned", "unscanned"),
    ):
        with pytest.raises(ConfigurationError, match="obligations declassify"):
            _check(rule(data=data, agent="agent:local", obligations=f"declassify:{word}", when="zone:trusted"))


def test_a_class_that_the_policy_does_not_know_cannot_be_declassified() -> None:
    with pytest.raises(ConfigurationError, match="obligations declassify:<class> must name a data class"):
        _check(rule(data="class:any", agent="agent:local", obligations="declassify:hearsay", when="zone:trusted"))


def test_declassifying_opens_no_zone_that_is_not_trusted() -> None:
    with pytest.raises(ConfigurationError, match="which is not trusted"):
        _check(rule(data="class:phi", agent="agent:sky", obligations="declassify:phi", when="contract:baa"))
    _check(rule(data="class:phi", agent="agent:sky", obligations="declassify:phi;redact", when="contract:baa"))


def test_an_agent_may_supervise_what_goes_elsewhere() -> None:
    for changed in (
        {"agent": "agent:friend", "action": "chat", "obligations": "supervise:local;approve:privacy"},
        {"agent": "agent:sky", "action": "chat", "obligations": "supervise:local;approve:2/privacy"},
        {"agent": "zone:cloud", "action": "chat", "obligations": "supervise:local", "when": "zone:trusted"},
    ):
        _check(rule(**changed))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"obligations": "supervise:nobody"}, r"must name an \[\[agent\]\]"),
        ({"obligations": "supervise:sky;approve:privacy"}, "in a zone that is trusted"),
        ({"obligations": "supervise:local"}, "alone opens no way"),
        ({"agent": "zone:*", "obligations": "supervise:local;approve:privacy"}, "must not cover local"),
        ({"agent": "agent:local", "obligations": "supervise:local"}, "must not cover local"),
        ({"agent": "capability:triage", "obligations": "supervise:local;approve:privacy"}, "must not cover local"),
        ({"action": "receive", "obligations": "supervise:local;approve:privacy"}, "must not cover receive"),
        ({"action": "*", "obligations": "supervise:local;approve:privacy"}, "must not cover receive"),
    ],
)
def test_an_agent_that_could_not_supervise_or_would_open_too_much_is_refused(changed: dict[str, str], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        _check(rule(**{"agent": "agent:friend", "action": "chat", **changed}))


def test_who_supervises_is_supervised_by_nobody() -> None:
    agents = [
        *document()["agent"],
        {"id": "second", "protocol": "openai", "url": "http://s", "zone": "in-house"},
    ]
    one = rule("one", 10, agent="agent:friend", action="chat", obligations="supervise:local;approve:privacy")
    two = rule("two", 20, agent="agent:local", action="chat", obligations="supervise:second")
    with pytest.raises(ConfigurationError, match="must not cover local"):
        _check(one, two, agent=agents)


@pytest.mark.parametrize("more", [{"protocol": "http", "routes": ["POST /x"]}, {"apis": ["embeddings"]}])
def test_only_an_agent_that_is_spoken_to_in_chat_can_supervise(more: dict[str, Any]) -> None:
    judge = {"id": "judge", "protocol": "openai", "url": "http://j", "zone": "in-house", **more}
    with pytest.raises(ConfigurationError, match="spoken to in chat"):
        _check(
            rule(agent="agent:friend", action="chat", obligations="supervise:judge;approve:privacy"),
            agent=[*document()["agent"], judge],
        )


def test_a_rule_tells_a_channel_that_there_is_of_requests_alone() -> None:
    channel = [{"id": "desk", "url": "https://d", "secret": "env:D"}]
    _check(rule(action="chat", obligations="notify:desk"), channel=channel)
    with pytest.raises(ConfigurationError, match=r"must name a \[\[channel\]\]"):
        _check(rule(action="chat", obligations="notify:nobody"), channel=channel)
    for action in ("receive", "*"):
        with pytest.raises(ConfigurationError, match="must not cover receive"):
            _check(rule(action=action, obligations="notify:desk"), channel=channel)


def test_a_denial_that_is_only_watched_closes_nothing() -> None:
    deny: dict[str, Any] = {"role": "role:*", "data": "class:phi", "agent": "zone:*", "eft": "deny", "action": "chat"}
    opening = rule("open", 20, data="class:pii", agent="zone:cloud", action="chat") + MEANT.format("pii")
    _check(rule("deny", 10, **deny), opening)
    with pytest.raises(ConfigurationError, match="which is not trusted"):
        _check(rule("deny", 10, **deny, obligations="observe:2026-12-31"), opening)


def test_only_requests_are_watched() -> None:
    for action in ("receive", "*"):
        with pytest.raises(ConfigurationError, match="must not cover receive where a rule has observe"):
            _check(rule(action=action, obligations="observe:2026-12-31;redact"))


def test_recognizers_are_handed_on_as_the_files_that_they_are() -> None:
    members = policy_set(files(rule()) | {"recognizers/own.toml": b"x = 1"}, configured(), ENGINE)
    assert Policy(members, configured()).recognizers == {"recognizers/own.toml": b"x = 1"}
