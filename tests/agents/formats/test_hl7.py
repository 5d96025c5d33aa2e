"""HL7 v2 is read by field, masked within its delimiters, and refused where two readers could differ."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.formats.document import Reading, rewrite
from gateway.agents.formats.hl7 import read
from gateway.agents.formats.layout import Layout, Marking
from gateway.core.message import Part
from gateway.core.refusal import Refusal

from .support import MASK, holds, known, masked, reading, texts

LAYOUT = Layout(format="hl7")
ADT = "\r".join(
    (
        r"MSH|^~\&|ADT1|MCM|LAB|MCM|20240115080000||ADT^A01^ADT_A01|MSG00001|P|2.5.1",
        "EVN|A01|20240115080000|||C1234^Miller^Grace",
        "PID|1||7701^^^MCM^MR~078-05-1120^^^USA^SS||Carter^Abel^Q~Carter^Abe||19670824|M||2106-3^White|"
        "1 Elm St&Elm&1^^Salem^OR^97301^USA||(503)555-0101^PRN^PH^ab@example.test||EN|M|BAP|AC-9||DL-77^OR",
        "NK1|1|Carter^Dora|SPO|2 Oak Ave^^Salem^OR^97302|555-0102",
        "PV1|1|I|2000^2012^01||||4455^Attending^Ann^^^Dr^^^^^^^NPI",
        "OBX|1|TX|NOTE^Remark||Seen with wife\\.br\\today||||||F",
        "OBX|2|PN|NAME^Contact||Roe^Rick||||||F",
        "OBX|3|ED|PDF^Report||^application^pdf^Base64^JVBERi0=||||||F",
        "DG1|1||I10^Essential hypertension^I10C",
        "ZPI|1|Something local^Sam",
        "",
    )
)


def adt() -> Reading:
    return reading(read(ADT, LAYOUT))


class TestReading:
    def test_positions_are_what_the_standard_says(self) -> None:
        found = known(adt().parts)
        for text, kind in {
            "7701": "mrn",
            "078-05-1120": "us-ssn",
            "Carter": "person",
            "Abel": "person",
            "19670824": "date-of-birth",
            "White": "special-ethnicity",
            "1 Elm St": "street-address",
            "Salem": "place",
            "97301": "postal-code",
            "(503)555-0101": "phone",
            "ab@example.test": "email",
            "BAP": "special-religion",
            "AC-9": "account",
            "DL-77": "us-driver-license",
            "Dora": "person",
            "4455": "npi",
            "Attending": "person",
            "C1234": "certificate",
            "Roe": "person",
            "I10": "icd-10",
            "Essential hypertension": "health-term",
        }.items():
            assert found[text] == kind, text

    def test_all_of_it_is_health_data(self) -> None:
        assert adt().parts[0] == Part("hl7", "MSH", "name", "", "health-term")

    def test_every_value_becomes_a_part_local_segments_too(self) -> None:
        assert {"Something local", "Sam", "OR", "MSG00001", "P"} <= set(texts(adt().parts))

    def test_an_observation_is_labelled_by_what_was_observed_and_read_by_its_type(self) -> None:
        (remark,) = (part for part in adt().parts if part.text.startswith("Seen"))
        assert (remark.text, remark.label) == ("Seen with wife\ntoday", "Remark")
        assert [part.pointer for part in adt().parts if part.kind == "unreadable"] == ["hl7:8:OBX-5.5"]

    def test_a_mapping_says_more(self) -> None:
        layout = Layout(format="hl7", fields={"ZPI-2": Marking("x-declared-phi"), "ZPI-2.2": Marking("person", "name")})
        found = known(reading(read(ADT, layout)).parts)
        assert (found["Something local"], found["Sam"]) == ("x-declared-phi", "person")

    @pytest.mark.parametrize("command", [".br", ".sp", ".sp+3", ".SP2", ".fi", ".nf", ".in+4", ".ti-2", ".sk3", ".ce"])
    def test_commands_that_format_stand_for_white_space(self, command: str) -> None:
        found = reading(read(f"MSH|^~\\&|A\rNTE|1||a\\{command}\\b\r", LAYOUT))
        assert not [part for part in found.parts if part.kind == "unreadable"]
        assert found.parts[-1].text in ("a\nb", "a b")

    @pytest.mark.parametrize("command", [".", ".sp1234", ".in+78051120", ".br078-05-1120", ".a@b.test", ".x", "x41"])
    def test_what_is_no_command_is_not_left_out_of_what_is_read(self, command: str) -> None:
        found = reading(read(f"MSH|^~\\&|A\rNTE|1||a\\{command}\\b\r", LAYOUT))
        assert [part.pointer for part in found.parts if part.kind == "unreadable"] == ["hl7:2:NTE-3.1"]

    @pytest.mark.parametrize("value", ["\x1b$B#5#3\x1b(B", "\x0e53\x0f", "\\X1B\\$B#5"])
    def test_what_changes_to_another_character_set_cannot_be_read(self, value: str) -> None:
        found = reading(read(f"MSH|^~\\&|A||||||||||||||||ISO IR87\rNTE|1||{value}\r", LAYOUT))
        assert [part.pointer for part in found.parts if part.kind == "unreadable"] == ["hl7:2:NTE-3.1"]

    @pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
    def test_any_one_line_end_will_do(self, end: str) -> None:
        assert len(reading(read(ADT.replace("\r", end), LAYOUT)).parts) == len(adt().parts)

    def test_batches_are_read_through_and_each_header_brings_its_delimiters(self) -> None:
        other = "MSH*:;!@*A\rPID*1***9:::M:MR*Roe:Ricarda\r"
        found = reading(read("FHS|^~\\&|F\rBHS|^~\\&|B\r" + ADT + other + "BTS|2\rFTS|1\r", LAYOUT))
        assert known(found.parts)["Ricarda"] == "person"
        assert masked("FHS|^~\\&|F\rBHS|^~\\&|B\r" + ADT + other + "BTS|2\rFTS|1\r", found, "Ricarda").count(MASK) == 1

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "PID|1",
            "MSH",
            "MSHA^~\\&|",
            "MSH||",
            "MSH|^^~\\&|x",
            "\x0bMSH|^~\\&|x\r\x1c\r",
            "MSH|^~\\&|x\rnot a segment",
            "MSH|^~\\&|x\rPID^1",
            "MSH|^~\\&|x\rPID|1\nZZZ|x\r",
            "\ufeffMSH|^~\\&|x",
        ],
    )
    def test_what_is_not_plainly_er7_is_refused(self, text: str) -> None:
        result = read(text, LAYOUT)
        assert isinstance(result, Refusal)
        assert (result.code, result.field) == ("body_malformed", "hl7")

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
            (r"\H\bold\N\ ", "bold "),
            (r"x\X41C3A4\y", "xAäy"),
            (r"\.in+2\text", " text"),
            ("ends\\", "ends\\"),
        ],
    )
    def test_escapes_are_undone_before_anything_is_looked_for(self, written: str, meant: str) -> None:
        assert meant in texts(reading(read(f"MSH|^~\\&|x\rNTE|1||{written}", LAYOUT)).parts)

    @pytest.mark.parametrize("escape", [r"\XFF\x", r"\XZ\x", r"\C2842\x", r"\Zlocal\x"])
    def test_an_escape_that_cannot_be_undone_leaves_its_place_unread(self, escape: str) -> None:
        found = reading(read(f"MSH|^~\\&|x\rNTE|1||{escape}", LAYOUT))
        assert found.parts[-1].kind == "unreadable"


class TestMasking:
    def test_a_mask_takes_one_component_and_leaves_every_other_character(self) -> None:
        assert masked(ADT, adt(), "Dora") == ADT.replace("Carter^Dora", f"Carter^{MASK}")

    def test_a_mask_that_holds_delimiters_is_escaped(self) -> None:
        sent = masked(ADT, adt(), "Dora", mask="a|b^c&d~e\\f\n")
        assert r"Carter^a\F\b\S\c\T\d\R\e\E\f\.br\|SPO" in sent

    def test_a_date_is_emptied_since_no_placeholder_is_one(self) -> None:
        assert "||Carter^Abel^Q~Carter^Abe|||M" in masked(ADT, adt(), "19670824")

    def test_without_an_escape_character_delimiters_become_blanks(self) -> None:
        text = "MSH|^|x\rNTE|1||abc"
        assert masked(text, reading(read(text, LAYOUT)), "abc", mask="a|b") == "MSH|^|x\rNTE|1||a b"

    def test_a_masked_message_is_read_again_with_its_fields_in_place(self) -> None:
        found = adt()
        sent = rewrite(ADT, found, dict.fromkeys(found.slots, MASK))
        again = reading(read(sent, LAYOUT))
        assert {part.pointer for part in again.parts if part.text == MASK} <= set(found.slots)
        assert "Carter" not in sent
        assert sent.count("\r") == ADT.count("\r")


@settings(max_examples=150)
@given(st.lists(st.sampled_from([*"|^~\\&\r\nAZ09", "MSH|^~\\&|", "\rPID|", "\rOBX|", "Ann", "\\X41\\", "[", "é"])))
def test_any_text_is_read_or_refused_and_comes_back_as_it_was(pieces: list[str]) -> None:
    for text in ("".join(pieces), "MSH|^~\\&|x\r" + "".join(pieces)):
        found = holds(text, read(text, LAYOUT))
        if found is not None:
            sent = rewrite(text, found, dict.fromkeys(found.slots, MASK))
            assert isinstance(read(sent, LAYOUT), Reading)


@settings(max_examples=100)
@given(st.text(alphabet="|^~\\&a\n[", max_size=12))
def test_whatever_a_mask_holds_is_read_back_as_just_that(mask: str) -> None:
    text = "MSH|^~\\&|x\rPID|1||||Roe^Rick|||M"
    sent = masked(text, reading(read(text, LAYOUT)), "Rick", mask=mask)
    again = reading(read(sent, LAYOUT))
    assert len(sent.split("|")) == len(text.split("|"))
    assert [part.text for part in again.parts if part.pointer == "hl7:2:PID-5.2"] == ([mask] if mask.strip() else [])


def test_the_cost_is_linear_in_the_size() -> None:
    """Counted in parts, which is what costs: a long field is one part, not many."""
    text = "MSH|^~\\&|x\rNTE|1||" + "a" * 200_000 + "\\" * 200_000
    assert len(reading(read(text, LAYOUT)).parts) < 10
