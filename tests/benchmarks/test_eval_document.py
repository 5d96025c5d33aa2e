"""The parts of the document that are made: types from the registry, results from a report."""

from benchmarks.eval_document import between, first_sentence, results, types_table
from gateway.checks.classification.recognizer import Label, Lexicon, Near, Recognizer
from gateway.checks.classification.registry import Registry
from tests.benchmarks.test_eval_tables import REPORT

REGISTRY = Registry(
    recognizers=(
        Recognizer(id="a", type="card", pattern="x", gate="x", check="card"),
        Recognizer(id="b", type=None, pattern="x", gate="x", near=(Near(lexicon="w", type="x-badge", score=0.9),)),
        Recognizer(id="c", type="ip", pattern="x", gate="x", unless="w"),
    ),
    labels=(Label(id="d", lexicon="w", type="mrn", value="x"),),
    lexicons=(
        Lexicon(id="w", words=("badge", "a|b", "id")),
        Lexicon(id="special-x", type="special-x", words=("aa", "bb", "cc", "dd")),
    ),
)


def test_each_type_says_what_it_needs_and_which_class_it_makes() -> None:
    rows = {line.split("`")[1]: line for line in types_table(REGISTRY).splitlines()[2:]}
    assert set(rows) == {"card", "ip", "mrn", "special-x", "x-badge"}
    assert "pci" in rows["card"]
    assert "Luhn" in rows["card"]
    assert "before it a word of `w` (id, a\\|b, badge)" in rows["x-badge"]
    assert "not right after" in rows["ip"]
    assert "right behind a word of `w`" in rows["mrn"]
    assert "special-category" in rows["special-x"]
    assert "(aa, bb, cc, …)" in rows["special-x"]


def test_a_check_is_described_by_its_first_sentence() -> None:
    assert first_sentence("A number (ISO 1; part 2): digits. Then more") == "A number (ISO 1; part 2): digits"
    assert first_sentence("One; two") == "One"
    assert first_sentence("No end") == "No end"


def test_results_say_when_with_what_and_how_many() -> None:
    made = results(REPORT)
    assert "2026-11-27, engine `1-x`, Faker 40" in made
    assert "### The test half" in made
    assert "| email | 100 | 0.980 [0.93, 0.99] |" in made
    assert "| percent | 4 | 0.750 [0.30, 0.95] | email 3/4 |" in made
    assert "- code: 1 of 50: ip 1" in made
    assert "Recall by language, all types: de 0.250" in made
    assert "### The test half, beside Other 1" in made
    assert "invented surname: recall 0.333" in made


def test_only_what_is_between_the_marks_changes() -> None:
    assert between("a <!-- x -->old<!-- /x --> b", "x", "new\n") == "a <!-- x -->\nnew\n<!-- /x --> b"
