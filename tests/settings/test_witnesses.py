"""Witnesses are named once, by their public keys, and no more are asked for than there are."""

from typing import Any

import pytest

from gateway.ledger.cosignature import Cosigner
from gateway.settings.witnesses import check_witnesses
from tests.settings.kit import parsed, refused

ONE, TWO = (Cosigner(f"w.example/{name}", name.encode() * 32).witness.vkey for name in "ab")


def table(vkey: str = ONE, **fields: Any) -> dict[str, Any]:
    return {"vkey": vkey, "url": "https://w.example/", **fields}


def test_without_a_quorum_all_must_have_seen_a_checkpoint() -> None:
    settings = parsed(witness=[table(), table(TWO)])
    assert [one.name for one in settings.witness] == ["w.example/a", "w.example/b"]
    check_witnesses(settings.witness, 1, True)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"witness": [table("w.example/a")]}, "witness[0].vkey must be"),
        ({"witness": [table(), table()]}, "witness[1].vkey is of a witness that is there twice"),
        ({"witness": [table(url="ftp://w")]}, "witness[0].url"),
        ({"witness": [table(url="http://w", ca="ca.pem")]}, "witness[0].url must be https"),
        ({"witness": [table(timeout_s=0.0)]}, "witness[0].timeout_s"),
        ({"witness": [table()], "ledger": {"witness_quorum": 2}}, "ledger.witness_quorum"),
        ({"witness": [table()], "ledger": {"witness_quorum": 0}}, "ledger.witness_quorum"),
        ({"ledger": {"witness_quorum": 1}}, "ledger.witness_quorum"),
        ({"ledger": {"require_witnesses": True}}, "ledger.require_witnesses"),
    ],
)
def test_what_cannot_be_is_refused(document: dict[str, Any], said: str) -> None:
    assert said in refused(**document)
