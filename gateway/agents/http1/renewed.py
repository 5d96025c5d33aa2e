"""TLS to one agent by files that are written anew while the gateway serves: certificates end, and are renewed.

The files are looked at when a connection is made (`agents.watched`). What holds no certificate with its key, as files
do that are being written, changes nothing: what was in force stays, and the next look tries again.
"""

import logging
import ssl
import time
from collections.abc import Callable

from gateway.agents.http1 import tls
from gateway.agents.watched import Watched
from gateway.core.errors import ConfigurationError
from gateway.core.ports import Route

_log = logging.getLogger("gateway.agents")


class Renewed:
    """The files `ca`, `client_certificate` and `client_key` of an agent as they are now, at most `LOOK_S` old."""

    def __init__(
        self, route: Route, protocol: str | None = tls.HTTP, clock: Callable[[], int] = time.monotonic_ns
    ) -> None:
        """`protocol` as for `tls.context`; `clock` in nanoseconds. `ConfigurationError` for files to start with that do
        not hold what they should."""
        self._route, self._protocol = route, protocol
        given = (route.ca, route.client_certificate, route.client_key)
        self._files = Watched([name for name in given if name is not None], clock)
        self._context = tls.context(route, protocol)

    def context(self) -> ssl.SSLContext:
        """What the next connection is made by."""
        if self._files.due():
            self._renew()
        return self._context

    def _renew(self) -> None:
        try:
            made = tls.context(self._route, self._protocol)
        except ConfigurationError as error:
            if self._files.written:
                _log.error("%s: connections are made by what it held before", error)
        else:
            _log.info("agent %s: its certificate files were written anew and are used from now on", self._route.id)
            self._context = made
            self._files.taken()
