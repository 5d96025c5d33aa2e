"""A policy is in force once somebody has activated it, on record, and a second person where two are asked for."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from gateway.bootstrap import Site, load_policy_set, open_site
from gateway.bootstrap.policies import proposals_of, settled
from gateway.checks.classification.registry import DEFAULT
from gateway.checks.policy.version import PolicySet
from gateway.core.errors import ConfigurationError, LedgerUnavailable, VerificationError
from gateway.core.ids import SYSTEM
from gateway.core.refusal import Refusal
from gateway.exchange.proposals import Course, Hand, Proposals, described
from gateway.ledger.record import Detail
from gateway.settings import Settings
from gateway.store.proposals import Party, Proposal, ProposalStore
from tests.bootstrap.kit import LATER, configured
from tests.exchange import forging
from tests.system.kit import policies


class Installation(msgspec.Struct):
    """A site whose policy is active, and another that somebody may want."""

    site: Site
    first: PolicySet
    later: PolicySet

    @property
    def proposals(self) -> Proposals:
        return proposals_of(self.site)

    @property
    def ledger(self) -> str:
        return self.site.tenants["default"].ledger

    def hand(self, name: str | None, *, kind: str = "person", only: str | None = None) -> Hand:
        persons = () if name is None else (f"person {name}",)
        party = Party(
            kind=kind, actors={self.ledger: f"ac_{name}"}, tenant="default", persons=persons, key=None, names=()
        )
        return Hand(party=party, details={self.ledger: Detail(subject=name)}, only=only)

    async def active(self) -> str | None:
        return await self.site.policies.active(self.ledger)

    async def version(self, shared: PolicySet) -> str:
        return (await self.proposals.standing(shared)).versions[self.ledger].digest

    async def records(self, tenant: str = "default") -> list[dict[str, Any]]:
        """What policies are told of, each envelope with its detail."""
        reader = self.site.reader(tenant)
        found = [
            (json.loads(stored.envelope), json.loads(stored.detail or b"{}"))
            async for stored in reader.records(0, await reader.size(), details=True)
        ]
        return [{**one, "detail": detail} for one, detail in found if one["event"].startswith("policy.")]


@asynccontextmanager
async def installed(base: Settings, tmp_path: Path, **policy: Any) -> AsyncIterator[Installation]:
    settings = configured(base, policy={**policies(tmp_path), **policy})
    async with open_site(settings) as site:
        first = load_policy_set(settings, DEFAULT.version)
        assert await settled(site, first) == first
        with (tmp_path / "policies" / "policy.csv").open("a") as file:
            file.write(f"\n{LATER}\n")
        yield Installation(site, first, load_policy_set(settings, DEFAULT.version))


def made(found: Proposal | Refusal) -> Proposal:
    assert isinstance(found, Proposal), found
    return found


def refused(found: Proposal | Refusal, code: str) -> str:
    assert isinstance(found, Refusal), found
    assert found.code == code
    return found.hint or ""


async def test_what_one_proposes_another_activates_and_both_are_on_record(database: Settings, tmp_path: Path) -> None:
    async with installed(database, tmp_path, four_eyes=True) as one:
        before, wanted = await one.active(), await one.version(one.later)
        proposal = made(await one.proposals.propose(one.hand("ada"), one.later, "we need it"))
        assert (await one.active(), proposal.state) == (before, "open")
        activated = made(await one.proposals.activate(one.hand("eve"), proposal.id, "I have read it"))
        assert (await one.active(), activated.state) == (wanted, "activated")
        start, proposed, activation = await one.records()
        assert (start["policy"], start.get("actor"), start.get("proposal")) == (before, None, None)
        assert (proposed["event"], proposed["actor"], proposed["policy"]) == ("policy.proposed", "ac_ada", wanted)
        assert proposed["detail"] == {"subject": "ada", "reason": "we need it", "diff": ["rule later added"]}
        assert (activation["event"], activation["actor"], activation["proposer"]) == (
            "policy.activated",
            "ac_eve",
            "ac_ada",
        )
        assert activation["proposal"] == proposed["proposal"] == proposal.id
        assert activation["detail"] == {"subject": "eve", "reason": "I have read it", "diff": ["rule later added"]}
        history = await one.site.policies.history(one.ledger)
        assert [(item.seq, item.digest) for item in history] == [
            (start["seq"], before),
            (activation["seq"], wanted),
        ]


async def test_nobody_activates_their_own_proposal_under_any_credential(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with installed(sqlite_settings, tmp_path, four_eyes=True) as one:
        proposal = made(await one.proposals.propose(one.hand("ada"), one.later, None))
        before = await one.active()
        again = one.hand("ada")
        other = msgspec.structs.replace(
            again, party=msgspec.structs.replace(again.party, persons=("person bob", "person ada"), key="key_2")
        )
        for by in (again, other):
            assert "another person" in refused(
                await one.proposals.activate(by, proposal.id, None), "second_person_required"
            )
        for by in (one.hand(None), one.hand("bot", kind="agent"), one.hand("job", kind="service")):
            refused(await one.proposals.activate(by, proposal.id, None), "second_person_required")
            refused(await one.proposals.propose(by, one.later, None), "second_person_required")
            refused(await one.proposals.rollback(by, None), "conflict")
        assert await one.active() == before
        assert len(await one.records()) == 2


async def test_with_four_eyes_off_one_person_or_the_machines_account_does_both(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with installed(sqlite_settings, tmp_path) as one:
        by = one.hand(None, kind="service")
        proposal = made(await one.proposals.propose(by, one.later, None))
        made(await one.proposals.activate(by, await one.version(one.later), None))
        assert await one.active() == await one.version(one.later)
        refused(await one.proposals.activate(by, proposal.id, None), "conflict")
        refused(await one.proposals.propose(by, one.later, None), "conflict")


async def test_who_may_not_act_any_more_has_proposed_nothing(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with installed(sqlite_settings, tmp_path, four_eyes=True) as one:
        ada = one.hand("ada")
        gone = msgspec.structs.replace(ada, party=msgspec.structs.replace(ada.party, key="key_that_is_none"))
        proposal = made(await one.proposals.propose(gone, one.later, None))
        assert "propose it again" in refused(
            await one.proposals.activate(one.hand("eve"), proposal.id, None), "conflict"
        )
        stranger = msgspec.structs.replace(ada, party=msgspec.structs.replace(ada.party, tenant="no-tenant"))
        proposal = made(await one.proposals.propose(stranger, one.later, None))
        refused(await one.proposals.activate(one.hand("eve"), proposal.id, None), "conflict")


async def test_turning_four_eyes_off_takes_four_eyes(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with installed(sqlite_settings, tmp_path, four_eyes=True):
        pass
    (tmp_path / "again").mkdir()
    off = configured(sqlite_settings, policy=policies(tmp_path / "again"))
    async with open_site(off) as site:
        shared = load_policy_set(off, DEFAULT.version)
        with pytest.raises(ConfigurationError, match="four_eyes"):
            await settled(site, shared)
        one = Installation(site, shared, shared)
        by = one.hand(None, kind="service")
        refused(await one.proposals.propose(by, shared, None), "second_person_required")
        proposal = made(await one.proposals.propose(one.hand("ada"), shared, None))
        refused(await one.proposals.activate(one.hand("ada"), proposal.id, None), "second_person_required")
        made(await one.proposals.activate(one.hand("eve"), proposal.id, None))
        assert (await one.records())[-1]["detail"]["diff"] == ["setting four_eyes changed"]
        assert not (await one.proposals.standing(shared)).four_eyes
        assert await settled(site, shared) == shared


async def test_what_was_proposed_before_another_was_activated_is_proposed_again(
    database: Settings, tmp_path: Path
) -> None:
    async with installed(database, tmp_path) as one:
        by = one.hand("ada")
        older, newer = [made(await one.proposals.propose(by, one.later, None)) for _ in range(2)]
        made(await one.proposals.activate(by, newer.digest, None))
        back = made(await one.proposals.rollback(by, "it was wrong"))
        assert (back.state, back.terms.origin) == ("activated", "rollback")
        assert await one.active() == await one.version(one.first)
        states = {
            found.id: described(found, stale=stale, only=None)["state"] for found, stale in await one.proposals.listed()
        }
        assert states[older.id] == "open", "what is active is what it was proposed against"
        made(await one.proposals.activate(by, older.id, None))
        stale = made(await one.proposals.propose(by, one.first, None))
        last = made(await one.proposals.propose(by, one.first, None))
        made(await one.proposals.activate(by, last.id, None))
        assert "again" in refused(await one.proposals.activate(by, stale.id, None), "conflict")
        states = {
            found.id: described(found, stale=is_stale, only=None)["state"]
            for found, is_stale in await one.proposals.listed()
        }
        assert states[stale.id] == "stale"
        assert await one.site.policies.active(one.ledger) == await one.version(one.first)


async def test_under_four_eyes_going_back_is_a_proposal_that_another_activates(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with installed(sqlite_settings, tmp_path, four_eyes=True) as one:
        assert "before" in refused(await one.proposals.rollback(one.hand("ada"), None), "conflict")
        proposal = made(await one.proposals.propose(one.hand("ada"), one.later, None))
        made(await one.proposals.activate(one.hand("eve"), proposal.id, None))
        back = made(await one.proposals.rollback(one.hand("eve"), "it was wrong"))
        assert (back.state, await one.active()) == ("open", await one.version(one.later))
        refused(await one.proposals.activate(one.hand("eve"), back.id, None), "second_person_required")
        made(await one.proposals.activate(one.hand("ada"), back.id, None))
        assert await one.active() == await one.version(one.first)
        forth = made(await one.proposals.rollback(one.hand("eve"), None))
        assert forth.digest == one.later.digest


async def test_of_activations_that_an_older_version_kept_it_says_why_there_is_no_going_back(
    database: Settings, tmp_path: Path
) -> None:
    async with installed(database, tmp_path) as one:
        by = one.hand("ada")
        made(await one.proposals.activate(by, made(await one.proposals.propose(by, one.later, None)).id, None))
        async with forging.forging(one.site.where) as connection:
            await connection.execute(text("UPDATE policy_proposal SET seal = NULL"))
        told = await one.proposals.rollback(by, None)
        assert isinstance(told, Refusal)
        assert "sealed no rows (0.1)" in (told.hint or "")


async def test_after_going_back_a_start_does_not_bring_the_directory_in_force_again(
    database: Settings, tmp_path: Path
) -> None:
    async with installed(database, tmp_path) as one:
        by = one.hand("ada")
        made(await one.proposals.activate(by, made(await one.proposals.propose(by, one.later, None)).id, None))
        made(await one.proposals.rollback(by, None))
        assert await one.proposals.foreseen(one.later) == Course(serves=one.first.digest)
        assert await settled(one.site, one.later) == one.first
        assert await one.active() == await one.version(one.first)


async def test_after_going_back_a_comment_more_brings_nothing_in_force_again(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with installed(sqlite_settings, tmp_path) as one:
        by = one.hand("ada")
        made(await one.proposals.activate(by, made(await one.proposals.propose(by, one.later, None)).id, None))
        made(await one.proposals.rollback(by, None))
        with (tmp_path / "policies" / "policy.csv").open("a") as file:
            file.write("# Somebody has looked at it.\n")
        commented = load_policy_set(one.site.settings, DEFAULT.version)
        assert commented.digest != one.later.digest
        assert await settled(one.site, commented) == one.first
        assert await one.active() == await one.version(one.first)


async def test_a_start_that_undoes_a_rollback_says_so(
    sqlite_settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with installed(sqlite_settings, tmp_path) as one:
        by = one.hand("ada")
        made(await one.proposals.activate(by, made(await one.proposals.propose(by, one.later, None)).id, None))
        made(await one.proposals.rollback(by, None))
        file = tmp_path / "policies" / "policy.csv"
        file.write_text(file.read_text().replace("later", "otherwise"))
        new = load_policy_set(one.site.settings, DEFAULT.version)
        foreseen = await one.proposals.foreseen(new)
        assert (foreseen.undoes, foreseen.serves, foreseen.changes) == (True, None, (("default", 1),))
        assert await one.active() == await one.version(one.first), "to foresee it changes nothing"
        assert await settled(one.site, new) == new, "nobody has seen that one before"
        told = [each.message for each in caplog.records if each.name == "gateway.policy"]
        assert ["gone back to by a rollback" in each for each in told] == [True]
        assert await one.proposals.foreseen(new) == Course(serves=new.digest)


async def test_what_a_start_would_do_under_four_eyes_is_foreseen(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with installed(sqlite_settings, tmp_path, four_eyes=True) as one:
        refusal = (await one.proposals.foreseen(one.later)).refusal or ""
        assert "gateway policy propose" in refusal
        made(await one.proposals.propose(one.hand("ada"), one.later, None))
        assert await one.proposals.foreseen(one.later) == Course(serves=one.first.digest)


async def test_a_directory_that_waits_for_its_second_person_lets_the_node_start_by_what_is_active(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with installed(sqlite_settings, tmp_path, four_eyes=True) as one:
        with pytest.raises(ConfigurationError, match="gateway policy propose"):
            await settled(one.site, one.later)
        proposal = made(await one.proposals.propose(one.hand("ada"), one.later, None))
        assert await settled(one.site, one.later) == one.first
        made(await one.proposals.activate(one.hand("eve"), proposal.id, None))
        assert await settled(one.site, one.later) == one.later
        assert await settled(one.site, one.first) == one.later, "a node whose directory is behind"
        assert await one.proposals.in_force() == one.later


async def test_what_was_begun_is_carried_out_by_whoever_looks_next(database: Settings, tmp_path: Path) -> None:
    async with installed(database, tmp_path) as one:
        by = one.hand("ada")
        proposal = made(await one.proposals.propose(by, one.later, "begun"))

        async def crash(tenant: str) -> Any:
            raise LedgerUnavailable("the process ended")

        broken = one.proposals
        broken._writer = crash
        with pytest.raises(LedgerUnavailable):
            await broken.activate(by, proposal.id, "and not ended")
        assert await one.active() == await one.version(one.first)
        other = one.proposals
        refused(await other.activate(by, proposal.id, None), "conflict")
        assert await one.active() == await one.version(one.later)
        last = (await one.records())[-1]
        assert (last["actor"], last["detail"]["subject"], last["detail"]["reason"]) == (
            "ac_ada",
            "ada",
            "and not ended",
        )
        (ended, _) = (await other.listed())[0]
        assert (ended.state, ended.terms.details) == ("activated", {})
        await other.finish()
        assert len(await one.records()) == 3


async def test_of_two_activations_at_once_one_holds(database: Settings, tmp_path: Path) -> None:
    async with installed(database, tmp_path) as one, open_site(one.site.settings) as second:
        by = one.hand("ada")
        proposal = made(await one.proposals.propose(by, one.later, None))
        stale = made(await one.proposals.propose(by, one.later, None))
        here, there = one.proposals, proposals_of(second)
        looked = there._store

        class Late:
            """Looks before the other has begun."""

            def __getattr__(self, name: str) -> Any:
                return getattr(looked, name)

            async def change(self, was: Proposal, becomes: Proposal) -> bool:
                if becomes.state == "activating":
                    made(await here.activate(by, proposal.id, None))
                return await looked.change(was, becomes)

        there._store = Late()  # type: ignore[assignment]  # as the store is
        assert "just now" in refused(await there.activate(by, stale.id, None), "conflict")
        assert [one["event"] for one in await one.records()].count("policy.activated") == 2
        found = await one.proposals.listed()
        assert {proposal.id: proposal.state for proposal, _ in found}[stale.id] == "open"


@pytest.mark.parametrize("origin", ["directory", "rollback"])
async def test_of_two_nodes_that_start_at_once_with_a_new_directory_neither_is_left_with_the_former(
    database: Settings, tmp_path: Path, origin: str
) -> None:
    """As after an upgrade: what the first one activates is not "known before" to the second."""
    async with installed(database, tmp_path) as one, open_site(one.site.settings) as second:
        by = one.hand("ada")
        made(await one.proposals.activate(by, made(await one.proposals.propose(by, one.later, None)).id, None))
        if origin == "rollback":
            made(await one.proposals.rollback(by, None))
        file = tmp_path / "policies" / "policy.csv"
        file.write_text(file.read_text().replace("later", "otherwise"))
        new = load_policy_set(one.site.settings, DEFAULT.version)
        here, there = one.proposals, proposals_of(second)
        looked = there._store

        class Between:
            """Looks at what is active before the other has activated, and at what is known after."""

            asked = 0

            def __getattr__(self, name: str) -> Any:
                return getattr(looked, name)

            async def known(self, digest: str) -> bool:
                self.asked += 1
                if self.asked == 1:
                    assert await here.start(new, "at start") == new
                return await looked.known(digest)

        there._store = Between()  # type: ignore[assignment]  # as the store is
        assert await there.start(new, "at start") == new
        assert await one.active() == await one.version(new)
        assert [each["event"] for each in await one.records()].count("policy.activated") == 3 + (origin == "rollback")


async def test_what_was_begun_and_came_too_late_is_taken_back(database: Settings, tmp_path: Path) -> None:
    """As where a node of an earlier version has activated what lies in its directory meanwhile."""
    async with installed(database, tmp_path) as one:
        by = one.hand("ada")
        proposal = made(await one.proposals.propose(by, one.later, None))
        store, proposals = ProposalStore(one.site.engine, one.site.keyring.search_key(SYSTEM)), one.proposals
        for origin, becomes in (("directory", "open"), ("start", "dropped")):
            was = made(await store.get(proposal.id) or Refusal(code="not_found"))
            terms = msgspec.structs.replace(
                was.terms, origin=origin, base={one.ledger: "sha256:another"}, activator=by.party
            )
            last = await store.last()
            number = 1 + (0 if last is None or last.number is None else last.number)
            assert await store.change(was, msgspec.structs.replace(was, state="activating", terms=terms, number=number))
            await proposals.finish()
            found = made(await store.get(proposal.id) or Refusal(code="not_found"))
            assert (found.state, found.number, found.terms.activator) == (becomes, None, None)
        assert await one.active() == await one.version(one.first)


async def test_what_this_node_cannot_serve_by_is_not_activated_by_it(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with installed(sqlite_settings, tmp_path) as one:
        by = one.hand("ada")
        proposal = made(await one.proposals.propose(by, one.later, None))
    more = configured(sqlite_settings, policy={"directory": str(tmp_path / "policies")})
    agents = (*more.agent, msgspec.structs.replace(more.agent[0], id="another"))
    async with open_site(msgspec.structs.replace(more, agent=agents)) as site:
        other = proposals_of(site)
        assert "other settings" in refused(await other.activate(by, proposal.id, None), "conflict")
        with pytest.raises(ConfigurationError, match="other settings"):
            await other.propose(by, one.first, None)
        refused(await other.activate(by, "pp_none", None), "not_found")


async def test_a_set_of_another_engine_is_not_served_by(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with installed(sqlite_settings, tmp_path) as one:
        other = load_policy_set(one.site.settings, "0-of-another-build")
        with pytest.raises(ConfigurationError, match="classification"):
            await one.proposals.propose(one.hand("ada"), other, None)


async def test_a_set_that_is_gone_is_told(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with installed(sqlite_settings, tmp_path) as one:
        proposal = made(await one.proposals.propose(one.hand("ada"), one.later, None))

        async def none(digest: str) -> bytes | None:
            return None

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(one.site.policies, "get", none)
            with pytest.raises(VerificationError):
                await one.proposals.activate(one.hand("eve"), proposal.id, None)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 2001])
async def test_a_reason_is_some_words(sqlite_settings: Settings, tmp_path: Path, reason: str) -> None:
    async with installed(sqlite_settings, tmp_path) as one:
        refused(await one.proposals.propose(one.hand("ada"), one.later, reason), "parameter_invalid")


async def test_what_is_about_others_too_is_for_who_runs_the_installation(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    tenants = [{"id": "default"}, {"id": "moneybank"}]
    theirs = f"{LATER.replace(', later,', ', vault,').replace('always', 'tenant:moneybank')}"
    settings = configured(sqlite_settings, policy=policies(tmp_path), tenant=tenants)
    async with open_site(settings) as site:
        first = load_policy_set(settings, DEFAULT.version)
        await settled(site, first)
        one = Installation(site, first, first)
        mine = one.hand("ada", only=one.ledger)
        with (tmp_path / "policies" / "policy.csv").open("a") as file:
            file.write(f"\n{theirs}\n")
        both = load_policy_set(settings, DEFAULT.version)
        assert refused(await one.proposals.propose(mine, both, None), "conflict").startswith("the command line")
        whole = made(await one.proposals.propose(one.hand("ada"), both, None))
        bank = site.tenants["moneybank"].ledger
        assert set(whole.terms.changes) == {bank}
        assert await one.proposals.listed(one.ledger) == ()
        refused(await one.proposals.activate(mine, whole.id, None), "not_found")
        made(await one.proposals.activate(one.hand("ada"), whole.id, None))
        assert (await site.policies.active(bank)) == whole.terms.versions[bank]
        assert len(await one.records()) == 1, "nothing of it is the first tenant's"
        refused(await one.proposals.rollback(mine, None), "conflict")
