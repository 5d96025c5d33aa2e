"""Numbers of what is done for somebody: behind their words, and not without."""

import pytest

from gateway.checks.classification.families.care import LEXICONS
from tests.checks.classification.conftest import told


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Accession number: A20-1234567 was reviewed.", "mrn", "A20-1234567"),
        ("Accession No. 24-00391822", "mrn", "24-00391822"),
        ("accession: S24-19283", "mrn", "S24-19283"),
        ("Accession 26-0045817 came", "mrn", "26-0045817"),
        ("Study ID 884213 shows progress", "mrn", "884213"),
        ('{"specimen_id": "S24-19283"}', "mrn", "S24-19283"),
        ('{"accessionNumber": "24-00391822"}', "mrn", "24-00391822"),
        ("Rx #7782910", "mrn", "7782910"),
        ("Prescription no. 1029384-01", "mrn", "1029384-01"),
        ("Referral number: REF-0029182", "mrn", "REF-0029182"),
        ("Visit number: V0019283", "mrn", "V0019283"),
        ("Trial subject number: 101-0042", "mrn", "101-0042"),
        ("Participant ID: P-00129", "mrn", "P-00129"),
        ("Probennummer 20231122", "mrn", "20231122"),
        ("número de muestra: 99182731", "mrn", "99182731"),
        ("Rx No: 7782910", "mrn", "7782910"),
        ("Docket no 24-10293", "account", "24-10293"),
        ("preauth no: 55120938", "health-plan-id", "55120938"),
        ("matricule 20240015", "account", "20240015"),
        ("Prior auth: PA-0012938", "health-plan-id", "PA-0012938"),
        ("Prior auth #: PA-0012938", "health-plan-id", "PA-0012938"),
        ("Preauthorization number 55120938", "health-plan-id", "55120938"),
        ("Authorization number: A123456789", "account", "A123456789"),
        ("Employee ID: 5528190", "account", "5528190"),
        ("Student ID: 99201833", "account", "99201833"),
        ("Docket No. 24-10293", "account", "24-10293"),
        ("Aktenzeichen: 12 C 345/21", "account", "12 C 345/21"),
        ("Personalnummer 5528190", "account", "5528190"),
    ],
)
def test_they_are_found_behind_their_words(text: str, kind: str, value: str) -> None:
    assert (kind, value) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "The study of 1,204 adults ended in 2019",
        "Study ID: pending",
        "the accession of Croatia in 2013",
        "Lab number 12",
        "specimen no. 7",
        "Visit us at stand 1024",
        "a sample size of 10000",
        "The authorization code flow, RFC 6749",
        "Referral number: 2024-01-05",
        "order number of magnitude 1000",
        "eth0 RX: 102400 bytes TX: 5500 bytes",
        "the prescription no longer valid, 20240105",
        "biopsy no malignancy, 20231 slides",
        "radiology no acute findings 20240105",
        "dispense no more than 10000 units",
        "an appointment no show 20240101",
        "Accession: EU 2004",
        "OAuth authorization number of retries 10000",
        "the student number rose to 25000",
        "Payroll number of employees: 15000",
        "prior auth took about 150000 ms",
        "matricule des 12000 fonctionnaires",
    ],
)
def test_other_numbers_are_not(text: str) -> None:
    assert not {"mrn", "health-plan-id", "account"} & {kind for kind, _ in told(text)}


def test_no_word_says_two_things() -> None:
    said = [word for lexicon in LEXICONS for word in lexicon.words]
    assert len(said) == len(set(said))
