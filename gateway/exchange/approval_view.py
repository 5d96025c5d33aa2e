"""What approvers look at: the message in its parts, as the agent would get it. Sealed while it waits.

The parts are kept as they were written, with the places of what was found in them, so that an approver may have more of
it masked; shown is always what would be sent.
"""

from collections.abc import Iterable

import msgspec

from gateway.checks.redaction import mask_text
from gateway.core.caller import Identity
from gateway.core.finding import Finding
from gateway.core.message import Message
from gateway.exchange.exchange import Classified


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A part as it is kept. `findings`: type, start and end of each."""

    pointer: str
    kind: str
    text: str
    findings: tuple[tuple[str, int, int], ...] = ()


class Requester(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked, as the credential says it."""

    subject: str
    kind: str
    roles: tuple[str, ...]
    method: str
    issuer: str | None
    on_behalf_of: tuple[str, ...]
    source: str


class View(msgspec.Struct, frozen=True, kw_only=True):
    """All that an approver may see."""

    requester: Requester
    parts: tuple[Kept, ...]
    explanation: tuple[str, ...]


def view_of(
    identity: Identity, source: str, message: Message, classified: Classified, explanation: tuple[str, ...]
) -> View:
    """The view of a message that waits."""
    findings = classified.scan.parts
    return View(
        requester=Requester(
            subject=identity.subject,
            kind=identity.kind,
            roles=identity.roles,
            method=identity.method,
            issuer=identity.issuer,
            on_behalf_of=identity.on_behalf_of,
            source=source,
        ),
        parts=tuple(
            Kept(
                pointer=part.pointer,
                kind=part.kind,
                text=part.text,
                findings=tuple((one.type, one.start, one.end) for one in found),
            )
            for part, found in zip(message.parts, findings, strict=True)
        ),
        explanation=explanation,
    )


def found_in(view: View) -> frozenset[str]:
    """The finding types that could be masked in it."""
    return frozenset(one[0] for part in view.parts for one in part.findings)


def shown(view: View, masks: Iterable[str]) -> list[dict[str, str]]:
    """The parts with these finding types masked. What cannot be read is named by its place alone."""
    types = frozenset(masks)
    return [
        {
            "pointer": part.pointer,
            "kind": part.kind,
            "text": mask_text(part.text, [_finding(*one) for one in part.findings], types),
        }
        for part in view.parts
    ]


def encode(view: View) -> bytes:
    return msgspec.json.encode(view)


def decode(data: bytes) -> View:
    """Raises `msgspec.MsgspecError` for bytes that `encode` did not make."""
    return msgspec.json.decode(data, type=View)


def _finding(kind: str, start: int, end: int) -> Finding:
    return Finding(type=kind, start=start, end=end, score=1.0, reason="")
