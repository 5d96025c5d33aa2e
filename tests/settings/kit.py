"""A configuration to change, and how it is refused: with the name of what is wrong and never with its value."""

from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import ConfigurationError
from gateway.settings import Settings, parse

ZONE = {"id": "in-house", "trusted": True}

AGENT = {"id": "local", "protocol": "openai", "url": "http://l:1/base", "zone": "in-house", "capabilities": ["triage"]}

ISSUER = {"issuer": "https://i", "audience": "g", "algorithms": ["ES256"], "jwks_file": "k.json"}

CLIENTS = {"client_ca": "ca.pem", "tls_certificate": "a", "tls_key": "b"}
HIDDEN = "hunter2-swordfish"


def parsed(environment: dict[str, str] | None = None, **document: Any) -> Settings:
    return parse(document, environment or {}, Path("/nowhere"))


def refused(environment: dict[str, str] | None = None, **document: Any) -> str:
    with pytest.raises(ConfigurationError) as raised:
        parsed(environment, **document)
    assert HIDDEN not in str(raised.value)
    return str(raised.value)
