"""What machines read on travel documents."""

import pytest

from tests.checks.classification.conftest import told


def test_a_passport_is_its_name_and_its_number() -> None:
    name = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
    number = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
    assert told(f"{name}\n{number}\n") == [("person", name), ("us-passport", number)]


def test_a_card_of_three_lines_is_its_number_birth_and_name() -> None:
    lines = ["I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"]
    assert told("\n".join(lines)) == list(zip(("us-passport", "date-of-birth", "person"), lines, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "COUT<<ENDL<<X",
        "FLAGS = A<<B | C<<3",
        "<<<<<<< HEAD\nA\n=======\nB\n>>>>>>> MAIN",
        "cat <<EOF\nP<\nEOF",
        "L898902C37UTO7408123F1204159ZE184226B<<<<<10",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ2345",
    ],
)
def test_what_looks_like_it_is_none(text: str) -> None:
    assert {"person", "us-passport", "date-of-birth"}.isdisjoint(kind for kind, _ in told(text))
