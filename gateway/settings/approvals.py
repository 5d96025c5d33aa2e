"""What waits for people, and what they may be lent."""

import re

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.forms import check_address, check_between, check_networks, check_reference, check_unique

_ROLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,62}")


class ApprovalSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What waits for people."""

    wait_s: int = 86_400
    """Seconds that a request may wait for its answers."""
    use_s: int = 3_600
    """Seconds in which what was approved must be sent again."""
    waiting: int = 100
    """Requests of one caller that may wait at once."""
    supervise_s: int = 30
    """Seconds in which an agent that supervises must have answered."""
    notify_url: str | None = None
    """Where approvers are told that something waits; a name, never the content."""
    notify_secret: str | None = None
    """`env:NAME` or `file:PATH`: what notices are signed with."""
    notify_ca: str | None = None
    """PEM file of the only authorities that may vouch for that address."""
    notify_addresses: tuple[str, ...] = ()
    """Networks in CIDR form: the only ones that its name may lead into."""


class Channel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where people are told of what they should know of now; ids and names, never the content."""

    id: str
    url: str
    secret: str
    """`env:NAME` or `file:PATH`: what notices to it are signed with."""
    roles: tuple[str, ...] = ()
    """It is told what waits for these; a rule may tell it more (`notify:<id>`)."""
    tenants: tuple[str, ...] = ()
    """The tenants whose notices it gets; without any, those of all."""
    ca: str | None = None
    """PEM file of the only authorities that may vouch for its address."""
    addresses: tuple[str, ...] = ()
    """Networks in CIDR form: the only ones that its name may lead into."""


class BreakGlass(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may be lent which roles, on their own word, for minutes."""

    role: str
    """The role of who may break the glass."""
    grants: tuple[str, ...]
    """The roles that may be lent."""
    reviewer: str
    """The role of who reviews it."""
    minutes: int = 30
    """The longest time."""
    review_h: int = 24
    """Hours after its end within which it is to be reviewed."""


def check_notified(approvals: ApprovalSettings) -> None:
    """How approvers are told that something waits."""
    if (approvals.notify_url is None) != (approvals.notify_secret is None):
        raise ConfigurationError("approvals.notify_url and approvals.notify_secret go together")
    if approvals.notify_url is not None:
        check_address("approvals.notify_url", approvals.notify_url)
    check_reference("approvals.notify_secret", approvals.notify_secret)
    check_networks("approvals.notify_addresses", approvals.notify_addresses)


def check_glass(rules: tuple[BreakGlass, ...]) -> None:
    """Who may be lent what, and who looks at it after."""
    for index, rule in enumerate(rules):
        place = f"break_glass[{index}]"
        if not rule.grants or not all(_ROLE.fullmatch(name) for name in (rule.role, rule.reviewer, *rule.grants)):
            raise ConfigurationError(f"{place}: role, reviewer and each of grants must be the name of a role")
        if rule.reviewer in rule.grants:
            raise ConfigurationError(f"{place}.reviewer must be none of grants: who is lent it would review themselves")
        check_between(f"{place}.minutes", rule.minutes, 1, 480)
        check_between(f"{place}.review_h", rule.review_h, 1, 8_760)


def check_channels(channels: tuple[Channel, ...], tenants: frozenset[str]) -> None:
    """Each has a name of its own, an address that it may have, and tenants that are there: where there are several, a
    role's name says nothing of whose people hold it."""
    check_unique("channel", [one.id for one in channels])
    for index, one in enumerate(channels):
        place = f"channel[{index}]"
        check_address(f"{place}.url", one.url)
        check_reference(f"{place}.secret", one.secret)
        check_networks(f"{place}.addresses", one.addresses)
        if not tenants.issuperset(one.tenants):
            raise ConfigurationError(f"{place}.tenants names no [[tenant]]")
        if len(tenants) > 1 and one.roles and not one.tenants:
            raise ConfigurationError(
                f"{place}.tenants must name whose people of these roles it tells: there are several"
            )
        if not all(_ROLE.fullmatch(name) for name in one.roles):
            raise ConfigurationError(f"{place}.roles must be names of roles")
