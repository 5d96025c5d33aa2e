"""An agent's own credential: in which forms it could come back from the agent.

It is the agent's to know and the gateway's, and no caller's, whatever policy lets a caller have: what an agent says is
looked through for it by its value, since its form may say nothing (a word and a number, a UUID).
"""

import html
import json
import re
from base64 import b64encode
from functools import lru_cache
from urllib.parse import quote

from gateway.core.errors import ConfigurationError
from gateway.core.ports import Route

LEAST = 8
"""Characters that a credential has at least: a shorter one could not be told from a word of a text."""
BASIC = "basic"
_VISIBLE = re.compile(r"[\x20-\x7e]+")
_NOTHING: tuple[str, ...] = ()


def forms(agent: Route) -> tuple[str, ...]:
    """The texts that show what this agent was sent as its credential, longest first; none where it is sent none. They
    are secrets each: never print them."""
    return _NOTHING if agent.credential is None else _forms(agent.credential, agent.credential_as)


def shows(agent: Route, data: bytes) -> bool:
    """Whether bytes that would leave show the agent's credential."""
    return agent.credential is not None and any(
        form in data for form in _encoded(agent.credential, agent.credential_as)
    )


def sent(agent: Route, usual: str = "bearer") -> tuple[tuple[str, str], ...]:
    """The header that it goes in, none where there is no credential. `usual`: how where the settings say nothing."""
    if agent.credential is None:
        return ()
    how = agent.credential_as or usual
    if how == "bearer":
        return (("authorization", f"Bearer {agent.credential}"),)
    if how == BASIC:
        return (("authorization", f"Basic {_basic(agent.credential)}"),)
    return ((how.removeprefix("header:").lower(), agent.credential),)


def check_credential(place: str, credential: str, how: str | None = None) -> str:
    """The credential; `ConfigurationError`, which names the `place`, for one that is too short to be looked for, or
    that cannot be sent so (`Route.credential_as`)."""
    user, colon, password = credential.partition(":")
    if how == BASIC and not (user and colon):
        raise ConfigurationError(f"{place} must lead to user:password, which is sent as basic")
    if not _VISIBLE.fullmatch(credential):
        raise ConfigurationError(f"{place} must lead to one line of visible ASCII, as a header holds")
    secret, name = (password, "password") if how == BASIC else (credential, "credential")
    if len(secret) < LEAST:
        raise ConfigurationError(
            f"{place} must lead to a {name} of at least {LEAST} characters: a shorter one cannot be told from a word "
            "where the agent says it, so callers could be given it"
        )
    return credential


def _basic(credential: str) -> str:
    return b64encode(credential.encode()).decode("ascii")


@lru_cache(maxsize=1024)
def _forms(credential: str, how: str | None) -> tuple[str, ...]:
    """As it is, in a URL, in a page, and in a text of JSON; of user and password as they are sent, and the password."""
    secrets = (_basic(credential), credential.partition(":")[2]) if how == BASIC else ()
    written = {form for secret in (credential, *secrets) for form in _written(secret)}
    return tuple(sorted(written, key=lambda form: (-len(form), form)))


def _written(secret: str) -> tuple[str, ...]:
    quoted = json.dumps(secret)[1:-1]
    return secret, quote(secret, safe=""), html.escape(secret), quoted, quoted.replace("/", "\\/")


@lru_cache(maxsize=1024)
def _encoded(credential: str, how: str | None) -> tuple[bytes, ...]:
    return tuple(form.encode() for form in _forms(credential, how))
