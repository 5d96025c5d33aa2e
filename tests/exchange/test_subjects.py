"""The registry of data subjects: identifiers, merging, restriction and rectification, each on record once."""

from collections.abc import AsyncIterator

import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.core.subjects import RESTRICTED
from gateway.exchange.subjects import MAX_LINKED, Identifier, Meant, Shown, described, unfit_identifier
from gateway.store.search import Filters, Search
from tests.exchange.subject_kit import Registry, called, registry
from tests.store.conftest import store as store
from tests.store.kit import LEDGER, Store, entry

MRN, EMAIL = Identifier(kind="mrn", value="47-11 08"), Identifier(kind="email", value="Ann@Clinic.example")


@pytest.fixture
async def found(store: Store) -> AsyncIterator[Registry]:
    async with registry(store) as made:
        yield made


def shown(answer: Shown | Refusal) -> Shown:
    assert isinstance(answer, Shown), answer
    return answer


def code(answer: object) -> str:
    assert isinstance(answer, Refusal), answer
    return answer.code


async def test_a_subject_is_found_by_each_of_its_identifiers_however_it_is_written(found: Registry) -> None:
    (su,) = await found.named("patient-1")
    linked = shown(await found.subjects.link(found.who(), called(" Patient-1 "), (MRN, EMAIL)))
    assert (linked.subject, linked.identifiers) == (su, {"given": 1, "email": 1, "mrn": 1})
    for value, kind in (("471108", "mrn"), ("47.11.08", "mrn"), ("ANN@clinic.example", "email")):
        assert shown(await found.subjects.show(found.who(), called(value, kind))).subject == su
    assert code(await found.subjects.show(found.who(), called("471108", "plan-id"))) == "not_found"
    assert code(await found.subjects.show(found.who(), called("471108"))) == "not_found"
    (one,) = await found.events()
    assert (one.event, one.subject, one.count) == ("subject.linked", su, 2)
    told = [(each.subject, each.outcome and each.outcome.code, each.actor) for each in await found.told()]
    assert told == [(su, "shown", one.actor)] * 3 + [(None, "not_found", one.actor)] * 2
    again = shown(await found.subjects.link(found.who(), Meant(subject=su), (MRN,)))
    assert (again.identifiers["mrn"], len(await found.events())) == (1, 1)


async def test_identifiers_are_in_no_record_and_no_answer(found: Registry) -> None:
    done = await found.subjects.link(found.who(), called("patient-1"), (MRN, EMAIL))
    hits = await Search(found.store.engine, LEDGER).page(Filters(), order="asc", limit=9, cursor=None, details=True)
    assert not isinstance(hits, Refusal)
    told = repr([one.stored for one in hits.hits]) + repr(done) + repr(described(shown(done), 0)) + repr(MRN)
    for secret in ("4711", "47-11", "Ann", "ann@", "patient-1"):
        assert secret not in told


async def test_what_is_another_subjects_identifier_is_not_taken_from_it(found: Registry) -> None:
    await found.named("patient-1", "patient-2")
    shown(await found.subjects.link(found.who(), called("patient-1"), (MRN,)))
    refused = await found.subjects.link(found.who(), called("patient-2"), (EMAIL, MRN))
    assert code(refused) == "conflict"
    assert "mrn" not in shown(await found.subjects.show(found.who(), called("patient-2"))).identifiers
    assert len(await found.events()) == 1


async def test_a_subject_that_nobody_has_named_yet_is_made_only_where_it_is_meant_as_callers_would(
    found: Registry,
) -> None:
    made = shown(await found.subjects.link(found.who(), called("new"), (MRN,)))
    assert await found.named("new") == [made.subject]
    assert code(await found.subjects.link(found.who(), called("1", "plan-id"), (EMAIL,))) == "not_found"


async def test_merged_subjects_are_one_until_they_are_split_and_both_are_on_record(found: Registry) -> None:
    one, two, three = await found.named("a", "b", "c")
    await found.writer.append(entry(subjects=(one,)))
    merged = shown(await found.subjects.merge(found.who(), called("a"), called("b"), "same birth record"))
    assert merged.group == tuple(sorted((one, two)))
    assert merged.records == 2
    shown(await found.subjects.merge(found.who(), Meant(subject=one), Meant(subject=three), "and again"))
    assert shown(await found.subjects.show(found.who(), called("c"))).group == tuple(sorted((one, two, three)))
    assert code(await found.subjects.merge(found.who(), called("c"), called("a"), "twice")) == "conflict"
    split = shown(await found.subjects.split(found.who(), called("a"), "a mistake"))
    assert split.group == (one,)
    assert code(await found.subjects.split(found.who(), called("a"), "again")) == "conflict"
    codes = [(each.event, each.outcome.code if each.outcome else "") for each in await found.events()]
    assert codes == [("subject.merged", word) for word in ("merged", "merged", "split")]


async def test_no_more_are_one_person_than_the_record_of_an_erasure_names(
    found: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.exchange.subjects.MAX_ONE", 2)
    await found.named("a", "b", "c")
    shown(await found.subjects.merge(found.who(), called("a"), called("b"), "same"))
    assert code(await found.subjects.merge(found.who(), called("c"), called("a"), "same")) == "conflict"
    assert code(await found.subjects.merge(found.who(), called("a"), called("c"), "same")) == "conflict"
    assert len(await found.events()) == 1


async def test_a_restriction_sticks_to_all_that_are_one_and_is_lifted_from_all(found: Registry) -> None:
    one, two, three = await found.named("a", "b", "c")
    shown(await found.subjects.merge(found.who(), called("a"), called("b"), "same"))
    done = shown(await found.subjects.restrict(found.who(), called("a"), restricted=True, reason="contested"))
    assert done.restricted_us is not None
    flags = await found.flags.reload(LEDGER)
    assert flags.of((two,)) == flags.of((one, three)) == {RESTRICTED}
    assert flags.of((three,)) == frozenset()
    shown(await found.subjects.restrict(found.who(), called("b"), restricted=True, reason="again"))
    lifted = shown(await found.subjects.restrict(found.who(), called("b"), restricted=False, reason="settled"))
    assert lifted.restricted_us is None
    assert (await found.flags.reload(LEDGER)).classes == {}
    restricted = [each for each in await found.events() if each.event == "subject.restricted"]
    assert [each.outcome.code for each in restricted if each.outcome] == ["restricted", "lifted"]


async def test_a_correction_points_to_the_record_and_is_found_with_the_subject(found: Registry) -> None:
    (su, _) = await found.named("a", "b")
    at = (await found.writer.append(entry(subjects=(su,)))).seq
    done = shown(await found.subjects.rectify(found.who(), called("a"), at, "see letter 12"))
    assert done.records == 2
    assert code(await found.subjects.rectify(found.who(), called("b"), at, "not hers")) == "not_found"
    for beyond in (-1, 2**53, 2**63, -(2**63) - 1, 10**4_000):
        wrong = await found.subjects.rectify(found.who(), called("a"), beyond, "see letter 12")
        assert wrong == Refusal(code="parameter_invalid", field="seq", hint=f"a record's number, 0 to {2**53 - 1}")
    last = await found.subjects.rectify(found.who(), called("a"), 2**53 - 1, "see letter 12")
    assert code(last) == "not_found"
    (one,) = await found.events()
    assert (one.event, one.range) == ("subject.rectified", (at, at + 1))


@pytest.mark.parametrize("roles", [(), ("auditor", "admin", "compliance", "operator")])
async def test_whoever_has_not_the_role_gets_nothing(found: Registry, roles: tuple[str, ...]) -> None:
    await found.named("a", "b")
    who = found.who(roles=roles)
    answers = [
        await found.subjects.show(who, called("a")),
        await found.subjects.link(who, called("a"), (MRN,)),
        await found.subjects.link(who, called("z"), (MRN,)),
        await found.subjects.merge(who, called("a"), called("b"), "x"),
        await found.subjects.split(who, called("a"), "x"),
        await found.subjects.restrict(who, called("a"), restricted=True, reason="x"),
        await found.subjects.rectify(who, called("a"), 0, "x"),
    ]
    assert {code(answer) for answer in answers} == {"role_required"}
    assert await found.events() == []
    assert await found.directory.find_subject(LEDGER, "z") is None


async def test_what_is_not_well_said_is_refused_by_its_name(found: Registry) -> None:
    (su,) = await found.named("a")
    cases = [
        await found.subjects.show(found.who(), Meant()),
        await found.subjects.show(found.who(), Meant(subject=su, identifier=MRN)),
        await found.subjects.show(found.who(), called("x", "No Kind")),
        await found.subjects.link(found.who(), called("a"), ()),
        await found.subjects.link(found.who(), called("a"), (MRN,) * (MAX_LINKED + 1)),
        await found.subjects.link(found.who(), called("a"), (Identifier(kind="mrn", value="---"),)),
        await found.subjects.restrict(found.who(), called("a"), restricted=True, reason=" "),
        await found.subjects.merge(found.who(), called("a"), called("a"), ""),
    ]
    assert {code(answer) for answer in cases} == {"parameter_invalid"}
    assert code(await found.subjects.show(found.who(), Meant(subject="su_" + "0" * 26))) == "not_found"
    assert code(await found.subjects.show(found.who(), Meant(subject="ac_ada"))) == "not_found"
    assert unfit_identifier(MRN) is None
    told = await found.told()
    assert [(one.event, one.subject, one.outcome and one.outcome.code) for one in told] == [
        ("subject.shown", None, "not_found")
    ] * 2, "nobody is known by it: that is told, on record"


async def test_nothing_is_told_that_cannot_be_put_on_record(found: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    await found.named("a")
    who = found.who()

    async def full(_: object) -> object:
        raise LedgerUnavailable("told to")

    monkeypatch.setattr(who.ledger, "append", full)
    for asked in (called("a"), called("nobody")):
        with pytest.raises(LedgerUnavailable):
            await found.subjects.show(who, asked)
    with pytest.raises(LedgerUnavailable):
        await found.holds.cases(who)
