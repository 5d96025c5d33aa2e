"""All that a request shows: a client certificate, and an API key or a token. What holds where there are both.

- A certificate that cannot be believed (revoked, expired, from somebody who may not say so) is refused, whatever else
  the request shows.
- A certificate that is good and stands for nobody identifies nobody: the other credential decides, and must be there.
- Where both stand for somebody, it must be the same: tenant, subject, kind, and zone where the certificate's table says
  one. The caller then has the roles and purposes that both give, and the floors of either.
- A token that is bound to a certificate holds with that one alone, whomever the certificate stands for.
"""

import hashlib
import hmac
from typing import Protocol

import msgspec

from gateway.checks.identity.certificate import FIELD, Certificates
from gateway.checks.identity.claims import UNKNOWN_ZONE
from gateway.core.caller import Identity
from gateway.core.refusal import Refusal


class Bearers(Protocol):
    """Identifies by API key or token."""

    async def identify(self, authorization: str | None, x_api_key: str | None) -> Identity | Refusal: ...


class Credentials:
    """Identifies callers by whatever they show. `required`: each must show a certificate, whatever else it shows."""

    def __init__(self, bearers: Bearers, certificates: Certificates, *, required: bool = False) -> None:
        self._bearers, self._certificates, self._required = bearers, certificates, required

    async def identify(
        self, authorization: str | None, x_api_key: str | None, certificate: bytes | Refusal | None = None
    ) -> Identity | Refusal:
        """The identity, or why there is none. `certificate`: the one shown, in DER, or why it is not to be believed."""
        if certificate is None:
            if self._required:
                return Refusal(code="credential_missing", field=FIELD, hint="a client certificate")
            return _held(await self._bearers.identify(authorization, x_api_key), None)
        if isinstance(certificate, Refusal):
            return certificate
        shown = self._certificates.identify(certificate)
        if not authorization and not x_api_key:
            return shown
        if isinstance(shown, Refusal) and shown.code != "certificate_unknown":
            return shown
        borne = _held(await self._bearers.identify(authorization, x_api_key), certificate)
        if isinstance(borne, Refusal):  # a key or token that is nobody's, from who has proved to be somebody
            return borne.of(shown.tenant)
        return borne if isinstance(shown, Refusal) else _both(borne, shown)


def _held(borne: Identity | Refusal, certificate: bytes | None) -> Identity | Refusal:
    """What a key or token says, if it is with the certificate that it is bound to (RFC 8705 §3). Looked at with each
    request, since what is remembered of a token says nothing of how it is shown."""
    if isinstance(borne, Refusal) or borne.bound is None:
        return borne
    if certificate is not None and hmac.compare_digest(hashlib.sha256(certificate).hexdigest(), borne.bound):
        return borne
    hint = "with it, the certificate that it was given to"
    return Refusal(code="credential_bound", field="authorization", hint=hint, tenant=borne.tenant)


def _both(borne: Identity, shown: Identity) -> Identity | Refusal:
    same = (borne.tenant, borne.subject, borne.kind) == (shown.tenant, shown.subject, shown.kind)
    if not same or shown.zone not in (UNKNOWN_ZONE, borne.zone):
        tenant = borne.tenant if borne.tenant == shown.tenant else None  # else it is neither's alone
        return Refusal(
            code="credential_conflict", hint="credentials of one caller, or one of them alone", tenant=tenant
        )
    return msgspec.structs.replace(
        borne,
        roles=tuple(role for role in borne.roles if role in shown.roles),
        purposes=tuple(purpose for purpose in borne.purposes if purpose in shown.purposes),
        floor=tuple(sorted({*borne.floor, *shown.floor})),
        method=f"{borne.method}+mtls",
    )
