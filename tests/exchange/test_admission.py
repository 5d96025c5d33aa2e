"""A caller is admitted by what its credential allows: its purpose, classes that exist, so many persons, so often."""

from typing import Any

import pytest

from gateway.core.caller import Caller, Identity
from gateway.core.denial import DenySet, Name
from gateway.core.refusal import Refusal
from gateway.exchange.admission import MAX_DECLARED, MAX_SUBJECTS, Admission
from gateway.exchange.glass import Lent
from gateway.settings import Limits
from tests.conftest import ManualClock
from tests.exchange.making import arrival, identity


class Identifies:
    """Finds the same identity behind every credential, and remembers that it was asked."""

    def __init__(self, found: Identity | Refusal) -> None:
        self.found, self.asked = found, 0

    async def identify(
        self, authorization: str | None, x_api_key: str | None, certificate: bytes | Refusal | None
    ) -> Identity | Refusal:
        self.asked += 1
        self.certificate = certificate
        return self.found


class Names:
    """Pseudonyms that tell what they stand for. `lately`: actors that nobody needs to be asked for."""

    def __init__(self, *lately: str) -> None:
        self.lately, self.asked = lately, list[str]()

    def known(self, configured: str, subject: str, issuer: str | None) -> tuple[str, str] | None:
        return (f"tn_{configured}", f"ac_{subject}") if subject in self.lately else None

    async def tenant(self, configured: str) -> str:
        return f"tn_{configured}"

    async def actor(self, ledger: str, subject: str, issuer: str | None = None) -> str:
        self.asked.append(subject)
        return f"ac_{subject}"

    async def subject(self, ledger: str, identifier: str) -> str | Refusal:
        if identifier == "bad":
            return Refusal(code="header_invalid", field="X-Data-Subject")
        return f"su_{identifier.lower()}"


class Denies:
    """A deny-list; `newer` is what it is in the database."""

    def __init__(self, *names: Name) -> None:
        self.known = DenySet(revision=1, entries=dict.fromkeys(names))
        self.newer = self.known
        self.asked = 0

    def deny(self, *names: Name) -> None:
        self.newer = DenySet(revision=self.newer.revision + 1, entries=dict.fromkeys(names))

    def of(self, tenant: str) -> DenySet:
        assert tenant == "tn_default"
        return self.known

    async def fresh(self, tenant: str) -> bool:
        self.asked += 1
        moved = self.known is not self.newer
        self.known = self.newer
        return moved

    async def reload(self, tenant: str) -> None:
        self.known = self.newer


def admission(
    clock: ManualClock, found: Identity | Refusal | None = None, denials: Denies | None = None, **limits: Any
) -> Admission:
    identifies: Any = Identifies(identity() if found is None else found)
    return Admission(
        identifier=identifies,
        pseudonyms=Names(),
        denials=denials or Denies(),
        limits=Limits(**limits),
        clock=clock,
        classes=frozenset({"pii", "phi"}),
        tenants=frozenset({"default"}),
    )


async def asked(admits: Admission, *headers: tuple[str, str]) -> Caller | Refusal:
    return await admits.identify(admits.begin(arrival(*headers)))


def code(answer: object) -> str:
    assert isinstance(answer, Refusal)
    return answer.code


@pytest.mark.parametrize("name", ["authorization", "x-api-key"])
async def test_a_credential_header_that_is_there_twice_is_refused_before_anyone_looks_at_it(
    clock: ManualClock, name: str
) -> None:
    identifies: Any = Identifies(identity())
    admits = Admission(
        identifier=identifies,
        pseudonyms=Names(),
        denials=Denies(),
        limits=Limits(),
        clock=clock,
        classes=frozenset(),
        tenants=frozenset({"default"}),
    )
    assert code(await asked(admits, (name, "Bearer a"), (name, "Bearer a"))) == "credential_invalid"
    assert identifies.asked == 0


async def test_the_purpose_is_the_one_asked_for_or_the_credentials_first_or_none(clock: ManualClock) -> None:
    admits = admission(clock, identity(purposes=("TREAT", "HOPERAT")))
    first = await asked(admits)
    second = await asked(admits, ("x-purpose", "HOPERAT"))
    without = await asked(admission(clock, identity(purposes=())))
    assert [one.purpose for one in (first, second, without) if isinstance(one, Caller)] == ["TREAT", "HOPERAT", None]


async def test_ids_that_were_found_lately_are_not_asked_for(clock: ManualClock) -> None:
    names = Names("ada")
    identifies: Any = Identifies(identity())
    admits = Admission(
        identifier=identifies,
        pseudonyms=names,
        denials=Denies(),
        limits=Limits(),
        clock=clock,
        classes=frozenset(),
        tenants=frozenset({"default"}),
    )
    known = await asked(admits)
    assert names.asked == []
    names.lately = ()
    assert await asked(admits) == known
    assert names.asked == ["ada"]


async def test_a_purpose_that_the_credential_does_not_allow_is_refused_of_a_caller_that_is_known(
    clock: ManualClock,
) -> None:
    admits = admission(clock)
    exchange = admits.begin(arrival(("x-purpose", "Jane Roe")))
    refusal = await admits.identify(exchange)
    assert code(refusal) == "purpose_not_allowed"
    assert "Jane" not in str(refusal)
    assert exchange.caller is not None
    assert exchange.caller.purpose is None


async def test_declared_classes_must_be_known_and_not_too_many(clock: ManualClock) -> None:
    admits = admission(clock)
    assert isinstance(await asked(admits, ("x-data-class", "phi, pii")), Caller)
    unknown = await asked(admits, ("x-data-class", "phi, Jane Roe"))
    assert isinstance(unknown, Refusal)
    assert (unknown.code, unknown.field, unknown.hint) == ("header_invalid", "X-Data-Class", "one of phi, pii")
    admits.knows(frozenset({"mnpi"}))
    assert isinstance(await asked(admits, ("x-data-class", "mnpi")), Caller)
    many = ",".join(f"c{number}" for number in range(MAX_DECLARED + 1))
    assert code(await asked(admits, ("x-data-class", many))) == "header_invalid"


async def test_persons_become_pseudonyms_once_each_and_only_so_many(clock: ManualClock) -> None:
    admits = admission(clock)
    exchange = admits.begin(arrival(("x-data-subject", "A,a"), ("x-data-subject", "B")))
    assert isinstance(await admits.identify(exchange), Caller)
    assert exchange.subjects == ("su_a", "su_b")
    most = ",".join(str(number) for number in range(MAX_SUBJECTS))
    assert isinstance(await asked(admits, ("x-data-subject", most)), Caller)
    assert code(await asked(admits, ("x-data-subject", f"{most},more"))) == "header_invalid"
    assert code(await asked(admits, ("x-data-subject", "a,bad"))) == "header_invalid"


async def test_a_credential_of_a_tenant_that_is_not_configured_is_no_caller_here(clock: ManualClock) -> None:
    admits = admission(clock, identity(tenant="elsewhere"))
    exchange = admits.begin(arrival())
    assert code(await admits.identify(exchange)) == "credential_overreach"
    assert exchange.caller is None


async def test_who_is_known_and_refused_is_so_in_its_own_tenant(clock: ManualClock) -> None:
    elsewhere = await asked(admission(clock, identity(resources=("/mcp/other",))))
    assert isinstance(elsewhere, Refusal)
    assert (elsewhere.code, elsewhere.tenant) == ("credential_audience", identity().tenant)


async def test_what_identification_refuses_stays_refused(clock: ManualClock) -> None:
    assert code(await asked(admission(clock, Refusal(code="credential_missing")))) == "credential_missing"


async def test_a_credential_has_its_rate_and_is_told_of_it_also_when_refused(clock: ManualClock) -> None:
    admits = admission(clock, identity(rate="1/minute"))
    first, second = admits.begin(arrival()), admits.begin(arrival())
    assert isinstance(await admits.identify(first), Caller)
    assert dict(first.rate)["RateLimit"].startswith('"credential";r=0')
    assert code(await admits.identify(second)) == "rate_limited"
    assert second.caller is not None
    assert "Retry-After" in dict(second.rate)
    clock.advance(61)
    assert isinstance(await asked(admits), Caller)


async def test_tokens_of_one_subject_share_a_rate_and_keys_do_not(clock: ManualClock) -> None:
    identifies: Any = Identifies(identity(method="jwt", issuer="https://i", credential="t1"))
    admits = Admission(
        identifier=identifies,
        pseudonyms=Names(),
        denials=Denies(),
        limits=Limits(credential="1/minute"),
        clock=clock,
        classes=frozenset(),
        tenants=frozenset({"default"}),
    )
    assert isinstance(await asked(admits), Caller)
    identifies.found = identity(method="jwt", issuer="https://i", credential="t2")
    assert code(await asked(admits)) == "rate_limited"
    for key in ("ck_1", "ck_2"):
        identifies.found = identity(credential=key)
        assert isinstance(await asked(admits), Caller)


async def test_tenant_target_and_concurrency_limit_after_the_body_and_a_lease_comes_back(clock: ManualClock) -> None:
    admits = admission(clock, target="2/minute", concurrency=1)
    exchange = admits.begin(arrival())
    assert code(admits.limit(exchange, "cloud")) == "credential_missing"
    await admits.identify(exchange)
    lease = admits.limit(exchange, "cloud")
    assert not isinstance(lease, Refusal)
    assert code(admits.limit(exchange, "cloud")) == "concurrency_limited"
    admits.release(lease)
    admits.release(lease)
    assert code(admits.limit(exchange, "cloud")) == "rate_limited"
    assert dict(exchange.rate)["RateLimit"].startswith('"target"')
    assert not isinstance(admits.limit(exchange, "ward"), Refusal)
    few = admission(clock, tenant="1/minute")
    one = few.begin(arrival())
    await few.identify(one)
    few.limit(one, "a")
    assert code(few.limit(one, "b")) == "rate_limited"
    assert dict(one.rate)["RateLimit"].startswith('"tenant"')


ADA: Name = ("subject", "", "ada")


async def test_who_is_denied_is_nobody_whatever_the_credential_says(clock: ManualClock) -> None:
    admits = admission(clock, denials=Denies(ADA))
    exchange = admits.begin(arrival())
    assert code(await admits.identify(exchange)) == "credential_denied"
    assert exchange.caller is None, "counted with the other failures of its source"


async def test_the_list_in_memory_is_asked_and_its_revision_kept(clock: ManualClock) -> None:
    denials = Denies()
    admits = admission(clock, denials=denials)
    denials.deny(ADA)
    exchange = admits.begin(arrival())
    assert isinstance(await admits.identify(exchange), Caller)
    assert (exchange.denials, denials.asked) == (1, 0)
    assert code(await admits.identify(admits.begin(arrival()), fresh=True)) == "credential_denied"


async def test_a_caller_is_checked_anew_once_the_list_has_moved(clock: ManualClock) -> None:
    denials = Denies()
    identifies: Any = Identifies(identity())
    admits = admission(clock, denials=denials)
    admits._identifier = identifies
    exchange = admits.begin(arrival())
    await admits.identify(exchange)
    denials.deny(("subject", "", "somebody else"))
    assert await admits.again(exchange) is None
    assert exchange.denials == 2
    identifies.found = identity(roles=("other",))
    assert code(await admits.again(exchange)) == "credential_invalid"
    identifies.found = Refusal(code="credential_revoked")
    assert code(await admits.again(exchange)) == "credential_revoked"
    identifies.found = identity()
    denials.deny(ADA)
    assert code(await admits.again(exchange)) == "credential_denied"
    assert code(await admits.again(admits.begin(arrival()))) == "credential_missing"


async def test_who_was_identified_before_is_looked_at_again_by_whoever_did_once_the_list_has_moved(
    clock: ManualClock,
) -> None:
    denials = Denies()
    admits = admission(clock, denials=denials)
    exchange = admits.begin(arrival(identity=identity()))
    assert isinstance(await admits.identify(exchange), Caller)
    denials.deny(("subject", "", "somebody else"))
    assert code(await admits.again(exchange)) == "credential_unchecked"
    denials.deny(ADA)
    assert code(await admits.again(exchange)) == "credential_denied"


async def test_the_revision_is_the_one_before_the_caller_was_looked_at(clock: ManualClock) -> None:
    denials = Denies()
    denials.deny(("subject", "", "somebody else"))
    await denials.reload("tn_default")
    admits = admission(clock, denials=denials)
    exchange = admits.begin(arrival(identity=identity(), denials=1))
    assert isinstance(await admits.identify(exchange), Caller)
    assert exchange.denials == 1
    denials.deny(ADA)
    await denials.reload("tn_default")
    assert code(await admits.identify(admits.begin(arrival(identity=identity(), denials=1)))) == "credential_denied"


@pytest.mark.parametrize(
    ("kind", "subject", "lent"),
    [("person", "ada", ("clinician",)), ("service", "ada", ()), ("agent", "ada", ()), ("person", "bot", ())],
)
async def test_what_was_lent_to_a_person_no_machine_of_theirs_holds(
    clock: ManualClock, kind: str, subject: str, lent: tuple[str, ...]
) -> None:
    identifies: Any = Identifies(identity(kind=kind, subject=subject))
    admits = Admission(
        identifier=identifies,
        pseudonyms=Names(),
        denials=Denies(),
        limits=Limits(),
        clock=clock,
        classes=frozenset(),
        tenants=frozenset({"default"}),
        glass=lambda ledger, actor: Lent("bg_1", "clinician", 1),
        agents=frozenset({("default", "bot")}),
    )
    found = await asked(admits)
    assert isinstance(found, Caller)
    assert (found.lent, found.glass) == (lent, "bg_1" if lent else None)
