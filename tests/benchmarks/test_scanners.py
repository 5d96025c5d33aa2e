"""What the engine is measured against is asked the same, answers in a line, and its silence is no figure."""

import sys
from pathlib import Path

import pytest

from benchmarks import scanners
from benchmarks.children import Unmeasured

CHILD = Path(scanners.__file__).with_name("presidio_child.py")
STUBS = {
    "spacy.py": "def blank(language):\n    return language\n",
    "tldextract/__init__.py": "from . import tldextract\nTLDExtract = lambda **_: (lambda *_: None)\n",
    "tldextract/tldextract.py": "",
    "presidio_analyzer/__init__.py": """
class RecognizerRegistry:
    def __init__(self, supported_languages):
        pass
    def load_predefined_recognizers(self, languages, nlp_engine):
        assert nlp_engine.nlp == {"en": "en"}
class Found:
    entity_type, start, end = "EMAIL_ADDRESS", 0, 3
class AnalyzerEngine:
    def __init__(self, registry, nlp_engine, supported_languages):
        pass
    def analyze(self, text, language, score_threshold):
        assert score_threshold == 0.4
        return [Found()] if "@" in text else []
""",
    "presidio_analyzer/nlp_engine.py": "class SpacyNlpEngine:\n    pass\n",
}


@pytest.fixture
def stubs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Modules with the few names of Presidio's that are used: the child's own part without what it runs."""
    for name, text in STUBS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("stubs")
def test_the_child_times_and_finds() -> None:
    with scanners.running([sys.executable, str(CHILD)]) as child:
        times = child.times("a@b", 3)
        assert len(times) == 3
        assert times == sorted(times)
        assert child.found(["a@b", "nothing"]) == [[("EMAIL_ADDRESS", 0, 3)], []]


@pytest.mark.parametrize("program", ["", "print('not json')", "print('[]')"])
def test_one_that_does_not_start_gives_no_figure(program: str) -> None:
    with pytest.raises(Unmeasured, match="no answer"), scanners.running([sys.executable, "-c", program]):
        pass


def test_one_that_ends_gives_no_figure() -> None:
    with (
        pytest.raises(Unmeasured, match=r"presidio (ended|gave no answer)"),
        scanners.running([sys.executable, "-c", "print('{}')"]) as child,
    ):
        child.found(["x" * 1_000_000])


def test_it_is_pinned_with_hashes() -> None:
    pinned = f"presidio-analyzer=={scanners.version()}"
    assert pinned in scanners.REQUIREMENTS.with_suffix(".in").read_text("utf-8")
    lines = scanners.REQUIREMENTS.read_text("utf-8").splitlines()
    packages = sum("==" in line and not line.startswith(" ") for line in lines)
    assert sum("--hash=sha256:" in line for line in lines) >= packages > 30


def test_the_loop_finds_what_patterns_find() -> None:
    assert scanners.loop("bob@example.com, 123-45-6789") == [(0, 15), (17, 28)]


def test_runs_are_timed_and_sorted() -> None:
    ran: list[int] = []
    times = scanners.took(lambda: ran.append(1), 4)
    assert len(ran) == 5
    assert times == sorted(times)
    assert len(times) == 4
