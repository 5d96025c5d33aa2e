"""The texts of a generated year's policy versions are texts as the gateway keeps them, and hold a change."""

from benchmarks import year_register as made
from benchmarks.year_documents import declared
from benchmarks.year_versions import STANDS_FIRST, TENANT, TEXTS, VERSIONS, added, kept_so, stood, valid
from gateway.checks.policy.version import from_bytes
from gateway.exchange.declared import VersionRegisters
from gateway.store.policies import PolicyStore


class Kept(PolicyStore):
    def __init__(self) -> None: ...

    async def get(self, digest: str) -> bytes | None:
        return TEXTS.get(digest)


async def test_what_is_read_of_the_texts_is_what_the_year_declares() -> None:
    assert [from_bytes(text).digest for text in TEXTS.values()] == list(VERSIONS)
    assert await VersionRegisters(Kept(), TENANT).declared([*VERSIONS, STANDS_FIRST]) == declared()


def test_a_processor_and_the_days_change_and_one_is_gone() -> None:
    first, second = made.FIRST, made.SECOND
    assert first.processors["big-cloud"] != second.processors["big-cloud"]
    assert first.processors["clinic-it"] == second.processors["clinic-it"]
    assert "paper-mill" in first.processors.keys() - second.processors.keys()
    assert (first.retention_days, first.trusted) != (second.retention_days, second.trusted)


def test_what_stayed_the_same_is_told_once_and_what_nobody_looked_at_first() -> None:
    one, two = VERSIONS
    truth = {
        "standing": {"policies": [[one, "a", "b"], [one, "b", "c"], [two, "c", "still"]]},
        "flows": {"versions": [[*"nzrpk", "lost"], [*"nzrpk", one], [*"nzrpk", "none"]]},
    }
    assert stood(truth)[0] == ("lost", "not known", "not known")
    days = kept_so(truth, lambda terms: None if terms is None else terms.retention_days)
    assert days == [(made.FIRST.retention_days, "a", "c"), (made.SECOND.retention_days, "c", "still")]


def test_an_agreement_is_valid_by_the_day_on_which_its_time_ends() -> None:
    one = made.FIRST.processors["big-cloud"]
    assert [valid(one, until) for until in ("2025-12-31T00:00:00.000000Z", "2025-12-31T00:00:00.000001Z", "still")] == [
        "yes",
        "no",
        "no",
    ]
    assert valid(made.FIRST.processors["paper-mill"], "still") == made.NO_AGREEMENT


def test_rows_of_the_same_texts_are_one() -> None:
    rows = [(("b",), "t2", 1, "t3"), (("a",), "t1", 1, "t1"), (("b",), "t1", 2, "t2")]
    assert added(rows) == [("b", "t1", 3, "t3"), ("a", "t1", 1, "t1")]
