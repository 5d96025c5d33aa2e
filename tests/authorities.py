"""The authorities that HTTP clients trust, read once in a process.

A client of httpx reads in all of certifi's when it is made, which takes longer than a request: some hundred are made,
most of them to ask a gateway of the test's own without TLS.
"""

import ssl
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest

Make = Callable[..., ssl.SSLContext]


def share_authorities() -> None:
    """From now on, for clients that are told neither what to trust nor who they are."""
    for module in (httpx, httpx2):
        transports = _transports(module)
        pytest.MonkeyPatch().setattr(transports, "create_ssl_context", shared(transports.create_ssl_context))


def shared(make: Make) -> Make:
    """The same, that makes one context for all who ask for nothing in particular."""
    once = cache(make)

    def made(verify: Any = True, cert: Any = None, trust_env: bool = True) -> ssl.SSLContext:
        if verify is True and cert is None:
            return once(trust_env=trust_env)
        return make(verify=verify, cert=cert, trust_env=trust_env)

    return made


def _transports(module: ModuleType) -> Any:
    return module._transports.default
