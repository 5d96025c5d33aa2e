"""What another policy would have decided of what is on record."""

from typing import Any

import pytest

from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import policy_set
from gateway.exchange.replayed import MAX_EXAMPLES
from gateway.exchange.simulation import Simulation
from gateway.ledger.record import (
    CandidateInfo,
    ClassesInfo,
    DecisionInfo,
    Detail,
    OutcomeInfo,
)
from gateway.store.decided import Decided
from tests.checks.classification.test_own import PROJECT, toml
from tests.checks.policy.making import DAY_US, ENGINE, GROUPS, NOON_US, configured, files, policy, rule
from tests.exchange.simulation_kit import CLOSED, DIGEST, OPEN, decided, everybody, exchange, simulated


async def test_equal_questions_are_asked_once_and_told_with_a_few_examples() -> None:
    records = [decided(number, at_us=NOON_US + number * DAY_US) for number in range(20)]
    found = await simulated(policy(OPEN), policy(CLOSED), *records)
    assert (found.requests, found.answers, found.questions, found.changed, found.otherwise) == (20, 0, 1, 20, 0)
    (change,) = found.changes
    assert (change.what, change.before, change.after, change.count) == ("request", "route local", "deny", 20)
    assert (change.rules_before, change.rules_after) == (("open",), ("closed",))
    assert change.examples == tuple(exchange(number) for number in range(MAX_EXAMPLES))


async def test_what_is_the_same_is_no_change_and_what_is_on_record_otherwise_is_counted_apart() -> None:
    fell_back = decided(agent="friend")
    found = await simulated(policy(OPEN), policy(OPEN), decided(), fell_back)
    assert (found.changed, found.changes, found.otherwise) == (0, (), 1)


async def test_the_clock_is_looked_at_where_a_rule_does() -> None:
    by_day = policy(rule("day", 1, "role:*", "class:any", "zone:in-house", when="time:08:00-18:00"))
    records = [decided(number, at_us=NOON_US + number * DAY_US // 2) for number in range(4)]
    found = await simulated(policy(OPEN), by_day, *records)
    assert found.questions == 4
    (change,) = found.changes
    assert (change.count, change.after) == (2, "deny")


async def test_where_requests_came_from_and_how_callers_were_identified_is_read_from_the_details() -> None:
    ward = policy(rule("ward", 1, "role:*", "class:any", "zone:in-house", when="network:ward; strength:token"))
    ways = [("10.1.0.1", "jwt"), ("10.1.0.2", "jwt"), ("10.1.0.1", "api-key"), ("192.0.2.1", "jwt"), (None, None)]
    records = [
        decided(number, Detail(subject="alice", roles=("clerk",), source=source, method=method))
        for number, (source, method) in enumerate(ways)
    ]
    found = await simulated(policy(OPEN), ward, *records)
    assert (found.requests, found.questions) == (5, 4), "callers who are alike in what is asked ask one question"
    assert {(one.after, one.rules_after, one.count) for one in found.changes} == {
        ("deny", (), 2),
        ("deny", ("unknown-way",), 1),
    }


async def test_an_address_is_asked_about_in_the_version_that_decided_of_it() -> None:
    ward = rule("ward", 1, "role:*", "class:any", "zone:in-house", when="network:ward")
    moved = policy(ward, network=[{"id": "ward", "addresses": ["10.7.0.0/16"]}])
    versions = {"sha256:" + "1" * 64: policy(ward), "sha256:" + "2" * 64: moved}

    async def version(digest: str) -> Policy:
        return versions[digest]

    taken = Simulation(policy(OPEN), "default", everybody)
    for digest, source in zip(versions, ("10.1.0.1", "10.7.0.1"), strict=True):
        detail = Detail(subject="alice", roles=("clerk",), source=source, method="jwt")
        decision = DecisionInfo(effect="route", rules=("ward",), obligations=(), policy=digest)
        await taken.take([decided(0, detail, decision=decision)], version)
    found = await taken.result()
    assert (found.requests, found.otherwise, found.changed) == (2, 0, 0)


async def test_answers_are_replayed_towards_the_callers_zone() -> None:
    given = decided(
        event="exchange.completed",
        outcome=OutcomeInfo(code="ok"),
        classes=ClassesInfo(found=("pii",), declared=(), inherited=(), floor=()),
        candidates=None,
        route_requested=None,
    )
    failed = decided(1, event="exchange.completed", outcome=OutcomeInfo(code="agent_timeout"), candidates=None)
    masking = policy(rule("masked", 1, "role:*", "class:any", "zone:in-house", "receive", obligations="redact:email"))
    found = await simulated(policy(OPEN), masking, given, failed)
    assert (found.requests, found.answers) == (0, 1)
    (change,) = found.changes
    assert (change.what, change.before, change.after) == ("answer", "route", "redact")


async def test_a_class_of_an_operators_own_could_be_masked_where_its_recognizers_were_there() -> None:
    masked = rule("masked", 1, "role:*", "class:merger", "zone:in-house", obligations="redact")
    asked = decided(
        classes=ClassesInfo(found=("merger",), declared=(), inherited=(), floor=()),
        decision=DecisionInfo(effect="redact", rules=("masked",), obligations=("redact",), policy=DIGEST),
    )
    groups = GROUPS + "g2, class:merger, class:any\n"
    given = files(masked, groups=groups, **{"recognizers/own.toml": toml(dictionary=(PROJECT,))})
    draft = policy(masked, groups=groups)
    there = await simulated(Policy(policy_set(given, configured(), ENGINE), configured()), draft, asked)
    assert (there.requests, there.changed, there.otherwise) == (1, 0, 0)
    assert (await simulated(draft, draft, asked)).otherwise == 1
    given = files(masked, groups=groups, **{"recognizers/own.toml": b"of another form"})
    unread = await simulated(Policy(policy_set(given, configured(), ENGINE), None), draft, asked)
    assert (unread.requests, unread.without_version) == (0, 1)
    gone = await simulated(None, draft, asked)
    assert gone.without_version == 1


async def test_another_agent_of_the_same_capability_is_taken_and_none_that_could_not_be_sent_it() -> None:
    answered = "o, moved, class:internal, The board has agreed to this.\n"
    moved = policy(rule("moved", 1, "role:*", "class:internal", "zone:partner"), answered)
    found = await simulated(policy(OPEN), moved, decided())
    assert [change.after for change in found.changes] == ["route friend"]
    unfit = (
        CandidateInfo(agent="friend", zone="partner", healthy=True, answer="translation"),
        CandidateInfo(agent="local", zone="in-house", healthy=True, answer="allow"),
    )
    found = await simulated(policy(OPEN), moved, decided(candidates=unfit))
    assert [change.after for change in found.changes] == ["deny"]


async def test_a_class_without_anything_to_mask_cannot_be_masked() -> None:
    masking = policy(rule("masked", 1, "role:*", "class:any", "zone:in-house", obligations="redact"))
    declared = ClassesInfo(found=(), declared=("pii",), inherited=(), floor=())
    found_in = ClassesInfo(found=("pii",), declared=(), inherited=(), floor=())
    found = await simulated(policy(OPEN), masking, decided(classes=declared), decided(1, classes=found_in))
    assert {(*change.classes, change.after) for change in found.changes} == {("pii", "deny"), ("pii", "redact local")}


@pytest.mark.parametrize(
    ("where", "session", "after"),
    [
        ("declared", None, "deny"),
        ("floor", None, "deny"),
        ("inherited", None, "deny"),
        ("inherited", "se_1", "redact local"),
        ("nothing", None, "redact local"),
    ],
)
async def test_what_is_there_by_more_than_what_was_found_cannot_be_masked(
    where: str, session: str | None, after: str
) -> None:
    masking = policy(rule("masked", 1, "role:*", "class:any", "zone:in-house", obligations="redact"))
    names = {name: ("pii",) if name == where else () for name in ("declared", "inherited", "floor")}
    classes = ClassesInfo(found=("pii",), **names)
    found = await simulated(policy(OPEN), masking, decided(classes=classes, session=session))
    assert [change.after for change in found.changes] == [after]


@pytest.mark.parametrize("floor", ["f, role:clerk, class:phi\n", "f, agent:local, class:phi\n"])
async def test_floors_of_roles_and_of_what_was_named_are_those_of_each_version(floor: str) -> None:
    lines = (rule("no-phi", 1, "role:*", "class:phi", "zone:*", eft="deny"), rule("rest", 2, "role:*", "class:any"))
    without, within = policy(*lines), policy(*lines, floor)
    added = await simulated(without, within, decided(purpose="TREAT"))
    assert [(change.before, change.after) for change in added.changes] == [("route local", "deny")]
    classes = ClassesInfo(found=("internal",), declared=(), inherited=(), floor=("phi",))
    denied: dict[str, Any] = {"event": "exchange.denied", "agent": None, "classes": classes, "purpose": "TREAT"}
    decision = DecisionInfo(effect="deny", rules=("no-phi",), obligations=(), policy=DIGEST)
    gone = await simulated(within, without, decided(decision=decision, **denied))
    assert [(change.before, change.after) for change in gone.changes] == [("deny", "route local")]
    same = await simulated(within, within, decided(decision=decision, **denied))
    assert same.changed == 0


async def test_an_agents_own_floor_is_part_of_the_question() -> None:
    agents = [
        {"id": "local", "protocol": "openai", "url": "http://l", "zone": "in-house", "floor": ["phi"]},
        {"id": "other", "protocol": "openai", "url": "http://o", "zone": "in-house"},
    ]
    lines = (rule("no-phi", 1, "role:*", "class:phi", "zone:*", eft="deny"), rule("rest", 2, "role:*", "class:any"))
    strict = policy(*lines, agent=agents)
    found = await simulated(policy(OPEN, agent=agents), strict, decided(purpose="TREAT"))
    assert [change.after for change in found.changes] == ["deny"]


async def test_what_cannot_be_replayed_is_counted_and_never_guessed() -> None:
    bare = Decided(decided().envelope, None)
    undecided = decided(decision=None)
    found = await simulated(policy(OPEN), policy(CLOSED), bare, undecided)
    assert (found.requests, found.without_detail, found.without_version) == (0, 1, 0)
    found = await simulated(None, policy(CLOSED), decided())
    assert (found.requests, found.without_detail, found.without_version) == (0, 0, 1)


async def test_rules_for_other_roles_and_callers_by_name_are_asked_as_who_asked_then() -> None:
    groups = "g, caller:default/alice, role:lead\n"
    named = policy(rule("leads", 1, "role:lead", "class:any"), groups=GROUPS + groups)
    found = await simulated(policy(OPEN), named, decided(), decided(1, Detail(subject="bob", roles=("clerk",))))
    assert [(change.after, change.count) for change in found.changes] == [("deny", 1)]
    # Whose names policy does not mean is nobody to it, whatever the token called itself.
    other = decided(2, Detail(subject="alice", issuer="https://elsewhere.example", roles=("clerk",)))
    found = await simulated(policy(OPEN), named, other, named=lambda issuer: issuer is None)
    assert [(change.after, change.count) for change in found.changes] == [("deny", 1)]


async def test_answers_that_were_withheld_are_seen_to_be_set_free() -> None:
    withheld = decided(
        event="exchange.completed", outcome=OutcomeInfo(code="answer_withheld"), candidates=None, route_requested=None
    )
    found = await simulated(policy(CLOSED), policy(OPEN), withheld)
    assert [(change.before, change.after) for change in found.changes] == [("deny", "route")]


async def test_what_agents_would_have_contacted_themselves_is_not_replayed() -> None:
    view = CandidateInfo(agent="local", zone="in-house", healthy=True, answer="onward")
    found = await simulated(policy(OPEN), policy(CLOSED), decided(candidates=(view,)))
    assert (found.requests, found.onward) == (0, 1)


async def test_an_order_that_was_measured_is_replayed_as_it_was() -> None:
    anywhere = rule("open", 2, "role:*", "class:internal", "zone:*")
    anywhere += "o, open, class:internal, The board has agreed to this.\n"
    closed = rule("closed", 1, "role:*", "class:internal", "zone:partner", eft="deny")
    seen = (CandidateInfo(agent="friend", zone="partner", healthy=True, answer="allow"),)
    fastest = decided(agent="friend", route_requested="triage", candidates=seen, inputs={"order": "fastest"})
    found = await simulated(policy(anywhere), policy(anywhere), fastest)
    assert (found.changed, found.otherwise) == (0, 0)
    found = await simulated(policy(anywhere), policy(closed, anywhere), fastest)
    assert [(change.before, change.after) for change in found.changes] == [("route friend", "route local")]
