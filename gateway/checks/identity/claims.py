"""What a token's issuer may assert, held against what the token says (RFC 7519 §4.1, RFC 8693 §4.1)."""

import re
from typing import Any

from gateway.checks.identity.token import invalid, thumbprint
from gateway.core.caller import Identity
from gateway.core.refusal import Refusal
from gateway.settings import Issuer

UNKNOWN_ZONE = "unknown"
"""The zone of a caller whose issuer has none. No rule speaks of it: what is decided by the caller's zone is denied."""
THUMBPRINT = "x5t#S256"
"""The one member of `cnf` that is looked at."""
MAX_NAMES = 64
MAX_ACTORS = 4
_MAX_TIME = 2**53
_NAME = re.compile(r"[^\x00-\x20\x7f-\xa0]{1,128}")
_RESOURCE = re.compile(r"/mcp/[a-z0-9][a-z0-9_.-]{0,62}")
_SUBJECT = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,256}")


def check_time(claims: dict[str, Any], now_us: int, leeway_s: int) -> Refusal | None:
    """`exp` must be there and ahead; `nbf` and `iat`, where they are there, behind; each by at most the leeway off."""
    times: dict[str, float] = {}
    for name in ("exp", "nbf", "iat"):
        if name not in claims:
            continue
        value = claims[name]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not _plausible(value):
            return invalid(f"`{name}` as seconds since the epoch")
        times[name] = value
    if "exp" not in times:
        return invalid("a token that expires (`exp`)")
    now = now_us / 1_000_000
    if now >= times["exp"] + leeway_s:
        return Refusal(code="credential_expired", field="authorization")
    if max(times.get("nbf", 0), times.get("iat", 0)) > now + leeway_s:
        return Refusal(code="credential_not_yet_valid", field="authorization")
    return None


def check_audience(claims: dict[str, Any], audience: str) -> Refusal | None:
    """`aud` must be exactly ours, or a list that has exactly ours in it (RFC 7519 §4.1.3)."""
    value = claims.get("aud")
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or len(found) > MAX_NAMES or audience not in found:
        return Refusal(code="credential_audience", field="authorization")
    return None


def resources(claims: dict[str, Any], issuer: Issuer, address: str) -> tuple[str, ...] | Refusal:
    """Which paths of the gateway the token is meant for (RFC 8707 §2); empty: all of it.

    That is the issuer's `audience`, and where its tokens name resources the gateway's own address. A token for the
    address of one MCP agent is for that agent alone: whoever was given it cannot use it elsewhere.
    """
    refusal = check_audience(claims, issuer.audience)
    if refusal is None or not issuer.resource_audience:
        return refusal or ()
    value = claims.get("aud")
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or len(found) > MAX_NAMES:
        return refusal
    if address in found:
        return ()
    named = [one.removeprefix(address) for one in found if isinstance(one, str) and one.startswith(address)]
    return tuple(path for path in named if _RESOURCE.fullmatch(path)) or refusal


def confirmation(claims: dict[str, Any]) -> str | Refusal | None:
    """The hash of the certificate that a token is bound to, in hex; None where it is bound to nothing.

    `cnf` (RFC 7800 §3.1) says what the presenter must prove. What is not looked at proves nothing, so a token that asks
    for anything but one certificate's hash (`x5t#S256`, RFC 8705 §3.1) is refused: taken without the proof, it would
    be worth to whoever stole it what it is worth to its holder.
    """
    if "cnf" not in claims:
        return None
    value = claims["cnf"]
    if not isinstance(value, dict):
        return invalid("`cnf` as an object")
    if set(value) != {THUMBPRINT}:
        hint = f"a token without `cnf`, or with `{THUMBPRINT}` alone in it"
        return Refusal(code="credential_confirmation", field="authorization", hint=hint)
    digest = value[THUMBPRINT]
    found = thumbprint(digest) if isinstance(digest, str) else None
    return found.hex() if found is not None else invalid(f"`{THUMBPRINT}` as a SHA-256 in base64url, without padding")


def identity(
    claims: dict[str, Any], issuer: Issuer, credential: str, meant_for: tuple[str, ...] = ()
) -> Identity | Refusal:
    """The identity that verified claims assert; `credential_overreach` for more than their issuer may."""
    tenant = _tenant(claims, issuer)
    if isinstance(tenant, Refusal):
        return tenant
    roles = _names(claims, issuer.role_claim, issuer.roles, "roles")
    if isinstance(roles, Refusal):
        return roles
    purposes = _purposes(claims, issuer)
    if isinstance(purposes, Refusal):
        return purposes
    chain = _chain(claims, issuer.issuer)
    if isinstance(chain, Refusal):
        return chain
    bound = confirmation(claims)
    if isinstance(bound, Refusal):
        return bound
    token_id = claims.get("jti")
    if token_id is not None and not _is_subject(token_id):  # one that could not be denied is no id
        return invalid("a `jti` of 1 to 256 characters")
    return Identity(
        tenant=tenant,
        subject=chain[0],
        kind=issuer.kind,
        roles=roles,
        zone=issuer.zone or UNKNOWN_ZONE,
        purposes=purposes,
        method="jwt",
        credential=credential,
        issuer=issuer.issuer,
        token_id=token_id,
        resources=meant_for,
        bound=bound,
        on_behalf_of=chain[1:],
    )


def vouched(claims: dict[str, Any], issuer: Issuer, *, for_us: bool) -> str | None:
    """The tenant that a token is of whose signature holds, and which is refused all the same: the only one of its
    issuer; of several the one that it names, where it is meant `for_us`. What a token says for another audience may be
    for somebody else to choose."""
    if len(issuer.tenants) == 1:
        return issuer.tenants[0]
    found = _tenant(claims, issuer) if for_us else None
    return found if isinstance(found, str) else None


def _tenant(claims: dict[str, Any], issuer: Issuer) -> str | Refusal:
    if issuer.tenant_claim is None:
        return issuer.tenants[0]
    value = _lookup(claims, issuer.tenant_claim)
    if not isinstance(value, str):
        return invalid("the claim that names the tenant, as a string")
    if value not in issuer.tenants:
        return _overreach("a tenant that the issuer may assert")
    return value


def _purposes(claims: dict[str, Any], issuer: Issuer) -> tuple[str, ...] | Refusal:
    if issuer.purpose_claim is None:
        return issuer.purposes
    return _names(claims, issuer.purpose_claim, issuer.purposes, "purposes")


def _names(claims: dict[str, Any], claim: str, allowed: tuple[str, ...], what: str) -> tuple[str, ...] | Refusal:
    """A claim that is a list of names, or one string with spaces between them (as `scope`, RFC 8693 §4.2)."""
    value = _lookup(claims, claim)
    if value is None:
        return ()
    found = value.split(" ") if isinstance(value, str) else value
    if not isinstance(found, list) or len(found) > MAX_NAMES:
        return invalid(f"the claim of {what} as a list of at most {MAX_NAMES} names")
    if not all(isinstance(name, str) and _NAME.fullmatch(name) for name in found):
        return invalid(f"the claim of {what} as a list of names")
    if not set(found) <= set(allowed):
        return _overreach(f"{what} that the issuer may assert")
    return tuple(dict.fromkeys(found))


def _chain(claims: dict[str, Any], issuer: str) -> tuple[str, ...] | Refusal:
    """Who acts, then for whom, nearest first: `sub` alone, or the actors of `act` and then `sub` (RFC 8693 §4.1).

    An actor may be named with an issuer (`iss`): with another than the token's own it would be taken for the subject of
    the same name that this one knows, so such a chain is refused.
    """
    actors: list[str] = []
    holder: Any = claims
    while "act" in holder:
        holder = holder["act"]
        if not isinstance(holder, dict) or not _is_subject(holder.get("sub")) or len(actors) == MAX_ACTORS:
            return invalid(f"`act` as objects with a `sub`, at most {MAX_ACTORS} deep")
        if holder.get("iss", issuer) != issuer:
            return invalid("`act` with subjects of the token's own issuer")
        actors.append(holder["sub"])
    if not _is_subject(claims.get("sub")):
        return invalid("a `sub` of 1 to 256 characters")
    return (*actors, claims["sub"])


def _lookup(claims: dict[str, Any], name: str) -> Any:
    """A claim by its name; failing that, by its path with dots (`realm_access.roles`)."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for step in name.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _overreach(hint: str) -> Refusal:
    return Refusal(code="credential_overreach", field="authorization", hint=hint)


def _is_subject(value: object) -> bool:
    return isinstance(value, str) and _SUBJECT.fullmatch(value) is not None


def _plausible(value: float) -> bool:
    return 0 <= value <= _MAX_TIME  # false for NaN and the infinities too
