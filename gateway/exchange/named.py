"""Whom policy means where it calls callers by name."""

from collections.abc import Callable

from gateway.settings import Settings, may_name

NOBODY = "-"
"""The subject of all whom no rule calls by name."""
Named = Callable[[str | None], bool]
"""Of the issuer of a token (None for keys and certificates): whether policy means its subjects where it calls callers
by name (`naming`)."""


def naming(settings: Settings, tenant: str) -> Named:
    """As the configuration has it now: which issuer may use names was not written down with what it asserted."""
    issuers = {one.issuer: one for one in settings.issuer}

    def named(issuer: str | None) -> bool:
        found = None if issuer is None else issuers.get(issuer)
        return issuer is None or (found is not None and may_name(found, tenant, settings.issuer))

    return named
