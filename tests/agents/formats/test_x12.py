"""X12 is read by element with the delimiters of its ISA, whose own widths a mask keeps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.formats.document import Reading, rewrite
from gateway.agents.formats.layout import Layout, Marking
from gateway.agents.formats.x12 import read
from gateway.core.refusal import Refusal

from .support import MASK, holds, known, masked, reading, texts

LAYOUT = Layout(format="x12")
ISA = "ISA*00*          *00*          *ZZ*SUBMITTERS.ID  *ZZ*RECEIVERS.ID   *030101*1253*^*00501*000000905*1*T*:~"
CLAIM = ISA + "\n".join(
    (
        "GS*HC*SENDER*RECEIVER*20030101*1253*1*X*005010X222A1~",
        "ST*837*0001*005010X222A1~",
        "BHT*0019*00*0123*20030101*1253*CH~",
        "NM1*41*2*PREMIER BILLING*****46*12EEER000~",
        "PER*IC*JERRY MILLER*TE*3055552222*EX*231*EM*jm@example.test~",
        "NM1*85*1*KILDARE*BEN****XX*1999996666~",
        "N3*1234 SEAWAY ST~",
        "N4*MIAMI*FL*331111234~",
        "REF*EI*123456789~",
        "REF*0B*ME77~",
        "SBR*P*18*GRP01*PLAN******CI~",
        "NM1*IL*1*SMITH*JANE****MI*111223333~",
        "DMG*D8*19430501*F~",
        "NM1*PR*2*KEY INSURANCE*****PI*999996666~",
        "CLM*26463774*100***11:B:1~",
        "REF*SY*078051120~",
        "HI*BK:0340*ABK:J020:D8:20240105~",
        "DTP*472*D8*20061003~",
        "SV1*HC:99213*40*UN*1~",
        "NTE*ADD*patient asked~",
        "SE*19*0001~",
        "GE*1*1~",
        "IEA*1*000000905~",
        "",
    )
)


def claim() -> Reading:
    return reading(read(CLAIM, LAYOUT))


class TestReading:
    def test_positions_and_qualifiers_say_what_stands_there(self) -> None:
        found = known(claim().parts)
        for text, kind in {
            "SMITH": "person",
            "JANE": "person",
            "111223333": "health-plan-id",
            "PREMIER BILLING": "organization",
            "KEY INSURANCE": "organization",
            "JERRY MILLER": "person",
            "3055552222": "phone",
            "jm@example.test": "email",
            "1999996666": "npi",
            "1234 SEAWAY ST": "street-address",
            "MIAMI": "place",
            "331111234": "postal-code",
            "123456789": "us-ein",
            "ME77": "certificate",
            "GRP01": "health-plan-id",
            "19430501": "date-of-birth",
            "26463774": "account",
            "078051120": "us-ssn",
            "J020": "icd-10",
            "0340": "health-term",
            "20240105": "date",
            "20061003": "date",
            "HC": "health-term",
        }.items():
            assert found[text] == kind, text

    def test_a_claim_is_health_data_and_an_order_is_not(self) -> None:
        assert "health-term" in {part.known for part in claim().parts if part.text == "ST"}
        order = reading(read(ISA + "GS*PO*A*B*20030101*1253*1*X*004010~ST*850*0001~REF*ZZ*1~", LAYOUT))
        assert "health-term" not in {part.known for part in order.parts}

    def test_what_no_table_knows_is_scanned_as_text(self) -> None:
        assert {"patient asked", "FL", "SUBMITTERS.ID  "} <= set(texts(claim().parts))

    def test_passwords_of_the_connection_are_known(self) -> None:
        text = ISA.replace("*00*          *00", "*01*hunter2   *00", 1) + "GS*HC~"
        assert known(reading(read(text, LAYOUT)).parts)["hunter2   "] == "secret-password"

    def test_binary_segments_cannot_be_read(self) -> None:
        found = reading(read(ISA + "BIN*3*abc~", LAYOUT))
        assert [part.pointer for part in found.parts if part.kind == "unreadable"] == ["x12:2:BIN"]

    def test_a_mapping_says_more(self) -> None:
        layout = Layout(format="x12", fields={"NTE02": Marking("x-declared-phi"), "SV101-2": Marking("account")})
        found = known(reading(read(CLAIM, layout)).parts)
        assert (found["patient asked"], found["99213"]) == ("x-declared-phi", "health-term account")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "\n",
            "GS*HC~",
            ISA[:-1],
            ISA.replace("*:", "**"),
            ISA.replace("*", "A"),
            ISA.replace("1253", "12533"),
            ISA + "NM1*1",
            ISA + "nm1*1~",
            ISA + "~",
        ],
    )
    def test_what_is_no_interchange_is_refused(self, text: str) -> None:
        result = read(text, LAYOUT)
        assert isinstance(result, Refusal)
        assert (result.code, result.field) == ("body_malformed", "x12")


class TestMasking:
    def test_a_mask_takes_one_element_and_leaves_every_other_character(self) -> None:
        assert masked(CLAIM, claim(), "JANE") == CLAIM.replace("JANE", MASK)

    def test_a_mask_is_no_longer_than_its_element(self) -> None:
        assert "*CH~" in masked(CLAIM, claim(), "SMITH")
        text = ISA + "NM1*IL*1*S*J*Q~"
        sent = masked(text, reading(read(text, LAYOUT)), "Q", mask="[" + "X" * 80 + "]")
        assert len(sent.rpartition("*")[2]) == 26

    def test_isa_keeps_its_widths(self) -> None:
        sent = masked(CLAIM, claim(), "SUBMITTERS.ID  ")
        assert len(sent) == len(CLAIM)
        assert sent[35:50] == MASK.ljust(15)
        assert isinstance(read(sent, LAYOUT), Reading)

    def test_delimiters_in_a_mask_become_blanks_and_dates_are_left_out(self) -> None:
        assert "*A B C*JANE" in masked(CLAIM, claim(), "SMITH", mask="A*B~C")
        text = ISA + "DTM*405*20240101~"
        assert masked(text, reading(read(text, LAYOUT)), "20240101").endswith("DTM*405*~")


@settings(max_examples=150)
@given(st.lists(st.sampled_from([*"*~:^\r\nA1 ", ISA, "NM1*IL*1*", "HI*ABK:", "ST*837", "é", "["])))
def test_any_text_is_read_or_refused_and_comes_back_as_it_was(pieces: list[str]) -> None:
    for text in ("".join(pieces), ISA + "".join(pieces)):
        found = holds(text, read(text, LAYOUT))
        if found is not None:
            sent = rewrite(text, found, dict.fromkeys(found.slots, MASK))
            assert isinstance(read(sent, LAYOUT), Reading)
