"""Who makes a request, as far as the credential says so."""

import msgspec


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What a verified credential says. Holds no secret; `subject` never reaches an envelope."""

    tenant: str
    """The configured tenant id."""
    subject: str
    """The key's owner, the token's `sub`, or its `act.sub` where another acts for that subject."""
    kind: str
    """`person`, `service` or `agent`."""
    roles: tuple[str, ...]
    """Bare role names, as the credential may assert them."""
    zone: str
    """The zone the caller is in (where answers to it go)."""
    purposes: tuple[str, ...]
    """HL7 PurposeOfUse codes that the credential allows; the first is the one used when none is asked for."""
    method: str
    """`api-key`, `jwt` or `mtls`; `+mtls` after the former two where a certificate named the same caller."""
    credential: str
    """The key's id or the hash of a token or certificate: names the credential without being one."""
    issuer: str | None = None
    token_id: str | None = None
    """The token's `jti`, where it has one: unique within its issuer."""
    floor: tuple[str, ...] = ()
    """Data classes that every message of this caller carries at least."""
    rate: str | None = None
    """The credential's own request rate (`60/minute`), where it has one."""
    scopes: tuple[str, ...] = ()
    """What the credential is narrowed to (`core.scopes`); none: nothing but its roles narrow it."""
    resources: tuple[str, ...] = ()
    """The only paths of the gateway that the token is meant for (RFC 8707); empty: all of it."""
    bound: str | None = None
    """SHA-256 of the client certificate (its DER) that the token holds with alone, in hex (RFC 8705 §3.1)."""
    on_behalf_of: tuple[str, ...] = ()
    """Chain of subjects this caller acts for (RFC 8693 `act`), nearest first."""
    named: bool = True
    """Whether its subject is one of those that policy and configuration call by name. False of a token whose issuer may
    not say so (`settings.may_name`): another's `alice` is not the one who is meant."""

    @property
    def name(self) -> str:
        """The subject, where policy and configuration may mean it; else empty, which they never mean."""
        return self.subject if self.named else ""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """An identity, with the random ids that stand for its tenant and subject on the record."""

    identity: Identity
    tenant: str
    """The tenant's random id in the ledger."""
    actor: str
    """The subject's random id in the ledger."""
    purpose: str | None
    """The purpose of this request: one of the identity's, or None where it has none."""
    source: str = ""
    """The network address that the request came from; of a task the one that it was asked from."""
    lent: tuple[str, ...] = ()
    """Roles that it holds for minutes (break-glass): towards what is trusted, and nowhere else."""
    glass: str | None = None
    """The id of the broken glass that they are lent by."""
