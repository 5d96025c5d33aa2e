"""Attachments are made of what the bundle holds, and of nothing else; one that fails leaves no bundle."""

import io
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
import pytest

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import bag
from gateway.evidence import bundle as bundles
from gateway.evidence.attachment import Given, Material, ordered
from gateway.evidence.selection import Selection
from gateway.evidence.verify import verify

from .apart import FILES, Files, main_ledger
from .making import POLICIES, SIGNER, T0, VKEY, Sources, bundle, ledger
from .tampering import take_apart

TWENTY = ledger(20)
PATH = "data/csv/sources.csv"


def made_of(selection: Selection, tmp_path: Path) -> list[str]:
    bundle(TWENTY, tmp_path / "a.zip", selection, attachments=[Sources()])
    verify(tmp_path / "a.zip", VKEY)
    return take_apart((tmp_path / "a.zip").read_bytes())[PATH].decode().splitlines()


def test_a_maker_is_given_the_selected_records_with_their_opened_details(tmp_path: Path) -> None:
    found = made_of(Selection(first=3, end=11, filters={"decision": "redact"}), tmp_path)
    assert found == ["4,ac_0,192.0.2.7", "7,ac_3,192.0.2.7", "10,ac_2,192.0.2.7", f"8 of {SIGNER.name}"]


def test_a_maker_is_given_no_detail_that_the_bundle_does_not_open(tmp_path: Path) -> None:
    found = made_of(Selection(first=3, end=11, filters={"decision": "redact"}, details=False), tmp_path)
    assert found[:3] == ["4,ac_0,None", "7,ac_3,None", "10,ac_2,None"]
    assert made_of(Selection(filters={"decision": "deny"}), tmp_path)[0] == "2,ac_2,None"  # it has none


def test_where_nothing_is_selected_there_is_nothing_to_make_it_of(tmp_path: Path) -> None:
    assert made_of(Selection(end=7, filters={"actor": "nobody"}), tmp_path) == [f"7 of {SIGNER.name}"]


def test_several_lie_in_the_order_of_their_paths_whatever_order_they_are_asked_for_in(tmp_path: Path) -> None:
    paths = ["data/reports/b.html", "data/fhir/AuditEvent.ndjson", "data/disclosures.jsonl", "data/ocsf/x/y.json"]
    bundle(TWENTY, tmp_path / "a.zip", attachments=[Sources(path) for path in paths])
    assert list(verify(tmp_path / "a.zip", VKEY).attachments) == sorted(paths)


@pytest.mark.parametrize(
    "path",
    [
        *("data/records.jsonl", bag.MISSES, "data/records.csv", "csv/records.csv", "data/csv/", "data/csv"),
        *("data/csv/../key.vkey", "data/csv//a", "data/csv/a/b/c", "data/csv/.a", "/data/csv/a", "data/html/a"),
        *("data/csv/\u00e9", "data/csv/a\n", "data/policy/a.json", "data/disclosures.jsonl/a", ""),
    ],
)
def test_a_path_of_anything_else_is_refused_before_anything_is_written(path: str) -> None:
    with pytest.raises(FormatError):
        ordered([Sources(path)])


def test_two_of_one_path_are_refused() -> None:
    with pytest.raises(FormatError):
        ordered([Sources("data/csv/a"), Sources("data/csv/A")])


class Failing(Sources):
    """Fails, or gives what are no bytes, after its first piece."""

    def __init__(self, gives: object) -> None:
        super().__init__()
        self.gives, self.closed = gives, False

    async def pieces(self, material: Material) -> AsyncGenerator[bytes, None]:
        try:
            async for _ in material.selected():
                yield b"some"
                if isinstance(self.gives, Exception):
                    raise self.gives
                yield self.gives  # type: ignore[misc]  # what a maker must not do
        finally:
            self.closed = True


@pytest.mark.parametrize(
    "gives", [RuntimeError("no"), OSError("no"), "text", None], ids=["error", "os", "text", "none"]
)
async def test_a_maker_that_fails_fails_the_bundle(gives: object) -> None:
    maker, file = Failing(gives), io.BytesIO()
    with pytest.raises((RuntimeError, OSError, TypeError)):
        await bundles.build(
            TWENTY, Selection(), signer=SIGNER, policies=POLICIES, created_us=T0, write=file, attachments=[maker]
        )
    assert maker.closed
    assert b'"payloadType":"application' not in file.getvalue()


def test_a_detail_that_does_not_open_its_commitment_is_told_of_nowhere(tmp_path: Path) -> None:
    made = ledger(6)
    made.stored[0] = msgspec.structs.replace(made.stored[0], detail=b'{"v":1}')
    with pytest.raises(VerificationError, match="detail"):
        bundle(made, tmp_path / "a.zip", attachments=[Sources()])


async def test_a_maker_may_read_the_material_as_often_as_it_likes_while_it_writes() -> None:
    seen: list[Given] = []

    class Twice(Sources):
        async def pieces(self, material: Material) -> AsyncGenerator[bytes, None]:
            async for given in material.whole():
                yield given.bytes
                async for inner in material.selected():
                    seen.append(inner)
                    break

    file = io.BytesIO()
    found = await bundles.build(
        TWENTY, Selection(), signer=SIGNER, policies=POLICIES, created_us=T0, write=file, attachments=[Twice()]
    )
    assert not isinstance(found, str)
    assert len(seen) == 20
    assert take_apart(file.getvalue())[PATH] == b"".join(one.envelope for one in TWENTY.stored)


class Apart:
    """Ledger, number and source address of each selected record of emergency ledgers, and the number of all."""

    path = "data/csv/apart.csv"

    async def pieces(self, material: Material) -> AsyncGenerator[bytes, None]:
        async for given in material.apart(selected=True):
            source = None if given.detail is None else given.detail.source
            yield f"{given.emergency} {given.envelope.seq} {source}\n".encode()
        yield f"{len([given async for given in material.apart()])}\n".encode()


def test_a_maker_is_given_what_emergency_ledgers_hold_as_far_as_the_bundle_has_it(tmp_path: Path) -> None:
    files = Files(tmp_path, {name: FILES[name] for name in ("em_1", "em_3")}, {})
    filters = {"event": "exchange.requested"}
    for details, source in ((True, "192.0.2.7"), (False, "None")):
        path = tmp_path / f"{details}.zip"
        bundle(
            main_ledger(), path, Selection(filters=filters, details=details), attachments=[Apart()], emergencies=files
        )
        assert verify(path, VKEY).attachments == (Apart.path,)
        found = take_apart(path.read_bytes())[Apart.path].decode().splitlines()
        assert found == [f"em_1 1 {source}", f"em_3 1 {source}", "10"]
