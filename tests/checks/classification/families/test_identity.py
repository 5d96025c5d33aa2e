"""Numbers given to people: by checksum and form, or by the word before them."""

import pytest

from tests.checks.classification.conftest import told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("123-45-6789", ("us-ssn", "123-45-6789")),
        ("SSN: 123 45 6789", ("us-ssn", "123 45 6789")),
        ("social security number is 123456789", ("us-ssn", "123456789")),
        ("ssn 000-12-3456", ("us-ssn", "000-12-3456")),
        ("912-70-1234", ("us-itin", "912-70-1234")),
        ("MRN: 84736251", ("mrn", "84736251")),
        ("medical record number is ABC-12345", ("mrn", "ABC-12345")),
        ("MRN#0012345", ("mrn", "0012345")),
        ("member id: XYZ123456789", ("health-plan-id", "XYZ123456789")),
        ("policy number TPZ 0861 18098", ("health-plan-id", "TPZ 0861 18098")),
        ("medicare id: 1EG4TE5MK73", ("mbi", "1EG4TE5MK73")),
        ("policy number 123-456-789", ("health-plan-id", "123-456-789")),
        ("account number 4452209871", ("account", "4452209871")),
        ("acct no. 1234 5678 9012", ("account", "1234 5678 9012")),
        ("driver's license number is F162823540116", ("us-driver-license", "F162823540116")),
        ("passport no: 123456789", ("us-passport", "123456789")),
        ("NPI 1234567893", ("npi", "1234567893")),
        ("DEA AB1234563", ("dea", "AB1234563")),
        ("1EG4-TE5-MK73", ("mbi", "1EG4-TE5-MK73")),
        ("Patienten-Nr.: 84736251", ("mrn", "84736251")),
        ("n. nosologico 84736251", ("mrn", "84736251")),
        ("NHC: 84736251", ("mrn", "84736251")),
        ("prontuário 84736251", ("mrn", "84736251")),
        ("hospital no. 84736251", ("mrn", "84736251")),
        ("membership number: XYZ123456789", ("health-plan-id", "XYZ123456789")),
        ("nº de póliza 123456789", ("health-plan-id", "123456789")),
        ("Mitgliedsnummer A123456780", ("health-plan-id", "A123456780")),
        ("billing provider: 1234567893", ("npi", "1234567893")),
        ("prescriber id 1234567893", ("npi", "1234567893")),
        ("national insurance number AB123456C", ("uk-nino", "AB123456C")),
    ],
)
def test_these_are_found(text: str, expected: tuple[str, str]) -> None:
    assert told(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "order 84736251", "row count 991243324", "999-45-6789", "666-12-3456", "NPI 1234567890", "Order #PO-787789328",
        "SKU FUJ-27685", "Part LW-6713-NG", "account manager since 2019", "the MRN; 84736251",
        "provider ts 1700000000", "physician 2123456789",
    ],
)  # fmt: skip
def test_without_word_or_checksum_they_are_not(text: str) -> None:
    assert told(text) == []


def test_a_date_after_the_word_is_not_the_number() -> None:
    assert told("MRN 12/03/1958") == [("date", "12/03/1958")]


def test_columns_do_not_hide_a_number() -> None:
    assert told("7,123-45-6789,42") == [("us-ssn", "123-45-6789")]
    assert told("7;4111111111111111;42") == [("card", "4111111111111111")]


def test_more_numbers_in_a_list_are_found() -> None:
    assert told("MRN 84736251, 84736252 and 84736253") == [
        ("mrn", "84736251"),
        ("mrn", "84736252"),
        ("mrn", "84736253"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "processo n.º 00685229",
        "Unit No. 3494466",
        "Nº de historia 8473625",
        "pronto soccorso n. 61379961",
        "UMRN 8473625",
    ],
)
def test_record_numbers_are_named_in_the_ways_of_hospitals(text: str) -> None:
    assert ("mrn", text.split()[-1]) in told(f"{text} is hers")


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("S.S.N. 536228731", "us-ssn", "536228731"),
        ("SSN (536) 22-8731", "us-ssn", "536) 22-8731"),
        ("SSN: (536)228731", "us-ssn", "536)228731"),
        ("MBI 1eg4-te5-mk73", "mbi", "1eg4-te5-mk73"),
        ("Medicare beneficiary identifier: 1eg4te5mk73", "mbi", "1eg4te5mk73"),
        ("name,npi number,city\nAnn,1234567893,x\nBob,1245319599,y\n", "npi", "1245319599"),
    ],
)
def test_in_small_letters_in_brackets_and_in_columns(text: str, kind: str, value: str) -> None:
    assert (kind, value) in told(text)


@pytest.mark.parametrize("text", ["part 1eg4-te5-mk73", "item (536) 22-8731", "MBI 1sg4-te5-mk73", "SSN office (5) 22"])
def test_in_small_letters_or_brackets_a_word_must_name_it(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("KV-Nr. A123456780", "A123456780"), ("OHIP 1234-567-890", "1234-567-890"), ("OHIP: 1234567890", "1234567890"),
        ("RAMQ MILA 8407 2215", "MILA 8407 2215"), ("Medicare 2123 45670 1", "2123 45670 1"),
        ("IHI 8003608166690503", "8003608166690503"), ("cartão SUS 898001160660001", "898001160660001"),
        ("cartão SUS: 898 0011 6066 0001", "898 0011 6066 0001"),
    ],
)  # fmt: skip
def test_numbers_of_health_cards_are_found(text: str, number: str) -> None:
    assert told(text) == [("health-plan-id", number)]


@pytest.mark.parametrize("text", ["Medicare paid 2123 in 2024", "OHIP covers 90 days", "RAMQ 2024", "SUS 1234"])
def test_what_health_cards_are_told_of_is_none(text: str) -> None:
    assert told(text) == []


def test_the_port_of_a_service_is_no_account() -> None:
    assert told("radius-acct 1813/tcp\nradius-acct 1813/udp") == []
    assert told("acct 48181306/2") == [("account", "48181306/2")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("DL# D1234567", ("us-driver-license", "D1234567")), ("DLN: D1234567", ("us-driver-license", "D1234567")),
        ("Insurance: BCBS, ID# XEH902348812", ("health-plan-id", "XEH902348812")),
        ("Member ID: W2345 67890", ("health-plan-id", "W2345 67890")),
        ("Vers.-Nr. A123456780", ("health-plan-id", "A123456780")),
        ("Policennummer: 4410029913", ("health-plan-id", "4410029913")),
        ("Vertragsnummer: 4410029913", ("account", "4410029913")), ("account: 5521101", ("account", "5521101")),
        ("Balance of account 5521101", ("account", "5521101")), ("account_id: 4500123456", ("account", "4500123456")),
    ],
)  # fmt: skip
def test_more_words_name_a_number(text: str, found: tuple[str, str]) -> None:
    assert told(text) == [found]


@pytest.mark.parametrize(
    "text",
    [
        "account_balance: 5521101", "accountBalance = 5521101", "Account limit: 5521101", "account total 5521101",
        "return Refund(account_id, 4500123456)", "DROP TABLE accounts_20240502;", "DL 1234567 MB",
        "Insurance: all risks, ID# required", "insurance of 2024, id 12345", '{"account_balance": 5521101}',
    ],
)  # fmt: skip
def test_what_an_account_has_is_no_account(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("SSNs:\n536228731\n536228732\n536228733", "us-ssn", ["536228731", "536228732", "536228733"]),
        ("SSNs:\r\n536228731\r\n536228732", "us-ssn", ["536228731", "536228732"]),
        ("SSNs: 536228731; 536228732", "us-ssn", ["536228731", "536228732"]),
        ("SSN 536228731 / 536228732", "us-ssn", ["536228731", "536228732"]),
        ("SSN: 536228731 (spouse: 536228732)", "us-ssn", ["536228731", "536228732"]),
        ("MRNs: 88231944; 88231945", "mrn", ["88231944", "88231945"]),
        ("Accounts:\n  4410029913\n  4410029914\n", "account", ["4410029913", "4410029914"]),
        ("536228731 is my SSN", "us-ssn", ["536228731"]),
        ("536-22-8731 (SSN)", "us-ssn", ["536-22-8731"]),
        ("536228731 (SSN)", "us-ssn", ["536228731"]),
        ("88231944 (MRN)", "mrn", ["88231944"]),
        ("88231944 is her medical record number", "mrn", ["88231944"]),
        ("4410029913 is my account number", "account", ["4410029913"]),
        ("XEH902348812 (member id)", "health-plan-id", ["XEH902348812"]),
    ],
)
def test_several_numbers_behind_one_word_and_a_word_behind_its_number(text: str, kind: str, values: list[str]) -> None:
    assert [value for found, value in told(text) if found == kind] == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("MRN: 88231944\n4500123456", ["88231944"]),
        ("Account: 4410029913\n5521101", ["4410029913"]),
        ("SSN: 536228731 (order: 450012345)", ["536228731"]),
        ("MRN 88231944; 45 yo", ["88231944"]),
        ("4500123456 is the order number", []),
        ("4500123456 (order number)", []),
        ("536228731 is my lucky number", []),
        ("20240918 (MRN attached)", []),
        ("Order 4500123456 (account closed)", []),
        ("5521101 is the account balance", []),
        ("150 (MRN)", []),
    ],
)
def test_other_numbers_near_such_words_are_none(text: str, values: list[str]) -> None:
    kinds = {"us-ssn", "mrn", "account", "health-plan-id"}
    assert [value for kind, value in told(text) if kind in kinds] == values
