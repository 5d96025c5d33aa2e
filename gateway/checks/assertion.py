"""The gateway's word on one request, for the agent that gets it: signed, bound to that request, good once.

A JWS in its compact form (RFC 7515 §3.1) with Ed25519 (RFC 8037, `EdDSA`), in the header `X-Gateway-Assertion`. An
agent that asks for it refuses whatever comes around the gateway, so that policy, classification and the record cannot
be passed by. `Verifier` is for its authors; it needs nothing of a gateway but its public keys.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import NoReturn, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.core.errors import VerificationError

HEADER = "x-gateway-assertion"
TYPE = "gateway-assertion+jwt"
LIFETIME_S = 60
MAX_BYTES = 8_192
_Said = TypeVar("_Said")


class Claims(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the gateway says. Times are whole seconds since the epoch."""

    iss: str
    """The gateway's name: host part of its checkpoints' origin."""
    aud: str
    """The agent's registered id."""
    jti: str
    """Random; each assertion is good once."""
    iat: int
    exp: int
    exchange: str
    """The exchange's id, which is on the gateway's record."""
    trace: str
    """The trace id that stands in `traceparent`."""
    classes: tuple[str, ...]
    """Data classes of the message, before anything of it was masked."""
    decision: str
    """`route` or `redact`."""
    method: str
    path: str
    """As it was sent, with its query."""
    body: str
    """SHA-256 of the body's bytes, in hex."""
    purpose: str | None = None


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The protected header: these fields and no other, so that none (`crit`, `jwk`, `b64`) changes how it is read."""

    alg: str
    kid: str
    typ: str


class Jwk(msgspec.Struct, frozen=True, kw_only=True):
    """A public key as a JWK Set holds it (RFC 7517 §4, RFC 8037 §2)."""

    kty: str
    crv: str = ""
    x: str = ""
    kid: str = ""


class Signing:
    """Signs claims with one key. `seed`: 32 secret bytes (RFC 8032 §5.1.5). May be used from several threads."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._key.public_key().public_bytes_raw()
        self.kid = thumbprint(public)
        self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": _encode(public), "kid": self.kid, "use": "sig", "alg": "EdDSA"}
        self._head = _encode(msgspec.json.encode(Head(alg="EdDSA", kid=self.kid, typ=TYPE))) + "."

    def sign(self, claims: Claims) -> str:
        """The value of the header."""
        signed = self._head + _encode(msgspec.json.encode(claims))
        return f"{signed}.{_encode(self._key.sign(signed.encode('ascii')))}"

    def detached(self, payload: bytes, keys: str) -> dict[str, str]:
        """A JWS over bytes that stand elsewhere (RFC 7515 appendix F): protected header and signature. `keys`: URL of
        the JWK Set with the public key. Its type keeps it apart from assertions."""
        head = {"alg": "EdDSA", "kid": self.kid, "typ": "JOSE", "jku": keys}
        protected = _encode(msgspec.json.encode(head))
        signature = self._key.sign(f"{protected}.{_encode(payload)}".encode("ascii"))
        return {"protected": protected, "signature": _encode(signature)}


class Verifier:
    """Verifies assertions for one agent, each once. Keep one for the life of the process: it remembers which it has
    seen for as long as they are good (`remember` of them at most; beyond that it refuses). Not for several threads."""

    def __init__(
        self,
        keys: Sequence[Mapping[str, object]],
        *,
        issuer: str,
        agent: str,
        leeway_s: int = 5,
        remember: int = 100_000,
    ) -> None:
        """`keys`: the `keys` of the gateway's JWK Set; those of another kind are left out."""
        self._keys: dict[str, Ed25519PublicKey] = {}
        for given in keys:
            public = _public(given)
            if public is not None:
                self._keys[thumbprint(public.public_bytes_raw())] = public
        self._issuer, self._agent = issuer, agent
        self._leeway_s, self._remember = leeway_s, remember
        self._seen: dict[str, int] = {}

    def verify(self, value: str | None, *, method: str, path: str, body: bytes, now_s: float) -> Claims:
        """What the gateway says of this request; `VerificationError`, which says which step failed, if it does not.

        `path` with its query, `body` as its bytes arrived. Not checked: anything the claims do not bind, which is the
        request's other headers.
        """
        # 1. One assertion of the one form.
        if not value or len(value) > MAX_BYTES or value.count(".") != 2 or not value.isascii():
            _refuse("there must be one assertion, in compact form")
        signed, _, signature = value.rpartition(".")
        head_part, _, claims_part = signed.partition(".")
        # 2. Signed by a key of the gateway's, with the one algorithm.
        head = _read(head_part, Head)
        if head.alg != "EdDSA" or head.typ != TYPE:
            _refuse("its algorithm or type is another")
        key = self._keys.get(head.kid)
        if key is None:
            _refuse("its key is not one of the gateway's: read the gateway's keys again, they may have changed")
        try:
            key.verify(_decode(signature), signed.encode("ascii"))
        except InvalidSignature:
            _refuse("its signature does not hold")
        # 3. From this gateway, for this agent, now.
        claims = _read(claims_part, Claims)
        if claims.iss != self._issuer or claims.aud != self._agent:
            _refuse("it is another gateway's, or for another agent")
        if not claims.iat - self._leeway_s <= now_s < claims.exp + self._leeway_s:
            _refuse("it is not good now: compare the clocks")
        # 4. For this request.
        if (claims.method, claims.path) != (method, path):
            _refuse("it is for another method or path")
        if claims.body != hashlib.sha256(body).hexdigest():
            _refuse("it is for another body")
        # 5. For the first time.
        self._once(claims, now_s)
        return claims

    def _once(self, claims: Claims, now_s: float) -> None:
        if claims.jti in self._seen:
            _refuse("it was used before")
        if len(self._seen) >= self._remember:
            self._seen = {jti: exp for jti, exp in self._seen.items() if now_s < exp + self._leeway_s}
            if len(self._seen) >= self._remember:
                _refuse("more are good at once than can be remembered")
        self._seen[claims.jti] = claims.exp


def thumbprint(public: bytes) -> str:
    """The key's id: its JWK thumbprint (RFC 7638 §3, RFC 8037 appendix A.3)."""
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{_encode(public)}"}}'
    return _encode(hashlib.sha256(members.encode("ascii")).digest())


def _public(given: Mapping[str, object]) -> Ed25519PublicKey | None:
    try:
        jwk = msgspec.convert(given, Jwk)
    except msgspec.ValidationError as error:
        raise VerificationError("the gateway's keys are not a JWK Set's") from error
    if (jwk.kty, jwk.crv) != ("OKP", "Ed25519"):
        return None
    raw = _decode(jwk.x)
    if len(raw) != 32:
        raise VerificationError("a key of the gateway's is not 32 bytes long")
    return Ed25519PublicKey.from_public_bytes(raw)


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    """Base64url without padding, in its one form (RFC 7515 §2)."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        _refuse("it is not base64url")
    if _encode(data) != text:
        _refuse("it is not base64url in its one form")
    return data


def _read(part: str, kind: type[_Said]) -> _Said:
    try:
        return msgspec.json.decode(_decode(part), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        _refuse("it does not say what an assertion says")


def _refuse(why: str) -> NoReturn:
    raise VerificationError(f"assertion: {why}")
