"""`gateway policy`: its tests, and why it answers as it does."""

from pathlib import Path

import msgspec

from gateway.cli.policy import _drafted, _lines, _simulated
from gateway.exchange.drafting import Drafted, Proposed
from gateway.exchange.explanations import Answered, Explained
from gateway.exchange.simulation import Change, Simulated
from tests.checks.classification.test_own import BADGE, toml
from tests.cli.kit import Run, change

AGENTS = """
[[agent]]
id = "ward"
protocol = "openai"
url = "http://127.0.0.1:9"
zone = "in-house"

[[agent]]
id = "sky"
protocol = "openai"
url = "http://127.0.0.1:9"
zone = "cloud"
"""


def _with_agents(site: Path) -> None:
    file = site / "gateway.toml"
    file.write_text(file.read_text() + AGENTS)


def test_the_tests_that_ship_hold_and_one_that_does_not_is_told_and_ends_with_1(gateway: Run, site: Path) -> None:
    good = gateway("policy", "test")
    assert good.code == 0
    assert good.out.endswith(" hold, 0 do not\n")
    change(
        site / "policies" / "tests" / "default.toml",
        'classes = ["public"]\nexpect = "route"\nrules',
        'classes = ["public"]\nexpect = "deny"\nrules',
    )
    bad = gateway("policy", "test")
    assert bad.code == 1
    assert "FAILED  tests/default.toml: public data go anywhere: agent local: route, not deny" in bad.out
    data = gateway("policy", "test", "--json").data
    assert (data["ok"], {one["case"] for one in data["wrong"]}) == (False, {"public data go anywhere"})


def test_a_rule_about_an_own_agent_or_network_keeps_no_test_from_running(gateway: Run, site: Path) -> None:
    _with_agents(site)
    file = site / "gateway.toml"
    file.write_text(file.read_text() + '\n[[network]]\nid = "wards"\naddresses = ["10.1.0.0/16"]\n')
    before = gateway("policy", "test", "--json").data["asked"]
    with (site / "policies" / "policy.csv").open("a") as policy:
        policy.write(
            'p, 190, role:clerk, class:phi, agent:ward, *, purpose:*, network:wards, deny, none, no-wards, "No, no."\n'
        )
    (site / "policies" / "tests" / "own.toml").write_text(
        'now = 2026-01-05T12:00:00Z\n[[case]]\nname = "no wards"\nagents = ["ward"]\nclasses = ["phi"]\n'
        'source = "10.1.2.3"\nexpect = "deny"\nrules = ["no-wards"]\n'
    )
    found = gateway("policy", "test", "--json").data
    wrong = {one["file"] for one in found["wrong"]}
    assert (found["asked"], wrong & {"tests/own.toml"}) == (before + 1, set())


def test_a_file_that_is_no_test_is_wrong_use(gateway: Run, site: Path) -> None:
    (site / "policies" / "tests" / "own.toml").write_text("now = 1\n")
    found = gateway("policy", "test")
    assert found.code == 2
    assert "tests/own.toml" in found.err


def test_texts_of_recognizers_are_searched_before_anything_is_asked(gateway: Run, site: Path) -> None:
    file = site / "policies" / "recognizers" / "own.toml"
    file.write_bytes(toml(BADGE))
    assert "\nrecognizers: 2 texts\n" in gateway("policy", "test").out
    file.write_bytes(toml({**BADGE, "must_match": ["nothing"]}))
    found = gateway("policy", "test")
    assert (found.code, "recognizer[0].must_match[0]" in found.err) == (2, True)


def test_no_tests_are_no_success_that_was_shown(gateway: Run, site: Path) -> None:
    for file in (site / "policies" / "tests").glob("*.toml"):
        file.unlink()
    assert gateway("policy", "test").out == "there are no tests\n"


def test_a_decision_is_explained_rule_by_rule(gateway: Run, site: Path) -> None:
    assert "no agent is configured" in gateway("policy", "explain", "--class", "phi").out
    _with_agents(site)
    asked = ("policy", "explain", "--class", "phi", "--role", "clerk", "--purpose", "TREAT")
    told = gateway(*asked)
    assert told.code == 0
    assert "agent ward (zone in-house): route" in told.out
    assert "agent sky (zone cloud): deny" in told.out
    assert "class phi: deny by phi-nowhere-else: Personal health data do not leave" in told.out
    assert "phi-in-house      allow   agent must be zone:in-house; when must be zone:trusted" in told.out
    assert "nearest that allows: phi-in-house" in told.out
    (only,) = gateway(*asked, "--agent", "sky", "--json").data["answers"]
    assert (only["agent"], only["effect"]) == ("sky", "deny")
    (zone,) = gateway(*asked, "--receive", "--zone", "cloud", "--json").data["answers"]
    assert (zone["agent"], zone["zone"], zone["effect"]) == (None, "cloud", "deny")


def test_what_nobody_said_although_a_rule_asks_for_it_is_named(gateway: Run, site: Path) -> None:
    _with_agents(site)
    file = site / "gateway.toml"
    file.write_text(file.read_text() + '\n[[network]]\nid = "wards"\naddresses = ["10.1.0.0/16"]\n')
    with (site / "policies" / "policy.csv").open("a") as policy:
        policy.write(
            'p, 190, role:clerk, class:phi, agent:ward, *, purpose:*, network:wards, deny, none, no-wards, "No, no."\n'
        )
    asked = ("policy", "explain", "--class", "phi", "--role", "clerk", "--purpose", "TREAT", "--agent", "ward")
    told = gateway(*asked).out
    assert "all classes: deny by unknown-way: Rules ask where the request comes from" in told
    assert "not known: source. --source and --strength say it" in told
    (only,) = gateway(*asked, "--json").data["answers"]
    assert only["lacking"] == ["source"]
    (only,) = gateway(*asked, "--source", "10.1.2.3", "--json").data["answers"]
    assert (only["lacking"], only["rules"]) == ([], ["no-wards"])


def test_an_order_of_agents_is_explained(gateway: Run, site: Path) -> None:
    file = site / "gateway.toml"
    agents = AGENTS.replace('zone = "', 'capabilities = ["lookup"]\nzone = "')
    file.write_text(file.read_text() + agents + '\n[[capability]]\nid = "lookup"\norder = "least_loaded"\n')
    told = gateway("policy", "explain", "--class", "phi", "--role", "clerk", "--purpose", "TREAT")
    assert told.code == 0
    assert "order    capability lookup: least_loaded (" in told.out
    assert "in the order of how much of what they take at once is under way" in told.out


def test_an_answer_that_policy_let_through_and_nobody_got_is_told_with_why() -> None:
    answer = Answered(
        agent=None,
        zone="in-house",
        effect="redact",
        rules=("r",),
        obligations=("redact",),
        explanation=("It comes masked.",),
        classes=(),
        recorded="deny",
    )
    found = Explained(
        policy="p", at="t", roles=(), zone="in-house", action="chat", purpose=None, classes=(), answers=(answer,)
    )
    lines = list(_lines(found))
    place = lines.index("answers to zone in-house: redact  redact  [recorded: deny]")
    assert lines[place + 1].startswith("  withheld all the same: it could not be masked as the rules want it")
    released = msgspec.structs.replace(found, answers=(msgspec.structs.replace(answer, recorded="redact"),))
    assert not [line for line in _lines(released) if "withheld" in line]


def test_a_wrong_word_is_told_with_its_option(gateway: Run, site: Path) -> None:
    _with_agents(site)
    for option, value in (("--agent", "x"), ("--class", "x"), ("--zone", "x"), ("--at", "noon")):
        found = gateway("policy", "explain", option, value)
        assert found.code == 2
        assert found.err.startswith(f"gateway: {option}: ")
    assert gateway("policy", "explain", "--exchange", "01890000-0000-7000-8000-000000000000").code == 2


def test_rules_that_decide_nothing_are_told_by_check_and_are_no_error(gateway: Run, site: Path) -> None:
    def told() -> tuple[str, str]:
        (line,) = (one for one in gateway("check", "--json").data["checks"] if one["name"] == "rules")
        return line["state"], line["text"]

    state, text = told()
    assert (state, text.endswith("each can decide")) == ("ok", True)
    change(
        site / "policies" / "policy.csv",
        "# Internal and public data\n",
        "p, 450, role:clerk, class:phi, zone:cloud, chat, purpose:*, contract:baa, allow, redact, too-late, "
        '"This comes too late."\n# Internal and public data\n',
    )
    state, text = told()
    assert state == "ok"
    assert text.startswith("1 decide nothing: too-late (policy.csv:")
    assert "(phi-nowhere-else)" in text


def test_what_the_directory_would_change_is_told_and_reading_is_on_record(gateway: Run, site: Path) -> None:
    told = gateway("policy", "simulate", "--from", "2026-01-01", "--to", "2026-02-01")
    assert told.code == 0
    assert "replayed   0 requests and 0 answers" in told.out
    assert gateway("policy", "simulate", "--from", "2026-01-01", "--to", "2026-02-01", "--json").data["changed"] == 0
    read = gateway("audit", "query", "--event", "audit.read", "--json").data["records"]
    assert read[-1]["detail"]["query"]["from"] == "2026-01-01T00:00:00.000000Z"
    wrong = gateway("policy", "simulate", "--from", "soon", "--to", "2026-02-01")
    assert (wrong.code, wrong.err.startswith("gateway: --from: ")) == (2, True)


def test_a_change_is_one_line_with_what_was_and_what_would_be() -> None:
    one = Change(
        what="request",
        before="route ward",
        after="deny",
        classes=("phi",),
        roles=(),
        action="chat",
        purpose=None,
        rules_before=("phi-in-house",),
        rules_after=(),
        count=2,
        examples=("an-exchange",),
    )
    found = Simulated(
        draft="sha256:0",
        requests=3,
        answers=1,
        questions=2,
        changed=2,
        changes=(one,),
        kinds_left_out=4,
        without_detail=5,
        without_version=6,
        onward=0,
        beyond=0,
        otherwise=7,
    )
    lines = list(_simulated(found))
    assert lines[1] == "replayed   3 requests and 1 answers, 2 different questions"
    assert [line[:12].rstrip() for line in lines[3:6]] == ["lacking    5", "versions   6", "otherwise  7"]
    assert " ".join(lines[-2].split()) == "2 request route ward deny phi - chat phi-in-house -> - an-exchange"
    assert lines[-1] == "and 4 kinds of changes that are rarer"


def test_a_draft_is_made_of_what_was_observed_and_reading_is_on_record(gateway: Run, site: Path) -> None:
    period = ("--from", "2020-01-01T00:00:00Z", "--to", "2999-01-01T00:00:00Z")
    told = gateway("policy", "draft", *period)
    assert (told.code, told.out) == (0, "# 0 requests of which a rule on trial would have made something else\n")
    found = gateway("policy", "draft", *period, "--json").data
    assert (found["observed"], found["rules"]) == (0, [])
    reads = gateway("audit", "query", "--event", "audit.read", "--json").data["records"]
    assert len(reads) >= 2


def test_every_word_of_a_draft_but_its_rules_is_a_comment() -> None:
    one = Proposed(line="p,1", id="t-seen-1", trial="t", count=2, examples=("ex_1", "ex_2"))
    found = Drafted(observed=9, rules=(one,), otherwise=1, masked=2, nobody=3, without_detail=4, beyond=5)
    lines = list(_drafted(found))
    assert [line for line in lines if not line.startswith("# ")] == ["p,1"]
    assert "# 2 requests, before t; for example ex_1, ex_2" in lines
    assert len(lines) == 8
