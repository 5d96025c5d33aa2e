"""Dates, dates of birth, ages."""

import pytest

from tests.checks.classification.conftest import ENGINE, told


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-29",
        "2018-02-24 12:45:18",
        "2024-02-29T10:00:00Z",
        "1/14/1961",
        "31.12.1999",
        "03-12-1958",
        "March 5, 2020",
        "5 March 2020",
        "5th of May",
        "Sept. 9",
        "12-Mar-2021",
        "June 2021",
        "20. Oktober 2023",
        "21 décembre 2022",
        "30 de abril de 2024",
        "1er mars 2020",
        "3 maja 1999",
        "26 de julio de 2024",
        "9 de maio de 2024",
        "5.6.24",
    ],
)
def test_dates_are_found(text: str) -> None:
    assert told(f"it was on {text}, then") == [("date", text)]


@pytest.mark.parametrize(
    "text",
    [
        "in 2019",
        "2023-02-30",
        "13/13/2020",
        "may 99 of them",
        "builds 9508.26.66",
        "upgrade to 1.5.58",
        "version 2.4.19 is out",
        "section 2.9",
        "1/2",
        "marched 5 miles",
    ],
)
def test_years_and_other_numbers_are_not(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "DOB: 03/12/1958",
        "born on 12 March 1958",
        "date of birth is 1958-03-12",
        "geb. 12.03.1958",
        "f. nac. 12/03/1958",
        "née à Paris le 12/03/1958",
        "nata a Roma il 12/03/1958",
        "ur. 12.03.1958",
        "DDN : 1958-03-12",
        "er (*12.03.1958)",
        "date of birth on record for this person 1958-03-12",
    ],
)
def test_a_word_before_makes_it_a_date_of_birth(text: str) -> None:
    assert [kind for kind, _ in told(text) if kind != "place"] == ["date-of-birth"]


def test_the_word_belongs_to_the_date_right_after_it() -> None:
    assert [kind for kind, _ in told("DOB 03/12/1958, seen 2024-05-01")] == ["date-of-birth", "date"]


@pytest.mark.parametrize(
    "text", ["a 45-year-old man", "aged 45", "45 y/o", "Age: 45", "she turned 45", "45 years old", "when he was 45"]
)
def test_ages_are_found(text: str) -> None:
    assert [kind for kind, _ in told(text)] == ["age"]


@pytest.mark.parametrize(
    "text",
    [
        '{"age": 93}', '{"age":"93"}', '{"patientAge": 93}', "patient_age=93", "ageInYears: 93", "age_years: 93",
        "AGE=93", "Age (years): 93", "Alter (in Jahren): 93", "Age/Sex: 93/F", "Sex/Age: F/93", "Age\t93",
        "| Age | 93 |", "<age>93</age>", "Âge : 93", "âge (ans) : 93", "edad: 93", "leeftijd: 93", "ålder: 93",
        "93jähriger Patient",
        "Mme X, 93 ans, vit seule", "(93 años)", "Frau X, 93 Jahre, lebt allein",
    ],
)  # fmt: skip
def test_an_age_above_89_is_found_under_its_key_in_any_text(text: str) -> None:
    assert [finding.reason for finding in ENGINE.scan_text(text) if finding.type == "age"] == ["over-89"]


@pytest.mark.parametrize(
    "text",
    ["stage: 93", "page 93", '"image": 93', "package: 93", "percentage = 95", "voltage=110", "maxAge: 3600", "age=300",
     "il y a 93 ans", "ungefähr 93 Jahre", "garage: 91", "(93 annotations)"],
)  # fmt: skip
def test_other_numbers_are_no_ages(text: str) -> None:
    assert "age" not in [kind for kind, _ in told(text)]


def test_an_age_above_89_says_so() -> None:
    assert [finding.reason for finding in ENGINE.scan_text("a 94-year-old man aged 20")] == ["over-89", "form"]


@pytest.mark.parametrize(
    "text",
    [
        "12/03/1958", "1958-03-12", "12.03.58", "March 5, 1998", "5 March 2010", "21 décembre 1942",
        "30 de abril de 1964", "12-Mar-1971",
    ],
)  # fmt: skip
def test_a_whole_date_of_long_ago_says_so(text: str) -> None:
    findings = ENGINE.scan_text(f"seen for asthma, {text}, and then")
    assert [one.reason for one in findings if one.type == "date"] == ["long-ago"]
    assert ENGINE.classes(findings) == {"phi"}


@pytest.mark.parametrize("text", ["12/03/2024", "2011-01-01", "March 1998", "5 March", "12.03.24", "9 de maio"])
def test_a_later_date_or_one_that_is_not_whole_does_not(text: str) -> None:
    findings = ENGINE.scan_text(f"seen for asthma, {text}, and then")
    assert ENGINE.classes(findings) == frozenset()


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("DOB: 05/1962", "05/1962"),
        ("born 5/1962", "5/1962"),
        ("date of birth: 1962-05", "1962-05"),
        ("geb. 05.1962", "05.1962"),
    ],
)
def test_a_month_of_birth_is_one(text: str, month: str) -> None:
    assert told(text) == [("date-of-birth", month)]


@pytest.mark.parametrize("text", ["born in 1962", "DOB 13/1962", "due 05/1962", "born 05/2962"])
def test_a_year_or_another_month_is_none(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Mitchell, Adam | 05/24/2008 | F | MRN: H02182", "05/24/2008"),
        ("Anna Brandt (12.03.1958, weiblich) kam", "12.03.1958"),
        ("Roe, Kelly,1976-06-09,F,Elm", "1976-06-09"),
    ],
)
def test_between_a_name_and_a_sex_stands_a_birth(text: str, day: str) -> None:
    assert ("date-of-birth", day) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "signed, 12/03/2024, M. Smith",
        "Result | 12/03/2024 | F |",
        "Roe, Kelly | 12/03/2024 | Fever |",
        "on 45/03/2024 | F |",
    ],
)
def test_other_days_before_a_letter_are_none(text: str) -> None:
    assert "date-of-birth" not in {kind for kind, _ in told(text)}


@pytest.mark.parametrize(
    "text", ["14-Mar-24", "14-MAR-24", "2024年3月14日", "2024 年 3 月 14 日", "2024년 3월 14일", "2024年12月31号"]
)
def test_a_day_goes_with_its_year(text: str) -> None:
    assert told(f"on {text}.") == [("date", text)]


def test_a_day_in_other_signs_may_be_of_a_birth() -> None:
    assert told("生年月日：1985年3月14日") == [("date-of-birth", "1985年3月14日")]
    assert told("born 14-Mar-85") == [("date-of-birth", "14-Mar-85")]
    assert [one.reason for one in ENGINE.scan_text("on 14-Mar-85, 14-Mar-24, 1985年3月14日")] == [
        "long-ago", "form", "long-ago"
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["2024年13月14日", "2024本3冊14枚", "2024年3月", "1234年度5月号6日"])
def test_other_counts_with_signs_are_no_days(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    "day",
    [
        "1984/7/22", "1984-7-22", "1984.7.22", "07221984", "22071984", "22JUL1984", "22/Jul/1984", "1984-Jul-22",
        "07 22 1984", "22 07 1984", "22. 7. 1984", "22 / 07 / 1984", "840722", "220784", "22 Jul 84", "Jul 22, 84",
        "22 Jul '84",
    ],
)  # fmt: skip
@pytest.mark.parametrize("word", ["DOB: ", "born ", "Geburtsdatum: ", '{"dob":"'])
def test_a_day_of_birth_is_one_as_forms_write_it(word: str, day: str) -> None:
    assert told(f"{word}{day}") == [("date-of-birth", day)]


@pytest.mark.parametrize(
    "text",
    [
        "born 84 13 45", "birth order 2 of 3", "DOB 99999999", "DOB 123456789", "born 3 4 5 6", "DOB: 991399",
        "at a level of 840722", "build 22JUL1984", "07 22 1984", "ref 1984-Jul-22x",
    ],
)  # fmt: skip
def test_other_figures_are_no_days_of_birth(text: str) -> None:
    assert "date-of-birth" not in [kind for kind, _ in told(text)]


@pytest.mark.parametrize(
    "text", ["93F with CHF", "Pt is a 93M s/p fall", "a 101 F presents with cough", "93M, admitted", "a 93F who fell"]
)
def test_an_age_stands_before_a_sex_as_notes_begin(text: str) -> None:
    assert [one.reason for one in ENGINE.scan_text(text) if one.type == "age"] == ["over-89"]


@pytest.mark.parametrize(
    "text",
    [
        "raised $93M with help", "revenue of 93M with growth", "grew to 93M with users", "at 93F with wind",
        "temperature 93F with rain", "93M users", "93F", "0x93F with", "1.93M with",
    ],
)  # fmt: skip
def test_millions_and_degrees_are_no_ages(text: str) -> None:
    assert "age" not in [kind for kind, _ in told(text)]


@pytest.mark.parametrize(
    "text",
    [
        "name,age,diagnosis\nAnna Miller,93,diabetes\n",
        "| name | age | diagnosis |\n|---|---|---|\n| A | 93 | diabetes |\n",
        "Name\tPatient Age\tWard\nx\t93\t4\n",
        "Name;Alter;Station\nx;93;4\n",
    ],
)
def test_a_column_of_ages_says_which_identify(text: str) -> None:
    assert [one.reason for one in ENGINE.scan_text(text) if one.type == "age"] == ["over-89"]


@pytest.mark.parametrize("text", ["NAME   READY   AGE\npod-1   1/1   93d\n", "name,stage\nx,93\n", "a,age\nx,300\n"])
def test_other_columns_hold_no_ages(text: str) -> None:
    assert "age" not in [kind for kind, _ in told(text)]


@pytest.mark.parametrize(
    "text",
    [
        "max_age=95", "maxAge: 95", '"max_age": 95', "min_age: 91", "token_age: 95", "Average age: 95", "cacheAge = 93",
        "HTTP/1.1 200 OK\nVia: x\nAge: 93\n", "Cache-Control: max-age=95\r\nAge: 93\r\n", "Content-Length: 0\nAge: 93",
    ],
)  # fmt: skip
def test_ages_of_things_and_bounds_are_none(text: str) -> None:
    assert "age" not in {kind for kind, _ in told(text)}


@pytest.mark.parametrize(
    "text",
    [
        "{'age': 93}",
        "{'patient_age': 93, 'x': 1}",
        "93F, UTI",
        "Pt. X, 93F, UTI",
        "Pt Doe, 93F, pleasant",
        "patient, 93 M, fell",
        "une patiente de 93 ans",
        "un paciente de 93 años",
        "una paziente di 93 anni",
        "een 93-jarige man",
        "en 93-årig kvinna",
        "93-letnia pacjentka",
        "93-vuotias nainen",
        "Patient, 93 J.",
    ],
)
def test_ages_above_89_are_found_as_they_are_noted(text: str) -> None:
    assert any(kind == "age" and "93" in age for kind, age in told(text))


@pytest.mark.parametrize(
    "text",
    [
        "Phoenix, 95F, sunny",
        "Today 93F, NW winds",
        "the 100-jarige bestaan",
        "100-årig garanti",
        "garantie de 93 ans",
        "contrato de 93 años",
        "revenue of 93M, up",
        "pt: 93 m long",
        "{'page': 93}",
        "{'usage': 93}",
        "temp 93F, UTI",
        "Patient temp 93F, low",
    ],
)
def test_what_is_counted_otherwise_is_no_age(text: str) -> None:
    assert "age" not in {kind for kind, _ in told(text)}
