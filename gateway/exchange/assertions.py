"""What the gateway signs on the traffic plane: its word to an agent that asks for it (step 8, `[[agent]] assertion`),
and the cards of A2A agents as it gives them."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from gateway.checks.assertion import HEADER, LIFETIME_S, Claims, Signing
from gateway.core.message import Outgoing
from gateway.core.ports import Clock
from gateway.exchange.exchange import Exchange, Routed


class Assertions:
    """Makes assertions. `seed`: the signing key's, None where nothing is to be signed; `issuer`: the gateway's name."""

    def __init__(self, *, seed: bytes | None, issuer: str, clock: Clock) -> None:
        self._signing = None if seed is None else Signing(seed)
        self._issuer, self._clock = issuer, clock

    @property
    def keys(self) -> Sequence[Mapping[str, str]]:
        """The public keys, as a JWK Set holds them."""
        return () if self._signing is None else (self._signing.jwk,)

    def card_signature(self, keys: str) -> Callable[[bytes], Mapping[str, str]] | None:
        """Signs an A2A agent card's canonical bytes (A2A 1.0 §8.4.2); None without a key. `keys`: where the public one
        is to be had."""
        signing = self._signing
        return None if signing is None else lambda payload: signing.detached(payload, keys)

    def vouched(self, exchange: Exchange, routed: Routed, outgoing: Outgoing) -> Outgoing:
        """This request with the gateway's word on it; as it is, for an agent that does not ask for that. Each call
        gives another word, for one try."""
        if not routed.route.assertion or self._signing is None:
            return outgoing
        now_s = self._clock.now_us() // 1_000_000
        claims = Claims(
            iss=self._issuer,
            aud=routed.route.id,
            jti=os.urandom(16).hex(),
            iat=now_s,
            exp=now_s + LIFETIME_S,
            exchange=exchange.id,
            trace=exchange.trace,
            classes=exchange.classified.classes(routed.route) if exchange.classified is not None else ("unscanned",),
            decision=routed.decision.effect,
            method=outgoing.method,
            path=(urlsplit(routed.route.url).path + outgoing.path) or "/",
            body=hashlib.sha256(outgoing.body).hexdigest(),
            purpose=exchange.caller.purpose if exchange.caller is not None else None,
        )
        return msgspec.structs.replace(outgoing, headers=(*outgoing.headers, (HEADER, self._signing.sign(claims))))
