"""What people are asked before a message may go, and what they answer."""

import msgspec


class Demand(msgspec.Struct, frozen=True):
    """`count` different persons of a role must approve."""

    role: str
    count: int


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one person said. `persons`: everybody who stands behind the credential, as opaque ids; `names`: by which a
    denial of them is found, opaque too; `key`: the id of the API key that it was said with, if it was one."""

    actor: str
    role: str
    approved: bool
    persons: tuple[str, ...]
    at_us: int
    names: tuple[str, ...] = ()
    key: str | None = None
