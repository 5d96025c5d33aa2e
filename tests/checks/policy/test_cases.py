"""Policy tests: what they may hold, and what they say where a policy answers otherwise."""

import pytest

from gateway.checks.policy.cases import MAX_BYTES, Result, run
from gateway.core.errors import ConfigurationError

from .making import ENGINE, configured, document, files, rule

HEAD = b"now = 2026-01-05T12:00:00Z\n"
PATH = "tests/own.toml"


def _run(text: bytes, *lines: str) -> tuple[Result, ...]:
    return run(files(*(lines or (rule(agent="zone:*"),))) | {PATH: HEAD + text}, configured(), ENGINE)


def test_a_case_asks_each_agent_and_each_zone_of_the_configured_ones() -> None:
    case = b"""
[[case]]
name = "public"
agents = ["local", "sky"]
receive = ["cloud"]
classes = ["public"]
expect = "route"
"""
    assert [(one.file, one.case, one.asked, one.wrong) for one in _run(case)] == [
        (PATH, "public", "agent local", ()),
        (PATH, "public", "agent sky", ()),
        (PATH, "public", "receive cloud", ()),
    ]


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("http:POST:/notes/42", "action: no message to agent rest has it; it has http:POST:/notes/{id}"),
        ("http:POST:/notes/{id}", ""),
        ("tool:look", "action: no message to agent rest has it; it has http:POST:/notes/{id}"),
    ],
)
def test_a_case_about_what_no_route_of_its_agent_has_does_not_hold(action: str, told: str) -> None:
    """Whatever was expected of it: a path that fits a template is never what policy is asked about."""
    rest = {"id": "rest", "protocol": "http", "url": "http://r", "zone": "in-house", "routes": ["POST /notes/{id}"]}
    known = configured(agent=[rest], processor=[])
    closed = rule("closed", 1, data="class:any", agent="zone:*", action="http:*:*", eft="deny")
    case = f'[[case]]\nname = "a"\nagents = ["rest"]\naction = "{action}"\nclasses = ["public"]\nexpect = "deny"\n'
    (found,) = run(files(closed) | {PATH: HEAD + case.encode()}, known, ENGINE)
    assert found.wrong == ((told,) if told else ())


def test_what_is_answered_otherwise_is_told() -> None:
    case = b"""
[[case]]
name = "masked"
agents = ["local"]
classes = ["pii"]
expect = "route"
rules = ["other"]
obligations = []
"""
    (found,) = _run(case, rule("masking", data="class:pii", obligations="redact:email"))
    assert found.wrong == ("redact, not route", "decided by masking", "obligations: redact:email")


def test_what_decided_is_told_also_where_a_case_expects_no_rules() -> None:
    case = b'[[case]]\nname = "a"\nagents = ["local"]\nclasses = ["public"]\nexpect = "route"\n'
    (found,) = _run(case, rule("closed", eft="deny"))
    assert found.wrong == ("deny, not route", "decided by closed")
    (asked,) = _run(case, rule("ward", when="network:ward"))
    assert asked.wrong[:2] == ("deny, not route", "decided by unknown-way")
    assert "say `source` and `strength`" in asked.wrong[2]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('agents = ["lcoal"]\nclasses = ["public"]', "agent: lcoal is not an [[agent]]; the nearest is local"),
        ('agents = ["local"]\nclasses = ["phy"]', "classes: phy is not a data class; the nearest is phi"),
        ('receive = ["clowd"]\nclasses = ["public"]', "receive: clowd is not a [[zone]]; the nearest is cloud"),
        ('agents = ["local"]\nclasses = ["public"]\nzone = "clowd"', "zone: clowd is not a [[zone]]; the nearest is"),
        ('agents = ["local"]\nclasses = ["public"]\ntenant = "zz"', "tenant: zz is not a [[tenant]]"),
    ],
)
def test_a_case_about_what_is_not_there_does_not_hold_though_it_is_denied(lines: str, told: str) -> None:
    (found,) = _run(f'[[case]]\nname = "a"\n{lines}\nexpect = "deny"\n'.encode(), rule("closed", eft="deny"))
    assert found.wrong[0].startswith(told)


def test_a_case_says_where_the_caller_is_and_how_it_was_identified() -> None:
    rules = (rule("ward", when="network:ward;strength:token"),)
    for more, effect in (
        ('source = "10.1.2.3"\nstrength = "token"', "route"),
        ('source = "10.1.2.3"', "deny"),
        ("", "deny"),
    ):
        case = f'[[case]]\nname = "ward"\nagents = ["local"]\nclasses = ["public"]\nexpect = "{effect}"\n{more}\n'
        (found,) = _run(case.encode(), *rules)
        assert found.wrong == ()


def test_what_a_file_says_of_callers_holds_for_the_cases_that_say_nothing() -> None:
    rules = (rule("ward", when="network:ward;strength:token"),)
    way = b'source = "10.1.2.3"\nstrength = "token"\n'
    for more, effect in (("", "route"), ('source = "192.0.2.1"', "deny"), ('strength = "key"', "deny")):
        case = f'[[case]]\nname = "ward"\nagents = ["local"]\nclasses = ["public"]\nexpect = "{effect}"\n{more}\n'
        (found,) = _run(way + case.encode(), *rules)
        assert found.wrong == ()
    unknown = way + case.replace('strength = "key"', 'source = ""\nrules = ["unknown-way"]').encode()
    assert _run(unknown, *rules)[0].wrong == ()
    for line, told in (('source = "ward"', "source must be"), ('strength = "strong"', "strength must be")):
        with pytest.raises(ConfigurationError, match=f"{PATH}: {told}"):
            _run(f"{line}\n{case}".encode(), *rules)


def test_a_floor_is_asked_about() -> None:
    groups = b'[[case]]\nname = "floor"\nroles = ["clerk"]\nfloor = { target = "local", classes = ["phi"] }\n'
    (held,) = _run(groups, rule(), "f, role:clerk, class:phi\n")
    assert held.wrong == ()
    (found,) = _run(groups, rule())
    assert found.wrong == ("floor: none",)


def test_a_file_may_bring_its_own_configuration_and_others_in_the_folder_are_not_run() -> None:
    own = b"""
[configuration]
zone = [{ id = "island", trusted = true }]
agent = [{ id = "hut", protocol = "openai", url = "http://hut", zone = "island" }]
[[case]]
name = "the hut"
agents = ["hut"]
classes = ["public"]
expect = "route"
"""
    members = files(rule(agent="zone:*")) | {PATH: HEAD + own, "tests/README.md": b"words"}
    (found,) = run(members, configured(), ENGINE)
    assert (found.asked, found.wrong) == ("agent hut", ())


_ISLAND = b"""
[configuration]
zone = [{ id = "island", trusted = true }, { id = "cloud" }]
agent = [{ id = "hut", protocol = "openai", url = "http://hut", zone = "island" }]
[[case]]
name = "the hut"
agents = ["hut"]
classes = ["public"]
expect = "route"
"""


@pytest.mark.parametrize(
    "line",
    [
        pytest.param({"agent": "agent:sky", "data": "class:pii", "eft": "deny"}, id="an agent"),
        pytest.param({"agent": "zone:partner"}, id="a zone"),
        pytest.param({"agent": "capability:triage"}, id="a capability"),
        pytest.param({"when": "region:DE"}, id="a region"),
        pytest.param({"agent": "agent:local", "when": "tenant:north"}, id="a tenant"),
        pytest.param({"action": "chat", "obligations": "notify:board", "agent": "agent:local"}, id="a channel"),
    ],
)
def test_rules_may_name_what_is_configured_where_a_file_of_tests_brings_its_own(line: dict[str, str]) -> None:
    """The tests that ship bring their own; an operator's rule about an agent of theirs must not keep them from running,
    nor the operator's own from being run beside them."""
    own = b'[[case]]\nname = "own"\nagents = ["local"]\nclasses = ["public"]\nexpect = "deny"\ntenant = "south"\n'
    changed = {
        "tenant": [{"id": "south"}, {"id": "north"}],
        "channel": [
            {
                "id": "board",
                "url": "https://board",
                "secret": "env:BOARD",
                "roles": ["lead"],
                "tenants": ["south", "north"],
            }
        ],
    }
    rules = (rule("hut", 9, agent="zone:island"), rule("own", 5, **({"agent": "zone:in-house"} | line)))
    island = [*document()["zone"], {"id": "island", "trusted": True}]
    members = files(*rules) | {PATH: HEAD + _ISLAND, "tests/z.toml": HEAD + own}
    found = run(members, configured(**changed, zone=island), ENGINE)
    assert [(one.file, one.asked) for one in found] == [(PATH, "agent hut"), ("tests/z.toml", "agent local")]
    assert found[0].wrong == ()


def test_a_files_own_agents_and_zones_are_its_own_under_the_names_of_configured_ones() -> None:
    text = b"""
[configuration]
zone = [{ id = "in-house" }, { id = "home", trusted = true }]
agent = [{ id = "local", protocol = "openai", url = "http://l", zone = "in-house" }]
[[case]]
name = "here local is not trusted"
agents = ["local"]
classes = ["pii"]
expect = "deny"
"""
    (found,) = _run(text, rule(data="class:pii", agent="capability:triage", when="zone:trusted"))
    assert found.wrong == ()


def test_what_cannot_be_served_by_under_a_files_own_configuration_is_told_of_that_file_alone() -> None:
    """A zone of the file's that is not trusted lies within one of theirs, say."""
    text = _ISLAND.replace(b'{ id = "cloud" }', b'{ id = "cloud", within = "in-house" }, { id = "in-house" }')
    own = b'[[case]]\nname = "own"\nagents = ["local"]\nclasses = ["internal"]\nexpect = "route"\n'
    lines = (rule("in", data="class:internal"), rule("hut", 9, agent="zone:island"))
    zones = [*document()["zone"], {"id": "island", "trusted": True}]
    members = files(*lines) | {PATH: HEAD + text, "tests/z.toml": HEAD + own}
    first, second = run(members, configured(zone=zones), ENGINE)
    assert (first.case, first.asked) == ("no case was asked", "under its own [configuration]")
    assert "would let class:internal into agent:" in first.wrong[0]
    assert (second.case, second.wrong) == ("own", ())


def test_a_directory_that_could_not_be_served_by_is_no_result() -> None:
    with pytest.raises(ConfigurationError, match=r"^policy\.csv:"):
        _run(_ISLAND, rule(agent="agent:nobody"))


def test_an_approval_is_told_apart() -> None:
    case = b'[[case]]\nname = "asked"\nagents = ["local"]\nclasses = ["public"]\nexpect = "approve"\n'
    asking = rule(agent="agent:local", action="chat", when="zone:trusted", obligations="supervise:warden")
    agents = [*document()["agent"], {"id": "warden", "protocol": "openai", "url": "http://w", "zone": "in-house"}]
    for line, changed in ((rule(obligations="approve:privacy"), {}), (asking, {"agent": agents})):
        members = files(line) | {PATH: HEAD + case}
        (found,) = run(members, configured(**changed), ENGINE)
        assert found.wrong == ()


_CASE = b'[[case]]\nname = "a"\n'
_ASKED = _CASE + b'agents = ["local"]\n'
_WHOLE = _ASKED + b'classes = ["pii"]\nexpect = "deny"\n'
_FLOOR = _CASE + b'floor = { target = "x", classes = [] }\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(b"x = 1\n", "unknown field", id="unknown field"),
        pytest.param(b"\xff", "TOML in UTF-8", id="not UTF-8"),
        pytest.param(b"[[case", "TOML in UTF-8", id="not TOML"),
        pytest.param(b"case = []\n", "each with a name of its own", id="no case"),
        pytest.param(_FLOOR * 2, "each with a name of its own", id="a name twice"),
        pytest.param(_CASE, "agents or receive, or else a floor", id="nothing asked"),
        pytest.param(_ASKED, "must say the classes, and expect", id="nothing expected"),
        pytest.param(_WHOLE.replace(b"deny", b"maybe"), "expected one of route, redact", id="an unknown effect"),
        pytest.param(_WHOLE + b"now = 2026-01-05T12:00:00\n", "must say its offset", id="no offset"),
        pytest.param(b"#" * MAX_BYTES, "at most", id="too large"),
    ],
)
def test_what_is_no_test_is_refused_with_its_file(text: bytes, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        _run(text)
    assert PATH in str(caught.value)


@pytest.mark.parametrize("more", [b"", b"[configuration]\nzone = []\n"])
def test_without_any_zone_there_is_nothing_to_ask_about(more: bytes) -> None:
    nothing = configured(zone=[], agent=[])
    with pytest.raises(ConfigurationError, match=rf"^{PATH}: there is no \[\[zone\]\]"):
        run(files(rule(agent="zone:*")) | {PATH: HEAD + more + _WHOLE}, nothing, ENGINE)
