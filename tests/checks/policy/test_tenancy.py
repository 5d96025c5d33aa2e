"""A tenant's own version: all that is asked for it, and nothing of others."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from gateway.checks.policy.policy import Policy
from gateway.checks.policy.tenancy import Versions
from gateway.checks.policy.version import PolicySet, diff, from_bytes, policy_set, to_bytes
from gateway.core.errors import ConfigurationError
from gateway.settings import Settings, parse

from .making import DAY_US, ENGINE, GROUPS, NOON_US, document, files, question, rule

TENANTS = [{"id": "clinic"}, {"id": "bank"}]
SECRETS = ("bank", "vault", "lend", "teller", "192.0.2", "ledger-inc", "till", "risk", "mortgage")
"""What only the bank has, each by a word of its own."""
_CHANNEL = {"url": "https://notices.example", "secret": "env:S"}


def written() -> dict[str, Any]:
    """A clinic and a bank: an agent of each, with its processor, and one that both have."""
    shared, own, theirs = document()["agent"]
    return document(
        tenant=TENANTS,
        processor=[*document()["processor"], {**document()["processor"][0], "id": "ledger-inc"}],
        agent=[
            {**shared, "callers": ["clinic/nurse", "bank/teller"]},
            {**own, "tenants": ["clinic"]},
            {
                **theirs,
                "id": "vault",
                "processor": "ledger-inc",
                "capabilities": ["lend"],
                "tenants": ["bank"],
                "protocol": "http",
                "routes": ["POST /"],
                "schema": "lend.json",
            },
        ],
        capability=[{"id": "lend", "order": "fastest"}, {"id": "triage", "order": "fastest"}],
        callback=[
            {"id": "ours", "url": "https://a.example", "secret": "env:S", "zone": "in-house", "tenants": ["clinic"]},
            {"id": "till", "url": "https://b.example", "secret": "env:S", "zone": "in-house", "callers": ["bank/ada"]},
        ],
        issuer=[
            {
                "issuer": f"https://{name}.example",
                "audience": "g",
                "algorithms": ["ES256"],
                "jwks_file": "keys.json",
                "tenants": [name],
                "roles": ["clerk"],
                "purposes": [purpose],
                "named": True,
            }
            for name, purpose in (("clinic", "WARD"), ("bank", "MORTGAGE"))
        ],
        server={"client_ca": "ca.pem", "client_header": "client-cert", "trusted_proxies": ["10.0.0.5"]},
        certificate=[
            {"match": "dns:a.example", "tenant": "clinic", "zone": "in-house"},
            {"match": "dns:teller.example", "tenant": "bank", "zone": "in-house"},
        ],
        network=[
            {"id": "ward", "addresses": ["10.1.0.0/16"]},
            {"id": "teller-hall", "addresses": ["192.0.2.0/24"], "tenants": ["bank"]},
        ],
        channel=[{**_CHANNEL, "id": "all"}, {**_CHANNEL, "id": "risk", "tenants": ["bank"]}],
    )


def two(**changed: Any) -> Settings:
    return parse(written() | changed, {}, Path("/nowhere"))


OURS = (
    "# mortgage rules are further down\n",
    rule("public", 100, agent="zone:in-house"),
    rule(
        "ward",
        101,
        data="class:internal",
        agent="agent:friend",
        when="network:ward; tenant:clinic",
        purpose="purpose:WARD",
    ),
    "o, ward, class:internal, The ward's head has agreed.\n",
    "g, caller:clinic/nurse, role:lead\n",
    "f, capability:triage, class:internal\n",
)
THEIRS = (
    rule("a", 1, data="class:internal", agent="agent:vault", text="What the bank lends."),
    rule("b", 2, agent="capability:lend", purpose="purpose:MORTGAGE"),
    rule(
        "c",
        3,
        when="weekday:mon; network:teller-hall; tenant:bank",
        action="chat",
        obligations="notify:risk",
        text="The till is told.",
    ),
    "o, a, class:internal, The risk board has agreed.\n",
    "g, caller:bank/teller, role:lead\n",
    "g3, agent:vault, zone:partner\n",
    "f, agent:vault, class:internal\n",
    "f, capability:lend, class:internal\n",
)


def made(*lines: str, **changed: Any) -> PolicySet:
    members = files(*(lines or (*OURS, *THEIRS))) | {"schemas/lend.json": b'{"title": "mortgage"}'}
    return policy_set(members, two(**changed), ENGINE)


def own(shared: PolicySet, whose: str = "clinic", **changed: Any) -> PolicySet:
    return Versions(shared, two(**changed).channel).of(whose)


def test_a_version_holds_no_byte_of_what_only_another_tenant_has() -> None:
    shared, version = made(), own(made())
    for name, data in version.members.items():
        for word in SECRETS:
            assert word.encode() not in data.lower(), f"{name}: {word}"
    assert not [name for name in version.members if "lend" in name]
    whole = b"".join(shared.members.values()).lower()
    assert all(word.encode() in whole for word in SECRETS), "the bank has them"
    kept = b"".join(version.members.values())
    for part in (b"nurse", b"friend", b"WARD", b"clinic.example", b"a.example", b"triage", b"10.0.0.5"):
        assert part in kept


def test_what_the_other_tenant_gets_changes_its_own_version_alone() -> None:
    mine, theirs = own(made()).digest, own(made(), "bank").digest
    assert mine != theirs
    for line in (
        rule("d", 4, agent="agent:vault", eft="deny"),
        "g, caller:bank/clerk, role:lead\n",
        rule("d", 4, when="tenant:bank", eft="deny"),
    ):
        changed = made(*OURS, *THEIRS, line)
        assert (own(changed).digest == mine, own(changed, "bank").digest == theirs) == (True, False), line
    doc = written()
    agent = {
        **doc["agent"][1],
        "id": "new",
        "tenants": ["bank"],
        "processor": "acme",
        "capabilities": ["triage", "save"],
    }
    for more in (
        {"agent": [*doc["agent"], agent]},
        {"agent": [{**doc["agent"][0], "callers": ["clinic/nurse"]}, *doc["agent"][1:]]},
        {"callback": [*doc["callback"], {**doc["callback"][0], "id": "new", "tenants": ["bank"]}]},
        {"tenant": [{"id": "clinic"}, {"id": "bank", "retention_days": 1}, {"id": "third"}]},
        {"certificate": [*doc["certificate"], {"match": "dns:b.example", "tenant": "bank", "zone": "in-house"}]},
        {"issuer": [doc["issuer"][0], {**doc["issuer"][1], "roles": ["clerk", "lead"]}]},
        {"channel": [*doc["channel"], {**_CHANNEL, "id": "new", "tenants": ["bank"]}]},
    ):
        changed = made(**more)
        assert own(changed, **more).digest == mine, more
        assert own(changed, "bank", **more).digest != theirs, more


def test_what_is_the_tenants_or_everybodys_changes_its_version() -> None:
    mine = own(made()).digest
    for line in (
        rule("d", 4, eft="deny"),
        rule("d", 4, agent="agent:friend", eft="deny"),
        rule("d", 4, when="tenant:clinic", eft="deny"),
        "g, caller:clinic/ada, role:lead\n",
        "g, role:x, role:lead\n",
        "x, role:x, chat\n",
    ):
        assert own(made(*OURS, *THEIRS, line)).digest != mine, line


def test_comments_and_empty_lines_are_in_no_version() -> None:
    assert own(made(*OURS, "\n# The bank's own:\n", *THEIRS)).digest == own(made()).digest


def test_a_version_of_a_version_is_itself_and_so_it_is_stored() -> None:
    for tenant in ("clinic", "bank"):
        version = own(made(), tenant)
        assert own(version, tenant) == version
        assert from_bytes(to_bytes(version)) == version
        assert Policy(version, None).digest == version.digest


def test_a_set_of_all_tenants_from_before_is_read_and_is_the_same_for_each_of_them() -> None:
    before = from_bytes(to_bytes(made()))
    assert Policy(before, None).version("clinic") == before.digest
    assert own(before) == own(made())
    assert diff(own(before), own(made())) == ()


def test_the_shared_policy_goes_by_each_tenants_own_version() -> None:
    settings = two()
    shared = made()
    policy = Policy(shared, settings, versions=Versions(shared, settings.channel).digests())
    assert {name: policy.version(name) for name in ("clinic", "bank")} == {
        name: own(shared, name).digest for name in ("clinic", "bank")
    }
    assert [one.id for one in policy.rules("clinic")] == ["public", "ward"]
    assert [one.id for one in policy.rules("bank")] == ["a", "b", "c", "public"]


def test_what_conditions_read_is_told_of_the_tenants_own_rules_alone() -> None:
    policy = Policy(made(), two())
    asked = question("public", tenant="clinic", subject="nurse", source="192.0.2.7")
    assert policy.inputs(asked, "local", now_us=NOON_US)["network"] == "none", "another tenant's is none of its own"
    assert set(policy.inputs(asked, "local", now_us=NOON_US)) == {"tenant", "network"}
    theirs = question("public", tenant="bank", subject="teller")
    assert set(policy.inputs(theirs, "local", now_us=NOON_US)) == {"tenant", "network", "time", "weekday"}


def test_a_rule_that_another_tenants_takes_the_place_of_does_not_come_back() -> None:
    members = files(rule("same", 5, eft="deny"), rule("other", 6))
    members["profiles/p.csv"] = (rule("same", 5, when="tenant:bank") + rule("mine", 7, when="tenant:clinic")).encode()
    settings = two(policy={"profile": "p"}, agent=document()["agent"], capability=[])
    shared = policy_set(members, settings, ENGINE)
    versions = Versions(shared, settings.channel)
    assert [one.id for one in Policy(versions.of("clinic"), None).rules("clinic")] == ["other", "mine"]
    assert [one.id for one in Policy(versions.of("bank"), None).rules("bank")] == ["same", "other"]


def test_what_somebody_answers_for_goes_with_the_rule_that_it_is_about() -> None:
    lines = (
        rule("ours", 5, data="class:phi", agent="zone:cloud", when="contract:baa;tenant:clinic"),
        rule("theirs", 6, data="class:phi", agent="zone:cloud", when="contract:baa;tenant:bank"),
        "o, ours, class:phi, The clinic's board has agreed.\n",
        "o, theirs, class:phi, The bank's board has agreed.\n",
    )
    settings = two(agent=document()["agent"], capability=[])
    versions = Versions(policy_set(files(*lines), settings, ENGINE), settings.channel)
    for tenant, own, other in (("clinic", b"ours", b"theirs"), ("bank", b"theirs", b"ours")):
        held = versions.of(tenant).members["policy.csv"]
        assert b"o, " + own in held
        assert other not in held
        assert [one.rule for one in Policy(versions.of(tenant), None).answered()] == [own.decode()]


def test_a_purpose_that_only_tokens_of_others_bring_is_known_where_a_rule_of_all_names_it() -> None:
    shared = made(*OURS, rule("d", 4, purpose="purpose:MORTGAGE", eft="deny"))
    Policy(shared, two())
    version = own(shared)
    served = Policy(version, None)
    denied = served.ruling(
        question("public", tenant="clinic", purpose="MORTGAGE", source="10.1.2.3"), "local", now_us=NOON_US
    )
    assert (denied.allowed, denied.rules) == (False, ("d",)), "a key of the clinic may have it"
    assert own(version) == version


def test_a_network_of_another_tenant_is_known_where_a_rule_of_all_names_it() -> None:
    version = own(made(*OURS, rule("d", 4, when="network:teller-hall", eft="deny")))
    served = Policy(version, None)
    assert served.ruling(question("public", tenant="clinic", source="192.0.2.7"), "local", now_us=NOON_US).rules == (
        "d",
    )
    assert own(version) == version


def test_a_tenant_that_no_rule_is_about_has_a_version_that_denies_all() -> None:
    version = own(made(rule("b", 2, when="tenant:bank")))
    policy = Policy(version, None)
    assert policy.rules("clinic") == ()
    assert not policy.ruling(question("public", tenant="clinic"), "local", now_us=NOON_US).allowed


@pytest.mark.parametrize("obligation", ["notify:risk", "supervise:vault"])
def test_a_rule_that_is_about_a_tenant_asks_and_tells_nobody_of_another(obligation: str) -> None:
    chat = {**document()["agent"][0], "id": "vault", "tenants": ["bank"], "capabilities": []}
    agents = [*document()["agent"][:2], chat]
    for when, refused in (("always", True), ("tenant:clinic", True), ("tenant:bank", False)):
        line = rule("told", 1, when=when, agent="agent:friend", action="chat", obligations=f"{obligation};approve:lead")
        settings = two(agent=agents, capability=[])
        shared = policy_set(files(line), settings, ENGINE)
        if not refused:
            Policy(shared, settings)
            continue
        with pytest.raises(ConfigurationError, match=r"policy\.csv:17: obligations .* every tenant"):
            Policy(shared, settings)
        Policy(shared, None)  # one of the past is read


def test_a_draft_of_a_tenant_cannot_name_what_is_anothers_and_learns_nothing_by_it() -> None:
    version = own(made())
    for name in ("agent:vault", "agent:nobodys"):
        changed = {**version.members, "policy.csv": (GROUPS + rule(agent=name)).encode()}
        with pytest.raises(ConfigurationError, match=r"agent must name an \[\[agent\]\]"):
            Policy(PolicySet(changed, version.digest), two(), tenant="clinic")
    for whose in ("bank", "nobody"):
        lines = GROUPS + f"g, caller:{whose}/x, role:lead\n" + rule()
        Policy(PolicySet({**version.members, "policy.csv": lines.encode()}, ""), two(issuer=[]), tenant="clinic")


_rule = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["role:*", "role:user", "role:clerk", "role:lead"]),
        "data": st.sampled_from(["class:public", "class:internal"]),
        "agent": st.sampled_from(
            ["zone:*", "zone:in-house", "zone:partner", "capability:triage", "capability:lend"]
            + [f"agent:{name}" for name in ("local", "friend", "vault")]
        ),
        "action": st.sampled_from(["*", "chat", "receive", "tool:*"]),
        "purpose": st.sampled_from(["purpose:*", "purpose:TREAT", "purpose:WARD", "purpose:MORTGAGE"]),
        "when": st.sampled_from(
            [
                *("always", "tenant:clinic", "tenant:bank", "weekday:mon", "zone:trusted;tenant:bank"),
                *("network:ward", "network:teller-hall", "network:teller-hall;tenant:bank"),
            ]
        ),
        "eft": st.sampled_from(["allow", "deny"]),
    }
)
_question = st.fixed_dictionaries(
    {
        "tenant": st.sampled_from(["clinic", "bank"]),
        "subject": st.sampled_from(["nurse", "teller", "x"]),
        "roles": st.sampled_from([(), ("clerk",), ("user",), ("lead",)]),
        "zone": st.sampled_from(["in-house", "partner", "cloud"]),
        "source": st.sampled_from(["10.1.2.3", "192.0.2.7", "local"]),
        "action": st.sampled_from(["chat", "tool:x"]),
        "purpose": st.sampled_from([None, "TREAT", "WARD", "MORTGAGE"]),
    }
)
_line = st.sampled_from([line for line in (*OURS, *THEIRS) if line.startswith(("g,", "g3,", "f,"))])


@examples(max_examples=60, deadline=None)
@given(
    rules=st.lists(_rule, min_size=1, max_size=12),
    lines=st.sets(_line),
    asked=st.lists(_question, min_size=1, max_size=6),
    days=st.integers(0, 1),
)
def test_every_question_of_a_tenant_is_answered_alike_by_the_shared_policy_and_its_own_version(
    rules: list[dict[str, Any]], lines: set[str], asked: list[dict[str, Any]], days: int
) -> None:
    written = [rule(f"r-{number}", number + 1, **columns) for number, columns in enumerate(rules)]
    meant = [f"o, r-{number}, class:internal, The board has agreed to this.\n" for number in range(len(rules))]
    shared, now_us = made(*written, *meant, *sorted(lines)), NOON_US + days * DAY_US
    policy = Policy(shared, two())
    versions = {name: Policy(own(shared, name), None) for name in ("clinic", "bank")}
    for values in asked:
        one, version = question("public", "internal", **values), versions[values["tenant"]]
        assert version.rules(one.tenant) == tuple(
            type(found)(**{**_fields(found), "row": mine.row})
            for found, mine in zip(policy.rules(one.tenant), version.rules(one.tenant), strict=True)
        )
        assert policy.receive(one, now_us=now_us) == version.receive(one, now_us=now_us)
        assert policy.reroutes(one) == version.reroutes(one)
        for target in ("triage", "lend", *version.agents):
            assert policy.candidates(target, one.tenant) == version.candidates(target, one.tenant)
            if target == "lend" and "vault" not in version.agents:
                continue  # a name that nobody answers to there
            told = {"tenant": one.tenant, "subject": one.subject}
            assert policy.floor(one.roles, target, **told) == version.floor(one.roles, target, **told)
        for agent in version.agents:
            assert policy.derived(one, agent, now_us=now_us) == version.derived(one, agent, now_us=now_us)
            assert policy.inputs(one, agent, now_us=now_us) == version.inputs(one, agent, now_us=now_us)


def _fields(found: Any) -> dict[str, Any]:
    return {name: getattr(found, name) for name in found.__struct_fields__}


@examples(max_examples=60, deadline=None)
@given(text=st.text(st.sampled_from('pgfix23,#"\n agent:zb*'), max_size=80))
def test_lines_that_are_none_are_refused_with_their_place(text: str) -> None:
    members = {**made().members, "policy.csv": text.encode()}
    try:
        version = own(PolicySet(members, ""))
    except ConfigurationError as error:
        told = str(error)
    else:
        told = "policy.csv:" if own(version) == version else "another one"
    assert told.startswith("policy.csv:")
