"""Streets with numbers, post boxes, postal codes."""

import pytest

from tests.checks.classification.conftest import told


@pytest.mark.parametrize(
    "text",
    [
        "123 Main Street",
        "4500 N. Lake Shore Drive",
        "221B Baker St",
        "12 West 42nd Street",
        "77 Massachusetts Ave, Apt 4B",
        "9 Elm Rd.",
        "6332 Morgan Skyway",
        "Hauptstraße 5",
        "Berliner Allee 12a",
        "Große Bahnhofstr. 17",
        "Keizersgracht 123",
        "12 rue de la Paix",
        "5 bis, avenue Victor Hugo",
        "Calle de Alcalá 45",
        "Via Giuseppe Garibaldi 7",
        "Avenida da Liberdade, 110",
        "P.O. Box 1234",
        "Postfach 10 20",
        "Flat 52B, Evans Tunnel",
        "Jannahof 6",
        "Backtorget 993",
        "Åkergränd 16",
        "Iwona-Ackermann-Straße 34-13",
        "pl. Witosa 40",
        "Contrada Andreotti, 29",
        "12 Maple Garden",
        "Rua das Flores 14",
        "calle Mayor 14",
        "rue de la Paix 12",
        "Avenue Louise 143",
        "Hämeenkatu 14 B 22",
        "hauptstraße 14",
        "kalverstraat 14",
        "Calle 26 #59-41",
        "Carrera 7 No. 71-21",
    ],
)
def test_streets_with_numbers_are_found(text: str) -> None:
    found = [value for kind, value in told(f"lives at {text} since then") if kind == "street-address"]
    assert len(found) == 1
    assert text.startswith(found[0].rstrip())
    assert any(map(str.isdigit, found[0]))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Springfield, IL 62704", "62704"),
        ("Boston MA 02139-4307", "02139-4307"),
        ("ZIP: 90210", "90210"),
        ("it is 90210-1234", "90210-1234"),
        ("London SW1A 2AA", "SW1A 2AA"),
        ("Ottawa K1A 0B1", "K1A 0B1"),
        ("PLZ 10115", "10115"),
        ("avenue Lesage, 06548 Barbier", "06548"),
        ("wohnt in 62732 Dessau", "62732"),
        ('"postalCode":"63712"', "63712"),
        ("Hauptstraße 5, 10115 Berlin", "10115"),
        ("postcode 1012 AB", "1012 AB"),
    ],
)
def test_postal_codes_are_found(text: str, code: str) -> None:
    assert ("postal-code", code) in told(text)


@pytest.mark.parametrize(
    ("text", "street"),
    [
        ("abita in via Garibaldi 14, Torino", "via Garibaldi 14"),
        ("Am Markt 14, 20095 Hamburg", "Am Markt 14"),
        ("Zur Alten Mühle 3\n10115 Berlin", "Zur Alten Mühle 3"),
    ],
)
def test_streets_are_told_by_what_stands_around_them(text: str, street: str) -> None:
    assert ("street-address", street) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "via Terminal 2", "in the via Port 443", "Am Montag 14 Uhr", "Im Jahr 1914, 20095 mal", "Avenue of 12",
        "calle 12", "kl. 5 #2-3", "the corso 12",
        "Spring 2024", "the road is long", "Part 3 of the Way", "in 90210 cases", "May 5, 2024 The end", "via email 5",
        "Main Street Capital", "et al. Nature 2019", "take place", "a 12 place table", "market cap 50000",
    ],
)  # fmt: skip
def test_other_words_and_numbers_are_not(text: str) -> None:
    assert [kind for kind, _ in told(text) if kind in ("street-address", "postal-code")] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("address 39, Dugar Zila, Bangalore 592191", ["39, Dugar Zila", "Bangalore", "592191"]),
        ("she lives at 5 Oak Hollow, Maryport 19806.", ["5 Oak Hollow", "Maryport", "19806"]),
        ("77 Sims Springs, Jacobfurt M85 0DS", ["77 Sims Springs", "Jacobfurt", "M85 0DS"]),
        ("9 Elm Road, Port Anna M7L5H2", ["9 Elm Road", "Port Anna", "M7L5H2"]),
        ("Domicile : chemin de Lamy, 78863 Dijon", ["chemin de Lamy", "78863", "Dijon"]),
        ("wonende Jannahof 6, 9810OW Oostdijk", ["Jannahof 6", "9810OW", "Oostdijk"]),
        ("CITY: Laurashire  ZIP CODE: 45917", ["Laurashire", "45917"]),
    ],
)
def test_what_stands_around_a_street_is_told_too(text: str, expected: list[str]) -> None:
    found = [value for kind, value in told(text) if kind in ("street-address", "place", "postal-code")]
    assert found == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("nata a Castelvecchio il lunedì", "Castelvecchio"),
        ("moro em Serra do Pilar e trabalho", "Serra do Pilar"),
        ("Vive en Villanueva del Campo con su hijo", "Villanueva del Campo"),
        ("wohnt in Niederhausen bei ihr", "Niederhausen"),
    ],
)
def test_where_somebody_lives_or_was_born_is_a_place_whatever_it_is_called(text: str, value: str) -> None:
    assert ("place", value) in told(text)


def test_portuguese_codes_and_houses_without_a_number_are_found() -> None:
    text = "Rua de Almeida, S/N, 6049-300 Miranda do Douro; CEP 53298-546, Montenegro da Serra"
    found = told(text)
    assert ("street-address", "Rua de Almeida, S/N") in found
    assert {("postal-code", "53298-546"), ("place", "Montenegro da Serra")} <= set(found)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("My zip code is 880", "880"),
        ("zip code is 4844", "4844"),
        ("Zip Code: 610, thanks", "610"),
        ("postnummer: 340 12", "340 12"),
        ('{"postalCode": "700"}', "700"),
        ("Bahnhofstrasse 12, 8001 Zürich", "8001"),
        ("Hauptplatz 3\nA-4020 Wien", "4020"),
        ("nach CH-3011 Bern verzogen", "3011"),
        ("She moved to Oslo NO 0150 in May", "0150"),
    ],
)
def test_short_postal_codes_are_found_behind_a_word_a_house_or_a_country(text: str, code: str) -> None:
    assert ("postal-code", code) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "exit code 880",
        "code 610 of the list",
        "zip 880 files",
        "the zip code has 5 digits, 100 of them",
        "zip code 100.5",
        "MEETING IN OSLO AT 1200",
        "in Oslo at 1200",
        "On May 12, 2024 Berlin voted",
        "in 2020, 1200 London residents",
        "UTC-0800 Pacific",
    ],
)
def test_other_short_numbers_are_no_postal_code(text: str) -> None:
    assert "postal-code" not in {kind for kind, _ in told(text)}


@pytest.mark.parametrize(
    ("text", "street"),
    [
        ("Storgata 5, 0155 Oslo", "Storgata 5"), ("N\u00f8rregade 10, 1165 K\u00f8benhavn", "N\u00f8rregade 10"),
        ("Mannerheimintie 12, 00100 Helsinki", "Mannerheimintie 12"), ("Vestergade 7B\n8000 Aarhus", "Vestergade 7B"),
    ],
)  # fmt: skip
def test_streets_of_the_north_stand_before_a_postal_code(text: str, street: str) -> None:
    assert ("street-address", street) in told(text)


@pytest.mark.parametrize("text", ["Brigade 5, 2024", "Colgate 12, 500 units", "Watergate 3, 1972", "Renegade 2"])
def test_words_that_end_like_such_streets_are_none(text: str) -> None:
    assert "street-address" not in {kind for kind, _ in told(text)}
