"""What policy versions say of recipients, what they do not say, and what is not known."""

from gateway.evidence.reports.register import (
    NO_AGREEMENT,
    NO_PROCESSOR,
    NOT_KEPT,
    NOT_KNOWN,
    NOT_READ,
    UNKNOWN,
    Declared,
    Register,
)
from tests.evidence.reports.kit import REGISTER

DECLARED = Declared(registers={"v1": REGISTER, "v2": NOT_READ})


def test_each_is_told_by_the_version_that_is_named() -> None:
    assert DECLARED.of("v1").party("clinic-it").country == "DE"
    assert DECLARED.of("v1").place("in-house").trusted
    assert DECLARED.why("v1") == ""


def test_what_a_version_does_not_have_is_not_in_it() -> None:
    register = DECLARED.of("v1")
    assert register.party("other").country == register.place("other").region == UNKNOWN
    assert register.party("other").safeguard == NO_AGREEMENT
    assert Register().retention_days is None


def test_of_a_version_that_was_not_read_nothing_is_known() -> None:
    for version in ("v2", "v3", "none", None):
        register = DECLARED.of(version)
        party, place = register.party("clinic-it"), register.place("in-house")
        assert {party.legal_name, party.address, party.country, party.safeguard, place.region} == {NOT_KNOWN}
        assert (place.trusted, register.known, register.retention_days) == (False, False, None)
    assert (DECLARED.why("v2"), DECLARED.why("v3")) == (NOT_READ, NOT_KEPT)


def test_who_is_run_by_nobody_else_has_no_processor_whatever_is_known() -> None:
    for version in ("v1", "v2"):
        own = DECLARED.of(version).party("none")  # as records do that name no processor
        assert {own.legal_name, own.address, own.country, own.safeguard} == {NO_PROCESSOR}
