"""`docs/classification.md` tells of the engine that ships."""

from benchmarks.eval_document import DOCUMENT, types_table
from gateway.checks.classification.registry import DEFAULT

_TEXT = DOCUMENT.read_text("utf-8")


def test_every_type_that_the_engine_tells_is_there_with_what_it_needs() -> None:
    """Made anew by `python -m benchmarks.eval_document`."""
    told = _TEXT.partition("<!-- types -->")[2].partition("<!-- /types -->")[0].strip()
    assert told == types_table(DEFAULT)


def test_it_holds_results_with_their_date_and_version() -> None:
    told = _TEXT.partition("<!-- results -->")[2].partition("<!-- /results -->")[0]
    assert "engine `" in told
    assert "### The test half" in told


def test_it_says_what_is_not_promised() -> None:
    promised = _TEXT.partition("## What is not promised")[2].partition("\n## ")[0]
    for word in ("inferred", "name", "languages", "unscanned"):
        assert word in promised
