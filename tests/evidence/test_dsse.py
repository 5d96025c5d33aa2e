"""The signed envelope."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError as Refused
from securesystemslib.signer._key import SSlibKey

from gateway.core.errors import FormatError, GatewayError, VerificationError
from gateway.evidence import dsse, strict_json
from gateway.ledger.checkpoint import verify as verify_checkpoint

from .making import OTHER, SIGNER, bundle, ledger
from .tampering import take_apart

ENVELOPE = dsse.sign("text/plain", b"hello world", SIGNER)


def test_what_is_signed_is_the_example_of_the_specification() -> None:
    """protocol.md of DSSE 1.0.2, "Test Vectors"."""
    assert dsse.pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_a_signed_payload_is_given_back() -> None:
    assert dsse.verify(ENVELOPE, "text/plain", SIGNER.verifier) == b"hello world"


def test_securesystemslib_verifies_the_manifest_of_a_bundle(tmp_path: Path) -> None:
    """Another's reading of DSSE, with the public key alone."""
    path = tmp_path / "a.zip"
    bundle(ledger(4), path)
    document = json.loads(take_apart(path.read_bytes())["manifest.dsse.json"])
    keys = [
        SSlibKey(document["signatures"][0]["keyid"], "ed25519", "ed25519", {"public": signer.verifier.public_key.hex()})
        for signer in (SIGNER, OTHER)
    ]
    envelope = Envelope.from_dict(document)
    assert list(envelope.verify([keys[0]], 1).values()) == [keys[0]]
    with pytest.raises(Refused):
        envelope.verify([keys[1]], 1)
    with pytest.raises(Refused):
        Envelope(envelope.payload + b" ", envelope.payload_type, envelope.signatures).verify([keys[0]], 1)


def test_another_type_or_key_is_refused() -> None:
    with pytest.raises(VerificationError, match="type"):
        dsse.verify(ENVELOPE, "text/html", SIGNER.verifier)
    with pytest.raises(VerificationError, match="another key"):
        dsse.verify(ENVELOPE, "text/plain", OTHER.verifier)


def test_type_and_payload_cannot_trade_bytes() -> None:
    assert dsse.pae("a", b"b 1 c") != dsse.pae("a b", b"1 c")


def test_the_signature_is_not_that_of_a_note_and_no_note_is_an_envelope() -> None:
    text = f"{SIGNER.name}\n1\n"
    with pytest.raises(GatewayError):
        verify_checkpoint(dsse.sign("text/plain", text.encode(), SIGNER), SIGNER.verifier)


@pytest.mark.parametrize(
    "change",
    [
        {"payload": "aGVsbG8"},
        {"payload": "aGVsbG8gd29ybGR="},
        {"payload": 5},
        {"payloadType": None},
        {"signatures": []},
        {"signatures": {}},
        {"signatures": [5]},
        {"signatures": [{}]},
        {"signatures": [{"keyid": "x", "sig": "x", "more": "x"}]},
        {"more": 1},
    ],
)
def test_an_envelope_of_another_form_is_refused(change: dict[str, object]) -> None:
    document = json.loads(ENVELOPE)
    with pytest.raises(GatewayError):
        dsse.verify(strict_json.dump({**document, **change}), "text/plain", SIGNER.verifier)
    for name in change:
        with pytest.raises(FormatError):
            dsse.verify(
                strict_json.dump({k: v for k, v in document.items() if k != name} | {"x": 1}), "", SIGNER.verifier
            )


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(ENVELOPE) * 8 - 1))
def test_any_changed_bit_is_refused(bit: int) -> None:
    changed = bytearray(ENVELOPE)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(GatewayError):
        dsse.verify(bytes(changed), "text/plain", SIGNER.verifier)
