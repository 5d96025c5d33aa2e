"""`WWW-Authenticate`: what callers are told whose credential was not good enough (RFC 6750 §3, RFC 9728 §5.1)."""

from gateway.core.refusal import Refusal

_RIGHTS = frozenset({"role_required", "scope_required", "purpose_not_allowed", "purpose_required"})
"""403s that another credential of the same caller may cure. What policy denies is none: clients that ask for more
rights, as those of MCP do, would ask for ever."""


def challenge(refusal: Refusal, metadata: str | None = None) -> str | None:
    """The header's value for a refusal; None where there is to be none. `metadata`: the address of the metadata of the
    resource that was asked for, where it has any."""
    said = []
    if refusal.status == 401:
        # Who brought no credential at all is told of no error (RFC 6750 §3.1).
        if refusal.code != "credential_missing":
            said.append('error="invalid_token"')
    elif refusal.code in _RIGHTS:
        said.append('error="insufficient_scope"')
    else:
        return None
    if metadata is not None:
        said.append(f'resource_metadata="{metadata}"')
    return f"Bearer {', '.join(said)}" if said else "Bearer"
