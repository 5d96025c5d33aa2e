"""Errors as RFC 9457 problem details, for protocols that have no error form of their own."""

from gateway.agents.bodies import write_json
from gateway.core.refusal import Refusal

MEDIA_TYPE = "application/problem+json"


def problem(refusal: Refusal, exchange: str) -> bytes:
    """The problem document of a refusal. `type` is stable per code; nothing in it comes from the request's values."""
    document: dict[str, object] = {
        "type": f"urn:gateway:problem:{refusal.code}",
        "title": refusal.title,
        "status": refusal.status,
    }
    if refusal.expected is not None:
        document["detail"] = refusal.expected
    if refusal.field is not None:
        document["field"] = refusal.field
    document |= refusal.members
    document["exchange"] = exchange
    return write_json(document)
