"""What messages belong to: sessions, and calls that agents make of agents."""

import msgspec


class Mcp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    session_idle_s: float = 1800.0
    """Seconds without a request after which a session of an older protocol version ends."""


class SessionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    idle_days: int = 30
    """Days after its last message at which a session ends: what is said in its name from then on is refused."""
    denied_s: int = 0
    """Seconds that a data class which a caller was denied sticks to what it sends next; 0: not at all."""


class DelegationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Agents that call agents."""

    lifetime_s: int = 300
    """Seconds that a delegation token is good for, if its exchange does not end before."""
    max_depth: int = 8
    """How many agents may stand above a call."""
    max_children: int = 64
    """Calls that may be made for one exchange."""
    unregistered: bool = False
    """Whether callers of kind `agent` that no `[[agent]]` names under `callers` may call."""
