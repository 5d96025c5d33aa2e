"""From a token in the request to an identity: the steps of RFC 8725 §3, in order."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from jose import jwk, jws
from jose.backends import ECKey, RSAKey
from jose.exceptions import JOSEError

from gateway.checks.identity.cache import Cache
from gateway.checks.identity.claims import check_time, identity, resources, vouched
from gateway.checks.identity.token import Token, invalid, parse
from gateway.core.caller import Identity
from gateway.core.errors import ConfigurationError
from gateway.core.ports import Clock, KeySource
from gateway.core.refusal import Refusal
from gateway.settings import Issuer, may_name

MAX_KEYS = 4
"""Keys that one token is tried against."""
MAX_LEEWAY_S = 120
RETRY_S = 10
"""When whoever has a token of an issuer without keys may ask again."""
_MIN_RSA_BITS = 2048
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}  # RFC 7518 §3.4: the algorithm fixes the curve
_ALGORITHMS = (*_CURVES, "RS256", "RS384", "RS512")
_PUBLIC = {"EC": ("kty", "crv", "x", "y"), "RSA": ("kty", "n", "e")}

# python-jose falls back to other implementations where it does not find `cryptography`: never here.
if {ECKey.__module__, RSAKey.__module__} != {"jose.backends.cryptography_backend"}:
    raise ConfigurationError("python-jose must be installed with its `cryptography` backend")


class Unkeyed(msgspec.Struct, frozen=True):
    """Nobody can say yet: no key of this issuer's fits the token, but one that was published since might."""

    issuer: str
    key_id: str | None


class TokenVerifier:
    """Verifies JWTs of the configured issuers. `known_roles`, where given, must hold every role they may assert;
    `address` is where callers reach the gateway."""

    def __init__(
        self,
        issuers: tuple[Issuer, ...],
        key_source: KeySource,
        clock: Clock,
        known_roles: frozenset[str] | None = None,
        address: str = "",
    ) -> None:
        for index, issuer in enumerate(issuers):
            _check_issuer(f"issuer[{index}]", issuer, known_roles)
        self._issuers = {issuer.issuer: issuer for issuer in issuers}
        self._address = address
        self._key_source = key_source
        self._clock = clock
        self._cache = Cache(clock)
        self._generation = key_source.generation

    async def identify(self, compact: str) -> Identity | Refusal:
        """As `verify`. Where no key fits the token, the issuer may be asked for its newest ones first."""
        found = self._verified(compact)
        if isinstance(found, Unkeyed) and await self._key_source.renewed(found.issuer, found.key_id):
            found = self._verified(compact)
        return self._without_keys(found) if isinstance(found, Unkeyed) else found

    def verify(self, compact: str) -> Identity | Refusal:
        """The identity that a token asserts, once everything about it holds, by the keys that are there. A refusal
        names a tenant only where the signature holds (`vouched`).

        Not checked here: whether the issuer has withdrawn the token before its `exp`, and what policy thinks of it.
        """
        found = self._verified(compact)
        return self._without_keys(found) if isinstance(found, Unkeyed) else found

    def _without_keys(self, found: Unkeyed) -> Refusal:
        """Why a token is refused that no key fits: its fault where the issuer has keys, and was asked for the one that
        the token names; else not, and then it counts as no failed attempt of whoever brought it."""
        if not self._key_source.keys(found.issuer):
            return Refusal(code="issuer_unavailable", field="authorization", retry_after=RETRY_S)
        wait_s = None if found.key_id is None else self._key_source.unsettled_s(found.issuer, found.key_id)
        if wait_s is None:
            return invalid("a token signed by its issuer's current key")
        return Refusal(code="issuer_unavailable", field="authorization", retry_after=wait_s)

    def _verified(self, compact: str) -> Identity | Refusal | Unkeyed:
        if self._generation != self._key_source.generation:
            # A key that its issuer has taken back vouches for nothing any more, not for tokens of a moment ago either.
            self._generation = self._key_source.generation
            self._cache.clear()
        digest = hashlib.sha256(compact.encode("utf-8", "surrogatepass")).digest()
        remembered = self._cache.get(digest)
        if remembered is not None:
            return remembered
        # 1. Take it apart; nothing in it is believed yet.
        token = parse(compact)
        if isinstance(token, Refusal):
            return token
        # 2. The issuer it names is one of ours: this only chooses which rules apply.
        name = token.claims.get("iss")
        issuer = self._issuers.get(name) if isinstance(name, str) else None
        if issuer is None:
            return Refusal(code="credential_issuer", field="authorization")
        # 3. Its algorithm is one that this issuer signs with: the token does not choose.
        if token.algorithm not in issuer.algorithms:
            return Refusal(
                code="credential_algorithm", field="authorization", hint=f"one of {', '.join(issuer.algorithms)}"
            )
        # 4. One of this issuer's own keys, of the kind that the algorithm asks for, made the signature.
        signed = _signed(token, self._key_source.keys(issuer.issuer))
        if signed is None:
            return Unkeyed(issuer.issuer, token.key_id)
        if not signed:
            return invalid("a token signed by its issuer's current key")
        # 5. It is meant for us, and for now. 6. It asserts no more than its issuer may.
        meant_for = resources(token.claims, issuer, self._address)
        if isinstance(meant_for, Refusal):
            return meant_for.of(vouched(token.claims, issuer, for_us=False))
        found = check_time(token.claims, self._clock.now_us(), issuer.leeway_s) or identity(
            token.claims, issuer, "jwt:" + digest.hex()[:16], meant_for
        )
        if isinstance(found, Refusal):
            return found.of(vouched(token.claims, issuer, for_us=True))
        named = may_name(issuer, found.tenant, tuple(self._issuers.values()))
        found = msgspec.structs.replace(found, named=named)
        self._cache.put(digest, found, *_validity(token.claims, issuer.leeway_s))
        return found


def _signed(token: Token, keys: Sequence[Mapping[str, object]]) -> bool | None:
    """Whether one of the keys made the signature; None where no key fits, or the token names none and none did."""
    tried = [key for key in keys if _fits(key, token)][:MAX_KEYS]
    for key in tried:
        try:
            # The public members alone: a private key published by mistake still only verifies.
            public = jwk.construct({name: key[name] for name in _PUBLIC[str(key["kty"])]}, token.algorithm)
            if public.prepared_key.key_size < _MIN_RSA_BITS and key["kty"] == "RSA":
                continue
            jws.verify(token.compact, (public,), algorithms=[token.algorithm])
        except (JOSEError, ValueError, KeyError, TypeError, AttributeError):
            continue  # this key did not make the signature, or is no key: the next may have
        return True
    return False if tried and token.key_id is not None else None


def _fits(key: Mapping[str, object], token: Token) -> bool:
    """Whether a JWK may be tried: id, type, curve, use and algorithm (RFC 7517 §4). No symmetric key ever fits."""
    if token.key_id is not None and key.get("kid") != token.key_id:
        return False
    curve = _CURVES.get(token.algorithm)
    if key.get("kty") != ("RSA" if curve is None else "EC") or (curve is not None and key.get("crv") != curve):
        return False
    operations = key.get("key_ops")
    if operations is not None and not (isinstance(operations, (list, tuple)) and "verify" in operations):
        return False
    return key.get("use", "sig") == "sig" and key.get("alg", token.algorithm) == token.algorithm


def _validity(claims: dict[str, Any], leeway_s: int) -> tuple[int, int]:
    begin = max(claims.get("nbf", 0), claims.get("iat", 0)) - leeway_s
    return int(begin * 1_000_000), int((claims["exp"] + leeway_s) * 1_000_000)


def _check_issuer(place: str, issuer: Issuer, known_roles: frozenset[str] | None) -> None:
    if not issuer.issuer or not issuer.audience:
        raise ConfigurationError(f"{place} needs an issuer and an audience")
    if not issuer.algorithms or not set(issuer.algorithms) <= set(_ALGORITHMS):
        raise ConfigurationError(f"{place}.algorithms must be some of {', '.join(_ALGORITHMS)}: public keys only")
    if not issuer.tenants:
        raise ConfigurationError(f"{place}.tenants must name at least one tenant")
    if issuer.tenant_claim is None and len(issuer.tenants) != 1:
        raise ConfigurationError(f"{place}.tenant_claim is needed where an issuer may assert several tenants")
    if not 0 <= issuer.leeway_s <= MAX_LEEWAY_S:
        raise ConfigurationError(f"{place}.leeway_s must lie between 0 and {MAX_LEEWAY_S}")
    if known_roles is not None and not set(issuer.roles) <= known_roles:
        raise ConfigurationError(f"{place}.roles must be roles that the policy knows")
