"""Tables in text: a column's heading names what stands below it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.classification.columns import LONGEST_LINE, WIDEST, Columns, headings
from gateway.checks.classification.engine import Engine
from gateway.checks.classification.locator import Locator
from gateway.checks.classification.recognizer import LOOKAHEAD
from gateway.checks.classification.registry import DEFAULT
from gateway.core.finding import Finding
from gateway.core.message import Part
from tests.checks.classification.conftest import ENGINE, StillClock, told
from tests.checks.classification.oracle import tabled

KNOWN = headings(DEFAULT)


def shown(text: str) -> list[tuple[str, str]]:
    columns = Columns(KNOWN)
    found = [*columns.feed(text), *columns.finish()]
    return [(one.type, text[one.start : one.end]) for one in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("who,dob,mrn\nKelly,06/09/1976,H08823161", [("date-of-birth", "06/09/1976"), ("mrn", "H08823161")]),
        ("| MRN | Born |\n|--|--|\n| 84736251 | 3 May 1976 |", [("mrn", "84736251"), ("date-of-birth", "3 May 1976")]),
        ("member_id\tNPI\nXYZ123456\t1234567893\r\n", [("health-plan-id", "XYZ123456"), ("npi", "1234567893")]),
        ("Patienten-Nr.;Geburtsdatum\n84736251;12.03.1958\n", [("mrn", "84736251"), ("date-of-birth", "12.03.1958")]),
        ("Who    MRN       DOB\nJohn Smith  84736251  19580312", [("mrn", "84736251"), ("date-of-birth", "19580312")]),
        ('name,ssn\n"Smith, John","123456789"\n', [("person", "Smith, John"), ("us-ssn", "123456789")]),
        ("mrn,name\n84736251,A\n84736252,B\n", [("mrn", "84736251"), ("mrn", "84736252")]),
        ("name,mrn\rA,84736251\rB,84736252\r", [("mrn", "84736251"), ("mrn", "84736252")]),
        (
            "+----+----------+\n| id | MRN      |\n+====+==========+\n| 1  | 84736251 |\n+----+----------+\n"
            "| 2  | 84736252 |\n+----+----------+\n",
            [("mrn", "84736251"), ("mrn", "84736252")],
        ),
        (
            " id |   mrn    \n----+----------\n  1 | 84736251\n  2 | 84736252\n",
            [("mrn", "84736251"), ("mrn", "84736252")],
        ),
        (
            "┌────┬──────────┐\n│ id │ MRN      │\n├────┼──────────┤\n│ 1  │ 84736251 │\n└────┴──────────┘",
            [("mrn", "84736251")],
        ),
        ("mrn,a\n84736251,b\nx,npi\nd,1234567893\n", [("mrn", "84736251"), ("npi", "1234567893")]),
    ],
)  # fmt: skip
def test_cells_below_a_heading_are_what_it_says(text: str, expected: list[tuple[str, str]]) -> None:
    assert shown(text) == expected
    assert set(expected) <= set(told(text))
    scan = ENGINE.scan([Part("/a", text)])
    assert set(expected) <= {(one.type, text[one.start : one.end]) for one in scan.parts[0]}


@pytest.mark.parametrize(
    "cell", ["８４７３６２５１", "8473\u200b6251", "%38%34%37%33%36%32%35%31", "8473625&#49;", "8473625\\u0031"]
)
def test_a_cell_in_disguise_is_one(cell: str) -> None:
    assert shown(f"name,mrn\nA,{cell}\n") == [("mrn", cell)]


@pytest.mark.parametrize(
    "text",
    [
        "mrn\n84736251",  # one cell is no table
        "name,mrn\n---\nA,84736251",
        "order,count\n84736251,12345678",
        "name,npi\nA,1234567890",
        "name,mrn\nA,order 84736251 of ten",
        "name,mrn\n\nA,84736251",
        "a,mrn\n" + "x" * LONGEST_LINE + ",84736251",
        "name,mrn\nA," + "8" * (WIDEST + 1),
        "a long sentence that goes on and on, with a comma in it and no heading, mrn, \nA,84736251",
    ],
)
def test_what_is_no_table_or_no_value_shows_nothing(text: str) -> None:
    assert shown(text) == []


def test_a_cell_is_known_before_the_walk_can_have_passed_it() -> None:
    assert WIDEST < LOOKAHEAD
    columns = Columns(KNOWN)
    assert columns.feed("mrn,a\n84736251") == []
    assert columns.feed(",") == [Finding("mrn", 6, 14, 0.95, "keyword:mrn")]


def test_what_streams_is_masked_wherever_the_text_is_cut() -> None:
    text = "name,dob,mrn\n" + "Kelly,06/09/1976,H08823161\n" * 40
    for size in (1, 7, 100):
        lane = ENGINE.stream(frozenset({"mrn", "date-of-birth"})).lane("/a")
        out = "".join(lane.feed(text[at : at + size]) for at in range(0, len(text), size)) + lane.finish()
        assert "H0882" not in out
        assert "1976" not in out
        assert out.count("[MRN]") == 40


def test_a_heading_is_its_letters_and_digits() -> None:
    known = Locator(DEFAULT).headings
    assert known["dateofbirth"] == known["dob"]
    assert "order" not in known


def test_a_long_table_ends_with_the_budget() -> None:
    text = "mrn,a\n84736251,b\n" + "x,y\n" * 20_000
    assert "unscanned" not in Engine(clock=StillClock(), budget_ms=50).scan([Part("/a", text)]).classes
    scan = Engine(clock=StillClock(tick_ns=3_000_000), budget_ms=50).scan([Part("/a", text)])
    assert "unscanned" in scan.classes
    assert scan.parts[0][0].type == "mrn"


def test_a_table_that_cannot_be_read_makes_the_message_unscanned(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("84736251")

    monkeypatch.setattr(Columns, "_cells", fail)
    scan = ENGINE.scan([Part("/a", "name,mrn\nKelly,84736251\n")])
    assert "unscanned" in scan.classes
    lane = ENGINE.stream(frozenset({"mrn"})).lane("/a")
    assert "84736251" not in lane.feed("name,mrn\nKelly,84736251\n") + lane.finish()


@pytest.mark.parametrize(
    "text",
    [
        "name,dob,mrn\nObinna,,\n",
        "Name;Abteilung\nObinna Nkechi;Vertrieb\n",
        "name\trole\nObinna Nkechi\tclerk\n",
        "Ward | Name\n--- | ---\nB | Obinna Nkechi\n",
        "Occupation  Contact       \n----------  --------------\nclerk       Obinna Nkechi \n",
    ],
)
def test_names_below_a_weak_heading_beside_one_of_people_are_found_without_a_digit(text: str) -> None:
    (whole,) = ENGINE.scan([Part("/a", text)]).parts
    assert [text[one.start : one.start + 6] for one in whole] == ["Obinna"]
    lane = ENGINE.stream(frozenset({"person"})).lane("/a")
    assert "Obinna" not in lane.feed(text) + lane.finish()


@pytest.mark.parametrize(
    "text",
    [
        "name,role\nadmin-bot,editor\nPayment Gateway,viewer\n",
        "name;price\nGreen Tea;low\n",
        "Name | Type | Default\n---|---|---\nMax Size | int | none\n",
        "Role | Ward\n---|---\nObinna Nkechi | Elm\n",
    ],
)
def test_things_below_a_weak_heading_and_what_stands_beside_it_are_none(text: str) -> None:
    assert ENGINE.scan([Part("/a", text)]).parts == ((),)


def _written(heading: str, number: int) -> str:
    """A heading as people and programs write it, in one of many ways."""
    ways = (
        heading, f"**{heading}**", f'"{heading}"', f"{heading}:", f"_{heading}_", f"{heading} *", f"Your {heading}",
        f"{heading} (full)", heading.title(), heading.upper(), heading.replace(" ", "_"), heading.replace(" ", "-"),
        heading.title().replace(" ", ""), f"patient.{heading}", f"row/{heading}", f"{heading}#", f"x_{heading}",
        f"{heading}1", f"{heading}?", heading.replace(" ", "  "),
    )  # fmt: skip
    return ways[number % len(ways)]


def test_a_table_without_a_trigger_shows_in_whole_texts_what_it_shows_in_streams() -> None:
    headings = [word for column in DEFAULT.columns for word in column.words]
    headings += [head for item in DEFAULT.recognizers for head in item.heads]
    separators = ("\t", "|", "┆", "│", "║", ";", ",", "  ", " | ", ", ", "   ")
    shown = 0
    for number, heading in enumerate(headings * 6):
        name, cut = _written(heading, number), separators[number % len(separators)]
        cell = ("Obinna Nkechi", "Springfeld", "Zomer geheim")[number % 3]
        text = (
            f"{name}{cut}role\n{cell}{cut}Elm\n",
            f"role{cut}{name}\r\nElm{cut}{cell}\r\n",
            f"role{cut}{name}{cut}x\rElm{cut}{cell}{cut}Elm\r",
            f"role{cut}{name}\n----{' ' * len(cut)}{'-' * len(name)}\nElm{cut}{cell}",
        )[number // len(separators) % 4]
        lane = ENGINE.stream(lambda one: True, unread=True)
        piece = lane.lane("/a")
        piece.feed(text)
        piece.finish()
        (whole,) = ENGINE.scan([Part("/a", text)]).parts
        assert whole == lane.scan().parts[0], text
        shown += bool(whole)
    assert shown > len(headings)


_SOUP = (
    "\nAttendees:\n", "- ", "1. ", "Tunde Okafor", " (chair)", "\npresent\n", "**",
    "role", "Department", "Abteilung", "Name", "Obinna Nkechi",
    "mrn", "dob", "name", "npi", ",", ",", "|", ";", "\t", "  ", " ", "\n", "\n", "84736251", "1234567893",
    "06/09/1976", '"', "x", "8" * 70, "y" * 600, "\r\n", "é", "８", "\u200b",
    "last name", "Miller", "Oluwaseun Adeyemi", "city", "email", "a@b.example", "12 Elm Way", "street", "customer",
    "\r", "+--+", "-", "│", "├─┼", "hospital", "number", "medical\nrecord no,", "patient  x\nid  ",
    "emp_", "_no", "Home Phone", "4155550199",
    "\n-------- ---\n", "mrn      dob\n-------- ----------\n", " ---", "84736251 06/09/1976\n", "   ",
    "| Patient Name | Ada Miller |\n", "password | Zomer2024!\n", "-[ RECORD 1 ]--\n", "full name\tOluwaseun\n",
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(_SOUP), max_size=60).map("".join), st.integers(1, 40))
def test_any_chunking_shows_what_the_lines_show(text: str, size: int) -> None:
    columns = Columns(KNOWN)
    found = [one for at in range(0, len(text), size) for one in columns.feed(text[at : at + size])]
    assert [*found, *columns.finish()] == tabled(text, KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "Hospital\nNumber      Name      Ward\nK103948     Banks     Elm\nK103951     Orr       Elm\n",
        "Medical Record\nNumber,Name\nK103948,Banks\nK103951,Orr\n",
        "Name\tPatient\nlast\tNumber\nBanks\tK103948\nOrr\tK103951\n",
        "          Medical\nName      Record No.   Ward\nBanks     K103948      Elm\nOrr       K103951      Elm\n",
    ],
)
def test_a_heading_may_stand_on_two_lines(text: str) -> None:
    assert [value for kind, value in told(text) if kind == "mrn"] == ["K103948", "K103951"]


def test_a_line_of_prose_above_a_heading_names_no_column() -> None:
    assert "mrn" not in {kind for kind, _ in told("Hospital\n\nNumber  Ward\nK103948  Elm\n")}
    assert "mrn" not in {kind for kind, _ in told("Patient 7\nNumber  Ward\nK103948  Elm\n")}


@pytest.mark.parametrize(
    "text",
    [
        "   id        ssn  status\n0   7  536228731  active\n",
        "         ssn\n0  536228731\n",
        "             ssn  total\nid                    \n7      536228731      8\n",
        "\u2502 id \u2506 ssn       \u2502\n\u2502 1  \u2506 536228731 \u2502\n",
        "\u2503 id \u2503 ssn \u2503\n\u2503 1 \u2503 536228731 \u2503\n",
    ],
)
def test_data_frames_are_read_as_they_are_printed(text: str) -> None:
    assert ("us-ssn", "536228731") in told(text)


@pytest.mark.parametrize("text", ["    SSN\n123 536228731", "  the ssn\n0  536228731"])
def test_an_indented_line_is_no_heading_by_that_alone(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "persons"),
    [
        ("last_name,first_name\nAdeyemi,Oluwaseun\n", ["Adeyemi", "Oluwaseun"]),
        ("id,patient_name\n1,Oluwaseun Adeyemi\n", ["Oluwaseun Adeyemi"]),
        ('patientName;ward\n"Adeyemi, Oluwaseun";B\n', ["Adeyemi, Oluwaseun"]),
        ("first\tlast\nOluwaseun\tvan der Berg\n", ["Oluwaseun", "van der Berg"]),
        ("| Name | City |\n|---|---|\n| Oluwaseun Adeyemi | Lagos |\n", ["Oluwaseun Adeyemi"]),
        (" last_name | first_name\n-----------+------------\n Adeyemi   | Oluwaseun\n", ["Adeyemi", "Oluwaseun"]),
        ("│ Surname │ Ward │\n│ Adeyemi │ B    │\n", ["Adeyemi"]),
        ("Surname  Ward\nAdeyemi  B\n", ["Adeyemi"]),
        ("name;email\nOluwaseun Adeyemi;o@x.example\n", ["Oluwaseun Adeyemi"]),
        ("name,dob\nAdeyemi,1984-07-22\n", ["Adeyemi"]),
    ],
)
def test_names_below_a_heading_that_names_somebody_are_found(text: str, persons: list[str]) -> None:
    scan = ENGINE.scan([Part("/a", text)])
    assert [text[one.start : one.end] for one in scan.parts[0] if one.type == "person"] == persons
    assert [value for kind, value in told(text) if kind == "person"] == persons
    lane = ENGINE.stream(frozenset({"person"})).lane("/a")
    out = "".join(lane.feed(text[at : at + 3]) for at in range(0, len(text), 3)) + lane.finish()
    assert not any(person in out for person in persons)


def test_towns_and_streets_below_their_heading_are_found() -> None:
    found = told("id,city,street\n1,Nelsonmouth,12 Gavin Gardens\n2,Kleinstadt,Hinter dem Dom 4\n")
    assert [value for kind, value in found if kind == "place"] == ["Nelsonmouth", "Kleinstadt"]
    assert [value for kind, value in found if kind == "street-address"] == ["12 Gavin Gardens", "Hinter dem Dom 4"]


@pytest.mark.parametrize(
    "text",
    [
        "name,price\nBlue Widget,3.50\nSony Bravia,400\n",
        "| Name | Type |\n|---|---|\n| Order Id | String |\n",
        "NAME  READY  STATUS\nNginx Ingress  1/1  Running\n",
        "customer,total\nKontoso Retail,12\n",
        "name,phone\nTLS,none\n",
        "address,value\nLine 1,foo\n",
        "| first_name | last_name |\n|---|---|\n| string | String |\n",
        "last_name,first_name\n84736251,N/A\nunknown,None\n",
        "name,email\nSupport Team,help@corp.example\nMain Menu,x@corp.example\n",
        "address,port\n0x7ffe12,80\n/dev/sda1,443\n",
        "first, last\nand always. Then we went on\n",
    ],
)
def test_what_stands_below_a_heading_and_is_no_name_is_none(text: str) -> None:
    assert {"person", "street-address"}.isdisjoint(kind for kind, _ in told(text))
    assert {"person", "street-address"}.isdisjoint(kind for kind, _ in shown(text))


def test_a_name_of_things_names_somebody_only_beside_another_column() -> None:
    assert shown("name,colour\nOluwaseun Adeyemi,red\n") == []
    assert shown("name,dob\nOluwaseun Adeyemi,red\n") == [("person", "Oluwaseun Adeyemi")]


def test_headings_of_columns_alone_name_nothing_else() -> None:
    locator = Locator(DEFAULT)
    assert "patientname" in locator.headings
    assert "patientname" not in locator.naming
    assert "mrn" in locator.naming


_SSN, _PHONE, _DAY = "536228731", "4155550199", "5/2/1984"


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("emp_ssn", _SSN),
        ("patient.ssn", _SSN),
        ("ssn_number", _SSN),
        ("Employee SSN", _SSN),
        ("SSN No", _SSN),
        ("patientSsn", _SSN),
        ("EMP_SSN", _SSN),
        ("acct_num", "4410029913"),
        ("ACCT_NBR", "4410029913"),
        ("custAcct", "4410029913"),
        ("Home Phone", _PHONE),
        ("Mobile Phone", _PHONE),
        ("Phone No.", _PHONE),
        ("Phone (home)", _PHONE),
        ("phone_2", _PHONE),
        ("phone1", _PHONE),
        ("Patient DOB", _DAY),
        ("DOB (mm/dd/yyyy)", _DAY),
        ("pat_dob", _DAY),
        ("Patient member id", "W88231944"),
        ("work_email", "a@b.example"),
    ],
)
@pytest.mark.parametrize(
    "table", ["idx,{},dept\n7,x,y\n1,{},7", "idx\t{}\n7\tx\n1\t{}", "idx;{}\n7;x\n1;{}",
              "| {} | x |\n|--|--|\n| {} | 7 |", " idx | {}\n-----+----\n 1 | {}", "idx  {}  dept\n1    {}    7"],
)  # fmt: skip
def test_a_heading_is_read_as_the_words_it_is_made_of(table: str, heading: str, cell: str) -> None:
    assert cell in [value for _, value in shown(table.format(heading, cell))]


@pytest.mark.parametrize(
    "heading",
    [
        "custName", "payerName", "emp_name", "physicianName", "guarantor", "cust_name", "patient_first_name", "prenom",
        "kundenname", "imie", "fornamn", "etunimi", "Subscriber Last Name", "provider_nm",
    ],
)  # fmt: skip
def test_a_heading_says_whose_name_stands_below_it(heading: str) -> None:
    text = f"idx,{heading},dept\nA,Oluwaseun Adeyemi,B\n"
    assert told(text) == [("person", "Oluwaseun Adeyemi")]


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("total_accounts", "4500123456"),
        ("num_phones", _PHONE),
        ("gl_account", "4500123"),
        ("call_id", _PHONE),
        ("product_code", "A10"),
        ("country_code", "E11"),
        ("Billing code", "E11"),
        ("phone_model", _PHONE),
        ("mobile_os_version", _PHONE),
        ("mobile_app_id", _PHONE),
        ("account_balance", "5521101"),
        ("ssn_last4", "1234567"),
        ("order_no", "4500123456"),
        ("invoice_number", "4500123456"),
        ("f(home_phone)", _PHONE),
        ("user_phone = x", _PHONE),
        ("Patients (total)", "123456"),
        ("product_name", "Oluwaseun Adeyemi"),
        ("file_name", "Oluwaseun Adeyemi"),
        ("ip_address", "12 Elm Way"),
        ("a word about the new home phone", _PHONE),
    ],
)
def test_a_heading_whose_words_say_something_else_names_nothing(heading: str, cell: str) -> None:
    assert shown(f"idx,{heading},dob\n1,x,y\n2,{cell},z\n") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "SSN         MRN\n----------- -----------\n536228731   88231944\n536228732   88231945\n\n(2 rows affected)",
            ["536228731", "88231944", "536228732", "88231945"],
        ),
        ("ID       SSN       MRN\n-- --------- ---------\n 1 536228731  88231944\n", ["536228731", "88231944"]),
        ("ID PATIENT_NAME      EMP_SSN   \n== ================= =========\n 1 Oluwaseun Adeyemi 536228731 \n",
         ["Oluwaseun Adeyemi", "536228731"]),
        ("a   ssn\r\n--- ---------\r\nx   536228731\r\n", ["536228731"]),
    ],
)  # fmt: skip
def test_columns_are_as_wide_as_they_are_drawn(text: str, expected: list[str]) -> None:
    assert [value for _, value in shown(text)] == expected
    assert set(expected) <= {value for _, value in told(text)}


@pytest.mark.parametrize(
    "text",
    [
        "SSN MRN\n--- ---\n\n536228731 88231944\n",
        "order no ssn count\n-------- ---------\n12 536228731 of 9\n",
        "SSN and MRN are\n---- ----\n536228731 88231944\n",
        "total     items\n--------- ---------\n536228731  88231944\n",
    ],
)
def test_what_does_not_keep_to_the_widths_that_are_drawn_is_no_row(text: str) -> None:
    assert shown(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| Field | Value |\n|---|---|\n| Patient Name | Oluwaseun Adeyemi |\n| x | y |\n", ["Oluwaseun Adeyemi"]),
        ("| Field | Value |\n|---|---|\n| **Last name** | Miller |\n", ["Miller"]),
        ("-[ RECORD 1 ]--\nfull_name | Oluwaseun Adeyemi\nlast_name | Adeyemi\npassword  | Zomer2024!\n",
         ["Oluwaseun Adeyemi", "Adeyemi", "Zomer2024!"]),
        ("Field,Value\nPatient Name,Oluwaseun Adeyemi\n", ["Oluwaseun Adeyemi"]),
        ("field\tvalue\nemp_name\tOluwaseun Adeyemi\nemp_ssn\t536228731\n", ["Oluwaseun Adeyemi", "536228731"]),
    ],
)  # fmt: skip
def test_a_value_may_stand_beside_its_heading(text: str, expected: list[str]) -> None:
    assert [value for _, value in shown(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "| Patient Name | Next Visit |\n|---|---|\n| A | 12 |\n",
        "| Column | Type |\n|---|---|\n| last_name | Varchar |\n| full_name | Display Text |\n",
        "| Column | Type |\n|---|---|\n| password | varchar(255) |\n| password | required |\n| ssn | char(9) |\n",
        "Field,Description\nPatient Name,Full legal name of the patient\n",
        "Setting;Value\nfile name;Oluwaseun Adeyemi\nname;Oluwaseun Adeyemi\n",
        "| Term | Meaning |\n|---|---|\n| Guardian | Legal Representative |\n\n",
        "Field,Value,Unit\nPatient Name,Oluwaseun Adeyemi,none\n",
    ],
)
def test_what_stands_beside_a_heading_and_is_no_value_is_none(text: str) -> None:
    assert shown(text) == []
