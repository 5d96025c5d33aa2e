"""Retention classes: what a record is about, as far as it decides how long what lies beside it is kept.

Every event belongs to exactly one. How long a record itself stays has nothing to do with it: a range is archived whole.
"""

from typing import Literal, get_args

RetentionClass = Literal["exchange", "access", "oversight", "subject", "operation"]
"""`exchange`: what callers and agents sent each other. `access`: who came, with which key, and who read the record.
`oversight`: what people allowed, changed, reviewed, and were alerted of. `subject`: what was done for data subjects.
`operation`: what the gateway says of itself."""
CLASSES: tuple[RetentionClass, ...] = get_args(RetentionClass)
_OF: dict[str, RetentionClass] = {
    **dict.fromkeys(("exchange", "task"), "exchange"),
    **dict.fromkeys(("auth", "key", "issuer", "audit", "content", "agent"), "access"),
    **dict.fromkeys(("approval", "policy", "config", "alert", "review", "incident", "notice"), "oversight"),
    **dict.fromkeys(("subject",), "subject"),
}


def retention_class(event: str) -> RetentionClass:
    """The class of a record, by its event."""
    return _OF.get(event.partition(".")[0], "operation")
