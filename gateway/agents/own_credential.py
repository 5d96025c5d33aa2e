"""An agent's own credential: in which forms it could come back from the agent.

It is the agent's to know and the gateway's, and no caller's, whatever policy lets a caller have: what an agent says is
looked through for it by its value, since its form may say nothing (a word and a number, a UUID).
"""

import html
import json
from functools import lru_cache
from urllib.parse import quote

from gateway.core.errors import ConfigurationError
from gateway.core.ports import Route

LEAST = 8
"""Characters that a credential has at least: a shorter one could not be told from a word of a text."""
_NOTHING: tuple[str, ...] = ()


def forms(agent: Route) -> tuple[str, ...]:
    """The texts that show what this agent was sent as its credential, longest first; none where it is sent none. They
    are secrets each: never print them."""
    return _NOTHING if agent.credential is None else _forms(agent.credential)


def shows(agent: Route, data: bytes) -> bool:
    """Whether bytes that would leave show the agent's credential."""
    return agent.credential is not None and any(form in data for form in _encoded(agent.credential))


def check_credential(place: str, credential: str) -> str:
    """The credential; `ConfigurationError`, which names the `place`, for one that is too short to be looked for."""
    if len(credential) < LEAST:
        raise ConfigurationError(
            f"{place} must lead to a credential of at least {LEAST} characters: a shorter one cannot be told from a "
            "word where the agent says it, so callers could be given it"
        )
    return credential


@lru_cache(maxsize=1024)
def _forms(credential: str) -> tuple[str, ...]:
    """As it is, in a URL, in a page, and in a text of JSON."""
    quoted = json.dumps(credential)[1:-1]
    written = {credential, quote(credential, safe=""), html.escape(credential), quoted, quoted.replace("/", "\\/")}
    return tuple(sorted(written, key=lambda form: (-len(form), form)))


@lru_cache(maxsize=1024)
def _encoded(credential: str) -> tuple[bytes, ...]:
    return tuple(form.encode() for form in _forms(credential))
