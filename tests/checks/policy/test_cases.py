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
        pytest.param(_WHOLE.replace(b"deny", b"maybe"), "expect", id="an unknown effect"),
        pytest.param(_WHOLE + b"now = 2026-01-05T12:00:00\n", "must say its offset", id="no offset"),
        pytest.param(b"[configuration]\nzone = []\n" + _WHOLE, "no .*zone", id="no zone"),
        pytest.param(b"#" * MAX_BYTES, "at most", id="too large"),
    ],
)
def test_what_is_no_test_is_refused_with_its_file(text: bytes, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        _run(text)
    assert PATH in str(caught.value)
