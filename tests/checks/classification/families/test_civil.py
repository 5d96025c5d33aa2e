"""Further numbers that states give to people: behind their words, by their check where the word says much else."""

import pytest

from tests.checks.classification.conftest import ENGINE, told


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("PAN card number ABCPE1234F", "in-pan", "ABCPE1234F"),
        ("permanent account number: abcpe1234f", "in-pan", "abcpe1234f"),
        ("Voter ID (EPIC) WKH1186253", "in-epic", "WKH1186253"),
        ("EPIC: WKH1186253", "in-epic", "WKH1186253"),
        ("voter card no. WKH1186250", "in-epic", "WKH1186250"),
        ("VID 2341 2341 2341 2341", "in-vid", "2341 2341 2341 2341"),
        ("UTR 1955839661", "uk-utr", "1955839661"),
        ("unique taxpayer reference 19558 39660", "uk-utr", "19558 39660"),
        ("UPN B801200005001", "uk-upn", "B801200005001"),
        ("PTIN P-00634642", "us-ptin", "P-00634642"),
        ("ATIN 900-93-0000", "us-atin", "900-93-0000"),
        ("numéro fiscal : 30 23 217 600 053", "fr-spi", "30 23 217 600 053"),
        ("SPI 3023217600053", "fr-spi", "3023217600053"),
        ("BC PHN 9698 658 215", "ca-phn", "9698 658 215"),
        ("personal health number (PHN): 12345-6789", "ca-phn", "12345-6789"),
        ("NIP 856-734-62-15", "pl-nip", "856-734-62-15"),
        ("onderwijsnummer 101222331", "nl-onderwijsnummer", "101222331"),
        ("Steuernummer 181/815/08155", "de-stnr", "181/815/08155"),
        ("St.-Nr.: 93815/08152", "de-stnr", "93815/08152"),
        ("Steuernummer 5133081508159", "de-stnr", "5133081508159"),
        ("Steuernummer 59-119/9013", "at-stnr", "59-119/9013"),
        ("Sozialversicherungsnummer 65 180539 M 018", "de-svnr", "65 180539 M 018"),
        ("SVNR 1237 010180", "at-svnr", "1237 010180"),
        ("Rijksregisternummer 85.07.30-033 28", "be-rijksregister", "85.07.30-033 28"),
        ("NISS : 85073003328", "be-rijksregister", "85073003328"),
        ("AHV-Nr. 7569217076985", "ch-ahv", "7569217076985"),
        ("NIF 501 964 843", "pt-nif", "501 964 843"),
        ("CPR-nr. 211062-5629", "dk-cpr", "211062-5629"),
        ("fødselsnummer 151086 95088", "no-fodselsnummer", "151086 95088"),
        ("personnummer 15108695088", "no-fodselsnummer", "15108695088"),
        ("henkilötunnus 131052-308T", "fi-hetu", "131052-308T"),
        ("PPSN 6433435FT", "ie-pps", "6433435FT"),
        ("IRD number 49-091-850", "nz-ird", "49-091-850"),
        ("isikukood 36805280109", "ee-isikukood", "36805280109"),
        ("identiteitskaart EM0000000", "identity-card", "EM0000000"),
        ("Cartão de Cidadão 00000000 0 ZZ4", "identity-card", "00000000 0 ZZ4"),
        ("dowód osobisty ABA 300000", "identity-card", "ABA 300000"),
        ("Personalausweisnummer L01X00T471", "identity-card", "L01X00T471"),
        ("identiteitskaart nr. 591-1917064-58", "identity-card", "591-1917064-58"),
    ],
)
def test_what_its_word_names_is_found_and_masked_whole(text: str, kind: str, value: str) -> None:
    assert told(f"{text} on file") == [(kind, value)]
    assert kind in ENGINE.maskable("pii")


@pytest.mark.parametrize(
    ("text", "kind"),
    [("756.9217.0769.85", "ch-ahv"), ("85.07.30-033.28", "be-rijksregister"), ("85.07.30-033 28", "be-rijksregister")],
)
def test_what_its_dots_and_check_digits_show_needs_no_word(text: str, kind: str) -> None:
    assert told(f"it is {text}, I think") == [(kind, text)]


@pytest.mark.parametrize(
    "text",
    [
        # Nothing names it.
        "ABCPE1234F", "WKH1186253", "part 1955839661", "B801200005001", "order P-00634642", "row 30 23 217 600 053",
        "batch 8567346215", "build 181/815/08155", "lot 131052-308T", "part 6433435F", "job EM0000000",
        # Its word is said of much else, and its check fails.
        "pan ABCXE1234F", "pan the camera, see ABCDE1234F", "epic WKH1186250", "epic PRJ1234567", "UTR 2955839661",
        "NIP 8567346210", "a nip of 8567346214", "CPR 9910625629", "personnummer 15108695080", "IRD 49091851",
        "NIF 501964840", "VID 2341234123412340", "756.9217.0769.80", "85.07.30-033.29",
        # Another number than the word's, or none.
        "the care card was sent", "CPR performed, 30 compressions", "spi clock 12345678", "id card issued 20240311",
        "identity card reader, model seven", "UPN B80120000500",
        "eid=1234567890", "cni plugin 12345678", "steuernummer fehlt", "id card holders, room 1204",
    ],
)  # fmt: skip
def test_other_things_are_not(text: str) -> None:
    assert [one for one in told(text) if one[0] not in {"health-term", "phone"}] == []


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("CURP", "BOXW310820HNERXN09"), ("RUT", "12.531.909-2"), ("RUT", "76086428-5"), ("CUIT", "20-05536168-2"),
        ("CUIL", "20055361682"), ("EGN", "7523169263"), ("CNP", "1630615123457"),
        ("rodn\u00e9 \u010d\u00edslo", "710319/2745"),
        ("OIB", "33392005961"), ("AMKA", "01013099997"), ("T.C. Kimlik No", "17291716060"), ("NRIC", "S1234567D"),
        ("HKID", "A1234563"), ("Emirates ID", "784-1984-1234567-1"), ("BVN", "22123456789"),
    ],
)  # fmt: skip
def test_numbers_of_further_countries_are_found_behind_their_words(word: str, number: str) -> None:
    assert told(f"{word}: {number}") == [("identity-card", number)]


@pytest.mark.parametrize(
    "text",
    [
        "RUT 12345678", "cnp 1234567890123", "oib 12345678901", "egn=1234567890", "rut of 2024", "TCKN 12345678901",
        "fin no 12345", "cuit 20-05536168-3", "hkid pending 2024", "amka 01013099998", "curp BOXW310820HNERXN08",
    ],
)  # fmt: skip
def test_behind_those_words_other_numbers_are_none(text: str) -> None:
    assert "identity-card" not in {kind for kind, _ in told(text)}
