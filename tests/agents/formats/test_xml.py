"""XML is read defused, every place that holds text is found, and masks change nothing around them."""

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.formats import xml
from gateway.agents.formats.document import Reading, rewrite
from gateway.agents.formats.layout import Layout, Marking
from gateway.core.refusal import Refusal

from ..support import BOUNDS
from .support import MASK, holds, known, masked, reading, texts

LAYOUT = Layout(format="xml")
NOTE = (
    '<?xml version="1.0"?>\n<!-- for Ann -->\n<?route ward 7?>\n'
    "<n:note xmlns:n='urn:x' by=\"Rick &amp; Co\">Hello &lt;Sam&#x21;<b/><![CDATA[<raw> & more]]></n:note>"
)
CDA = (
    '<ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget><patientRole><id extension="7701"/>'
    '<addr use="HP"><streetAddressLine>1 Elm St</streetAddressLine><city>Salem</city></addr>'
    '<telecom value="tel:555"/><patient><name use="L"><given>Ann</given><family>Roe</family></name>'
    '<birthTime value="19670824"/></patient></patientRole></recordTarget><component><text>Name: <b>Ann Roe</b></text>'
    "</component></ClinicalDocument>"
)


def read(text: str, layout: Layout = LAYOUT) -> Reading:
    return reading(xml.read(text, layout, BOUNDS))


class TestReading:
    def test_a_clinical_document_is_one_in_an_envelope_too_and_each_of_several(self) -> None:
        alone = known(read(CDA).parts)
        found = read(f"<s:Envelope xmlns:s='urn:s'><s:Body>{CDA}<x><name>Ann Roe</name></x>{CDA}</s:Body></s:Envelope>")
        assert known(found.parts) == alone
        assert [part.text for part in found.parts if part.known == "mrn"] == ["7701", "7701"]
        assert [part.pointer for part in found.parts if part.known == "health-term"] == ["xml:document"]
        assert not [part for part in found.parts if part.text == "Ann Roe" and part.known]

    def test_text_attributes_comments_instructions_and_cdata_are_parts_and_names_are_names(self) -> None:
        found = read(NOTE)
        assert [part.text for part in found.parts if part.kind == "text"] == [
            " for Ann ",
            "ward 7",
            "urn:x",
            "Rick & Co",
            "Hello <Sam!",
            "<raw> & more",
        ]
        assert [part.text for part in found.parts if part.kind == "name"] == ["route", "n:note", "xmlns:n", "by", "b"]

    def test_what_a_reader_sees_in_one_piece_is_scanned_in_one_piece(self) -> None:
        found = read("<a>078-05<!-- -->-1120</a>")
        assert [part.text for part in found.parts if part.kind == "name"] == ["a", "078-05-1120"]

    def test_clinical_documents_are_read_by_their_elements(self) -> None:
        found = read(CDA)
        assert known(found.parts) == {
            "ClinicalDocument": "health-term",
            "7701": "mrn",
            "1 Elm St": "street-address",
            "Salem": "street-address",
            "tel:555": "phone",
            "Ann": "person",
            "Roe": "person",
            "19670824": "date-of-birth",
        }
        assert [part.label for part in found.parts if part.text == "Ann Roe"] == ["Name:"]

    def test_paths_of_a_mapping_mark_elements_and_attributes(self) -> None:
        layout = Layout(
            format="xml", fields={"//note": Marking("x-declared-phi"), "/note/@by": Marking("person", "author")}
        )
        assert known(read("<note by='Al'>ill <b>very</b></note>", layout).parts) == {
            "Al": "person",
            "ill ": "x-declared-phi",
            "very": "x-declared-phi",
        }

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<!DOCTYPE a><a/>",
            '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
            '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
            "<a>&x;</a>",
            "<a>&#0;</a>",
            "<a>\x00</a>",
            "<a b='1' b='2'/>",
            "<x:a/>",
            "text",
        ],
    )
    def test_what_is_not_well_formed_or_declares_a_type_is_refused(self, text: str) -> None:
        result = xml.read(text, LAYOUT, BOUNDS)
        assert isinstance(result, Refusal)
        assert (result.code, result.field) == ("body_malformed", "xml")

    @pytest.mark.parametrize("text", ["<a>" * 33 + "</a>" * 33, f"<{'a' * 2000}/>", f"<a {'b' * 2000}='1'/>"])
    def test_depth_and_names_are_bounded(self, text: str) -> None:
        result = xml.read(text, LAYOUT, BOUNDS)
        assert isinstance(result, Refusal)
        assert result.code == "body_too_deep"

    def test_the_encoding_of_the_declaration_is_told(self) -> None:
        assert xml.declared_charset(b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>") == "iso-8859-1"
        assert xml.declared_charset(b"\xef\xbb\xbf<?xml version='1.0'\n encoding = \"latin1\"?><a/>") == "latin1"
        assert xml.declared_charset(b"<?xml version='1.0'?><a encoding='x'/>") == ""
        assert xml.declared_charset(b"<a encoding='x'/>") == ""

    def test_an_encoding_that_hides_behind_white_space_is_not_passed_over(self) -> None:
        far = b"<?xml version='1.0'" + b" " * 300 + b"encoding='utf-7'?><a>+ADw-</a>"
        assert xml.declared_charset(far) == "utf-7"
        assert xml.declared_charset(far.replace(b" " * 300, b" " * 3000)) == "?"


class TestMasking:
    def test_a_mask_is_written_as_its_place_asks(self) -> None:
        sent = masked(
            NOTE, read(NOTE), "Rick & Co", "Hello <Sam!", "<raw> & more", " for Ann ", "ward 7", mask=']]>--<&"?>'
        )
        root = ElementTree.fromstring(sent)  # noqa: S314
        assert root.attrib["by"] == ']]>--<&"?>'
        assert root.text == root[0].tail == ']]>--<&"?>'
        assert sent.startswith('<?xml version="1.0"?>\n<!--')

    def test_nothing_else_changes(self) -> None:
        assert masked(CDA, read(CDA), "Roe") == CDA.replace("<family>Roe", f"<family>{MASK}")


_PIECES = [
    "<a>",
    "</a>",
    "<b/>",
    "<a x='1'>",
    "&amp;",
    "&#65;",
    "<!--c-->",
    "<![CDATA[d]]>",
    "<?p i?>",
    "t",
    " ",
    "]]>",
    "é",
    "<",
    ">",
    "\n",
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(_PIECES), max_size=12), st.text(alphabet="<&>\"']-[ ax", max_size=8))
def test_any_text_is_read_or_refused_and_masked_whole(pieces: list[str], mask: str) -> None:
    for text in ("".join(pieces), f"<r>{''.join(pieces)}</r>"):
        found = holds(text, xml.read(text, LAYOUT, BOUNDS))
        if found is not None:
            ElementTree.fromstring(text)  # noqa: S314
            sent = rewrite(text, found, dict.fromkeys(found.slots, f"m{mask}m"))
            assert isinstance(xml.read(sent, LAYOUT, BOUNDS), Reading)


@settings(max_examples=100)
@given(
    st.recursive(
        st.text(alphabet="ab<&é]>", min_size=1, max_size=5),
        lambda inner: st.lists(inner, min_size=1, max_size=3),
        max_leaves=8,
    )
)
def test_texts_and_attributes_are_those_that_another_parser_sees(tree: object) -> None:
    def build(node: object) -> ElementTree.Element:
        element = ElementTree.Element("e", {"k": node if isinstance(node, str) else "v"})
        if isinstance(node, str):
            element.text = node
        elif isinstance(node, list):
            element.extend([build(one) for one in node])
        return element

    root = build(tree)
    text = ElementTree.tostring(root, encoding="unicode")
    wanted = [one for element in root.iter() for one in (element.attrib["k"], element.text) if one]
    assert [one for one in texts(read(text).parts) if one not in ("e", "k")] == wanted
