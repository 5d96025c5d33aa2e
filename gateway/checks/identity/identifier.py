"""The first step of a request: who is calling, by whichever header says it."""

from gateway.checks.identity.api_key import START, ApiKeys
from gateway.checks.identity.token import MAX_TOKEN, invalid
from gateway.checks.identity.verifier import TokenVerifier
from gateway.core.caller import Identity
from gateway.core.ports import Clock, KeyLookup, KeySource
from gateway.core.refusal import Refusal
from gateway.settings import Issuer


class Identifier:
    """Identifies callers by API key or JWT, in `Authorization: Bearer` or `x-api-key`.

    Raises `ConfigurationError` for an issuer that must not be served with.
    """

    def __init__(
        self,
        issuers: tuple[Issuer, ...],
        key_source: KeySource,
        keys: KeyLookup,
        clock: Clock,
        known_roles: frozenset[str] | None = None,
        address: str = "",
    ) -> None:
        self._tokens = TokenVerifier(issuers, key_source, clock, known_roles, address)
        self._api_keys = ApiKeys(keys, clock)

    async def identify(self, authorization: str | None, x_api_key: str | None) -> Identity | Refusal:
        """The identity behind the two headers' values (None where a header is absent), or why there is none."""
        credential = _credential(authorization, x_api_key)
        if isinstance(credential, Refusal):
            return credential
        if credential.startswith(START):
            return self._api_keys.recall(credential) or await self._api_keys.identify(credential)
        return await self._tokens.identify(credential)


def _credential(authorization: str | None, x_api_key: str | None) -> str | Refusal:
    scheme, _, bearer = (authorization or "").strip(" \t").partition(" ")
    if scheme and scheme.lower() != "bearer":  # RFC 9110 §11.1: the scheme's name is case-insensitive
        return invalid("`Bearer` and the credential")
    bearer, key = bearer.strip(" \t"), (x_api_key or "").strip(" \t")
    if bearer and key and bearer != key:  # whoever sits between might have read the other one
        return invalid("one credential: `authorization` and `x-api-key` say different things")
    credential = bearer or key
    if not credential:
        return Refusal(
            code="credential_missing", field="authorization", hint="`Authorization: Bearer …` or `x-api-key: …`"
        )
    if len(credential) > MAX_TOKEN or not credential.isascii():
        return invalid(f"a credential of at most {MAX_TOKEN} ASCII characters")
    return credential
