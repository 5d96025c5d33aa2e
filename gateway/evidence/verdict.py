"""What verification comes to: each of its steps, and the report where all hold.

The steps have the same numbers for every bundle. One for which there is no reason is "not checked", and says why; those
that come after one that failed are "not reached". `gateway evidence verify` and `verify.py` print both forms from here.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence.report import Report
from gateway.evidence.report import lines as report_lines

OK, FAILED, NOT_CHECKED, NOT_REACHED = "ok", "failed", "not checked", "not reached"
STEPS = {
    "container": "the file is a zip in the one form of bundles",
    "signature": "the manifest is signed by the key that was given, or by one that it is joined to",
    "files": "the files are the listed ones, none more and none fewer",
    "content": "each file has the listed size and SHA-256",
    "bag": "the BagIt files and the selection follow from the manifest",
    "checkpoints": "the checkpoints are signed by the ledger's key, and the last extends the first",
    "witnesses": "what witnesses are said to have cosigned is joined to the last checkpoint, and what was asked for",
    "stamps": "what was time-stamped is joined to the last checkpoint, and each time-stamp is of what it is said to be",
    "records": "every record of the range is there, chained, canonical and selected as stated",
    "details": "each detail is what its record commits to",
    "kept": "each kept content that is carried is what its record commits to, and of none that was erased on record",
    "tree": "the records are those that the last checkpoint covers",
    "emergencies": "each emergency ledger that they stitch in, and that is there, is what they say of it, and selected"
    " as stated",
    "proofs": "each proof file leads from its record to the last checkpoint",
    "policy": "each policy version has its digest and is named by a record, or stood when the range began",
    "reports": "the local miss rate is computed from the records, and a report of it says the same",
    "scope": "what the bundle is about lies in its range, as far as that can be seen",
    "newer": "the checkpoint that was given has the same root",
}
"""By name, in the order of their numbers: what holds where one is done."""


class Step(msgspec.Struct, frozen=True):
    """What became of one."""

    number: int
    name: str
    state: str
    """`OK`, `FAILED`, `NOT_CHECKED` or `NOT_REACHED`."""
    text: str
    """What holds, what does not, or why it was not gone into."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. Where a bundle does not hold, nothing is said of what is in it."""

    ok: bool
    failure: str | None
    """The step that failed, and what does not hold, as `VerificationError` says it."""
    steps: tuple[Step, ...]
    report: Report | None

    def demanded(self) -> Report:
        """The report, or `VerificationError`."""
        if self.report is None:
            raise VerificationError(self.failure)
        return self.report


class Course:
    """What becomes of each step while they are gone through."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, str]] = {}

    @contextmanager
    def step(self, name: str, *, whole: bool = True) -> Iterator[None]:
        """Whatever fails inside is this step's failure; what does not is noted as done, where it is the `whole` one."""
        try:
            yield
        except (FormatError, VerificationError) as error:
            self._found[name] = FAILED, str(error)
            raise VerificationError(f"{name}: {error}") from error
        if whole:
            self._found[name] = OK, STEPS[name]

    def leave_out(self, name: str, why: str) -> None:
        """There is nothing to check in this step."""
        self._found[name] = NOT_CHECKED, why

    def holds(self, report: Report) -> Verdict:
        return Verdict(ok=True, failure=None, steps=self._steps(), report=report)

    def fails(self, failure: str) -> Verdict:
        """Also before the first step, where the file does not open."""
        return Verdict(ok=False, failure=failure, steps=self._steps(), report=None)

    def _steps(self) -> tuple[Step, ...]:
        found = self._found
        return tuple(
            Step(number, name, *found.get(name, (NOT_REACHED, "another failed")))
            for number, name in enumerate(STEPS, 1)
        )


def document(verdict: Verdict) -> Mapping[str, Any]:
    """The verdict as data: the same members whether it holds or not."""
    return {
        "ok": verdict.ok,
        "failure": verdict.failure,
        "steps": [_members(step) for step in verdict.steps],
        "report": None if verdict.report is None else _members(verdict.report),
    }


def _members(value: Step | Report) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).__annotations__}


def lines(verdict: Verdict) -> list[str]:
    """The verdict as text for people: a line for each step, then what that shows. Each is one line on any terminal,
    whatever a bundle that does not hold has in it."""
    told = [f"{_mark(step.state):12}{step.number:2d}  {step.name}: {step.text}" for step in verdict.steps]
    if verdict.report is not None:
        told += ["", *report_lines(verdict.report), "", "VERIFIED"]
    else:
        if all(step.state != FAILED for step in verdict.steps):  # it did not come to the first
            told.insert(0, f"{_mark(FAILED):14}  {verdict.failure}")
        told += ["", "NOT VERIFIED"]
    return [_printable(line) for line in told]


def _mark(state: str) -> str:
    return state.upper() if state == FAILED else state


def _printable(line: str) -> str:
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)
