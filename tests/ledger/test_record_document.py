"""docs/record-v1.md, the structs and the golden records say the same."""

import re
import runpy
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest

from gateway.ledger import fields, record
from gateway.ledger.chain import leaf_hash
from gateway.ledger.commitment import matches
from tests.exchange import held

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "golden" / "records"
DOCUMENT = (ROOT / "docs" / "record-v1.md").read_text("utf-8")
MAKE = runpy.run_path(str(GOLDEN / "make.py"))

STRUCTS: dict[str, type[msgspec.Struct]] = {
    "Envelope": record.Envelope,
    "decision": record.DecisionInfo,
    "observed": record.ObservedInfo,
    "tokens": record.TokensInfo,
    "outcome": record.OutcomeInfo,
    "message": record.MessageInfo,
    "kept": record.KeptInfo,
    "candidate": record.CandidateInfo,
    "classes": record.ClassesInfo,
    "node": record.NodeInfo,
    "sample": record.SampleInfo,
    "Detail": record.Detail,
}
FORMS: dict[str, Any] = {
    "id": fields.Id,
    "code": fields.Code,
    "name": fields.Name,
    "line": fields.Line,
    "base64": fields.Base64,
    "time": fields.Time,
    "count": fields.Count,
    "status": fields.Status,
    "version": int,
    "flag": bool,
    "names": fields.Names,
    "text": fields.Told,
    "texts": fields.ToldList,
    "range": tuple[fields.Count, fields.Count],
    "size and root": tuple[fields.Count, fields.Base64],
    "counts by name": Annotated[dict[fields.Name, fields.Count], msgspec.Meta(max_length=128)],
    "lines by name, at most 64": Annotated[dict[fields.Name, fields.Line], msgspec.Meta(max_length=64)],
    "texts by name, at most 64": Annotated[dict[fields.Name, fields.Told], msgspec.Meta(max_length=64)],
    "texts, at most 4,096": Annotated[tuple[fields.Told, ...], msgspec.Meta(max_length=4096)],
    "counts, at most 1,000": Annotated[tuple[fields.Count, ...], msgspec.Meta(max_length=1_000)],
    "list of candidates, at most 64": Annotated[tuple[record.CandidateInfo, ...], msgspec.Meta(max_length=64)],
    **{name: struct for name, struct in STRUCTS.items() if name.islower()},
}

OFTEN = {"base64": fields.OftenBase64, "time": fields.OftenTime}
"""The same form, looked at otherwise."""


def rows(section: str) -> dict[str, list[str]]:
    """Of a section's table: first cell without its marks → the other cells."""
    text = re.split(rf"^##+ {section}$", DOCUMENT, flags=re.MULTILINE)[1]
    text = re.split(r"^##", text, flags=re.MULTILINE)[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert len({row[0] for row in cells}) == len(cells)
    return {row[0].strip("`"): row[1:] for row in cells}


def hint_of(struct: type[msgspec.Struct], field: str) -> Any:
    """The field's type without `| None`."""
    hint = get_type_hints(struct, include_extras=True)[field]
    if get_origin(hint) not in (Annotated, Literal, tuple, dict) and type(None) in get_args(hint):
        return next(item for item in get_args(hint) if item is not type(None))
    return hint


@pytest.mark.parametrize("section", STRUCTS)
def test_every_field_has_its_row_and_every_row_its_field(section: str) -> None:
    assert set(rows(section)) == set(STRUCTS[section].__struct_fields__)


@pytest.mark.parametrize("section", STRUCTS)
def test_the_form_of_every_row_is_the_type_of_the_field(section: str) -> None:
    for field, cells in rows(section).items():
        forms = (FORMS[cells[0]], OFTEN.get(cells[0]))
        assert hint_of(STRUCTS[section], field) in forms, field


@pytest.mark.parametrize("section", [name for name in STRUCTS if name != "Detail"])
def test_every_field_of_the_envelope_says_why_it_may_be_in_clear(section: str) -> None:
    assert all(len(cells[-1]) > 4 for cells in rows(section).values())


def test_the_bounds_of_the_forms_are_those_of_the_code() -> None:
    told = {form: cells[1] for form, cells in rows("Forms").items()}
    for form, bound in told.items():
        metas = [item for item in get_args(FORMS[form]) if isinstance(item, msgspec.Meta)]
        if not metas:
            continue
        meta = metas[0]
        high = meta.max_length if meta.max_length is not None else meta.le
        assert (f"{high:,}" if high != 2**53 else "2^53") in bound, form
        low = meta.min_length if meta.min_length is not None else meta.ge
        assert low is None or low == high or f"{low} to " in bound, form
    assert f"{record.MAX_BYTES:,} bytes" in DOCUMENT


def test_the_events_of_the_document_are_those_of_the_code_in_their_order() -> None:
    assert tuple(rows("Events")) == record.EVENTS


def test_golden_records_are_what_the_script_beside_them_writes() -> None:
    made = MAKE["build"]()
    assert set(made) == {path.name for path in GOLDEN.glob("*.json")}
    for name, data in made.items():
        assert (GOLDEN / name).read_bytes() == data, name


def test_the_script_writes_the_files_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MAKE["main"].__globals__, "HERE", tmp_path)
    MAKE["main"]()
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in GOLDEN.glob("*.json")}


def test_golden_records_are_a_chain_of_one_of_each_event() -> None:
    prev = record.GENESIS
    for seq, name in enumerate((*record.EVENTS, *MAKE["MORE"])):
        data = (GOLDEN / f"{name}.json").read_bytes()
        envelope = record.parse(data)
        assert (envelope.event, envelope.seq) == (".".join(name.split(".")[:2]), seq)
        assert envelope.detail is not None
        assert matches(envelope.detail, bytes(range(32)), "detail", (GOLDEN / "detail.json").read_bytes())
        assert envelope.prev == record.parse(data).prev
        assert record.seal(envelope, seq, prev, envelope.recorded_at or "") == data
        prev = leaf_hash(data)


def test_golden_records_hold_no_field_that_the_document_does_not_give_their_event() -> None:
    seen: set[str] = set()
    for name in (*record.EVENTS, *MAKE["MORE"]):
        document = msgspec.json.decode((GOLDEN / f"{name}.json").read_bytes())
        event = document["event"]
        for field in document:
            patterns = rows("Envelope")[field][1].split(", ")
            assert patterns == ["all"] or any(fnmatchcase(event, pattern) for pattern in patterns), (event, field)
        seen.update(document)
    assert seen == set(record.Envelope.__struct_fields__)


def test_no_record_that_the_gateway_wrote_held_a_field_that_the_document_does_not_give_its_event() -> None:
    parts = {section for section in STRUCTS if section.islower()} | {"request", "response"}
    for event, shapes in held.load().items():
        for name in frozenset[str]().union(*shapes):
            part, _, inner = name.partition(".")
            if part == "detail" and inner:
                assert inner in rows("Detail"), (event, name)
                continue
            patterns = rows("Envelope")[part][1].split(", ")
            assert patterns == ["all"] or any(fnmatchcase(event, pattern) for pattern in patterns), (event, name)
            assert not inner or part in parts


def test_every_event_that_the_document_names_exists() -> None:
    for field, cells in rows("Envelope").items():
        for pattern in cells[1].split(", "):
            assert pattern == "all" or any(fnmatchcase(event, pattern) for event in record.EVENTS), field


def test_the_golden_detail_holds_every_field() -> None:
    detail = record.parse_detail((GOLDEN / "detail.json").read_bytes())
    assert all(getattr(detail, field) is not None for field in detail.__struct_fields__)
