"""Dead Simple Signing Envelope 1.0.2 (secure-systems-lab/dsse): a payload, its type, and a signature over both.

The signature is Ed25519 by the ledger's key. A signed note starts with an origin on a line of its own, and an origin
holds no space; what is signed here starts with `DSSEv1 `. So neither can be taken for the other.
"""

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence import strict_json
from gateway.ledger.encoding import from_base64, to_base64
from gateway.ledger.note import Signer, Verifier
from gateway.ledger.rotation import Keys


def pae(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding: what is signed (protocol.md, "Signature Definition")."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def sign(payload_type: str, payload: bytes, signer: Signer) -> bytes:
    """The envelope as canonical JSON, signed once."""
    return strict_json.dump(
        {
            "payload": to_base64(payload),
            "payloadType": payload_type,
            "signatures": [
                {"keyid": _key_id(signer.verifier), "sig": to_base64(signer.sign(pae(payload_type, payload)))}
            ],
        }
    )


def verify(envelope: bytes, payload_type: str, verifier: Verifier | Keys) -> bytes:
    """The payload of an envelope of this type that the ledger's key has signed, and nobody else: `verified`."""
    return verified(envelope, payload_type, verifier)[0]


def verified(envelope: bytes, payload_type: str, verifier: Verifier | Keys) -> tuple[bytes, Verifier]:
    """The payload, and which of the ledger's keys has signed it. Whether that key still counts is the caller's.

    `FormatError` for bytes in another form, `VerificationError` for another type, key or signature.
    """
    found = strict_json.load(envelope)
    # 1. The envelope has its three members, and one signature of two.
    if not isinstance(found, dict) or set(found) != {"payload", "payloadType", "signatures"}:
        raise FormatError("a signed manifest must have payload, payloadType and signatures")
    signatures = found["signatures"]
    if not isinstance(signatures, list) or len(signatures) != 1 or not isinstance(signatures[0], dict):
        raise FormatError("a signed manifest must have one signature")
    texts = [found["payload"], found["payloadType"], signatures[0].get("keyid"), signatures[0].get("sig")]
    if not all(isinstance(text, str) for text in texts) or set(signatures[0]) != {"keyid", "sig"}:
        raise FormatError("a signed manifest must be made of texts")
    # 2. It is of the type that is asked for, and names the key that is asked for.
    if found["payloadType"] != payload_type:
        raise VerificationError("manifest: of another type")
    signers = [key for key in verifier.known if signatures[0]["keyid"] == _key_id(key)]
    if len(signers) != 1:
        raise VerificationError("manifest: signed by another key")
    # 3. The key has signed type and payload.
    payload = from_base64(found["payload"])
    if not signers[0].verify(pae(payload_type, payload), from_base64(signatures[0]["sig"])):
        raise VerificationError("manifest: the signature does not verify")
    return payload, signers[0]


def _key_id(verifier: Verifier) -> str:
    return f"{verifier.name}+{verifier.key_id.hex()}"
