"""Records made by hand, as sections see them."""

from typing import Any

from gateway.evidence.figures.seen import Known, Seen, seen
from gateway.ledger.encoding import to_base64
from gateway.ledger.record import ClassesInfo, DecisionInfo, Detail, Envelope, OutcomeInfo, timestamp

T0 = 1_800_000_000_000_000
POLICY = "sha256:" + "1f" * 32


def record(
    event: str,
    seq: int = 0,
    *,
    at_s: float = 0,
    detail: Detail | None = None,
    apart: str | None = None,
    committed: bool = False,
    **fields: Any,
) -> Seen:
    """A record at T0 and `at_s` seconds, of the emergency ledger `apart` where one is named. `committed`: whether it
    commits to a detail, which is not there any more where none is given. `classes`: what was found;
    `effect`, `rules`, `obligations`: the decision, which policy was asked for; `code`: the outcome's."""
    at = timestamp(T0 + int(at_s * 1_000_000))
    if "classes" in fields:
        fields["classes"] = ClassesInfo(found=tuple(fields["classes"]), declared=(), inherited=(), floor=())
    if "effect" in fields:
        fields["decision"] = DecisionInfo(
            effect=fields.pop("effect"),
            rules=fields.pop("rules", ()),
            obligations=fields.pop("obligations", ()),
            policy=POLICY,
        )
        fields.setdefault("candidates", ())
    if "code" in fields:
        fields["outcome"] = OutcomeInfo(code=fields.pop("code"))
    if committed:
        fields["detail"] = to_base64(bytes(32))
    made = {"id": f"id-{seq}", "tenant": "tn_1", "event": event, "occurred_at": at, "recorded_at": at, "seq": seq}
    return seen(Envelope(**{**made, **fields}), detail, Known(), apart)
