"""Several processes say of a bundle what one says, or nothing: then one says it."""

import random
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import manifest as manifests
from gateway.evidence import records, split
from gateway.evidence.selection import Query, Scope, Selection
from gateway.evidence.split import Job, Part
from gateway.evidence.verify import verify
from tests.tsa import CA

from .apart import APART_STEPS
from .making import VKEY, bundle, ledger
from .tampering import STAMPED, STEPS, at, put_together, signed_again, take_apart
from .test_misses import marked, sampled

GOLDEN = Path(__file__).parent.parent / "golden" / "bundles"
Answers = list[records.Records | None]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """What the parts came to, in this process: of each it is shown that one process says the same, or has a fault to
    tell where they say nothing."""
    found: Answers = []
    read = split.read

    def watched(box: Any, path: Path, expected: records.Expected, processes: int) -> records.Records | None:
        if processes == 1:
            return read(box, path, expected, 1)
        answer = read(box, path, expected, processes, lambda jobs: [split.done(job) for job in jobs])
        found.append(answer)
        if answer is not None:
            lines = box.lines("data/records.jsonl", expected.line_bytes), box.lines("data/details.jsonl", 1 << 20)
            asked = expected.selection.contents
            kept = box.lines("data/content/contents.jsonl", 1 << 20) if asked else ()
            assert _data(answer) == _data(records.read(*lines, expected, kept))
        return answer

    monkeypatch.setattr(split, "WORTH", 1)
    monkeypatch.setattr(split, "read", watched)
    return found


def _data(found: records.Records) -> dict[str, Any]:
    fields = {name: getattr(found, name) for name in records.Records.__struct_fields__}
    watch = fields["watch"]
    return fields | {"misses": found.misses.document(), "watch": watch and (watch.document(), watch.failure(1, 9))}


def verdict(path: Path, processes: int, checkpoint: bytes | None = None) -> Any:
    try:
        authorities = CA.pem if path.stem in STAMPED else None
        return verify(path, VKEY, checkpoint, None, processes, authorities)
    except (FormatError, VerificationError) as error:
        return str(error)


@pytest.mark.parametrize("processes", [2, 3, 7])
@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(first=5, end=18),
        Selection(filters={"decision": "redact"}),
        Selection(first=1, end=3, details=False),
        Selection(scope=Scope(kind="period", period=(at(4), at(12)))),
        Selection(scope=Scope(kind="exchange", ids=("ex_4",), exchanges=("ex_4",))),
        Selection(scope=Scope(kind="framework", ids=("f",), queries=(Query("p", {"event": "exchange.requested"}),))),
    ],
    ids=["all", "range", "filter", "two records", "period", "exchange", "framework"],
)
def test_parts_make_the_report_that_one_process_makes(
    answers: Answers, tmp_path: Path, selection: Selection, processes: int
) -> None:
    made, path = ledger(20), tmp_path / "a.zip"
    bundle(made, path, selection, opening=made.checkpoint_at(2))
    newer = made.checkpoint_at(11).note
    for given in (None, newer):
        assert verdict(path, processes, given) == verdict(path, 1, given)
    assert answers
    assert None not in answers


@pytest.mark.parametrize("processes", [2, 3, 7, 64])
def test_parts_say_of_kept_content_what_one_process_says(answers: Answers, processes: int) -> None:
    """Also of what was erased in another part than the one that commits to it."""
    path = GOLDEN / "good-with-contents.zip"
    assert verify(path, VKEY, None, None, processes) == verify(path, VKEY)
    assert None not in answers


def test_what_people_judged_is_taken_in_the_order_of_the_ledger(answers: Answers, tmp_path: Path) -> None:
    made, path = ledger(6), tmp_path / "a.zip"
    for one in (sampled(records=(2, 0)), marked(1, 2, missed={"person": 1}), marked(2, 0, found={"email": 1})):
        made.append(one)
    made.publish()
    bundle(made, path)
    report = verify(path, VKEY, None, None, 9)
    assert report == verify(path, VKEY)
    assert report.misses["samples"][0]["judged"] == 2
    assert None not in answers


@pytest.mark.parametrize("name", sorted(STEPS | APART_STEPS))
def test_every_golden_defect_is_told_as_one_process_tells_it(answers: Answers, name: str) -> None:
    path = GOLDEN / f"{name}.zip"
    assert verdict(path, 4) == verdict(path, 1)
    assert isinstance(verdict(path, 4), str)


def test_of_random_damage_parts_never_say_yes_where_one_process_says_no(answers: Answers, tmp_path: Path) -> None:
    draw, whole = random.Random(11), take_apart((GOLDEN / "good.zip").read_bytes())
    lines = ("data/records.jsonl", "data/details.jsonl")
    path = tmp_path / "a.zip"
    for _ in range(60):
        members = dict(whole)
        name = draw.choice(lines)
        content = members[name].splitlines(keepends=True)
        one, other = draw.randrange(len(content)), draw.randrange(len(content))
        kind = draw.randrange(5)
        if kind == 0:
            content[one], content[other] = content[other], content[one]
        elif kind == 1:
            del content[one]
        elif kind == 2:
            content.insert(one, content[other])
        else:
            line = bytearray(content[one])
            line[draw.randrange(len(line))] = draw.randrange(256)
            content[one] = bytes(line)
        members[name] = b"".join(content)
        path.write_bytes(put_together(signed_again(members)))
        assert verdict(path, draw.randrange(2, 6)) == verdict(path, 1)
    assert None in answers


def changed_part(parts: list[Part | None], number: int, **changes: Any) -> list[Part | None]:
    part = parts[number]
    assert part is not None
    return [*parts[:number], msgspec.structs.replace(part, **changes), *parts[number + 1 :]]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda parts: [None, *parts[1:]],
        lambda parts: parts[1:],
        lambda parts: parts[:-1],
        lambda parts: [parts[0], parts[0], *parts[1:]],
        lambda parts: [],
        lambda parts: changed_part(parts, 1, before=bytes(32)),
        lambda parts: changed_part(parts, 1, recorded=("1970-01-01T00:00:00.000000Z", parts[1].recorded[1])),
        lambda parts: changed_part(parts, 1, tenant="tn_other"),
        lambda parts: changed_part(parts, 0, nodes=((0, bytes(32)),)),
        lambda parts: changed_part(parts, 2, nodes=tuple((level, bytes(32)) for level, _ in parts[2].nodes)),
    ],
    ids=["fails", "no first", "no last", "twice", "none", "link", "time", "tenant", "tree", "root"],
)
def test_parts_that_do_not_meet_are_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[list[Part | None]], list[Part | None]]
) -> None:
    made, path, answers = ledger(20), tmp_path / "a.zip", Answers()
    bundle(made, path)
    monkeypatch.setattr(split, "WORTH", 1)
    joined = split.joined

    def watched(expected: records.Expected, parts: list[Part | None]) -> records.Records | None:
        answers.append(joined(expected, parts))
        return answers[-1]

    monkeypatch.setattr(split, "joined", watched)
    monkeypatch.setattr(split, "_in_processes", lambda jobs: spoil([split.done(job) for job in jobs]))
    assert verify(path, VKEY, None, None, 3) == verify(path, VKEY)
    assert answers == [None]


def test_a_process_that_dies_leaves_the_verdict_to_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    bundle(ledger(20), path)
    died = []

    def dies(jobs: list[Job]) -> list[Part | None]:
        died.append(len(jobs))
        raise BrokenProcessPool

    monkeypatch.setattr(split, "WORTH", 1)
    monkeypatch.setattr(split, "_in_processes", dies)
    assert verify(path, VKEY, None, None, 3) == verify(path, VKEY)
    assert died == [3]


def test_real_processes_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, answers = tmp_path / "a.zip", list[Any]()
    bundle(ledger(20), path)
    monkeypatch.setattr(split, "WORTH", 1)
    run = split._in_processes

    def watched(jobs: list[Job]) -> list[Part | None]:
        answers.append(run(jobs))
        return run(jobs)

    monkeypatch.setattr(split, "_in_processes", watched)
    assert verify(path, VKEY, None, None, 2) == verify(path, VKEY)
    assert [(part.first, part.end) for part in answers[0]] == [(0, 10), (10, 20)]


def test_a_part_hands_back_no_more_than_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, path = ledger(2), tmp_path / "a.zip"
    for one in (sampled(records=(0,)), marked(1, 0, missed={"person": 1})):
        made.append(one)
    made.publish()
    bundle(made, path)
    monkeypatch.setattr(split, "WORTH", 1)
    monkeypatch.setattr(split, "_HELD", 0)
    parts: list[Part | None] = []

    def watched(jobs: list[Job]) -> list[Part | None]:
        parts.extend(map(split.done, jobs))
        return parts

    monkeypatch.setattr(split, "_in_processes", watched)
    assert verify(path, VKEY, None, None, 2) == verify(path, VKEY)
    assert [part is None for part in parts] == [False, True]


def test_a_small_bundle_is_one_processs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    bundle(ledger(20), path)
    monkeypatch.setattr(split, "_in_processes", pytest.fail)
    assert verify(path, VKEY, None, None, 2).end == 20
    assert manifests.NAME in take_apart(path.read_bytes())
