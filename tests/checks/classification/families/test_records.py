"""Numbers of records, patients and stays: by what hospitals call them, in the forms that they give them."""

import pytest

from gateway.checks.classification.families.records import LEXICONS
from tests.checks.classification.conftest import told


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Enc #: E-2291837", "E-2291837"),
        ("Patient with ID K-229183 was moved", "K-229183"),
        ("Aufnahme-Nr. A-0029384", "A-0029384"),
        ("Patientenkennung PK-0029384", "PK-0029384"),
        ("N° d'admission 240938471", "240938471"),
        ("Nº de episodio: 109283746", "109283746"),
        ("Numero di ricovero: 24019283", "24019283"),
        ("Ziekenhuisnummer: Z0293847", "Z0293847"),
        ("Número do atendimento: 10293847", "10293847"),
        ("Nr księgi głównej: 2024/019283", "2024/019283"),
        ("Reservnummer 99 1029 3847", "99 1029 3847"),
        ("HOSP_NUM;SEX;WARD\nA0028374;F;Elm", "A0028374"),
    ],
)
def test_a_thing_of_care_and_that_it_is_numbered_name_it(text: str, value: str) -> None:
    assert ("mrn", value) in told(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("MRN: 883 72 61 today", "883 72 61"),
        ("hospital number\nM4 482910, ASA 2", "M4 482910"),
        ("Clinic no GU 2938/11 - alone", "GU 2938/11"),
        ("folder no: 5 2938471 Clinic", "5 2938471"),
        ("Patient No. P/2024/00917, dictated", "P/2024/00917"),
        ("UHID : APJ1.0002938471", "APJ1.0002938471"),
        ("Prontuário: 00.293.847-1", "00.293.847-1"),
        ("historia clínica: 1.029.384", "1.029.384"),
        ("N° nosologico 2024 019283", "2024 019283"),
        ("MRN NO 482910", "482910"),
        ("MRN 4829 12.03.2024", "4829"),
        ("MRN 4829 03/04/2024", "4829"),
        ("MRN 482910 20240311", "482910"),
        ("MRN 20240311", "20240311"),
    ],
)
def test_their_forms_are_found_whole_and_without_the_day_behind_them(text: str, value: str) -> None:
    assert [said for kind, said in told(text) if kind == "mrn"] == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("unlock the chart for MRN4829103?", "MRN4829103"),
        ("Patient: Vaughn, Lee [00482917]  DOB", "00482917"),
        ("PATIENT: KOWALSKI JAN  ID: 004837261  SEX: M", "004837261"),
        ("5519028 is the MRN of the patient in bed 12", "5519028"),
        ("K0492817 (hospital number)", "K0492817"),
        ("Encounter 100293847: closed", "100293847"),
        ("her old record, file no. H7652916, was merged", "H7652916"),
        ("the inpatient stay, case number 30-2938471", "30-2938471"),
    ],
)
def test_the_places_where_they_stand_name_them(text: str, value: str) -> None:
    assert ("mrn", value) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "the hospital no longer had 4000 beds",
        "El paciente no tiene 1200 euros",
        "Case number 00293847 was opened with support",
        "File no 29384 of 30000 was skipped",
        "Encounter 20240311",
        "Im Fall 2024 waren es 10293 Euro",
        "unit tests: 7710 passed",
        "urn:uuid:7d444840-9dc0-11d1-b245-5ffdce74fad2",
        "amrn48291034",
        "Mr. Vaughn, Lee [00482917]",
    ],
)
def test_what_else_is_numbered_is_none(text: str) -> None:
    assert "mrn" not in {kind for kind, _ in told(text)}


def test_no_word_says_how_close_its_number_stands_twice() -> None:
    wide, close, bare, _ = (set(lexicon.words) for lexicon in LEXICONS if lexicon.id != "mrn-beside")
    assert not wide & close
    assert not wide & bare


@pytest.mark.parametrize(
    "text",
    ["chart: bar-2024", "record_id: 12345678", '{"record_id":"12345678"}', "unit number 12345", "hn: 1234567",
     '{"hn":"1234567"}', "record number 12", "FIN 12 of 30", "fin 100234567x", "HAR file 1234"],
)  # fmt: skip
def test_what_much_else_is_numbered_by_is_no_record(text: str) -> None:
    assert "mrn" not in [kind for kind, _ in told(text)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("FIN 100234567", "100234567"), ("HAR: 60012345678", "60012345678"), ("HN 65-019283", "65-019283"),
        ("patient's unit number 12345", "12345"), ("Unit No. 3494466", "3494466"),
        ("record number: 4481920", "4481920"),
        ("chart: 4481920", "4481920"), ("the patient's record ID 12345", "12345"),
    ],
)  # fmt: skip
def test_a_long_number_or_a_word_of_care_makes_it_one(text: str, number: str) -> None:
    assert ("mrn", number) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "MRNs:\n- 84736251\n- 84736252", "MRNs:\r\n  * 84736251\r\n  * 84736252", '{"mrns":["84736251","84736252"]}',
        '"mrn": [\n    "84736251",\n    "84736252"\n]', "mrn IN ('84736251', '84736252')",
        "MRNs:\n• 84736251\n• 84736252",
    ],
)  # fmt: skip
def test_each_value_of_a_list_is_found(text: str) -> None:
    assert told(text) == [("mrn", "84736251"), ("mrn", "84736252")]


@pytest.mark.parametrize(
    "text", ['{"mrn":"84736251","zip":"84736252"}', "MRN: 84736251\n84736252", "84736251'84736252'"]
)
def test_what_is_no_list_is_not_followed(text: str) -> None:
    assert ("mrn", "84736252") not in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "Total patients: 123456", "Number of patients: 123456", "active patients 123456", "total_patients: 123456",
        '{"total_patients": 123456}', "all patients: 123456",
    ],
)  # fmt: skip
def test_how_many_patients_there_are_is_no_record(text: str) -> None:
    assert told(text) == []


def test_a_long_number_behind_a_patient_still_is_one() -> None:
    assert told("Patient: 4481920") == [("mrn", "4481920")]
