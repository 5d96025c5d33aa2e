"""Records and details side by side: what the reader alone says of them."""

from typing import Any

import pytest

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import bag, records, strict_json
from gateway.evidence.records import Expected, Records, encode_detail_line, named_policies, parsed_details, read, start
from gateway.evidence.selection import Selection
from gateway.ledger.encoding import to_base64
from gateway.ledger.merkle import inclusion_path, root
from gateway.ledger.note import Verifier
from gateway.ledger.proof import Proof
from gateway.ledger.record import DecisionInfo, Envelope, parse

from .making import POLICIES, SIGNER, VKEY, ledger

LEDGER = ledger(9)


def expected(**changes: object) -> Expected:
    note = LEDGER.notes[-1].note
    values: dict[str, object] = {
        "first": 0,
        "end": 9,
        "selection": Selection(),
        "before": None,
        "proofs": {
            seq: Proof(index=seq, path=tuple(inclusion_path(seq, 9, LEDGER.node)), checkpoint=note) for seq in range(9)
        },
        "checkpoints": [],
        "last_note": note,
        "verifier": Verifier.parse(VKEY),
    }
    return Expected(**{**values, **changes})  # type: ignore[arg-type]  # any field may be changed


def lines() -> list[bytes]:
    return [record.envelope for record in LEDGER.stored]


def details() -> list[bytes]:
    return [
        encode_detail_line(record.seq, record.detail_salt, record.detail)[:-1]
        for record in LEDGER.stored
        if record.detail is not None and record.detail_salt is not None
    ]


def found(records: list[bytes], opened: list[bytes], **changes: object) -> Records:
    return read(iter(records), iter(opened), expected(**changes))


def test_what_is_found_is_counted() -> None:
    result = found(lines(), details())
    assert (result.selected, result.committed, result.opened) == (9, 6, 6)
    assert result.root == root(record.hash for record in LEDGER.stored)
    assert result.policies == frozenset(POLICIES)
    assert result.proven == frozenset(range(9))


@pytest.mark.parametrize(
    "opened",
    [
        [b"{}"],
        [b"[]"],
        [b'{"bytes":"","salt":"","seq":true}'],
        [b'{"bytes":"","salt":5,"seq":0}'],
        [b'{"bytes":"","salt":"","seq":0,"x":1}'],
        [b'{"bytes":"!","salt":"","seq":0}'],
        [b'{"bytes":"e30=","salt":"","seq":0}'],
        [b'{"bytes":"e30=","salt":"","seq":2}'],
        [b'{"bytes":"e30=","salt":"","seq":99}'],
    ],
)
def test_a_detail_that_opens_nothing_is_refused(opened: list[bytes]) -> None:
    with pytest.raises((VerificationError, FormatError)):
        found(lines(), opened)


@pytest.mark.parametrize("length", [0, 1, 2, 3, 300])
def test_a_line_of_a_detail_is_canonical(length: int) -> None:
    salt, detail = bytes(range(32)), bytes(n % 251 for n in range(length))
    line = encode_detail_line(7, salt, detail)
    assert line == strict_json.dump({"bytes": to_base64(detail), "salt": to_base64(salt), "seq": 7}) + b"\n"
    assert list(parsed_details(iter([line[:-1]]))) == [(7, salt, detail)]


def test_lines_of_details_are_read_alike_by_their_look_and_by_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    line = encode_detail_line(1005, bytes(32), b"what it says?")[:-1]
    damaged = [line]
    for at in range(len(line)):
        before, byte, after = line[:at], line[at : at + 1], line[at + 1 :]
        damaged += [before + after, before + byte + line[at:], before + after[:1] + byte + after[1:]]
        damaged += [before + new.encode() + line[at:] for new in (*' "\\,0-=A.é', "1,")]

    def told() -> list[Any]:
        found: list[Any] = []
        for one in damaged:
            try:
                found += parsed_details(iter([one]))
            except FormatError as error:
                found.append(str(error))
        return found

    by_look = told()
    monkeypatch.setattr(records, "_DETAIL_LINE", lambda line: None)
    assert by_look == told()
    assert sum(isinstance(one, tuple) for one in by_look) > 1


def test_a_proof_with_something_extra_or_of_another_checkpoint_is_refused() -> None:
    good = expected().proofs
    for change in ({"extra": b"x"}, {"checkpoint": ledger(8).notes[-1].note}):
        proof = Proof(**{"index": 0, "path": good[0].path, "checkpoint": good[0].checkpoint, **change})  # type: ignore[arg-type]
        with pytest.raises(VerificationError, match="proof"):
            found(lines(), [], proofs={**good, 0: proof})


def test_a_record_of_another_ledger_is_refused_even_if_it_is_chained() -> None:
    made = ledger(3)
    stranger = parse(made.stored[0].envelope)
    stranger.tenant, stranger.seq, stranger.prev, stranger.recorded_at = "tn_2", None, None, None
    made.append(stranger)
    with pytest.raises(VerificationError, match="another tenant"):
        read(iter([record.envelope for record in made.stored]), iter([]), expected(end=4, proofs={}))


def test_the_start_of_a_range_needs_a_path_that_fits() -> None:
    assert start(0, b"", None).frontier.size == 0
    state = start(6, LEDGER.stored[6].envelope, inclusion_path(5, 6, LEDGER.node))
    assert state.prev == LEDGER.stored[5].hash
    for path in (None, [bytes(32)]):
        with pytest.raises(FormatError):
            start(6, LEDGER.stored[6].envelope, path)


def test_only_digests_are_named_policies() -> None:
    def envelope(policy: str) -> Envelope:
        decision = DecisionInfo(effect="deny", rules=(), obligations=(), policy=policy)
        return Envelope(id="i", tenant="t", event="e", occurred_at="", decision=decision, policy="sha256:" + "0" * 64)

    assert named_policies(envelope("sha256:" + "1" * 64)) == ["sha256:" + "1" * 64, "sha256:" + "0" * 64]
    assert named_policies(envelope("../../x")) == ["sha256:" + "0" * 64]
    assert bag.PROOFS > 0
    assert SIGNER.name
