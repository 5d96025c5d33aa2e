"""What the engine is measured against: a loop of the standard library's `re`, and Presidio's patterns.

The loop is what is written first when there is no engine: one pattern for each of a dozen types, each searched for over
the whole text. Presidio is installed from `presidio.txt` into an environment of its own and is never a dependency; it
runs its predefined patterns and checksums over a blank spaCy pipeline, in a process of its own, in the same run.
"""

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from select import select
from typing import IO, Any

from benchmarks import environments
from benchmarks.children import ROOT, Unmeasured
from benchmarks.labelled import NAMES
from gateway.core.finding import Finding

PRESIDIO = "presidio"
REQUIREMENTS = Path(__file__).with_name("presidio.txt")
_CHILD = Path(__file__).with_name("presidio_child.py")
_ANSWER_S = 180.0
ENTITIES = {
    **{name: kind for name, kind in NAMES.items() if name not in ("TITLE", "NRP")},
    "URL": "url",
    "MAC_ADDRESS": "mac",
    "US_ITIN": "us-itin",
    "US_PASSPORT": "us-passport",
    "US_BANK_NUMBER": "account",
    "US_NPI": "npi",
    "US_MBI": "mbi",
    "MEDICAL_LICENSE": "dea",
    "UK_NHS": "uk-nhs",
    "UK_NINO": "uk-nino",
}
"""Presidio's names of types → ours; what it finds besides is not held against it."""
_LOOP = tuple(
    re.compile(pattern)
    for pattern in (
        r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
        r"\b\d{3}-\d{2}-\d{4}\b",
        r"\b(?:\d[ -]?){13,19}\b",
        r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]){11,30}\b",
        r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
        r"(?:\+?\d{1,3}[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b",
        r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}/\d{1,2}/\d{2,4}\b",
        r"https?://[^\s\"'<>]+",
        r"(?i)\b(?:mrn|medical record)\D{0,12}(\w+)",
        r"(?i)\b(?:password|pwd)\s*[:=]\s*(\S+)",
        r"\bAKIA[A-Z0-9]{16}\b|\bghp_[A-Za-z0-9]{36}\b|\beyJ[\w-]+\.[\w-]+\.[\w-]+",
        r"\b(?:Mr|Mrs|Ms|Dr)\.? [A-Z][a-z]+(?: [A-Z][a-z]+)?",
        r"(?i)\b(?:diabetes|hypertension|asthma|cancer|metformin|lisinopril|insulin)\b",
    )
)


def loop(text: str) -> list[tuple[int, int]]:
    """All matches of all patterns."""
    return [found.span() for pattern in _LOOP for found in pattern.finditer(text)]


class Presidio:
    """A running child that answers one question after another."""

    def __init__(self, asking: IO[str], answering: IO[str]) -> None:
        self._asking, self._answering = asking, answering

    def times(self, text: str, runs: int) -> list[float]:
        """Milliseconds of processor time of each run, sorted."""
        return sorted(self._answer({"text": text, "runs": runs})["ms"])

    def found(self, texts: Sequence[str]) -> list[list[tuple[str, int, int]]]:
        """Entity type, start and end of all that it finds in each text."""
        return [[tuple(one) for one in found] for found in self._answer({"texts": list(texts)})["found"]]

    def findings(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        """The same as findings of our types."""
        return [
            tuple(Finding(ENTITIES[kind], start, end, 1.0, PRESIDIO) for kind, start, end in found if kind in ENTITIES)
            for found in self.found(texts)
        ]

    def _answer(self, question: dict[str, object]) -> dict[str, Any]:
        try:
            self._asking.write(json.dumps(question) + "\n")
            self._asking.flush()
        except BrokenPipeError as error:
            raise Unmeasured(f"{PRESIDIO} ended") from error
        return self.read()

    def read(self) -> dict[str, Any]:
        """The next line that the child says. `Unmeasured` if it says none in time, or something else."""
        line = self._answering.readline() if select([self._answering], [], [], _ANSWER_S)[0] else ""
        try:
            said = json.loads(line)
        except ValueError as error:
            raise Unmeasured(f"{PRESIDIO} gave no answer") from error
        if not isinstance(said, dict):
            raise Unmeasured(f"{PRESIDIO} gave no answer")
        return said


@contextmanager
def presidio() -> Iterator[Presidio]:
    """Presidio, ready. `Unmeasured` where it cannot be installed or does not start."""
    python = environments.installed(environments.ENVIRONMENTS / PRESIDIO, REQUIREMENTS, "python")
    with running([str(python), str(_CHILD)]) as child:
        yield child


@contextmanager
def running(command: list[str]) -> Iterator[Presidio]:
    """The child that this command starts, until the end of the block."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        if process.stdin is None or process.stdout is None:
            raise Unmeasured(f"{PRESIDIO} has no pipes")
        child = Presidio(process.stdin, process.stdout)
        child.read()
        yield child
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def took(function: Callable[[], object], runs: int) -> list[float]:
    """Milliseconds of processor time of each run, sorted, after one to warm up."""
    function()
    times = []
    for _ in range(runs):
        begun = time.thread_time_ns()
        function()
        times.append((time.thread_time_ns() - begun) / 1e6)
    return sorted(times)


def version() -> str:
    """Which version of Presidio is measured."""
    return environments.pinned_version(REQUIREMENTS, "presidio-analyzer")
